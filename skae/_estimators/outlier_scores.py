"""Reconstruction errors and distances of codes, and their probabilities for inliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.sparse import issparse
from scipy.special import gammaln, log_ndtr
from scipy.stats import median_abs_deviation, norm
from sklearn.utils import _safe_indexing, check_random_state, get_tags
from sklearn.utils.validation import check_array

from skae._data.blocks import blocks, dense
from skae._data.checks import check_readable, finite, has_missing, taking
from skae._data.factors import factor_model
from skae._data.pca import center
from skae._data.rows import ArrayRows, taken
from skae._data.weights import weighted_quantiles
from skae._estimators.fitted import FittedAutoencoder
from skae._estimators.tables import TakesTables
from skae._training.interrupts import fit_until_interrupted

# The distance of a row is that to the nearest row of a random sample of this size. The sample is
# small, so that outliers which lie close together are rarely in it (Sugiyama and Borgwardt, 2013,
# took 20).
SAMPLE_SIZE = 32
# Largest share of the rows in a sample.
MAX_SAMPLE_SHARE = 1 / 8
# Largest number of rows to measure distances to.
MAX_REFERENCES = 1000
# Share of the rows that an autoencoder is trained on, those closest to other rows: it would learn
# outliers too, and its errors on training rows are too small.
TRAINING_SHARE = 0.9
# Share of inliers whose scores are on the inner side of the cutoff.
INLIER_SHARE = 0.975
# Ranges of the power for distances of codes and for scores. With a negative power, all large
# distances would be equally likely; of scores, only the cutoff is used.
POWERS_OF_DISTANCES, POWERS_OF_SCORES = (0.0, 5.0), (-0.5, 5.0)
# Smaller powers are replaced by the logarithm.
MIN_POWER = 1e-2
# Relative rounding error of distances in float32.
RELATIVE_ROUNDING = 1e-4
TINY = np.finfo(np.float64).tiny
# Distance of a cutoff from the median, in deviations of the logarithms of scores.
MAX_DEVIATIONS = 4.0
# Sum of probabilities that may be neglected.
NEGLIGIBLE = 1e-6


class Tail(NamedTuple):
    """The upper tail of a distribution of positive numbers.

    A power of the numbers (Box and Cox, 1964) is taken to be normally distributed.

    Parameters
    ----------
    center : float
        The median.
    power : float
        0 means the logarithm.
    spread : float
        The standard deviation of the transformed ratios to the median.
    least : float
        Lower bound: smaller numbers are replaced by it.
    """

    center: float
    power: float
    spread: float
    least: float

    @classmethod
    def of_errors(
        cls, squares: np.ndarray, least: float, weights: np.ndarray | None = None
    ) -> Tail:
        """Fit with the cube root, which makes chi-squares close to normal.

        See Wilson and Hilferty (1931). The spread is the median absolute deviation, which a few
        outliers hardly change.
        """
        center, ratios = _ratios(squares, least, weights)
        roots = _powered(ratios, 1 / 3)
        spread = _median_deviation(roots, weights) or 1.0
        return cls(center, 1 / 3, spread, least)

    @classmethod
    def central(
        cls, values: np.ndarray, powers: tuple[float, float], weights: np.ndarray | None = None
    ) -> Tail:
        """Fit with the power that makes the central 80 % normal (Raymaekers and Rousseeuw, 2021).

        With this power, the 10th and the 90th percentile are equally far from the median.
        """
        center, ratios = _ratios(values, TINY, weights)
        low, high = weighted_quantiles(ratios, [1.0 - TRAINING_SHARE, TRAINING_SHARE], weights)

        def skewness(power: float) -> float:
            return float(_powered(low, power) + _powered(high, power))

        power = powers[int(skewness(powers[0]) < 0.0)]
        if skewness(powers[0]) < 0.0 < skewness(powers[1]):
            power = brentq(skewness, *powers)
        power = 0.0 if abs(power) < MIN_POWER else float(power)
        spread = _powered(high, power) / norm.ppf(TRAINING_SHARE)
        return cls(center, power, float(spread or 1.0), TINY)

    def surprise(self, values: np.ndarray) -> np.ndarray:
        """Return minus the log-probability that the value of an inlier is at least as large."""
        ratios = np.log(np.maximum(values, self.least)) - np.log(self.center)
        return -log_ndtr(-_powered(ratios, self.power) / self.spread)

    def quantile(self, share: float) -> float:
        """Return the value that this share of inliers stays below, infinite if there is none."""
        steps = norm.ppf(share) * self.spread
        if self.power == 0.0:
            return float(self.center * np.exp(steps))
        beyond = self.power * steps
        return float(self.center * (1.0 + beyond) ** (1.0 / self.power)) if beyond > -1 else np.inf


class References(NamedTuple):
    """Rows to which distances are measured: to the nearest row of a random sample of them.

    The average of that distance over all samples is computed exactly: as a mean of the sorted
    distances to all rows, weighted by the probability that each is the smallest in a sample.
    """

    rows: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> References:
        """Return references with the weights of the sorted distances."""
        # One less, because a row is not compared with itself.
        n = len(rows) - 1
        size = max(1, min(SAMPLE_SIZE, int(n * MAX_SAMPLE_SHARE)))
        k = np.arange(1, n - size + 2)
        weights = np.exp(_log_choose(n - k, size - 1) - _log_choose(n, size))
        return cls(rows, weights[: 1 + np.searchsorted(np.cumsum(weights), 1.0 - NEGLIGIBLE)])

    def squared_distances(self, rows: np.ndarray, own: Any = ()) -> np.ndarray:
        """Return the square of the mean distance to the nearest row of a sample.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_features)
        own : array-like of int
            Indices of the references among these rows, if they are among them. A row is not
            compared with itself.
        """
        center = self.rows.mean(axis=0)
        references = self.rows - center
        squares = np.einsum("ij,ij->i", references, references)
        own, places = np.asarray(own, int), np.arange(len(own))
        means = np.empty(rows.shape[0])
        for part in blocks(rows.shape[0], max(self.rows.shape)):
            block = dense(rows[part]) - center
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
    """A fitted autoencoder, and the distributions of errors and distances of inliers."""

    autoencoder: Any
    references: References
    of_errors: Tail
    of_codes: Tail

    @classmethod
    def fitted(
        cls, autoencoder: Any, X: Any, weights: np.ndarray | None = None, **validation: Any
    ) -> tuple[Scorer, np.ndarray, bool]:
        """Fit an autoencoder; return a scorer, the scores of X, and whether Ctrl-C ended training.

        In these scores, the distance of a row to itself does not count. `validation` may hold
        `X_val` and `sample_weight_val` for the autoencoder.
        """
        missing_values = marker_of(autoencoder)
        rows = autoencoder._even_rows(X) if isinstance(autoencoder, TakesTables) else None
        if rows is None:
            checked = check_array(
                check_readable(X),
                accept_sparse="csr",
                dtype=[np.float64, np.float32],
                allow_nd=True,
                ensure_min_samples=2,
                input_name="X",
                **taking(missing_values),
            )
            rows = checked.reshape(checked.shape[0], -1)
        else:
            # A data frame is passed on; missing entries of an array with categories are NaN.
            checked, missing_values = X, np.nan
        n_rows = rows.shape[0]
        some_missing = not issparse(rows) and has_missing(rows, missing_values)
        if not (hasattr(X, "columns") or some_missing):
            # Otherwise X is passed on: a data frame, so that the autoencoder keeps its feature
            # names, or with what marks missing values.
            X = checked
        if some_missing:
            rows = _filled(rows)
        rng = check_random_state(getattr(autoencoder, "random_state", None))
        chosen = _some(np.arange(n_rows), rng)
        # The autoencoder raises an error for values that are too large.
        with np.errstate(over="ignore", invalid="ignore"):
            references = References.of(dense(rows[chosen]))
            distances = references.squared_distances(rows, own=chosen)
        usual = np.argsort(distances, kind="stable")
        usual = np.sort(usual[: _count_to_train_on(taken(weights, usual), n_rows)])
        if weights is not None:
            validation = {**validation, "sample_weight": weights[usual]}
        interrupted = fit_until_interrupted(autoencoder, _safe_indexing(X, usual), **validation)
        errors, rows = _errors(autoencoder, X), _reconstruction(autoencoder, X)
        chosen = _some(usual, rng)
        references = References.of(rows[chosen])
        distances = finite(lambda rows: references.squared_distances(rows, own=chosen), rows)
        # With as many codes as columns, all errors are rounding errors.
        least = max(TINY, RELATIVE_ROUNDING**2 * _median(distances, weights))
        scorer = cls(
            autoencoder,
            references,
            Tail.of_errors(errors, least, weights),
            Tail.central(distances, POWERS_OF_DISTANCES, weights),
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


def cutoff(surprises: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the value of `Tail.surprise` above which a row is an outlier: the smaller of two.

    If more than a tenth of the rows are outliers, they distort the central 80 % of the first rule.
    The second one depends on the median of the logarithms alone.
    """
    center, ratios = _ratios(surprises, TINY, weights)
    far = center * np.exp(MAX_DEVIATIONS * _median_deviation(ratios, weights))
    central = Tail.central(surprises, POWERS_OF_SCORES, weights)
    return float(min(central.quantile(INLIER_SHARE), far))


def _median(values: np.ndarray, weights: np.ndarray | None) -> float:
    return float(np.median(values) if weights is None else weighted_quantiles(values, 0.5, weights))


def _median_deviation(values: np.ndarray, weights: np.ndarray | None) -> float:
    """Return the median absolute deviation, in units of a normal's standard deviation."""
    if weights is None:
        return float(median_abs_deviation(values, scale="normal"))
    return _median(np.abs(values - _median(values, weights)), weights) / norm.ppf(0.75)


def _ratios(
    values: np.ndarray, least: float, weights: np.ndarray | None
) -> tuple[float, np.ndarray]:
    """Return the median of positive numbers, and the logarithms of their ratios to it."""
    center = float(np.maximum(_median(values, weights), least))
    return center, np.log(np.maximum(values, least)) - np.log(center)


def _powered(logarithms: Any, power: float) -> Any:
    """Return the power transform of numbers, given their logarithms."""
    return np.expm1(power * logarithms) / power if power else logarithms


def marker_of(autoencoder: Any) -> float | None:
    """Return what marks missing values of the samples of an autoencoder, None if it refuses any."""
    if hasattr(autoencoder, "_missing_values"):
        return autoencoder._missing_values(first=not hasattr(autoencoder, "weights_"))
    return np.nan if get_tags(autoencoder).input_tags.allow_nan else None


def _filled(rows: np.ndarray) -> np.ndarray:
    """Return rows with expectations for missing entries, before an autoencoder is fitted."""
    X = ArrayRows(rows, has_missing=True)
    model = factor_model(X, np.arange(len(rows)), center(X), np.random.default_rng(0))
    return model.filled(rows)


def _errors(autoencoder: Any, X: Any) -> np.ndarray:
    return -np.asarray(autoencoder.score_samples(X), dtype=np.float64)


def _reconstruction(autoencoder: Any, X: Any) -> Any:
    """Return reconstructed rows, those of sparse ones when they are indexed.

    They are in the units of the autoencoder's errors.
    """
    if issparse(X):
        return _ReconstructedSparse(autoencoder, X.tocsr())
    if not isinstance(autoencoder, FittedAutoencoder):
        rows = np.asarray(autoencoder.reconstruct(X))
        return rows.reshape(len(rows), -1)
    rows, unit = np.asarray(autoencoder._reconstructed(X)), autoencoder._codec.error_scale
    rows = rows.reshape(len(rows), -1)
    return rows if unit is None else rows / unit


@dataclass(frozen=True)
class _ReconstructedSparse:
    """Reconstructions of sparse rows, which are dense, a few at a time."""

    autoencoder: Any
    given: Any

    @property
    def shape(self) -> tuple[int, int]:
        return self.given.shape

    @property
    def dtype(self) -> np.dtype:
        return self.given.dtype

    def __getitem__(self, part: Any) -> Any:
        return self.autoencoder.reconstruct(self.given[part])


def _count_to_train_on(weights: np.ndarray | None, n: int) -> int:
    """Return how many of n rows, with these weights, are the first nine tenths."""
    if weights is None:
        return max(2, int(np.ceil(TRAINING_SHARE * n)))
    before = np.cumsum(weights) - weights
    return max(2, int(np.count_nonzero(before < TRAINING_SHARE * weights.sum())))


def _some(rows: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Return the given row numbers, or a random choice of them if they are too many."""
    if len(rows) <= MAX_REFERENCES:
        return rows
    return np.sort(rng.choice(rows, MAX_REFERENCES, replace=False))


def _log_choose(n: Any, k: Any) -> Any:
    """Return the logarithm of the number of ways to choose k of n."""
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
