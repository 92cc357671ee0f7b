"""The rows of a sparse matrix, of which a block at a time becomes dense, and their products."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from scipy.sparse import csr_array, issparse

from skae._data.blocks import blocks
from skae._data.mapped_rows import MappedRows, is_large_file
from skae._data.rows import ArrayRows, Matrix, Rows, of_positive, rows_in_a_block, summed, taken

# Entries, at most, of evenly spaced rows: 128 MB of float32.
MOST_ENTRIES = 1 << 25


class SparseRows(Rows):
    """The rows of a sparse matrix in compressed sparse row format.

    Every method returns dense arrays. Only `as_stored` gives PCA the rows as they are.

    Parameters
    ----------
    matrix : csr_array of shape (n_samples, n_features)
        Each entry is stored once at most.
    weights : ndarray of shape (n_samples,) or None
    """

    is_lazy = True

    def __init__(self, matrix: Any, weights: np.ndarray | None = None) -> None:
        self._matrix, self.weights = matrix, weights

    def weighted(self, weights: np.ndarray) -> SparseRows:
        return SparseRows(*of_positive(weights, self._matrix))

    def as_stored(self, rows: np.ndarray | None = None) -> StoredRows:
        if rows is None:
            return StoredRows(self._matrix, self.weights)
        return StoredRows(self._matrix[rows], taken(self.weights, rows))

    @property
    def shape(self) -> tuple[int, int]:
        n_rows, n_columns = self._matrix.shape
        return n_rows, n_columns

    @property
    def dtype(self) -> np.dtype:
        return self._matrix.dtype

    @property
    def collection(self) -> Any:
        return self._matrix

    @property
    def token(self) -> str:
        stored = self._matrix
        return joblib.hash((stored.data, stored.indices, stored.indptr, stored.shape, self.weights))

    @property
    def bounds(self) -> np.ndarray:
        return np.append(np.arange(0, len(self), rows_in_a_block(len(self))), len(self))

    @property
    def blocks(self) -> Sequence[Any]:
        return [self._matrix[i:j] for i, j in zip(self.bounds[:-1], self.bounds[1:], strict=True)]

    def weighted_total(
        self,
        of_block: Callable[[np.ndarray, np.ndarray | None], Any],
        rows: np.ndarray | None = None,
    ) -> Any:
        n_rows = len(self if rows is None else rows)
        parts = (part if rows is None else rows[part] for part in blocks(n_rows, self.shape[1]))
        return summed(
            of_block(self._matrix[some].toarray(), taken(self.weights, some)) for some in parts
        )

    def columns(self, part: slice, rows: np.ndarray | None = None) -> np.ndarray:
        matrix = self._matrix if rows is None else self._matrix[rows]
        return matrix[:, part].toarray()

    def __getitem__(self, part: slice) -> np.ndarray:
        return self._matrix[part].toarray()

    def take(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return self._matrix[rows].toarray(out=out)

    def evenly_spaced(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        return super().evenly_spaced(min(n, max(1, MOST_ENTRIES // self.shape[1])))

    def evenly_spaced_parts(
        self, n: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        chosen = np.arange(len(self))[:: -(-len(self) // n)]
        for part in blocks(len(chosen), self.shape[1]):
            rows = self.take(chosen[part])
            yield rows, rows, taken(self.weights, chosen[part])

    def pieces(
        self, rows: np.ndarray, rng: np.random.Generator | None
    ) -> list[tuple[Rows, np.ndarray]]:
        return [(self, rows if rng is None else rng.permutation(rows))]

    def extremes(self) -> tuple[Any, Any]:
        return self._matrix.min(), self._matrix.max()


class StoredRows(Matrix):
    """A sparse matrix whose one block is itself, for functions that know sparse blocks."""

    def __init__(self, matrix: Any, weights: np.ndarray | None) -> None:
        self._matrix, self.weights = matrix, weights

    @property
    def shape(self) -> tuple[int, int]:
        n_rows, n_columns = self._matrix.shape
        return n_rows, n_columns

    @property
    def dtype(self) -> np.dtype:
        return self._matrix.dtype

    def weighted_total(self, of_block: Callable[[Any, np.ndarray | None], Any]) -> Any:
        return of_block(self._matrix, self.weights)

    def columns(self, part: slice) -> Any:
        return self._matrix[:, part]


@dataclass(frozen=True)
class CenteredSparse:
    """A sparse block about a mean, each row multiplied by a factor; neither is ever formed.

    This is `factors * (block - mean)`, with as much of the operations of an array as PCA needs.

    Parameters
    ----------
    block : csr_array of shape (n_rows, n_columns)
    mean : ndarray of shape (n_columns,)
    factors : ndarray of shape (n_rows,)
    """

    block: Any
    mean: np.ndarray
    factors: np.ndarray

    @property
    def T(self) -> Transposed:  # noqa: N802
        return Transposed(self)

    def __matmul__(self, other: Any) -> np.ndarray:
        """Return the product with an array, or with the transposed block."""
        block, mean, factors = self.block, self.mean, self.factors
        if isinstance(other, Transposed):
            along = block @ mean
            inner = (block @ block.T).toarray() - along - along[:, np.newaxis] + mean @ mean
            return np.outer(factors, factors) * inner
        return factors[:, np.newaxis] * (block @ other - mean @ other)

    def sum_of_squares(self) -> float:
        block, squares = self.block, np.square(self.factors)
        of_rows = np.repeat(squares, np.diff(block.indptr))
        means = self.mean[block.indices]
        stored = of_rows @ (np.square(block.data - means) - np.square(means))
        return float(stored + squares.sum() * (self.mean @ self.mean))


@dataclass(frozen=True)
class Transposed:
    """The transpose of a centered block."""

    of: CenteredSparse

    def __matmul__(self, other: Any) -> np.ndarray:
        """Return the product with an array, or with the centered block itself."""
        block, mean, factors = self.of.block, self.of.mean, self.of.factors
        if isinstance(other, CenteredSparse):
            squares = np.square(factors)
            sums = squares @ block
            inner = (block.T @ block.multiply(squares[:, np.newaxis]).tocsr()).toarray()
            inner -= np.outer(mean, sums) + np.outer(sums, mean)
            return inner + squares.sum() * np.outer(mean, mean)
        other = factors[:, np.newaxis] * other
        return block.T @ other - np.outer(mean, other.sum(axis=0))


def rows_of(X: Any, has_missing: bool = False) -> Rows:
    """Wrap validated samples, an array or a matrix in compressed sparse row format."""
    if not issparse(X):
        return (MappedRows if is_large_file(X) else ArrayRows)(X, has_missing)
    matrix = csr_array(X)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return SparseRows(matrix)
