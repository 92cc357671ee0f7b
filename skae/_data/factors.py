"""Factor analysis of rows with missing entries, and the expectation of these entries.

A row is `mean + loadings @ factors + noise`, with standard normal factors and independent noise of
one variance for each column. Given the observed entries of a row, the expected others follow from
one system of equations as large as the number of factors, however many columns there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from skae._data.blocks import blocks
from skae._data.divisors import column_divisors
from skae._data.rows import Matrix, Rows, RowSubset, View, weight_observed
from skae._data.table import by_variable

# Largest number of factors, and of rows that they are estimated from: 100 for each of them.
MAX_FACTORS, MAX_ROWS = 20, 2000
# The estimation ends when the mean logarithm of the noise variances changes by less than this.
TOL, MAX_STEPS = 1e-3, 100
# Passes of the subspace iteration that the estimation starts from.
START_STEPS = 4
# A factor that explains a smaller share of the variance is dropped.
LEAST_SHARE = 1e-4
# Smallest share of a column's variance that is noise, so that the equations can be solved.
LEAST_NOISE = 1e-3


class FactorModel(NamedTuple):
    """A linear Gaussian model of rows, by which missing entries are filled.

    Parameters
    ----------
    center : ndarray of shape (n_features,)
        Means of the observed entries, which fill rows without any value.
    mean : ndarray of shape (n_features,)
        Means of all entries, observed or not: another one where it depends on other columns
        whether an entry is missing.
    loadings : ndarray of shape (n_features, n_factors)
    noise : ndarray of shape (n_features,)
        Variances of the noise.
    missing_share : float
        Share of the entries that are missing.
    categories : tuple of (int, int)
        First column, and end, of the indicators of each variable of categories.
    """

    center: np.ndarray
    mean: np.ndarray
    loadings: np.ndarray
    noise: np.ndarray
    missing_share: float
    categories: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of_means(cls, mean: np.ndarray) -> FactorModel:
        """Return the model that fills missing entries with the means of their columns."""
        return cls(mean, mean, np.zeros((len(mean), 0)), np.ones(len(mean)), 0.0)

    def filled(self, rows: np.ndarray) -> np.ndarray:
        """Return rows with their missing entries replaced by the expected ones.

        Rows without missing entries are returned unchanged, and rows themselves if all are.
        """
        missing = np.isnan(rows)
        some = missing.any(axis=1)
        if not some.any():
            return rows
        missing = missing[some]
        expected = self.expected(rows[some], missing)
        expected[missing.all(axis=1)] = self.center
        rows = rows.copy()
        rows[some] = np.where(missing, expected, rows[some])
        return rows

    def expected(self, rows: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Return the expectation of all entries of rows, given the observed ones."""
        sums = self.evidence(rows, missing, slice(None))
        return self.mean + self.factors(*sums) @ self.loadings.T

    def evidence(
        self, rows: np.ndarray, missing: np.ndarray, part: slice
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what some columns tell of the factors: precisions, and weighted sums of entries.

        These of several parts of the columns add up.
        """
        return _evidence(
            _without(missing, rows - self.mean[part]),
            ~missing,
            self.loadings[part],
            _products(self.loadings[part]),
            self.noise[part],
        )

    def factors(self, precisions: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """Return the expected factors of rows from the evidence of all columns."""
        n_factors = self.loadings.shape[1]
        return np.linalg.solve(precisions + np.eye(n_factors), sums[:, :, np.newaxis])[:, :, 0]

    def deviations(self, rows: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Return the standard deviation of each entry of rows, given the observed ones."""
        loadings, covariances = self.loadings, self._covariances(rows, missing)
        products = _products(loadings).reshape(len(loadings), -1)
        return np.sqrt(covariances.reshape(len(rows), -1) @ products.T + self.noise)

    def errors(self, rng: np.random.Generator, rows: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Draw deviations of all entries of rows from the expected ones, given the observed ones.

        Those of one row depend on each other through the factors.
        """
        roots = np.linalg.cholesky(self._covariances(rows, missing))
        factors = rng.standard_normal((len(rows), self.loadings.shape[1], 1))
        noise = rng.standard_normal(rows.shape) * np.sqrt(self.noise)
        return (roots @ factors)[:, :, 0] @ self.loadings.T + noise

    def _covariances(self, rows: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Return the covariance of the factors of each row, given the observed entries."""
        precisions, _ = self.evidence(rows, missing, slice(None))
        return np.linalg.inv(precisions + np.eye(self.loadings.shape[1]))

    def hidden(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        """Return rows in which further entries are missing, half as many as are in X.

        The indicators of a variable of categories are missing together.
        """
        drawn = by_variable(rng.random(rows.shape), self.categories)
        return np.where(drawn < 0.5 * self.missing_share, np.nan, rows)


@dataclass(frozen=True)
class FilledRows(View):
    """Rows whose missing entries are filled."""

    model: FactorModel

    has_missing = False  # type: ignore[assignment]

    def weighted_total(self, of_block: Any) -> Any:
        return self.X.weighted_total(
            lambda rows, weights: of_block(self.model.filled(rows), weights)
        )

    def columns(self, part: slice) -> np.ndarray:
        columns, model = self.X.columns(part), self.model
        expected = self._factors @ model.loadings[part].T + model.mean[part]
        expected[self._is_empty] = model.center[part]
        return np.where(np.isnan(columns), expected, columns).astype(columns.dtype, copy=False)

    @cached_property
    def _is_empty(self) -> np.ndarray:
        """Whether all entries of a row are missing."""
        n_rows, n_columns = self.shape
        parts = blocks(n_columns, n_rows)
        return np.all([np.isnan(self.X.columns(part)).all(axis=1) for part in parts], axis=0)

    @cached_property
    def _factors(self) -> np.ndarray:
        """The expected factors of each row."""
        n_rows, n_columns = self.shape
        n_factors = self.model.loadings.shape[1]
        precisions, sums = np.zeros((n_rows, n_factors, n_factors)), np.zeros((n_rows, n_factors))
        for part in blocks(n_columns, n_rows):
            columns = self.X.columns(part)
            more_precisions, more_sums = self.model.evidence(columns, np.isnan(columns), part)
            precisions += more_precisions
            sums += more_sums
        return self.model.factors(precisions, sums)


def factor_model(
    X: Rows,
    rows: np.ndarray,
    center: np.ndarray,
    rng: np.random.Generator,
    categories: tuple[tuple[int, int], ...] = (),
) -> FactorModel:
    """Estimate a factor model from some rows of X, by expectation and maximization.

    Loadings are random too, with a variance for each factor (variational Bayes, Ilin and Raiko,
    2010): what few observed entries do not determine stays small, and needless factors vanish.
    """
    some = RowSubset(*X.in_memory(rows[:: -(-len(rows) // MAX_ROWS)]))
    n_observed = some.weighted_total(weight_observed)
    missing_share = 1.0 - float(n_observed.sum()) / (some.weight * some.shape[1])

    def squares(block: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        squares = np.square(np.nan_to_num(block - center), dtype=np.float64)
        return squares.sum(axis=0) if weights is None else weights @ squares

    deviations = np.sqrt(some.weighted_total(squares) / np.maximum(n_observed, 1))
    scale = column_divisors(deviations, center)
    estimate = _Estimate.started(some, center, scale, rng)
    before = np.inf
    for _ in range(MAX_STEPS):
        estimate = estimate.improved(some, center, scale, n_observed)
        level = float(np.log(estimate.noise).mean())
        if abs(before - level) < TOL:
            break
        before = level
    return FactorModel(
        center,
        center + scale * estimate.offset,
        estimate.loadings * scale[:, np.newaxis],
        estimate.noise * np.square(scale),
        missing_share,
        categories,
    )


class _Estimate(NamedTuple):
    """Estimated parameters for columns that are centered and divided by their deviations.

    Parameters
    ----------
    offset : ndarray of shape (n_features,)
        Mean of all entries, observed or not.
    loadings : ndarray of shape (n_features, n_factors)
    covariances : ndarray of shape (n_features, n_factors, n_factors)
        Uncertainty of the loadings of each column.
    noise : ndarray of shape (n_features,)
    """

    offset: np.ndarray
    loadings: np.ndarray
    covariances: np.ndarray
    noise: np.ndarray

    @classmethod
    def started(
        cls, X: Matrix, center: np.ndarray, scale: np.ndarray, rng: np.random.Generator
    ) -> _Estimate:
        """Return the principal axes of X, with means for missing entries."""
        n_rows, n_columns = X.shape
        n_factors = max(1, min(MAX_FACTORS, n_columns - 1, n_rows - 1))
        basis = rng.standard_normal((n_columns, n_factors))

        def times_covariance(block: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
            block = np.nan_to_num((block - center) / scale)
            return _weighted(block, weights).T @ (block @ basis) / X.weight

        for _ in range(START_STEPS):
            basis, _ = np.linalg.qr(basis)
            basis = X.weighted_total(times_covariance)
        basis, variances, _ = np.linalg.svd(basis, full_matrices=False)
        covariances = np.zeros((n_columns, n_factors, n_factors))
        loadings = basis * np.sqrt(variances)
        return cls(np.zeros(n_columns), loadings, covariances, np.ones(n_columns))

    def improved(
        self, X: Matrix, center: np.ndarray, scale: np.ndarray, n_observed: np.ndarray
    ) -> _Estimate:
        """Return the estimate after one step: expected factors, then most likely parameters."""
        n_factors = self.loadings.shape[1]
        with_offset = n_factors + 1
        products = _products(self.loadings) + self.covariances

        def moments(block: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
            """Return sums over rows for each column, and for all of them in a last line."""
            observed = ~np.isnan(block)
            entries = np.nan_to_num((block - center) / scale)
            centered = _without(~observed, entries - self.offset)
            precisions, sums = _evidence(centered, observed, self.loadings, products, self.noise)
            covariances = np.linalg.inv(precisions + np.eye(n_factors))
            factors = np.einsum("nij,nj->ni", covariances, sums)
            of_rows = np.ones((len(block), 1))
            factors = np.hstack([factors, of_rows])
            second = factors[:, :, np.newaxis] * factors[:, np.newaxis, :]
            second[:, :n_factors, :n_factors] += covariances
            observed = _weighted(np.hstack([observed, of_rows]), weights)
            entries = _weighted(np.hstack([entries, 0.0 * of_rows]), weights)
            return np.hstack([observed.T @ second.reshape(len(block), -1), entries.T @ factors])

        totals = X.weighted_total(moments)
        second = totals[:, :-with_offset].reshape(-1, with_offset, with_offset)
        *second, of_all = second
        return self._maximized(np.array(second), totals[:-1, -with_offset:], n_observed)._rotated(
            of_all[:n_factors, :n_factors] / X.weight
        )

    def _maximized(self, second: np.ndarray, sums: np.ndarray, n_observed: np.ndarray) -> _Estimate:
        n_factors = self.loadings.shape[1]
        # The variances of loadings that are most likely; offsets have that of one entry.
        mean_squares = np.square(self.loadings) + np.einsum("jkk->jk", self.covariances)
        variances = np.maximum(mean_squares.mean(axis=0), np.finfo(np.float64).eps)
        precisions = np.append(1.0 / variances, 1.0)
        noise = self.noise[:, np.newaxis]
        covariances = np.linalg.inv(second / noise[:, :, np.newaxis] + np.diag(precisions))
        weights = np.einsum("jkl,jl->jk", covariances, sums / noise)
        products = _products(weights) + covariances
        # The squares of a column's entries sum to their number.
        residuals = n_observed - 2.0 * np.einsum("jk,jk->j", weights, sums)
        residuals += np.einsum("jkl,jkl->j", products, second)
        noise = np.maximum(residuals / np.maximum(n_observed, 1), LEAST_NOISE)
        loadings, covariances = weights[:, :n_factors], covariances[:, :n_factors, :n_factors]
        return _Estimate(weights[:, n_factors], loadings, covariances, noise)

    def _rotated(self, of_factors: np.ndarray) -> _Estimate:
        """Return the same model with uncorrelated factors, sorted by the variance they explain.

        Without this, the variances of the loadings would converge slowly. Needless factors are
        dropped.
        """
        values, vectors = np.linalg.eigh(of_factors)
        root = (vectors * np.sqrt(values)) @ vectors.T
        loadings, covariances = self.loadings @ root, root @ self.covariances @ root
        explained, vectors = np.linalg.eigh(loadings.T @ loadings + covariances.sum(axis=0))
        n_kept = max(1, int(np.count_nonzero(explained > LEAST_SHARE * len(loadings))))
        vectors = vectors[:, : -n_kept - 1 : -1]
        return self._replace(
            loadings=loadings @ vectors, covariances=vectors.T @ covariances @ vectors
        )


def _weighted(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    return rows if weights is None else rows * weights[:, np.newaxis]


def _without(missing: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """Return entries with zeros for missing ones."""
    return np.where(missing, 0.0, entries)


def _products(loadings: np.ndarray) -> np.ndarray:
    """Return the products of each column's loadings with each other."""
    return loadings[:, :, np.newaxis] * loadings[:, np.newaxis, :]


def _evidence(
    centered: np.ndarray,
    observed: np.ndarray,
    loadings: np.ndarray,
    products: np.ndarray,
    noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the precisions of the factors of rows, and weighted sums of observed entries."""
    n_factors = loadings.shape[1]
    weighted = (products / noise[:, np.newaxis, np.newaxis]).reshape(len(loadings), n_factors**2)
    precisions = (observed.astype(np.float64) @ weighted).reshape(
        len(observed), n_factors, n_factors
    )
    return precisions, centered @ (loadings / noise[:, np.newaxis])
