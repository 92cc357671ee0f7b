"""Samples with the weights that were passed to a method."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_consistent_length

from skae._data.dask_rows import is_dask
from skae._data.frames import is_frame
from skae._data.rows import Rows
from skae._data.weights import checked_weights


def positive(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, np.ndarray | None]:
    """Return X, y and the weights as they were passed, without samples of weight zero.

    Weights are checked and scaled, and None if all are 1.
    """
    if sample_weight is None:
        return X, y, None
    weights = checked_weights(sample_weight, _num_samples(X))
    if weights is None or weights.all():
        return X, y, weights
    check_consistent_length(X, y)
    kept = np.flatnonzero(weights)
    y = None if y is None else _safe_indexing(y, kept)
    return _safe_indexing(X, kept), y, weights[kept]


def weighted(
    X: Rows, y: Any, sample_weight: Any, least: int = 1, name: str = "sample_weight"
) -> tuple[Rows, Any]:
    """Return validated samples with their weights, and y, both without samples of weight zero.

    y may be None or anything else that was passed: one without as many samples is returned as it
    is. `least` is the least number of samples that must be left.
    """
    weights = checked_weights(sample_weight, len(X), name)
    if weights is None:
        return X, y
    kept = np.flatnonzero(weights)
    if len(kept) < least:
        raise ValueError(
            f"Found {len(kept)} sample(s) whose {name} is not zero, while a minimum of {least} is "
            "required."
        )
    if len(kept) < len(X) and hasattr(y, "__len__") and len(y) == len(X):
        y = _safe_indexing(y, kept)
    return X.weighted(weights), y


def without_unweighted(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """Return a data frame, y and the weights without samples of weight zero; other X as they are.

    The categories of such samples must not be known.
    """
    if sample_weight is None or not is_frame(X) or is_dask(X):
        return X, y, sample_weight
    return positive(X, y, sample_weight)
