"""Chunks of standardized float32 batches of X, with the next chunk prepared in advance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from skae._data.aligned import aligned_zeros
from skae._data.blocks import blocks, standardized
from skae._data.cuts import drawn_sizes
from skae._data.factors import FactorModel
from skae._data.rows import Rows
from skae._data.weights import relative
from skae._plan.objectives import Corruption

T = TypeVar("T")

# Largest number of steps and of entries in a chunk: 16 MB of float32.
CHUNK_STEPS, CHUNK_ENTRIES = 64, 1 << 22
# Rows are gathered in pieces that fit into a core's cache.
GATHER_ENTRIES = 1 << 17
AUTO_BATCH_SIZE = 64


def rows_in_a_batch(asked: int | str, n_rows: int) -> int:
    """Return the batch size to compile for: as requested, or less if no epoch fills it."""
    size = AUTO_BATCH_SIZE if asked == "auto" else int(asked)
    # Only a power of two, so that another number of rows seldom compiles another program.
    return min(size, 1 << (n_rows - 1).bit_length())


class Batch(NamedTuple):
    """The arrays of one batch, or of all batches of a chunk along a first axis; or their tensors.

    Training programs take them by these names, so that another one, such as weights of entries, is
    one more field here.

    Parameters
    ----------
    inputs : array of shape (batch_size, n_features)
        Standardized rows, corrupted if the objective asks for it.
    targets : array of shape (batch_size, n_targets)
        Standardized targets of these rows, or `inputs` itself.
    normals : array of shape (batch_size, n_normals)
        Standard normals.
    row_weights : array of shape (batch_size,)
        Weights of the rows, 1 in the mean over all of them. Rows past the end of the data have
        weight zero.
    sizes : array of shape (batch_size,), or ()
        For ordered codes: how many codes of each row the decoder sees.
    """

    inputs: Any
    targets: Any
    normals: Any
    row_weights: Any
    sizes: Any = ()

    def step(self, i: Any) -> Batch:
        """Return one batch of a chunk."""
        return Batch(*(() if isinstance(part, tuple) else part[i] for part in self))


class Chunk(NamedTuple):
    """Batches for several steps.

    The last chunk of an epoch holds the generator's state after it, from which the next epoch can
    be drawn again.
    """

    batches: Batch
    n_steps: int
    state_after: Mapping[str, Any] | None

    @property
    def ends_epoch(self) -> bool:
        return self.state_after is not None


@dataclass
class Feed:
    """Endless epochs over some rows of X, in chunks whose shape depends only on the batch shape.

    Parameters
    ----------
    X : Rows of shape (n_samples, n_features)
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
        Number of normals that training needs for each row.
    min_batches : int
        Smallest number of batches in an epoch; the last ones may have no real row.
    mean_weight : float
        Mean weight of the rows in all feeds of an epoch.
    factors : FactorModel or None
        Fills what is missing in the inputs, if anything is, and what is hidden of them besides.
    cut_shares : ndarray of shape (n_components,) or None
        How often the decoder sees so many codes of a row, see `Batch.sizes`; None for all of them.
    """

    X: Rows
    rows: np.ndarray
    mean: np.ndarray
    scale: float
    batch_size: int
    shuffle: bool
    rng: np.random.Generator
    corruption: Corruption | None = None
    n_normals: int = 0
    min_batches: int = 0
    mean_weight: float = 1.0
    factors: FactorModel | None = None
    cut_shares: np.ndarray | None = None

    @property
    def fills(self) -> bool:
        """Whether entries are missing that the inputs are filled at."""
        return self.factors is not None and self.X.has_missing

    @property
    def has_targets(self) -> bool:
        """Whether the targets are other arrays than the inputs."""
        return self.corruption is not None or self.X.is_paired or self.fills

    @cached_property
    def _standardized_rows(self) -> np.ndarray | None:
        """All rows of X, standardized; None if they are many, or inputs differ from targets."""
        is_large = math.prod(self.X.shape) > GATHER_ENTRIES
        # A feed of few of the rows, as of a validation set, gathers them faster than all of them.
        if self.has_targets or is_large or 2 * self.n_rows < len(self.X):
            return None
        return standardized(self.X.take(np.arange(len(self.X))), self.mean, self.scale)

    @property
    def n_rows(self) -> int:
        """Number of rows in an epoch."""
        return len(self.rows)

    @property
    def steps(self) -> int:
        """Number of batches in a chunk."""
        return max(1, min(CHUNK_STEPS, CHUNK_ENTRIES // (self.batch_size * self.X.shape[1])))

    def __iter__(self) -> Iterator[Chunk]:
        """Yield chunks whose arrays the next chunk overwrites: copy them to keep them."""
        n_rows, n_features = self.n_rows, self.X.shape[1]
        shape = (self.steps, self.batch_size)
        inputs = aligned_zeros((*shape, n_features))
        targets = aligned_zeros(inputs.shape) if self.has_targets else inputs
        normals = aligned_zeros((*shape, self.n_normals))
        row_weights = aligned_zeros(shape)
        sizes: Any = () if self.cut_shares is None else aligned_zeros(shape)
        batches = Batch(inputs, targets, normals, row_weights, sizes)
        flat = [array.reshape(-1, array.shape[-1]) for array in (inputs, targets)]
        flat_weights, drawn_weights = row_weights.ravel(), np.ones(row_weights.size, np.float32)
        n_batches = max(self.min_batches, -(-n_rows // self.batch_size))

        def chunk(n_filled: int, first_batch: int) -> Chunk:
            self.rng.standard_normal(out=normals, dtype=np.float32)
            if self.cut_shares is not None:
                sizes[...] = drawn_sizes(self.rng, self.cut_shares, shape)
            flat_weights[:n_filled], flat_weights[n_filled:] = drawn_weights[:n_filled], 0.0
            n_steps = min(self.steps, n_batches - first_batch)
            ends_epoch = first_batch + n_steps == n_batches
            state_after = self.rng.bit_generator.state if ends_epoch else None
            return Chunk(batches, n_steps, state_after)

        while True:
            n_taken = begun = 0
            for at, X, chosen in self._runs(row_weights.size):
                self._fill(X, chosen, *(array[at:] for array in flat))
                if X.weights is not None:
                    ours = relative(X.weights[chosen], self.mean_weight)
                    drawn_weights[at : at + len(chosen)] = ours
                n_taken += len(chosen)
                if n_taken == n_rows or at + len(chosen) == row_weights.size:
                    yield chunk(at + len(chosen), begun)
                    begun += self.steps
            for first_batch in range(begun, n_batches, self.steps):
                yield chunk(0, first_batch)

    def _runs(self, size: int) -> Iterator[tuple[int, Rows, np.ndarray]]:
        """Yield an epoch's rows in runs that fill chunks of this size: offset, rows, indices."""
        at = 0
        for X, order in self.X.pieces(self.rows, self.rng if self.shuffle else None):
            while order.size:
                chosen, order = np.split(order, [size - at])
                yield at, X, chosen
                at = (at + len(chosen)) % size

    def _fill(self, X: Rows, chosen: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Write chosen rows of X; rows of an earlier chunk behind them have weight zero."""
        if X is self.X and self._standardized_rows is not None:
            np.take(self._standardized_rows, chosen, axis=0, out=inputs[: len(chosen)], mode="clip")
            return
        # Whole batches, because a corruption may use other rows of the batch.
        width = X.shape[1] * self.batch_size
        for batches in blocks(-(-len(chosen) // self.batch_size), width, GATHER_ENTRIES):
            part = slice(batches.start * self.batch_size, batches.stop * self.batch_size)
            part = slice(part.start, min(part.stop, len(chosen)))
            out = inputs[part]
            in_place = out if X.dtype == out.dtype else None
            rows = X.take(chosen[part], in_place)
            if self.has_targets:
                clean = X.targets.take(chosen[part]) if X.is_paired else rows.copy()
                standardized(clean, self.mean, self.scale, out=targets[part])
            if self.corruption is not None:
                rows = corrupted(self.corruption, self.rng, rows, self.X.has_missing)
            if self.fills:
                rows = completed(self.factors, self.rng, rows)
            standardized(rows, self.mean, self.scale, out=out)


def corrupted(
    corruption: Corruption, rng: np.random.Generator, X: np.ndarray, has_missing: bool
) -> np.ndarray:
    """Return corrupted rows, which may be X itself; missing entries stay so, and no other gets."""
    if not has_missing:
        return corruption(rng, X)
    clean = X.copy()
    X = corruption(rng, X)
    return np.where(np.isnan(clean) | np.isnan(X), clean, X)


def completed(factors: FactorModel | None, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
    """Return rows as an encoder sees them in training: more entries are hidden, then all filled."""
    assert factors is not None
    return factors.filled(factors.hidden(rng, X))


class Prefetcher(Generic[T]):
    """An endless iterator that prepares its next item in a thread, starting with the first.

    The thread runs in the caller's context, which holds Dask's current client.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self._items, self._context = items, copy_context()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="skae-feed")
        self._coming = self._pool.submit(self._context.run, next, items)

    def __iter__(self) -> Prefetcher[T]:
        return self

    def __next__(self) -> T:
        item = self._coming.result()
        self._coming = self._pool.submit(self._context.run, next, self._items)
        return item

    def close(self) -> None:
        """Wait for the item in preparation, and stop the thread."""
        self._pool.shutdown()
