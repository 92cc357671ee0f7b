"""A fitted imputer in NumPy: a factor model, and networks that correct it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from skae._data.blocks import blocks
from skae._data.factors import FactorModel
from skae._data.weights import effective_size
from skae._network.codec import maps
from skae._plan.network import Network

# Levels at which the distribution of errors is stored.
LEVELS = (np.arange(101) + 0.5) / 101
# With fewer errors in a column, those of all columns are taken, or else normal ones.
FEWEST_ERRORS = 20


class Member(NamedTuple):
    """A factor model, and a network that corrects its predictions.

    Parameters
    ----------
    factors : FactorModel
    weights : tuple of ndarray
        Of the network; none if nothing is corrected.
    """

    factors: FactorModel
    weights: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Imputation:
    """Fills missing entries of rows: by factor models, and by what networks add to them.

    A network sees a row whose missing entries are filled by the factor model of the same member, in
    units of the columns' deviations, and beside it which entries these are.

    What is filled lies between the bounds of its column, as an expectation does: a linear model
    extrapolates, and a row with one extreme entry would be filled by others beyond all others.

    Parameters
    ----------
    factors : FactorModel
        That of all rows, which describes the errors.
    scale : ndarray of shape (n_features,)
        Standard deviations of the columns.
    bounds : ndarray of shape (2, n_features)
        The least and the greatest observed entry of each column.
    network : Network or None
        That of all members; None if they are linear.
    members : tuple of Member
        Their mean is the imputation.
    share : float
        Share of the networks' outputs that is added.
    """

    factors: FactorModel
    scale: np.ndarray
    bounds: np.ndarray
    network: Network | None
    members: tuple[Member, ...]
    share: float = 1.0

    def linear(self, member: Member, rows: np.ndarray) -> np.ndarray:
        """Return rows filled by the factor model of a member, with all entries within bounds."""
        return np.clip(member.factors.filled(rows), *self.bounds)

    def inputs(self, member: Member, rows: np.ndarray) -> np.ndarray:
        """Return rows as the network of a member sees them."""
        filled = (self.linear(member, rows) - member.factors.center) / self.scale
        return np.hstack([filled, np.isnan(rows)], dtype=np.float32, casting="unsafe")

    def correction(self, member: Member, inputs: np.ndarray) -> np.ndarray:
        """Return what the network of a member adds, in units of the columns' deviations."""
        filled = inputs[:, : len(self.scale)]
        if self.network is None:
            return np.zeros_like(filled)
        to = maps(self.network, member.weights, np.float32)
        lowest, highest = (self.bounds - member.factors.center) / self.scale
        return np.clip(to.decode(to.encode(inputs)), lowest - filled, highest - filled)

    def share_of_mean(self, share: float, rows: np.ndarray) -> float:
        """Return the best share of the members' mean output, given that of each by itself.

        Means vary less, so that more of them can be trusted.
        """
        missing, linear, corrections = np.isnan(rows), [], []
        for member in self.members:
            inputs = self.inputs(member, rows)
            filled = inputs[:, : rows.shape[1]] + member.factors.center / self.scale
            linear.append(filled[missing])
            corrections.append(self.correction(member, inputs)[missing])
        # The best share of c for an error r is E(r c) / E(c^2). The error of the mean is that of
        # one member, and by how much that member differs from the mean.
        errors = share * np.array(corrections) + linear - np.mean(linear, axis=0)
        squares = np.square(np.mean(corrections, axis=0)).mean()
        gain = np.mean(errors * corrections)
        return float(np.clip(gain / squares, 0.0, 1.0)) if squares else 0.0

    def filled(self, X: np.ndarray) -> np.ndarray:
        """Return rows with their missing entries filled, and a copy of the others."""
        filled = X.copy()
        incomplete = np.flatnonzero(np.isnan(X).any(axis=1))
        width = X.shape[1] if self.network is None else self.network.widest
        for part in blocks(len(incomplete), width):
            rows = X[incomplete[part]]
            expected = np.zeros(rows.shape)
            for member in self.members:
                inputs = self.inputs(member, rows)
                correction = self.share * self.scale * self.correction(member, inputs)
                expected += self.linear(member, rows) + correction
            # Sums of rounded numbers may lie beyond the bounds.
            expected = np.clip(expected / len(self.members), *self.bounds)
            filled[incomplete[part]] = np.where(np.isnan(rows), expected, rows)
        return filled

    def drawn(
        self, rng: np.random.Generator, X: np.ndarray, filled: np.ndarray, quantiles: np.ndarray
    ) -> np.ndarray:
        """Return filled rows with random errors added to what was missing.

        Errors have the distribution that quantiles describe, and the dependence within a row that
        the factor model has: a Gaussian copula.
        """
        drawn = filled.copy()
        incomplete = np.flatnonzero(np.isnan(X).any(axis=1))
        for part in blocks(len(incomplete), X.shape[1] + self.factors.loadings.shape[1] ** 2):
            rows = X[incomplete[part]]
            missing = np.isnan(rows)
            deviations = self.factors.deviations(rows, missing)
            levels = ndtr(self.factors.errors(rng, rows, missing) / deviations)
            errors = [
                np.interp(*each)
                for each in zip(levels.T, [LEVELS] * X.shape[1], quantiles.T, strict=True)
            ]
            drawn[incomplete[part]] += np.where(missing, np.transpose(errors) * deviations, 0.0)
        return drawn


def quantiles_of_errors(errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return quantiles at `LEVELS` of each column of errors of weighted rows, of which some miss.

    Between them lies a further error with the probability that the levels say, also where few are
    known (conformal prediction; Lei et al., 2018).
    """
    known = ~np.isnan(errors)
    by_entry = np.broadcast_to(weights[:, np.newaxis], errors.shape)
    of_all = _quantiles(errors[known], by_entry[known], ndtri(LEVELS))
    columns = zip(errors.T, known.T, strict=True)
    of_each = [_quantiles(column[seen], weights[seen], of_all) for column, seen in columns]
    return np.transpose(of_each)


def _quantiles(errors: np.ndarray, weights: np.ndarray, of_few: np.ndarray) -> np.ndarray:
    """Return weighted quantiles of errors, or `of_few` of less than `FEWEST_ERRORS`."""
    if not weights.any() or effective_size(weights) < FEWEST_ERRORS:
        return of_few
    order = np.argsort(errors)
    below = np.cumsum(weights[order])
    return np.interp(LEVELS, below / (below[-1] + weights.mean()), errors[order])
