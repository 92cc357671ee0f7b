"""Rows of X as a fit reads them, wherever they are stored.

The estimator wraps X once, right after validation. A new storage is one more class that implements
:class:`Rows`, and no other code changes: a sparse matrix returns dense arrays, a block at a time.
A missing entry is NaN. What belongs to a row besides its values, such as a sample weight, is one
more field of :class:`~skae._data.batches.Batch`, which :class:`~skae._data.batches.Feed` fills from
the rows.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import joblib
import numpy as np

from skae._data.blocks import blocks

# For workers, an array is cut into at most this number of blocks, of at least this number of rows:
# more than most clusters have workers, and the same on each, so that a checkpoint is found again.
MOST_BLOCKS, LEAST_ROWS = 240, 16
# Of data that are not in memory, rows are shuffled within a window of blocks of about this size.
WINDOW_BYTES = 1 << 27
# Size of the validation set that stays in memory throughout a fit, where the data do not.
VALIDATION_BYTES = 1 << 27


class Matrix(Protocol):
    """Rows as PCA reads them: sums over blocks of rows, and columns.

    `has_missing` says whether entries are missing, NaN. `weights`, of shape (n_samples,), are the
    positive weights of the rows; None means that each counts once.
    """

    has_missing: bool = False
    weights: np.ndarray | None = None

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """The floating-point type of the blocks that are read."""

    @property
    def weight(self) -> float:
        """Sum of the weights of the rows: their number, if they have no weights."""
        return self.shape[0] if self.weights is None else float(self.weights.sum())

    @property
    def size(self) -> float:
        """Number of entries, each counted by the weight of its row, without missing ones."""
        return self.weight * self.shape[1]

    def total(self, of_block: Callable[[np.ndarray], Any]) -> Any:
        """Sum a function over blocks of rows: arrays, numbers, or other objects that can be added.

        The function must not change its block.
        """
        return self.weighted_total(lambda rows, weights: of_block(rows))

    @abstractmethod
    def weighted_total(self, of_block: Callable[[np.ndarray, np.ndarray | None], Any]) -> Any:
        """Sum a function of a block of rows and their weights, see `total`."""

    @abstractmethod
    def columns(self, part: slice) -> np.ndarray:
        """Return some columns of all rows, in memory."""

    def as_stored(self) -> Matrix:
        """Return the same rows, whose blocks and columns may be sparse."""
        return self

    @property
    def sums(self) -> np.ndarray:
        """The weighted sum of each column, in float64: NaN where entries are missing."""
        return self.weighted_total(_sums)


class Rows(Matrix, Protocol):
    """The samples of a fit, and for each the target of its reconstruction: by default itself."""

    # Whether the rows are computed anew whenever they are read.
    is_lazy: ClassVar[bool] = False

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def targets(self) -> Rows:
        """The target of each row."""
        return self

    @property
    def is_paired(self) -> bool:
        """Whether the targets are other rows than these."""
        return self.targets is not self

    @property
    @abstractmethod
    def collection(self) -> Any:
        """The array or collection itself, for callbacks."""

    @property
    @abstractmethod
    def token(self) -> str:
        """A text that identifies the data, equal in every process."""

    @property
    def max_validation_rows(self) -> int | None:
        """Largest number of validation rows that stay in memory; None if there is no limit."""
        return None

    @property
    @abstractmethod
    def bounds(self) -> np.ndarray:
        """The first row of each of `blocks`, and the end of the last one."""

    @property
    @abstractmethod
    def blocks(self) -> Sequence[Any]:
        """The rows in blocks for workers, as arrays or Dask's delayed objects."""

    @abstractmethod
    def weighted(self, weights: np.ndarray) -> Rows:
        """Return the rows whose weights are not zero, with these weights."""

    def total(self, of_block: Callable[[np.ndarray], Any], rows: np.ndarray | None = None) -> Any:
        """Sum a function over blocks of all rows, or of those with sorted indices `rows`."""
        return self.weighted_total(lambda block, weights: of_block(block), rows)

    @abstractmethod
    def weighted_total(
        self,
        of_block: Callable[[np.ndarray, np.ndarray | None], Any],
        rows: np.ndarray | None = None,
    ) -> Any:
        """Sum a function of a block of rows and their weights, see `total`."""

    def total_with_targets(
        self, of_block: Callable[[np.ndarray, np.ndarray, np.ndarray | None], Any]
    ) -> Any:
        """Sum a function of a block of rows, the block of their targets, and their weights."""
        return self.weighted_total(lambda rows, weights: of_block(rows, rows, weights))

    @abstractmethod
    def columns(self, part: slice, rows: np.ndarray | None = None) -> np.ndarray:
        """Return some columns of all rows or of some, in memory."""

    def as_stored(self, rows: np.ndarray | None = None) -> Matrix:
        """Return the rows, or those with sorted indices `rows`, whose blocks may be sparse."""
        return self if rows is None else RowSubset(self, rows)

    @abstractmethod
    def __getitem__(self, part: slice) -> np.ndarray:
        """Return a slice of the rows, in memory: a view where that is possible."""

    @abstractmethod
    def take(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return a copy of the rows with these indices, which may be `out` if of the same dtype."""

    def evenly_spaced(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return at most `n` evenly spaced rows and their targets, in memory."""
        rows = self[:: -(-len(self) // n)]
        return rows, rows

    def evenly_spaced_parts(
        self, n: int
    ) -> Iterable[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Return evenly spaced rows with targets and weights, in as many parts as memory needs."""
        return [
            (*self.evenly_spaced(n), taken(self.weights, slice(None, None, -(-len(self) // n))))
        ]

    def in_memory(self, rows: np.ndarray) -> tuple[Rows, np.ndarray]:
        """Return rows that are cheap to read again, and where among them those of `rows` are."""
        return self, rows

    @abstractmethod
    def pieces(
        self, rows: np.ndarray, rng: np.random.Generator | None
    ) -> Iterable[tuple[Rows, np.ndarray]]:
        """Return the rows of an epoch as pieces in memory, each with the indices to take from it.

        A generator shuffles the rows.
        """

    @abstractmethod
    def extremes(self) -> tuple[Any, Any]:
        """Return the smallest and the largest value."""

    def beyond_unit_interval(self) -> tuple[Any, Any] | None:
        """Return the extremes if one is outside [0, 1] by more than rounding."""
        low, high = self.extremes()
        rounding = 8 * np.finfo(self.dtype).eps
        return (low, high) if low < -rounding or high > 1.0 + rounding else None


class ArrayRows(Rows):
    """The rows of an array, in memory or memory-mapped; they are not copied.

    Parameters
    ----------
    array : ndarray of shape (n_samples, n_features)
    has_missing : bool
    weights : ndarray of shape (n_samples,) or None
    """

    def __init__(
        self, array: np.ndarray, has_missing: bool = False, weights: np.ndarray | None = None
    ) -> None:
        self._array, self.has_missing, self.weights = array, has_missing, weights

    def weighted(self, weights: np.ndarray) -> ArrayRows:
        array, weights = of_positive(weights, self._array)
        return type(self)(array, self.has_missing, weights)

    @property
    def shape(self) -> tuple[int, int]:
        n_rows, n_columns = self._array.shape
        return n_rows, n_columns

    @property
    def size(self) -> float:
        if not self.has_missing:
            return super().size
        missing = np.isnan(self._array)
        if self.weights is None:
            return super().size - int(missing.sum())
        return super().size - float(self.weights @ missing.sum(axis=1))

    @property
    def dtype(self) -> np.dtype:
        return self._array.dtype

    @property
    def collection(self) -> np.ndarray:
        return self._array

    @property
    def token(self) -> str:
        return joblib.hash(self._array if self.weights is None else (self._array, self.weights))

    @property
    def bounds(self) -> np.ndarray:
        return np.append(np.arange(0, len(self), rows_in_a_block(len(self))), len(self))

    @property
    def blocks(self) -> list[np.ndarray]:
        return np.split(self._array, self.bounds[1:-1])

    def weighted_total(
        self,
        of_block: Callable[[np.ndarray, np.ndarray | None], Any],
        rows: np.ndarray | None = None,
    ) -> Any:
        n_rows = len(self if rows is None else rows)
        parts = (part if rows is None else rows[part] for part in blocks(n_rows, self.shape[1]))
        return summed(of_block(self._array[some], taken(self.weights, some)) for some in parts)

    def columns(self, part: slice, rows: np.ndarray | None = None) -> np.ndarray:
        return self._array[:, part] if rows is None else self._array[rows, part]

    def __getitem__(self, part: slice) -> np.ndarray:
        return self._array[part]

    def take(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        # Every index is valid; "clip" avoids the buffer that "raise" needs.
        return np.take(self._array, rows, axis=0, out=out, mode="clip")

    def pieces(
        self, rows: np.ndarray, rng: np.random.Generator | None
    ) -> Iterable[tuple[Rows, np.ndarray]]:
        return [(self, rows if rng is None else rng.permutation(rows))]

    def extremes(self) -> tuple[Any, Any]:
        if self.has_missing:
            return np.nanmin(self._array), np.nanmax(self._array)
        return self._array.min(), self._array.max()


@dataclass(frozen=True)
class RowSubset(Matrix):
    """Some rows of X by their sorted indices, for PCA; they are gathered a block at a time."""

    X: Rows
    rows: np.ndarray

    @property
    def has_missing(self) -> bool:  # type: ignore[override]
        return self.X.has_missing

    @property
    def weights(self) -> np.ndarray | None:  # type: ignore[override]
        return taken(self.X.weights, self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), self.X.shape[1]

    @property
    def dtype(self) -> np.dtype:
        return self.X.dtype

    def weighted_total(self, of_block: Callable[[np.ndarray, np.ndarray | None], Any]) -> Any:
        return self.X.weighted_total(of_block, self.rows)

    def columns(self, part: slice) -> np.ndarray:
        return self.X.columns(part, self.rows)

    def as_stored(self) -> Matrix:
        return self.X.as_stored(self.rows)


@dataclass(frozen=True)
class View(Matrix):
    """The base of rows that are computed from others a block at a time, for PCA."""

    X: Matrix

    @property
    def has_missing(self) -> bool:  # type: ignore[override]
        return self.X.has_missing

    @property
    def weights(self) -> np.ndarray | None:  # type: ignore[override]
        return self.X.weights

    @property
    def shape(self) -> tuple[int, int]:
        return self.X.shape

    @property
    def dtype(self) -> np.dtype:
        return self.X.dtype


@dataclass(frozen=True)
class StandardizedColumns(View):
    """Rows with each column centered and divided by a scale of its own."""

    mean: np.ndarray
    scale: np.ndarray

    def weighted_total(self, of_block: Callable[[np.ndarray, np.ndarray | None], Any]) -> Any:
        def of_standardized(rows: np.ndarray, weights: np.ndarray | None) -> Any:
            return of_block(self._standardized(rows, slice(None)), weights)

        return self.X.weighted_total(of_standardized)

    def columns(self, part: slice) -> np.ndarray:
        return self._standardized(self.X.columns(part), part)

    def _standardized(self, block: np.ndarray, part: slice) -> np.ndarray:
        mean, scale = self.mean[part].astype(self.dtype), self.scale[part].astype(self.dtype)
        return (block - mean) / scale


def rows_in_a_block(n_rows: int) -> int:
    """Return the number of rows in each block that an array is cut into for workers."""
    return max(LEAST_ROWS, -(-n_rows // MOST_BLOCKS))


def summed(parts: Iterable[Any]) -> Any:
    """Return the sum of some parts; the first one may be overwritten."""
    parts = iter(parts)
    result = next(parts, None)
    for part in parts:
        result += part
    return result


def _sums(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    return rows.sum(axis=0, dtype=np.float64) if weights is None else weights @ rows


def weight_observed(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the weight of the entries of each column that are not missing."""
    observed = ~np.isnan(rows)
    return np.count_nonzero(observed, axis=0) if weights is None else weights @ observed


def taken(weights: np.ndarray | None, rows: Any) -> np.ndarray | None:
    """Return the weights of some rows, None if rows have no weights."""
    return None if weights is None else weights[rows]


def of_positive(weights: np.ndarray, *arrays: Any) -> tuple[Any, ...]:
    """Return arrays and weights without the rows whose weight is zero."""
    kept = weights > 0.0
    return (*arrays, weights) if kept.all() else tuple(part[kept] for part in (*arrays, weights))
