"""Sample weights: checked, scaled, and what they are worth."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from skae._data.dask_rows import is_dask

SMALLEST = float(np.finfo(np.float32).tiny)


def checked_weights(
    sample_weight: Any, n_samples: int, name: str = "sample_weight"
) -> np.ndarray | None:
    """Return the weights of samples as float64, or None if all of them are 1.

    A sample of weight k counts as k equal samples. Weights whose mean is below 1, without those
    that are zero, are divided by it, because their sum is to be no less than the number of samples.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), number or None
        A dask array is loaded into memory.
    n_samples : int
    name : str
        Name of the parameter in errors.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, if all are zero, or if there are not `n_samples`.
    """
    if sample_weight is None:
        return None
    if is_dask(sample_weight):
        sample_weight = sample_weight.compute()
    try:
        weights = _check_sample_weight(
            sample_weight, np.empty((n_samples, 0)), dtype=np.float64, ensure_non_negative=True
        )
    except (TypeError, ValueError) as error:
        raise type(error)(str(error) if name in str(error) else f"{name}: {error}") from error
    if (weights == 1.0).all():
        return None
    if not weights.any():  # As newer versions of scikit-learn say, too.
        raise ValueError(f"{name}: Sample weights must contain at least one non-zero number.")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not np.isfinite(total):
        raise ValueError(f"{name} is too large: its sum overflows. Divide it by a constant.")
    return weights * max(1.0, np.count_nonzero(weights) / total)


def relative(weights: np.ndarray, mean: float | None = None) -> np.ndarray:
    """Return weights divided by their mean, or another one, and none of them zero as float32.

    Zero is the weight of rows that are none.
    """
    return np.maximum(weights / (weights.mean() if mean is None else mean), SMALLEST)


def mean_and_deviation(
    rows: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column of weighted rows."""
    if weights is None:
        return rows.mean(axis=0), rows.std(axis=0)
    mean = np.average(rows, axis=0, weights=weights)
    return mean, np.sqrt(np.average(np.square(rows - mean), axis=0, weights=weights))


def weighted_quantiles(
    values: np.ndarray, shares: Any, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return quantiles of values, where one of weight k counts as k equal values."""
    if weights is None:
        return np.quantile(values, shares)
    order = np.argsort(values, kind="stable")
    values, ends = values[order], np.cumsum(weights[order])
    places = np.asarray(shares) * (ends[-1] - 1.0)
    below, last = np.floor(places), len(values) - 1
    low, high = (
        values[np.minimum(np.searchsorted(ends, place, side="right"), last)]
        for place in (below, below + 1.0)
    )
    return low + (places - below) * (high - low)


def effective_size(weights: np.ndarray) -> float:
    """Return the number of samples of equal weight that tell as much (Kish, 1965)."""
    return float(weights.sum() ** 2 / np.square(weights).sum())
