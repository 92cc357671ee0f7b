"""Row slices of limited size, and standardization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import issparse

# Entries of the widest array of a block: some 4 MB of float32, which fit into a CPU's caches.
BLOCK_ENTRIES = 1 << 20


def blocks(n_rows: int, width: int, n_entries: int = BLOCK_ENTRIES) -> Iterator[slice]:
    """Yield row slices such that a block of `width` columns has at most `n_entries` values."""
    size = max(1, n_entries // width)
    for begin in range(0, n_rows, size):
        yield slice(begin, min(begin + size, n_rows))


def dense(rows: Any) -> np.ndarray:
    """Return a block of rows as an array: itself unless it is sparse."""
    return rows.toarray() if issparse(rows) else rows


def standardized(
    rows: np.ndarray, mean: np.ndarray, scale: Any, out: np.ndarray | None = None
) -> np.ndarray:
    """Return rows as float32, centered in their own dtype and divided by `scale`, one or many.

    The rows are overwritten: pass a copy, which may be `out` itself.
    """
    if out is None:
        out = np.empty(rows.shape, np.float32)
    rows -= mean.astype(rows.dtype, copy=False)
    return np.multiply(rows, np.asarray(1.0 / scale, rows.dtype), out=out, casting="same_kind")
