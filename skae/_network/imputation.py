"""A fitted imputer in NumPy: a factor model, and a network that corrects it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from skae._data.blocks import blocks
from skae._data.factors import FactorModel
from skae._network.codec import maps
from skae._plan.plan import Network

# Levels at which the distribution of errors is stored.
LEVELS = (np.arange(101) + 0.5) / 101
# A column's errors are taken for normal if fewer were seen.
FEWEST_ERRORS = 20


@dataclass(frozen=True)
class Imputation:
    """Fills missing entries of rows: by a factor model, and by what a network adds to it.

    The network sees a row whose missing entries are filled by the factor model, in units of the
    columns' deviations, and beside it which entries these are.

    Parameters
    ----------
    factors : FactorModel
    scale : ndarray of shape (n_features,)
        Standard deviations of the columns.
    network : Network or None
    weights : tuple of ndarray
    """

    factors: FactorModel
    scale: np.ndarray
    network: Network | None = None
    weights: tuple[np.ndarray, ...] = ()

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """Return rows as the network sees them."""
        filled = (self.factors.filled(rows) - self.factors.center) / self.scale
        return np.hstack([filled, np.isnan(rows)], dtype=np.float32, casting="unsafe")

    def filled(self, X: np.ndarray) -> np.ndarray:
        """Return rows with their missing entries filled, and a copy of the others."""
        filled = X.copy()
        incomplete = np.flatnonzero(np.isnan(X).any(axis=1))
        width = X.shape[1] if self.network is None else self.network.widest
        for part in blocks(len(incomplete), width):
            rows = X[incomplete[part]]
            expected = self.factors.filled(rows)
            if self.network is not None:
                to = maps(self.network, self.weights, np.float32)
                expected = expected + to.decode(to.encode(self.inputs(rows))) * self.scale
            filled[incomplete[part]] = np.where(np.isnan(rows), expected, rows)
        return filled

    def error_quantiles(self, X: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Return quantiles of the errors of hidden entries of rows, at `LEVELS`, for each column.

        Errors are divided by the standard deviations that the factor model expects.
        """
        seen = np.where(hidden, np.nan, X)
        errors = (X - self.filled(seen)) / self.factors.deviations(seen, np.isnan(seen))
        quantiles = np.tile(ndtri(LEVELS)[:, np.newaxis], X.shape[1])
        for j, column in enumerate(np.where(hidden, errors, np.nan).T):
            known = column[~np.isnan(column)]
            if len(known) >= FEWEST_ERRORS:
                quantiles[:, j] = np.quantile(known, LEVELS)
        return quantiles

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
