"""What estimators do with X before they look at it, and with themselves when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def restored_on_failure(estimator: Any) -> Iterator[None]:
    """Undo what validation sets on an estimator if what follows raises."""
    names = ("n_features_in_", "feature_names_in_")
    before = {name: vars(estimator)[name] for name in names if name in vars(estimator)}
    try:
        yield
    except BaseException:
        for name in names:
            vars(estimator).pop(name, None)
        vars(estimator).update(before)
        raise


def flattened(X: Any, name: str, shape: Any) -> Any:
    """Return an array of images or sequences as rows; leave what has two dimensions or less.

    `shape` is the parameter `name`, which says what an image or a sequence looks like.
    """
    if getattr(X, "ndim", 2) <= 2:
        return X
    if shape is None or _without_ones(shape) != _without_ones(X.shape[1:]):
        raise ValueError(
            f"X has the shape {X.shape}, but {name}={shape!r}. Set {name}={X.shape[1:]}, or "
            "flatten X to rows."
        )
    return X.reshape(len(X), -1)


def _without_ones(shape: Any) -> tuple[int, ...]:
    """Return a shape without ones at its end: a single channel may go without saying."""
    sizes = tuple(shape)
    while sizes and sizes[-1] == 1:
        sizes = sizes[:-1]
    return sizes
