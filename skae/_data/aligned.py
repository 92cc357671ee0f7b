"""Arrays whose memory begins where TensorFlow takes them without a copy."""

from __future__ import annotations

import math

import numpy as np

# TensorFlow copies arrays unless they begin at a multiple of this number of bytes.
ALIGNMENT = 64


def aligned_zeros(shape: tuple[int, ...]) -> np.ndarray:
    """Return an aligned float32 array of zeros."""
    array = _aligned_empty(shape)
    array[...] = 0.0
    return array


def aligned(array: np.ndarray) -> np.ndarray:
    """Return an aligned copy of a float32 array."""
    copy = _aligned_empty(array.shape)
    copy[...] = array
    return copy


def _aligned_empty(shape: tuple[int, ...]) -> np.ndarray:
    n_bytes = np.dtype(np.float32).itemsize * math.prod(shape)
    raw = np.empty(n_bytes + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + n_bytes].view(np.float32).reshape(shape)
