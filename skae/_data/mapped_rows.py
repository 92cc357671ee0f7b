"""Rows of a large memory-mapped file, which are read in windows of shuffled blocks."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from skae._data.ahead import computed_ahead
from skae._data.rows import VALIDATION_BYTES, WINDOW_BYTES, ArrayRows, Rows, taken

# A smaller file is soon in the system's cache, from which single rows are read as fast.
LARGE_BYTES = 1 << 30
# Disks read blocks of this size in any order about as fast as the whole file.
BLOCK_BYTES = 1 << 20
N_BLOCKS = WINDOW_BYTES // BLOCK_BYTES


def is_large_file(array: np.ndarray) -> bool:
    """Return whether an array is a large memory-mapped file, or part of it, stored by rows."""
    return (
        array.nbytes >= LARGE_BYTES
        # Rows of a broadcast array are no distance apart.
        and array.strides[0] >= max(1, abs(array.strides[1]))
        and _mapping(array) is not None
    )


def _mapping(array: Any) -> mmap.mmap | None:
    """Return the memory map that an array is a view of, if any.

    A copy-on-write map is none: what was changed there is in memory alone.
    """
    while isinstance(array, np.ndarray):
        if isinstance(array.base, mmap.mmap):
            return None if getattr(array, "mode", "c") == "c" else array.base
        array = array.base
    return None


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


class MappedRows(ArrayRows):
    """The rows of a large memory-mapped file.

    An epoch reads blocks of the file in random order, and shuffles the rows of as many blocks as
    share a window: if the file is not in the system's cache, reading single rows in random order
    takes hundreds of times as long. After each window, the pages that were read no longer count as
    memory of the process.
    """

    @property
    def max_validation_rows(self) -> int:
        return max(1, VALIDATION_BYTES // self._bytes_of_a_row)

    def in_memory(self, rows: np.ndarray) -> tuple[Rows, np.ndarray]:
        weights = taken(self.weights, rows)
        return ArrayRows(self.take(rows), self.has_missing, weights), np.arange(len(rows))

    def pieces(
        self, rows: np.ndarray, rng: np.random.Generator | None
    ) -> Iterable[tuple[Rows, np.ndarray]]:
        """Yield windows of the rows with sorted indices, see `Rows.pieces`."""
        # Of some columns alone, the others between them are read, too.
        in_a_block = max(1, BLOCK_BYTES // self._array.strides[0])
        blocks = np.split(rows, np.flatnonzero(np.diff(rows // in_a_block)) + 1)
        order = np.arange(len(blocks))
        if rng is not None:
            rng.shuffle(order)
        parts = np.split(order, range(N_BLOCKS, len(blocks), N_BLOCKS))
        windows = ([blocks[i] for i in part] for part in parts)
        for chosen, window in computed_ahead(partial(self._read, window) for window in windows):
            order = np.arange(len(chosen)) if rng is None else rng.permutation(len(chosen))
            yield ArrayRows(window, self.has_missing, taken(self.weights, chosen)), order

    def _read(self, blocks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the rows of some blocks, and these rows."""
        chosen = np.concatenate(blocks)
        window = np.empty((len(chosen), self.shape[1]), self.dtype)
        spans = [slice(block[0], block[-1] + 1) for block in blocks]
        self._announce(spans)
        at = 0
        for block, span in zip(blocks, spans, strict=True):
            out = window[at : at + len(block)]
            np.take(self._array[span], block - span.start, axis=0, out=out, mode="clip")
            at += len(block)
        self._advise("MADV_DONTNEED")
        return chosen, window

    def _announce(self, spans: list[slice]) -> None:
        """Let the system read all blocks at once; else it reads as small parts are asked for."""
        mapping, size = _mapping(self._array), self._array.strides[0]
        if mapping is None:
            return
        offset = _address(self._array) - _address(np.frombuffer(mapping, np.uint8))
        for span in spans:
            begin = offset + span.start * size
            begin -= begin % mmap.PAGESIZE
            self._advise("MADV_WILLNEED", begin, (span.stop - span.start) * size + mmap.PAGESIZE)

    def _advise(self, name: str, *part: int) -> None:
        """Give advice to the system, where there is such a one: not on Windows."""
        mapping, advice = _mapping(self._array), getattr(mmap, name, None)
        if mapping is not None and advice is not None:
            mapping.madvise(advice, *part)

    @property
    def _bytes_of_a_row(self) -> int:
        return self.shape[1] * self.dtype.itemsize
