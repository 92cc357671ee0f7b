"""How far a row is from others, and how unlikely it is that a usual row is as far."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, log_ndtr
from scipy.stats import median_abs_deviation, norm
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import check_array

from skae._data.blocks import blocks
from skae._data.checks import check_dense, finite
from skae._training.interrupts import fit_until_interrupted

# Distances are to the nearest row of a random sample of this size: so few that outliers which lie
# close together are seldom in it, as found by Sugiyama and Borgwardt, who took 20.
SAMPLE_SIZE = 32
# A sample has at most this share of the rows: each is at a distance of zero from itself.
LARGEST_SHARE = 1 / 8
# Rows to measure the distance to.
MOST_REFERENCES = 1000
# Rows that an autoencoder is trained on: the others are the farthest from their neighbours. An
# autoencoder learns outliers too, and errors of rows that it was trained on are too small.
SHARE_TO_TRAIN_ON = 0.9
# Of the scores of rows without outliers, on the usual side of the cutoff.
SHARE_OF_INLIERS = 0.975
# Powers to choose from for distances of codes: below 0, all that are large would be as likely. And
# for scores, which have a cutoff only.
POWERS_OF_DISTANCES, POWERS_OF_SCORES = (0.0, 5.0), (-0.5, 5.0)
# A power as good as none.
ROUNDING = 1e-2
# Of distances, by float32.
RELATIVE_ROUNDING = 1e-4
TINY = np.finfo(np.float64).tiny
# In deviations of the logarithms of scores.
FAR = 4.0
# What may be neglected of a sum of probabilities.
NEGLIGIBLE = 1e-6


class Tail(NamedTuple):
    """How unlikely positive numbers are: a power of them (Box and Cox, 1964) is normal.

    Parameters
    ----------
    centre : float
        The median.
    power : float
        0 stands for the logarithm.
    spread : float
        The standard deviation of the transformed ratios to the median.
    least : float
        What smaller numbers are taken for.
    """

    centre: float
    power: float
    spread: float
    least: float

    @classmethod
    def of_errors(cls, squares: np.ndarray, least: float) -> Tail:
        """Take the cube root, by which chi-squares are close to normal (Wilson and Hilferty, 1931).

        The spread is the median absolute deviation, which a few outliers do not move.
        """
        centre, ratios = _ratios(squares, least)
        roots = _powered(ratios, 1 / 3)
        spread = float(median_abs_deviation(roots, scale="normal") or 1.0)
        return cls(centre, 1 / 3, spread, least)

    @classmethod
    def central(cls, values: np.ndarray, powers: tuple[float, float]) -> Tail:
        """Take the power that makes the central 80 % normal (Raymaekers and Rousseeuw, 2021).

        It brings the 10th and the 90th percentile to the same distance of the median.
        """
        centre, ratios = _ratios(values, TINY)
        low, high = np.quantile(ratios, [1.0 - SHARE_TO_TRAIN_ON, SHARE_TO_TRAIN_ON])

        def skewness(power: float) -> float:
            return float(_powered(low, power) + _powered(high, power))

        power = powers[int(skewness(powers[0]) < 0.0)]
        if skewness(powers[0]) < 0.0 < skewness(powers[1]):
            power = brentq(skewness, *powers)
        power = 0.0 if abs(power) < ROUNDING else float(power)
        spread = _powered(high, power) / norm.ppf(SHARE_TO_TRAIN_ON)
        return cls(centre, power, float(spread or 1.0), TINY)

    def surprise(self, values: np.ndarray) -> np.ndarray:
        """Return minus the logarithm of the probability that an inlier's is as large, or larger."""
        ratios = np.log(np.maximum(values, self.least)) - np.log(self.centre)
        return -log_ndtr(-_powered(ratios, self.power) / self.spread)

    def quantile(self, share: float) -> float:
        """Return what this share of inliers stays below, infinite where the power has no such."""
        steps = norm.ppf(share) * self.spread
        if self.power == 0.0:
            return float(self.centre * np.exp(steps))
        beyond = self.power * steps
        return float(self.centre * (1.0 + beyond) ** (1.0 / self.power)) if beyond > -1 else np.inf


class References(NamedTuple):
    """Rows that others are compared with, by the distance to the nearest of a random sample.

    Averaged over all such samples, that distance is a weighted mean of the sorted distances to all
    rows: the k-th counts by the probability that it is the smallest of those in the sample.
    """

    rows: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> References:
        # Without one of them, which a row that is compared may be itself.
        n = len(rows) - 1
        size = max(1, min(SAMPLE_SIZE, int(n * LARGEST_SHARE)))
        k = np.arange(1, n - size + 2)
        weights = np.exp(_log_choose(n - k, size - 1) - _log_choose(n, size))
        return cls(rows, weights[: 1 + np.searchsorted(np.cumsum(weights), 1.0 - NEGLIGIBLE)])

    def squared_distances(self, rows: np.ndarray, own: Any = ()) -> np.ndarray:
        """Return the square of the mean distance to the nearest row of a sample.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_features)
        own : array-like of int
            Which of these rows the references are, one after the other, where each is not to be
            compared with itself.
        """
        centre = self.rows.mean(axis=0)
        references = self.rows - centre
        squares = np.einsum("ij,ij->i", references, references)
        own, places = np.asarray(own, int), np.arange(len(own))
        means = np.empty(len(rows))
        for part in blocks(len(rows), max(self.rows.shape)):
            block = rows[part] - centre
            distances = np.einsum("ij,ij->i", block, block)[:, np.newaxis] + squares
            distances -= 2.0 * block @ references.T
            np.sqrt(np.maximum(distances, 0.0, out=distances), out=distances)
            here = (own >= part.start) & (own < part.stop)
            distances[own[here] - part.start, places[here]] = np.inf
            distances.partition(len(self.weights) - 1, axis=1)
            nearest = np.sort(distances[:, : len(self.weights)], axis=1)
            means[part] = nearest @ self.weights
        return np.square(means)


class Scorer(NamedTuple):
    """A fitted autoencoder, and what its errors and reconstructions are compared with."""

    autoencoder: Any
    references: References
    of_errors: Tail
    of_codes: Tail

    @classmethod
    def fitted(cls, autoencoder: Any, X: Any) -> tuple[Scorer, np.ndarray, bool]:
        """Fit an autoencoder; return the rows' scores, and whether Ctrl-C has cut that short.

        A row's distance to itself does not count in these scores.
        """
        checked = check_array(
            check_dense(X),
            dtype=[np.float64, np.float32],
            allow_nd=True,
            ensure_min_samples=2,
            input_name="X",
        )
        # Data frames have names for the autoencoder to keep.
        X = X if hasattr(X, "columns") else checked
        rows = checked.reshape(len(checked), -1)
        rng = check_random_state(getattr(autoencoder, "random_state", None))
        chosen = _some(np.arange(len(rows)), rng)
        # Values too large to compare are refused by the autoencoder.
        with np.errstate(over="ignore", invalid="ignore"):
            distances = References.of(rows[chosen]).squared_distances(rows, own=chosen)
        usual = np.argsort(distances, kind="stable")[: _count_to_train_on(len(rows))]
        usual.sort()
        interrupted = fit_until_interrupted(autoencoder, _safe_indexing(X, usual))
        errors, rows = _errors(autoencoder, X), _reconstruction(autoencoder, X)
        chosen = _some(usual, rng)
        references = References.of(rows[chosen])
        distances = finite(lambda rows: references.squared_distances(rows, own=chosen), rows)
        # What an autoencoder with a code for each column leaves over is rounding.
        least = max(TINY, RELATIVE_ROUNDING**2 * float(np.median(distances)))
        scorer = cls(
            autoencoder,
            references,
            Tail.of_errors(errors, least),
            Tail.central(distances, POWERS_OF_DISTANCES),
        )
        return scorer, scorer._scores(errors, distances), interrupted

    def scores(self, X: Any) -> np.ndarray:
        """Return the sum of the logarithms of the two tail probabilities of each row."""
        return self._scores(_errors(self.autoencoder, X), self.code_distances(X))

    def code_distances(self, X: Any) -> np.ndarray:
        """Return the squared distances of the rows' reconstructions to those of training rows."""
        return finite(self.references.squared_distances, _reconstruction(self.autoencoder, X))

    def _scores(self, errors: np.ndarray, distances: np.ndarray) -> np.ndarray:
        return -(self.of_errors.surprise(errors) + self.of_codes.surprise(distances))


def cutoff(surprises: np.ndarray) -> float:
    """Return the surprise beyond which a row is an outlier, the smaller by two rules.

    Where more than a tenth of the rows are outliers, these draw the first rule's central 80 % away:
    what is far from the median of the logarithms is an outlier anyway.
    """
    centre, ratios = _ratios(surprises, TINY)
    far = centre * np.exp(FAR * median_abs_deviation(ratios, scale="normal"))
    return float(min(Tail.central(surprises, POWERS_OF_SCORES).quantile(SHARE_OF_INLIERS), far))


def _ratios(values: np.ndarray, least: float) -> tuple[float, np.ndarray]:
    """Return the median of positive numbers, and the logarithms of what they are divided by it."""
    centre = float(np.maximum(np.median(values), least))
    return centre, np.log(np.maximum(values, least)) - np.log(centre)


def _powered(logarithms: Any, power: float) -> Any:
    """Return the power transform of numbers that are given by their logarithms."""
    return np.expm1(power * logarithms) / power if power else logarithms


def _errors(autoencoder: Any, X: Any) -> np.ndarray:
    return -np.asarray(autoencoder.score_samples(X), dtype=np.float64)


def _reconstruction(autoencoder: Any, X: Any) -> np.ndarray:
    rows = np.asarray(autoencoder.reconstruct(X))
    return rows.reshape(len(rows), -1)


def _count_to_train_on(n: int) -> int:
    return max(2, int(np.ceil(SHARE_TO_TRAIN_ON * n)))


def _some(rows: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Return row numbers, or as many of them as others are compared with."""
    if len(rows) <= MOST_REFERENCES:
        return rows
    return np.sort(rng.choice(rows, MOST_REFERENCES, replace=False))


def _log_choose(n: Any, k: Any) -> Any:
    """Return the logarithm of the number of ways to choose k of n."""
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
