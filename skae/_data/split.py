"""Which rows are trained on, and which are set aside for validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Gains have heavy tails: a mean over fewer rows says little, and a tenth of a small table is fewer.
# But it can spare a quarter at most, and of fewer rows than these not the two of a standard error.
ENOUGH_ROWS_ASIDE, LARGEST_PART, LEAST_ROWS_TO_SPLIT = 30, 4, 8


@dataclass(frozen=True)
class Split:
    """Rows of X to train on, and others to monitor the loss on.

    Parameters
    ----------
    X : ndarray, Pairs or DaskRows of shape (n_samples, n_features)
    training, validation : ndarray of int
        Indices of rows, sorted; `validation` may be empty.
    """

    X: Any
    training: np.ndarray
    validation: np.ndarray


def set_aside(
    n: int, fraction: float, rng: np.random.Generator, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of `n` to train on and those to monitor the loss on, if any."""
    if not fraction or n < LEAST_ROWS_TO_SPLIT:
        return np.arange(n), np.arange(0)
    n_aside = max(int(np.ceil(fraction * n)), min(ENOUGH_ROWS_ASIDE, n // LARGEST_PART))
    aside, rows = np.split(rng.permutation(n), [min(n_aside, n - 1, most or n)])
    return np.sort(rows), np.sort(aside)
