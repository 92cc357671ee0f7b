"""Dask collections: their rows as a fit reads them, and what is computed from them lazily."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

import numpy as np
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from skae._rows import add_up, total

# Rows are shuffled within a window of blocks, of so many bytes if it has two blocks at least.
WINDOW_BYTES = 1 << 28
# So many bytes of rows set aside stay in memory throughout a fit.
ASIDE_BYTES = 1 << 28
# Sums of so many blocks are added at a time.
FAN_IN = 8


def is_dask(X: Any) -> bool:
    """Return whether X is a dask collection; who has not imported dask cannot hold one."""
    return "dask" in sys.modules and hasattr(X, "__dask_graph__")


def is_frame(X: Any) -> bool:
    """Return whether a collection has columns with names."""
    return hasattr(X, "columns")


def _checked(block: Any, dtype: Any) -> np.ndarray:
    """Return a block as the array that scikit-learn would make of it, or raise its error."""
    return check_array(block, dtype=dtype, ensure_min_samples=0, input_name="X")


def _total_of_block(block: Any, of_block: Callable[[np.ndarray], Any]) -> Any:
    return total(block, of_block) if len(block) else None


def _sum(parts: list[Any]) -> Any:
    return add_up(part for part in parts if part is not None)


class DaskRows:
    """The rows of a dask collection, read block by block as often as they are asked for.

    Blocks are computed by dask's own scheduler: threads, or the workers of a cluster whose client
    is the default one. What is summed over all rows is summed where the blocks are.

    Parameters
    ----------
    collection : dask array or dataframe
        With rows of unknown number, the blocks are computed once to count them.
    """

    def __init__(self, collection: Any) -> None:
        self.collection = collection
        if is_frame(collection):
            array = collection.to_dask_array(lengths=True)
            dtypes = [np.dtype(getattr(d, "numpy_dtype", d)) for d in collection.dtypes]
        else:
            array, dtypes = collection, [collection.dtype]
            if np.isnan(array.shape[0]):
                array = array.copy().compute_chunk_sizes()
        narrow = all(dtype == np.float32 for dtype in dtypes)
        self.dtype = np.dtype(np.float32 if narrow else np.float64)
        array = array.rechunk({1: -1})
        self.shape = tuple(int(size) for size in array.shape)
        checked = array.map_blocks(
            _checked, self.dtype, dtype=self.dtype, meta=np.empty((0, 0), self.dtype)
        )
        self._array = checked
        # Where each block begins, and where the last one ends.
        self._bounds = np.cumsum([0, *checked.chunks[0]])

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.shape[0] * self.shape[1]

    @property
    def blocks(self) -> list[Any]:
        """The blocks of rows, each to be computed."""
        return list(self._array.to_delayed().ravel())

    @property
    def bounds(self) -> np.ndarray:
        """Index of each block's first row, and the number of rows."""
        return self._bounds

    @property
    def most_aside(self) -> int:
        """How many rows may stay in memory to monitor the loss on."""
        return max(1, ASIDE_BYTES // (self.shape[1] * self.dtype.itemsize))

    def min(self) -> Any:
        return self._array.min().compute()

    def max(self) -> Any:
        return self._array.max().compute()

    def total(self, of_block: Callable[[np.ndarray], Any]) -> Any:
        """Sum what a function gives for blocks of rows, there where the blocks are."""
        from dask import delayed

        parts = [delayed(_total_of_block)(block, of_block) for block in self.blocks]
        while len(parts) > 1:
            parts = [delayed(_sum)(parts[i : i + FAN_IN]) for i in range(0, len(parts), FAN_IN)]
        return parts[0].compute()

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return rows (and columns) in memory, chosen by slices or by one array of row numbers."""
        if not isinstance(key, np.ndarray):
            return self._array[key].compute()
        from dask import compute, delayed

        order = np.argsort(key, kind="stable")
        cuts = np.searchsorted(key[order], self._bounds)
        parts, places = [], []
        for i, block in enumerate(self.blocks):
            place = order[cuts[i] : cuts[i + 1]]
            if place.size:
                places.append(place)
                parts.append(delayed(np.take)(block, key[place] - self._bounds[i], axis=0))
        out = np.empty((len(key), self.shape[1]), self.dtype)
        for place, part in zip(places, compute(*parts), strict=True):
            out[place] = part
        return out

    def pieces(
        self, rows: np.ndarray, rng: np.random.Generator | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield an epoch's rows: arrays, each with the order in which its rows are to be taken.

        With a generator, blocks come in random order, and the rows of those that share a window
        of `WINDOW_BYTES` are shuffled. The next window is computed meanwhile.
        """
        from dask import compute, delayed

        blocks, order = self.blocks, np.arange(len(self._bounds) - 1)
        if rng is not None:
            order = rng.permutation(order)
        cuts = np.searchsorted(rows, self._bounds)
        windows: list[list[Any]] = [[]]
        n_bytes = 0
        for i in order:
            chosen = rows[cuts[i] : cuts[i + 1]] - self._bounds[i]
            n_bytes += len(chosen) * self.shape[1] * self.dtype.itemsize
            if n_bytes > WINDOW_BYTES and len(windows[-1]) > 1:
                windows.append([])
                n_bytes = 0
            if chosen.size:
                windows[-1].append(delayed(np.take)(blocks[i], chosen, axis=0))

        with ThreadPoolExecutor(1, thread_name_prefix="skae-blocks") as pool:
            coming = pool.submit(compute, *windows[0])
            for following in [*windows[1:], []]:
                window = np.concatenate(coming.result())
                coming = pool.submit(compute, *following)
                if rng is None:
                    yield window, np.arange(len(window))
                else:
                    yield window, rng.permutation(len(window))


def validated_rows(estimator: Any, X: Any, first: bool, least: int) -> DaskRows:
    """Return the rows of a collection with the columns that an estimator takes.

    Values are looked at whenever a block is read, which `fit` does before it trains.
    """
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got an array of shape {X.shape} instead. Reshape X to rows: "
            "X.reshape(-1, 1) where it has a single column."
        )
    validate_data(estimator, X._meta if is_frame(X) else X, skip_check_array=True, reset=first)
    rows = DaskRows(X)
    if len(rows) < least:
        raise ValueError(
            f"Found array with {len(rows)} sample(s) (shape={rows.shape}) while a minimum of "
            f"{least} is required by {type(estimator).__name__}."
        )
    return rows


def lazily(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method that maps rows to rows take dask collections, and give lazy ones.

    Dask's workers call the method on each block. The result of a dask array is one of known
    shape and dtype, that of a dask dataframe one with names for its columns.
    """
    name = method.__name__

    @wraps(method)
    def on_blocks(self: Any, X: Any) -> Any:
        if not is_dask(X):
            return method(self, X)
        check_is_fitted(self)
        output = _get_output_config("transform", self)["dense"]
        if output != "default":
            raise ValueError(
                f"set_output(transform={output!r}) would hold the result for a dask collection in "
                "memory. Set it back to 'default'; a dask dataframe gives a dask dataframe."
            )
        from dask import delayed

        # One small row tells the width and the dtype, and whether columns are as in fit.
        trial = _trial_rows(X)
        out = np.asarray(getattr(self, name)(trial))
        fitted = delayed(self)
        if is_frame(X):
            meta = _framed(out, _names(self, name, out), trial.index)[:0]
            return X.map_partitions(_on_frame, fitted, name, meta, meta=meta)
        X = X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
        return X.map_blocks(
            _on_array,
            fitted,
            name,
            dtype=out.dtype,
            meta=np.empty((0,) * out.ndim, out.dtype),
            chunks=(X.chunks[0], *((width,) for width in out.shape[1:])),
            drop_axis=list(range(out.ndim, X.ndim)),
        )

    return on_blocks


def _trial_rows(X: Any) -> Any:
    """Return a row such as X may have, without computing any."""
    return X._meta_nonempty if is_frame(X) else np.zeros((1, *X.shape[1:]), X.dtype)


def _on_array(block: np.ndarray, fitted: Any, name: str) -> np.ndarray:
    if len(block):
        return getattr(fitted, name)(block)
    return getattr(fitted, name)(np.zeros((1, *block.shape[1:]), block.dtype))[:0]


def _on_frame(block: Any, fitted: Any, name: str, meta: Any) -> Any:
    if not len(block):
        return meta
    names = meta.columns if is_frame(meta) else meta.name
    return _framed(np.asarray(getattr(fitted, name)(block)), names, block.index)


def _names(fitted: Any, name: str, out: np.ndarray) -> Any:
    """Return the names of what a method gives for a dataframe."""
    if out.ndim == 1:
        return name
    if name == "transform":
        return fitted.get_feature_names_out()
    features = getattr(fitted, "feature_names_in_", None)
    if features is None:
        return [f"x{i}" for i in range(out.shape[1])]
    return features


def _framed(out: np.ndarray, names: Any, index: Any) -> Any:
    import pandas as pd

    if out.ndim == 1:
        return pd.Series(out, index=index, name=names)
    return pd.DataFrame(out, index=index, columns=names)
