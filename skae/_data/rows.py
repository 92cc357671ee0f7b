"""Access to the rows of X: input checks, sums over rows, order of an epoch, rows in memory.

X is an array or a Dask collection. :class:`~skae._data.dask_rows.DaskRows`, which is never in
memory all at once, implements the same functions as methods. Training data may also be
:class:`Pairs` of arrays.
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
    """Restore the attributes that validation sets on an estimator if the block raises."""
    names = ("n_features_in_", "feature_names_in_", "sample_shape_")
    before = {name: vars(estimator)[name] for name in names if name in vars(estimator)}
    try:
        yield
    except BaseException:
        for name in names:
            vars(estimator).pop(name, None)
        vars(estimator).update(before)
        raise


def check_dense(X: Any, name: str = "X", filled: str = "np.nan") -> Any:
    """Return X; refuse sparse data, and masked values, which scikit-learn would read as valid."""
    if issparse(X):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required. Put TruncatedSVD "
            "before the autoencoder, as in make_pipeline(TruncatedSVD(100), "
            f"AutoencoderTransformer(10)), or pass {name}.toarray() if that fits into memory."
        )
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise ValueError(
            f"{name} is a masked array: {np.ma.count_masked(X)} of its values are masked and would "
            f"be read as valid values. Pass {name}.filled({filled})"
            + (", and impute those values, for example by SimpleImputer." if name == "X" else ".")
        )
    return X


def finite(compute: Callable[[np.ndarray], np.ndarray], X: np.ndarray) -> np.ndarray:
    """Return a function's result for rows of X; raise an error for rows that overflow it."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = compute(X)
        # A finite sum has finite terms; an infinite one may have overflowed by itself.
        if np.isfinite(result.sum()):
            return result
    bad = ~np.isfinite(result.reshape(len(result), -1)).all(axis=1)
    if bad.any():
        sizes = np.abs(X[bad]).max(axis=0)
        column = int(sizes.argmax())
        raise ValueError(
            f"The result is not finite for {bad.sum()} of {len(X)} samples: their values reach "
            f"{sizes[column]:g} in size (column {column}), which is too large to compute with in "
            f"{X.dtype}. Remove such values, clip them, or scale X and fit again."
        )
    return result


@dataclass(frozen=True)
class Pairs:
    """Inputs of the encoder, and for each the target of the decoder."""

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
    """A subset of the rows of X; sums over it gather one block at a time."""

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
        """Sum a function over blocks of these rows."""
        if isinstance(self.X, np.ndarray):
            return summed(of_block(self.X[self.rows[part]]) for part in blocks(*self.shape))
        return self.X.total(of_block, self.rows)


def evenly_spaced(X: Any, n: int) -> Any:
    """Return at most `n` evenly spaced rows of X."""
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
    """Return the encoder's inputs: X itself unless it is paired."""
    return X.inputs if isinstance(X, Pairs) else X


def targets_of(X: Any) -> Any:
    """Return the decoder's targets: X itself unless it is paired."""
    return X.targets if isinstance(X, Pairs) else X


def total(X: Any, of_block: Callable[[np.ndarray], Any]) -> Any:
    """Sum a function over blocks of rows: arrays, numbers, or other objects that can be added."""
    if not isinstance(X, np.ndarray):
        return X.total(of_block)
    return summed(of_block(X[rows]) for rows in blocks(*X.shape))


def summed(parts: Iterable[Any]) -> Any:
    """Return the sum of some parts; the first one may be overwritten."""
    parts = iter(parts)
    result = next(parts, None)
    for part in parts:
        result += part
    return result


def epoch_pieces(
    X: Any, rows: np.ndarray, rng: np.random.Generator | None
) -> Iterable[tuple[Any, np.ndarray]]:
    """Return an epoch's rows as arrays, each with the order of its rows.

    A generator shuffles them.
    """
    if not isinstance(X, np.ndarray | Pairs):
        return X.pieces(rows, rng)
    return [(X, rows if rng is None else rng.permutation(rows))]


def in_memory(X: Any, rows: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return an array and the indices in it of these rows of X."""
    if isinstance(X, np.ndarray | Pairs):
        return X, rows
    return X[rows], np.arange(len(rows))


def arrays_of(X: Any) -> Any:
    """Return nested lists, such as images, as an array; return other objects unchanged."""
    if not isinstance(X, list | tuple):
        return X
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(
            f"The samples in X have unequal lengths ({error}). Cut or pad them to one length."
        ) from error


def shape_of(X: Any) -> tuple[Any, ...]:
    """Return the shape of an array or of nested lists, () for objects without one."""
    return np.shape(X) if isinstance(X, list | tuple) else tuple(getattr(X, "shape", ()))


def flattened(X: Any, name: str, shape: Any) -> Any:
    """Return an array of images or sequences of the given shape as flat rows.

    `name` is the parameter that holds the shape.
    """
    if without_ones(shape) != without_ones(X.shape[1:]):
        raise ValueError(
            f"X has the shape {X.shape}, but {name}={shape!r} instead of {X.shape[1:]}. Make them "
            "agree, or flatten X to rows."
        )
    return X.reshape(len(X), prod(X.shape[1:]))


def without_ones(shape: Any) -> tuple[int, ...]:
    """Return a shape without trailing ones: a single channel may be omitted."""
    sizes = tuple(shape)
    while sizes and sizes[-1] == 1:
        sizes = sizes[:-1]
    return sizes
