"""Rows of X: as they come in, summed up, in the order of an epoch, in memory.

X is an array, or the rows of a dask collection (:class:`~skae._dask.DaskRows`), which are never
in memory all at once and answer the same questions by methods of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skae._serve import blocks


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


def total(X: Any, of_block: Callable[[np.ndarray], Any]) -> Any:
    """Sum what a function gives for blocks of rows: arrays, numbers, or what else can be added."""
    if not isinstance(X, np.ndarray):
        return X.total(of_block)
    return add_up(of_block(X[rows]) for rows in blocks(*X.shape))


def add_up(parts: Iterable[Any]) -> Any:
    """Return the sum of some parts, the first of which may be overwritten."""
    parts = iter(parts)
    result = next(parts, None)
    for part in parts:
        result += part
    return result


def in_order(
    X: Any, rows: np.ndarray, rng: np.random.Generator | None
) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Return an epoch's rows: arrays, each with the order in which its rows are to be taken.

    A generator shuffles them.
    """
    if not isinstance(X, np.ndarray):
        return X.pieces(rows, rng)
    return [(X, rows if rng is None else rng.permutation(rows))]


def in_memory(X: Any, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an array and where in it these rows of X are."""
    if isinstance(X, np.ndarray):
        return X, rows
    return X[rows], np.arange(len(rows))


def flattened(X: Any, name: str, shape: Any) -> Any:
    """Return an array of images or sequences, which must be of a shape, as rows.

    `name` is the parameter that gives the shape.
    """
    if without_ones(shape) != without_ones(X.shape[1:]):
        raise ValueError(
            f"X has the shape {X.shape}, but {name}={shape!r} instead of {X.shape[1:]}. Make them "
            "agree, or flatten X to rows."
        )
    return X.reshape(len(X), -1)


def without_ones(shape: Any) -> tuple[int, ...]:
    """Return a shape without ones at its end: a single channel may go without saying."""
    sizes = tuple(shape)
    while sizes and sizes[-1] == 1:
        sizes = sizes[:-1]
    return sizes
