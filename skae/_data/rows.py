"""Rows of X: as they come in, summed up, in the order of an epoch, in memory.

X is an array, or the rows of a dask collection (:class:`~skae._data.dask_rows.DaskRows`), which
are never in memory all at once and answer the same questions by methods of their own. What is
trained on may also be :class:`Pairs` of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skae._data.blocks import blocks


@contextmanager
def restored_on_failure(estimator: Any) -> Iterator[None]:
    """Undo what validation sets on an estimator if what follows raises."""
    names = ("n_features_in_", "feature_names_in_", "sample_shape_")
    before = {name: vars(estimator)[name] for name in names if name in vars(estimator)}
    try:
        yield
    except BaseException:
        for name in names:
            vars(estimator).pop(name, None)
        vars(estimator).update(before)
        raise


def dense(X: Any, name: str = "X", filled: str = "np.nan") -> Any:
    """Return X, unless it is sparse, or masked where scikit-learn would read over the mask."""
    if issparse(X):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required. Put TruncatedSVD "
            "before the autoencoder, as in make_pipeline(TruncatedSVD(100), "
            f"AutoencoderTransformer(10)), or give {name}.toarray() where that fits into memory."
        )
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise ValueError(
            f"{name} is a masked array: {np.ma.count_masked(X)} of its values are masked and would "
            f"be taken as if they were known. Give {name}.filled({filled})"
            + (", and impute those values, for example by SimpleImputer." if name == "X" else ".")
        )
    return X


def finite(compute: Callable[[np.ndarray], np.ndarray], X: np.ndarray) -> np.ndarray:
    """Return what a function gives for rows of X; refuse rows too large for its arithmetic."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = compute(X)
        # A sum is finite or not as its terms are, unless it overflows itself.
        if np.isfinite(result.sum()):
            return result
    bad = ~np.isfinite(result.reshape(len(result), -1)).all(axis=1)
    if bad.any():
        sizes = np.abs(X[bad]).max(axis=0)
        column = int(sizes.argmax())
        raise ValueError(
            f"The result is not finite for {bad.sum()} of {len(X)} rows: their values reach "
            f"{sizes[column]:g} in size (column {column}), which is too large to compute with in "
            f"{X.dtype}. Remove such values, clip them, or scale X and fit anew."
        )
    return result


@dataclass(frozen=True)
class Pairs:
    """Rows that the encoder sees, and beside each the row that the decoder is asked for."""

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.inputs.shape

    def __getitem__(self, rows: slice) -> Pairs:
        return Pairs(self.inputs[rows], self.targets[rows])


@dataclass(frozen=True)
class RowSubset:
    """Some rows of X, gathered a block at a time where a function of them is summed."""

    X: Any
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), self.X.shape[1]

    @property
    def dtype(self) -> np.dtype:
        return self.X.dtype

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        rows, columns = key
        return self.X[self.rows[rows], columns]

    def total(self, of_block: Callable[[np.ndarray], Any]) -> Any:
        """Sum what a function gives for blocks of these rows."""
        if isinstance(self.X, np.ndarray):
            return summed(of_block(self.X[self.rows[part]]) for part in blocks(*self.shape))
        return self.X.total(of_block, self.rows)


def evenly_spaced(X: Any, n: int) -> Any:
    """Return evenly spaced rows of X, at most so many."""
    return X[:: -(-len(X) // n)]


def extremes(X: Any) -> tuple[Any, Any]:
    """Return the smallest and the largest value."""
    return (X.min(), X.max()) if isinstance(X, np.ndarray) else X.extremes()


def beyond_unit_interval(X: Any) -> tuple[Any, Any] | None:
    """Return the smallest and the largest value if one is outside [0, 1] by more than rounding."""
    low, high = extremes(X)
    rounding = 8 * np.finfo(X.dtype).eps
    return (low, high) if low < -rounding or high > 1.0 + rounding else None


def inputs_of(X: Any) -> Any:
    """Return what the encoder sees of X: X itself unless it is paired."""
    return X.inputs if isinstance(X, Pairs) else X


def targets_of(X: Any) -> Any:
    """Return what the decoder is asked for: X itself unless it is paired."""
    return X.targets if isinstance(X, Pairs) else X


def total(X: Any, of_block: Callable[[np.ndarray], Any]) -> Any:
    """Sum what a function gives for blocks of rows: arrays, numbers, or what else can be added."""
    if not isinstance(X, np.ndarray):
        return X.total(of_block)
    return summed(of_block(X[rows]) for rows in blocks(*X.shape))


def summed(parts: Iterable[Any]) -> Any:
    """Return the sum of some parts, the first of which may be overwritten."""
    parts = iter(parts)
    result = next(parts, None)
    for part in parts:
        result += part
    return result


def epoch_pieces(
    X: Any, rows: np.ndarray, rng: np.random.Generator | None
) -> Iterable[tuple[Any, np.ndarray]]:
    """Return an epoch's rows: arrays, each with the order in which its rows are to be taken.

    A generator shuffles them.
    """
    if not isinstance(X, np.ndarray | Pairs):
        return X.pieces(rows, rng)
    return [(X, rows if rng is None else rng.permutation(rows))]


def in_memory(X: Any, rows: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return an array and where in it these rows of X are."""
    if isinstance(X, np.ndarray | Pairs):
        return X, rows
    return X[rows], np.arange(len(rows))


def arrays_of(X: Any) -> Any:
    """Return nested lists, as of images, as an array; leave all else as it is."""
    if not isinstance(X, list | tuple):
        return X
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(
            f"The samples in X have unequal lengths ({error}). Cut or pad them to one length."
        ) from error


def shape_of(X: Any) -> tuple[Any, ...]:
    """Return the shape of an array or of nested lists, () for what tells none."""
    return np.shape(X) if isinstance(X, list | tuple) else tuple(getattr(X, "shape", ()))


def flattened(X: Any, name: str, shape: Any) -> Any:
    """Return an array of images or sequences, which must be of a shape, as rows.

    `name` is the parameter that gives the shape.
    """
    if without_ones(shape) != without_ones(X.shape[1:]):
        raise ValueError(
            f"X has the shape {X.shape}, but {name}={shape!r} instead of {X.shape[1:]}. Make them "
            "agree, or flatten X to rows."
        )
    return X.reshape(len(X), prod(X.shape[1:]))


def without_ones(shape: Any) -> tuple[int, ...]:
    """Return a shape without ones at its end: a single channel may go without saying."""
    sizes = tuple(shape)
    while sizes and sizes[-1] == 1:
        sizes = sizes[:-1]
    return sizes
