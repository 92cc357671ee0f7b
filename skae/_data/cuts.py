"""How many of its ordered codes the decoder sees of each row, in training and in validation."""

from __future__ import annotations

from typing import Any

import numpy as np

# Share of the rows that are reconstructed from all codes, as without an order.
FULL_SHARE = 0.5
# Numbers of codes, besides all of them, with which each validation sample is reconstructed.
VALIDATED_SIZES = 8


def cut_shares(n_components: int) -> np.ndarray:
    """Return how often the decoder sees the first 1, 2, ... codes of a row.

    All codes are what most users read, so they get a fixed share, whatever their number is. The
    rest goes to all sizes, the more the smaller: between equal shares, with which the first codes
    learn little because each size has its own row in `n_components`, and shares in proportion to
    1 / k, with which every doubling counts the same and the last codes learn little.
    """
    shares = np.arange(1.0, n_components + 1) ** -0.5
    shares *= (1.0 - FULL_SHARE) / shares.sum()
    shares[-1] += FULL_SHARE
    return shares


def validated_sizes(n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of codes that validation samples are seen with, and their shares.

    They are all numbers or, of many, some that stand for as many training rows each. One number for
    each sample, drawn as in training, would make the loss noisier.
    """
    shares = cut_shares(n_components)
    if n_components <= VALIDATED_SIZES + 1:
        return np.arange(1, n_components + 1), shares
    of_first = shares[:-1].cumsum() / shares[:-1].sum()
    middles = (np.arange(VALIDATED_SIZES) + 0.5) / VALIDATED_SIZES
    sizes, counts = np.unique(1 + np.searchsorted(of_first, middles), return_counts=True)
    own = counts * (1.0 - shares[-1]) / VALIDATED_SIZES
    return np.append(sizes, n_components), np.append(own, shares[-1])


def drawn_sizes(rng: np.random.Generator, shares: np.ndarray, shape: Any) -> np.ndarray:
    """Draw how many codes the decoder sees, from 1 to all, in an array of this shape."""
    sizes = 1 + np.searchsorted(shares.cumsum()[:-1], rng.random(shape), side="right")
    return sizes.astype(np.float32)
