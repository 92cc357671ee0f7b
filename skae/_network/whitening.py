"""Whitening: an invertible map to uncorrelated codes of unit variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Whitening(NamedTuple):
    """A linear map of the codes, ``(codes - mean) @ matrix``, and its inverse."""

    mean: np.ndarray
    matrix: np.ndarray
    inverse: np.ndarray


@dataclass(frozen=True)
class Moments:
    """Number of samples, mean of their codes, and scatter: summed products of deviations.

    A sample of weight k counts as k samples.
    """

    n: float
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, weights: np.ndarray | None = None) -> Moments:
        if weights is None:
            mean = codes.mean(axis=0, dtype=np.float64)
            centered = codes - mean
            return cls(len(codes), mean, centered.T @ centered)
        n = float(weights.sum())
        mean = weights @ codes / n
        centered = codes - mean
        return cls(n, mean, centered.T @ (weights[:, np.newaxis] * centered))

    def __add__(self, other: Moments) -> Moments:
        """Pool two sets of codes (Chan, Golub and LeVeque, 1983)."""
        n = self.n + other.n
        shift = other.mean - self.mean
        scatter = self.scatter + other.scatter
        scatter += np.outer(shift, shift) * (self.n * other.n / n)
        return Moments(n, self.mean + shift * (other.n / n), scatter)

    def whitening(self) -> Whitening:
        """Return the map to the codes' principal axes, each divided by its standard deviation."""
        variances, axes = np.linalg.eigh(self.scatter / max(1, self.n - 1))
        variances, axes = variances[::-1], axes[:, ::-1]
        # Keep the signs of codes that PCA has already decorrelated.
        axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), range(len(axes))] < 0, -1.0, 1.0)
        deviations = np.sqrt(np.maximum(variances, 0.0))
        # Codes have float32 precision: smaller variation than their rounding counts as none.
        single = np.finfo(np.float32)
        rounding = single.eps * max(deviations[0], np.abs(self.mean).max())
        deviations = np.where(deviations > max(rounding, single.tiny), deviations, 1.0)
        return Whitening(self.mean, axes / deviations, (axes * deviations).T)
