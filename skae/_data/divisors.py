"""What columns are divided by, so that one which is constant but for rounding is not enlarged."""

from __future__ import annotations

import numpy as np

# Deviation of a constant column of X, at most, over its mean: rounding of a mean in float64.
ROUNDING = 1e-12
# Deviation of a constant code, at most, over the largest of all codes: rounding in float32.
ROUNDING_OF_CODES = 1e-6


def are_constant(deviations: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return which columns of X vary by rounding alone, or not at all."""
    return deviations <= ROUNDING * np.abs(mean)


def column_divisors(deviations: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return standard deviations of columns of X to divide them by.

    A constant one is divided by 1, or by its rounding error if that is larger.
    """
    constant = np.maximum(1.0, ROUNDING * np.abs(mean))
    return np.where(are_constant(deviations, mean), constant, deviations)


def code_divisors(deviations: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return standard deviations of codes to divide them by: the largest for a constant one.

    It thus stays small, also in rows where it is more than rounding.
    """
    largest = deviations.max()
    is_rounding = deviations <= ROUNDING_OF_CODES * max(largest, np.abs(mean).max())
    return np.where(is_rounding, largest or 1.0, deviations)
