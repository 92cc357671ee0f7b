"""The rows of Dask collections, which a fit reads block by block, as often as it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cached_property, partial
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from skae._data.ahead import computed_ahead
from skae._data.checks import check_dense, has_missing, taking
from skae._data.rows import (
    VALIDATION_BYTES,
    WINDOW_BYTES,
    ArrayRows,
    Rows,
    summed,
    taken,
    weight_observed,
)

# Number of block sums that are added at a time.
FAN_IN = 8


def is_dask(X: Any) -> bool:
    """Return whether X is a Dask collection, which is impossible unless dask is imported."""
    return "dask" in sys.modules and hasattr(X, "__dask_graph__")


def is_frame(X: Any) -> bool:
    """Return whether a collection has column names."""
    return hasattr(X, "columns")


def _checked(block: Any, dtype: Any, missing_values: float | None) -> np.ndarray:
    """Return a block as an array validated by scikit-learn, or raise its error."""
    rows = check_array(
        check_dense(block),
        dtype=dtype,
        **taking(missing_values),
        ensure_min_samples=0,
        input_name="X",
    )
    has_missing(rows, missing_values)
    return rows


def _total_of_block(
    block: Any,
    chosen: np.ndarray | None,
    weights: np.ndarray | None,
    of_block: Callable[[np.ndarray, np.ndarray | None], Any],
) -> Any:
    n_rows = len(block if chosen is None else chosen)
    return ArrayRows(block, weights=weights).weighted_total(of_block, chosen) if n_rows else None


def _kept(block: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return block[kept[:, 0]]


def _sum(parts: list[Any]) -> Any:
    return summed(part for part in parts if part is not None)


class DaskRows(Rows):
    """The rows of a Dask collection, read block by block whenever they are needed.

    Dask's own scheduler computes the blocks: threads, or the workers of a cluster whose client is
    the default one. Sums over all rows are computed where the blocks are.

    Parameters
    ----------
    collection : dask array or dataframe
        If the number of rows is unknown, the blocks are computed once to count them.
    missing_values : float or None
        What stands for a missing entry; None refuses NaN.
    """

    is_lazy = True

    def __init__(self, collection: Any, missing_values: float | None = None) -> None:
        self._collection, self._takes_missing = collection, missing_values is not None
        if is_frame(collection):
            array = collection.to_dask_array(lengths=True)
            dtypes = list(collection.dtypes)
        else:
            array, dtypes = collection, [collection.dtype]
            if np.isnan(array.shape[0]):
                array = array.copy().compute_chunk_sizes()
        narrow = all(dtype == np.float32 for dtype in dtypes)
        self._dtype = np.dtype(np.float32 if narrow else np.float64)
        array = array.rechunk({1: -1})
        self._array = array.map_blocks(
            _checked,
            self._dtype,
            missing_values,
            dtype=self._dtype,
            meta=np.empty((0, 0), self._dtype),
        )
        self._bounds = np.cumsum([0, *array.chunks[0]])

    def weighted(self, weights: np.ndarray) -> DaskRows:
        from dask import array

        rows, kept = copy(self), weights > 0.0
        vars(rows).pop("sums", None)
        rows.weights = weights[kept]
        if not kept.all():
            # Blocks keep their numbers, by which a cluster finds those that it holds.
            sizes = tuple(int(part.sum()) for part in np.split(kept, self._bounds[1:-1]))
            masks = array.from_array(kept[:, np.newaxis], chunks=(self._array.chunks[0], 1))
            rows._array = array.map_blocks(
                _kept,
                self._array,
                masks,
                dtype=self._dtype,
                meta=np.empty((0, 0), self._dtype),
                chunks=(sizes, self._array.chunks[1]),
            )
            rows._bounds = np.cumsum([0, *sizes])
        return rows

    @property
    def shape(self) -> tuple[int, int]:
        return int(self._bounds[-1]), int(self._array.shape[1])

    @property
    def dtype(self) -> np.dtype:
        return self._dtype

    @cached_property
    def sums(self) -> np.ndarray:
        return super().sums

    @cached_property
    def has_missing(self) -> bool:  # type: ignore[override]
        # From sums that a fit needs anyway.
        return self._takes_missing and bool(np.isnan(self.sums).any())

    @property
    def size(self) -> float:
        if not self.has_missing:
            return super().size
        return float(np.sum(self.weighted_total(weight_observed)))

    @property
    def collection(self) -> Any:
        return self._collection

    @property
    def token(self) -> str:
        from dask.base import tokenize

        return tokenize(self._collection, *([] if self.weights is None else [self.weights]))

    @property
    def max_validation_rows(self) -> int:
        return max(1, VALIDATION_BYTES // (self.shape[1] * self.dtype.itemsize))

    @property
    def bounds(self) -> np.ndarray:
        return self._bounds

    @property
    def blocks(self) -> list[Any]:
        return list(self._array.to_delayed().ravel())

    def extremes(self) -> tuple[Any, Any]:
        from dask import array, compute

        blocks = self._array.blocks[np.flatnonzero(np.diff(self._bounds))]
        return compute(array.nanmin(blocks), array.nanmax(blocks))

    def weighted_total(
        self,
        of_block: Callable[[np.ndarray, np.ndarray | None], Any],
        rows: np.ndarray | None = None,
    ) -> Any:
        from dask import delayed

        chosen: list[Any] = [None] * len(self.blocks)
        if rows is not None:
            cuts = np.searchsorted(rows, self.bounds)
            pairs = zip(np.split(rows, cuts[1:-1]), self.bounds, strict=False)
            chosen = [some - first for some, first in pairs]
        parts = [
            delayed(_total_of_block)(block, some, weights, of_block)
            for block, some, weights in zip(
                self.blocks, chosen, self._weights_by_block(), strict=True
            )
        ]
        while len(parts) > 1:
            parts = [delayed(_sum)(parts[i : i + FAN_IN]) for i in range(0, len(parts), FAN_IN)]
        return parts[0].compute()

    def columns(self, part: slice, rows: np.ndarray | None = None) -> np.ndarray:
        return self._array[slice(None) if rows is None else rows, part].compute()

    def __getitem__(self, part: slice) -> np.ndarray:
        return self._array[part].compute()

    def take(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        from dask import compute, delayed

        order = np.argsort(rows, kind="stable")
        cuts = np.searchsorted(rows[order], self.bounds)
        parts, places = [], []
        for i, block in enumerate(self.blocks):
            place = order[cuts[i] : cuts[i + 1]]
            if place.size:
                places.append(place)
                parts.append(delayed(np.take)(block, rows[place] - self.bounds[i], axis=0))
        if out is None:
            out = np.empty((len(rows), self.shape[1]), self.dtype)
        for place, part in zip(places, compute(*parts), strict=True):
            out[place] = part
        return out

    def in_memory(self, rows: np.ndarray) -> tuple[Rows, np.ndarray]:
        weights = taken(self.weights, rows)
        return ArrayRows(self.take(rows), self.has_missing, weights), np.arange(len(rows))

    def _weights_by_block(self) -> Sequence[np.ndarray | None]:
        if self.weights is None:
            return [None] * len(self.blocks)
        return np.split(self.weights, self.bounds[1:-1])

    def pieces(
        self, rows: np.ndarray, rng: np.random.Generator | None
    ) -> Iterator[tuple[Rows, np.ndarray]]:
        """Yield the rows of an epoch, see `Rows.pieces`.

        With a generator, blocks come in random order, and rows are shuffled within each window
        of blocks, of `WINDOW_BYTES`: two blocks at least. The next window is computed meanwhile.
        """
        from dask import compute, delayed

        blocks, order = self.blocks, np.arange(len(self.bounds) - 1)
        if rng is not None:
            order = rng.permutation(order)
        cuts = np.searchsorted(rows, self.bounds)
        windows: list[list[Any]] = [[]]
        numbers: list[list[np.ndarray]] = [[]]
        n_bytes = 0
        for i in order:
            chosen = rows[cuts[i] : cuts[i + 1]] - self.bounds[i]
            size = len(chosen) * self.shape[1] * self.dtype.itemsize
            n_bytes += size
            if n_bytes > WINDOW_BYTES and len(windows[-1]) > 1:
                windows.append([])
                numbers.append([])
                n_bytes = size
            if chosen.size:
                windows[-1].append(delayed(np.take)(blocks[i], chosen, axis=0))
                numbers[-1].append(chosen + self.bounds[i])

        def joined(parts: list[Any]) -> np.ndarray:
            return np.concatenate(compute(*parts))

        computed = computed_ahead(partial(joined, parts) for parts in windows)
        for number, window in zip(numbers, computed, strict=True):
            n_rows = len(window)
            order = np.arange(n_rows) if rng is None else rng.permutation(n_rows)
            weights = taken(self.weights, np.concatenate(number))
            yield ArrayRows(window, weights=weights), order


def _is_text(column: Any) -> bool:
    """Return whether a column of a Dask data frame is text, or begins with it."""
    if column.dtype == object:
        return any(isinstance(value, str) for value in column.head(1))
    return str(column.dtype).startswith("str")


def validated_rows(estimator: Any, X: Any, first: bool, least: int) -> DaskRows:
    """Return the rows of a collection, with columns checked against those of an estimator.

    Values are checked whenever a block is read, which `fit` does before it trains.
    """
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got an array of shape {X.shape} instead. Reshape X to rows: "
            "X.reshape(-1, 1) where it has a single column."
        )
    if is_frame(X):
        text = [name for name in X.columns if _is_text(X[name])]
        if text:
            raise ValueError(
                f"The columns {text} of X hold text, and categories in Dask collections are not "
                "supported. Leave them out, encode them, or pass X.compute()."
            )
    validate_data(estimator, X._meta if is_frame(X) else X, skip_check_array=True, reset=first)
    rows = DaskRows(X, estimator._missing_values(first))
    if len(rows) < least:
        raise ValueError(
            f"Found array with {len(rows)} sample(s) (shape={rows.shape}) while a minimum of "
            f"{least} is required by {type(estimator).__name__}."
        )
    return rows
