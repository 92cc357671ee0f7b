"""Rows of X as chunks of standardised float32 batches, the next one made ahead."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from skae._parts import Corruption
from skae._serve import blocks, standardised

T = TypeVar("T")

# A chunk has at most so many steps and so many entries: 16 MB of float32.
CHUNK_STEPS, CHUNK_ENTRIES = 64, 1 << 22
# Rows are gathered in pieces that stay in a core's cache.
GATHER_ENTRIES = 1 << 17
AUTO_BATCH_SIZE = 64


def rows_in_a_batch(asked: int | str, n_rows: int) -> int:
    """Return the batch size to compile for: that asked for, or less where no epoch fills it."""
    size = AUTO_BATCH_SIZE if asked == "auto" else int(asked)
    # To a power of two only, so that another number of rows seldom compiles another program.
    return min(size, 1 << (n_rows - 1).bit_length())


class Chunk(NamedTuple):
    """Batches for several steps; rows past the data have weight zero.

    `normals` are standard normals, `n_normals` for each row.
    """

    inputs: np.ndarray
    targets: np.ndarray
    normals: np.ndarray
    row_weights: np.ndarray
    n_steps: int
    ends_epoch: bool


@dataclass
class Feed:
    """Endless epochs over some rows of X, in chunks whose shape the batch alone decides.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    rows : ndarray of int
        Indices of the rows to train on.
    mean : ndarray of shape (n_features,)
    scale : float
    batch_size : int
    shuffle : bool
    rng : Generator
        Draws permutations and noise.
    corruption : Corruption or None
    n_normals : int
        How many normals training needs for each row.
    targets : ndarray of shape (n_samples, n_targets), float32, or None
        What each row of X is to become; None is the row itself, clean and standardised.
    """

    X: np.ndarray
    rows: np.ndarray
    mean: np.ndarray
    scale: float
    batch_size: int
    shuffle: bool
    rng: np.random.Generator
    corruption: Corruption | None = None
    n_normals: int = 0
    targets: np.ndarray | None = None

    @property
    def steps(self) -> int:
        """Number of batches in a chunk."""
        return max(1, min(CHUNK_STEPS, CHUNK_ENTRIES // (self.batch_size * self.X.shape[1])))

    def __iter__(self) -> Iterator[Chunk]:
        """Yield chunks whose arrays are filled anew for the next one: copy what is to last."""
        n_rows, n_features = len(self.rows), self.X.shape[1]
        shape = (self.steps, self.batch_size)
        inputs = np.zeros((*shape, n_features), np.float32)
        targets = inputs
        if self.targets is not None:
            targets = np.zeros((*shape, self.targets.shape[1]), np.float32)
        elif self.corruption is not None:
            targets = np.zeros_like(inputs)
        normals = np.empty((*shape, self.n_normals), np.float32)
        row_weights = np.zeros(shape, np.float32)
        while True:
            order = self.rng.permutation(self.rows) if self.shuffle else self.rows
            for begin in range(0, n_rows, row_weights.size):
                chosen = order[begin : begin + row_weights.size]
                self._fill(chosen, *(a.reshape(-1, a.shape[-1]) for a in (inputs, targets)))
                self.rng.standard_normal(out=normals, dtype=np.float32)
                row_weights.ravel()[:] = np.arange(row_weights.size) < len(chosen)
                n_steps = -(-len(chosen) // self.batch_size)
                ends_epoch = begin + len(chosen) == n_rows
                yield Chunk(inputs, targets, normals, row_weights, n_steps, ends_epoch)

    def _fill(self, chosen: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Write the chosen rows; what an earlier chunk left behind them has weight zero."""
        if self.targets is not None:
            np.take(self.targets, chosen, axis=0, out=targets[: len(chosen)], mode="clip")
        # Whole batches, so that a corruption has other rows to look at.
        width = self.X.shape[1] * self.batch_size
        for batches in blocks(-(-len(chosen) // self.batch_size), width, GATHER_ENTRIES):
            part = slice(batches.start * self.batch_size, batches.stop * self.batch_size)
            part = slice(part.start, min(part.stop, len(chosen)))
            out = inputs[part]
            in_place = out if self.X.dtype == out.dtype else None
            # Every index is valid; "clip" spares the buffer that "raise" goes through.
            rows = np.take(self.X, chosen[part], axis=0, out=in_place, mode="clip")
            if self.corruption is not None:
                if self.targets is None:
                    standardised(rows.copy(), self.mean, self.scale, out=targets[part])
                rows = self.corruption(self.rng, rows)
            standardised(rows, self.mean, self.scale, out=out)


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield from an endless iterator while a thread makes the next item."""
    with ThreadPoolExecutor(1, thread_name_prefix="skae-feed") as pool:
        coming = pool.submit(next, items)
        while True:
            item = coming.result()
            coming = pool.submit(next, items)
            yield item
