"""Center, scale and principal axes of all rows, a block of rows at a time.

scikit-learn's `PCA` centers a copy of X unless it uses the covariance; here X may be larger than
memory and is never copied.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import linalg
from scipy.sparse import issparse

from skae._data.blas import threads_for
from skae._data.blocks import blocks
from skae._data.rows import Matrix, weight_observed
from skae._data.sparse_rows import CenteredSparse

# Up to this number of rows or columns, an exact eigendecomposition gives the axes.
EXACT_LIMIT = 2000
# Extra directions and passes over X of the randomized method (Halko et al., 2011).
OVERSAMPLES, POWER_ITERATIONS = 10, 7


class Axes(NamedTuple):
    """Orthonormal directions, sorted by decreasing variance.

    `directions` has shape (n_features, n_axes); `variances`, of shape (n_axes,), holds the mean
    squared coordinates along them.
    """

    directions: np.ndarray
    variances: np.ndarray


def center(X: Matrix) -> np.ndarray:
    """Return the mean of each column, in float64."""
    X = X.as_stored()
    if X.has_missing:
        return X.weighted_total(_sums_observed) / np.maximum(X.weighted_total(weight_observed), 1)
    return X.sums / X.weight


def variance(X: Matrix, mean: np.ndarray) -> float:
    """Return the mean squared deviation of the entries from the means of their columns."""
    X = X.as_stored()

    def squares(rows: np.ndarray, weights: np.ndarray | None) -> float:
        block = _centered(X, rows, mean, weights)
        if isinstance(block, CenteredSparse):
            return block.sum_of_squares()
        return float(np.einsum("ij,ij->", block, block, dtype=np.float64))

    return X.weighted_total(squares) / X.size


def column_variances(X: Matrix, mean: np.ndarray) -> np.ndarray:
    """Return the mean squared deviation of each column from its mean."""

    def squares(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        block = _centered(X, rows, mean, weights)
        return np.einsum("ij,ij->j", block, block, dtype=np.float64)

    observed = np.maximum(X.weighted_total(weight_observed), 1) if X.has_missing else X.weight
    return X.weighted_total(squares) / observed


def principal_axes(
    X: Matrix, mean: np.ndarray, n_axes: int | None, rng: np.random.Generator
) -> Axes:
    """Return the first `n_axes` principal axes of X (fewer if the rank is lower), or all."""
    X = X.as_stored()
    n_rows, n_features = X.shape
    if n_axes is not None and min(n_rows, n_features) > EXACT_LIMIT and 4 * n_axes < EXACT_LIMIT:
        axes = _randomized(X, mean, n_axes, rng)
    elif n_features <= n_rows:
        axes = _from_covariance(X, mean, n_axes)
    else:
        axes = _from_gram(X, mean, n_axes)
    directions, variances = axes
    # Drop directions whose variance is rounding error.
    kept = variances > _rounding(X) * variances.max(initial=0.0)
    directions, variances = directions[:, kept], variances[kept]
    # The sign of an axis is arbitrary: as in scikit-learn, make its largest entry positive.
    largest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[largest, np.arange(directions.shape[1])])
    return Axes(directions * signs, variances)


def with_signs_of(axes: Axes, others: Axes) -> Axes:
    """Return axes, each of which points the way of the other axis that is most like it."""
    alike = others.directions.T @ axes.directions
    if not alike.size:
        return axes
    closest = alike[np.abs(alike).argmax(axis=0), np.arange(alike.shape[1])]
    return axes._replace(directions=axes.directions * np.where(closest < 0.0, -1.0, 1.0))


def _rounding(X: Matrix) -> float:
    """Return the share of the largest variance below which a variance is rounding error.

    The rounding is that of X, or that of `eigh`.
    """
    return max(np.finfo(X.dtype).eps, np.finfo(np.float64).eps * max(X.shape))


def _sums_observed(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the weighted sum of the entries of each column that are not missing."""
    if weights is not None:
        rows = rows * weights[:, np.newaxis]
    return np.nan_to_num(rows).sum(axis=0, dtype=np.float64)


def _centered(X: Matrix, block: Any, mean: np.ndarray, weights: np.ndarray | None) -> Any:
    """Return a block of X about the mean, which also stands for missing entries.

    Rows are multiplied by the roots of their weights, so that products are weighted. A sparse block
    stays sparse, and is centered in its products only.
    """
    if issparse(block):
        roots = np.ones(block.shape[0]) if weights is None else np.sqrt(weights)
        return CenteredSparse(block, mean, roots)
    block = block - mean.astype(block.dtype, copy=False)
    if X.has_missing:
        block[np.isnan(block)] = 0.0
    if weights is not None:
        block *= np.sqrt(weights, dtype=block.dtype)[:, np.newaxis]
    return block


def _largest(matrix: np.ndarray, n: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the `n` largest eigenvalues of a symmetric matrix and their eigenvectors."""
    size = len(matrix)
    subset = None if n is None or n >= size else (size - n, size - 1)
    with threads_for(size**3):
        values, vectors = linalg.eigh(matrix, subset_by_index=subset, overwrite_a=True)
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1]


def _from_covariance(X: Matrix, mean: np.ndarray, n_axes: int | None) -> Axes:
    def products(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        block = _centered(X, rows, mean, weights)
        return (block.T @ block).astype(np.float64, copy=False)

    values, vectors = _largest(X.weighted_total(products) / X.weight, n_axes)
    return Axes(vectors, values)


def _from_gram(X: Matrix, mean: np.ndarray, n_axes: int | None) -> Axes:
    n_rows, n_features = X.shape
    gram = np.zeros((n_rows, n_rows))
    for columns in blocks(n_features, n_rows):
        block = _centered(X, X.columns(columns), mean[columns], X.weights)
        gram += block @ block.T
    values, vectors = _largest(gram / X.weight, n_axes)
    held = values > _rounding(X) * values.max(initial=0.0)
    values, vectors = values[held], vectors[:, held]
    directions = np.empty((n_features, len(values)))
    for columns in blocks(n_features, n_rows):
        block = _centered(X, X.columns(columns), mean[columns], X.weights)
        directions[columns] = block.T @ vectors
    return Axes(directions / np.sqrt(values * X.weight), values)


def _randomized(X: Matrix, mean: np.ndarray, n_axes: int, rng: np.random.Generator) -> Axes:
    """Iterate on a subspace of the covariance, which is never formed (Halko et al., 2011)."""

    def times_covariance(basis: np.ndarray) -> np.ndarray:
        basis = basis.astype(X.dtype, copy=False)

        def times_block(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
            block = _centered(X, rows, mean, weights)
            return (block.T @ (block @ basis)).astype(np.float64, copy=False)

        return X.weighted_total(times_block) / X.weight

    basis = rng.standard_normal((X.shape[1], n_axes + OVERSAMPLES))
    for _ in range(POWER_ITERATIONS):
        basis, _ = np.linalg.qr(times_covariance(basis))
    values, vectors = _largest(basis.T @ times_covariance(basis), n_axes)
    return Axes(basis @ vectors, values)
