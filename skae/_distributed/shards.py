"""Tasks of Dask workers in a shared fit: keep their rows in a file, and train on them.

A `Shard` is the result of the first task, and an argument of the others. Dask drops it, with its
file and connections, when the fit's process releases it or dies.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np

from skae._data.rows import ArrayRows
from skae._distributed.links import OPERATION, Links
from skae._training.protocols import Job, MeanLoss


class Shard:
    """The rows of one worker, its connections to the others, and its trainer.

    Parameters
    ----------
    address : str
        Address of the Dask worker.
    links : Links
    shape : tuple of int
    dtype : dtype
    folder : Path
    """

    def __init__(
        self, address: str, links: Links, shape: tuple[int, int], dtype: np.dtype, folder: Path
    ) -> None:
        self.address, self.links, self.shape, self.dtype = address, links, shape, dtype
        self.path = folder / "rows"
        self.trainer: Any = None
        self.is_training = False
        self.close = finalize(self, _clean_up, links, folder)
        # When the process ends, Dask removes all files of a worker.
        self.close.atexit = False
        try:
            _make_room(self.path, shape[0] * shape[1] * dtype.itemsize)
        except OSError:
            self.close()
            raise

    def begin(self, job: Job, n_rows: int) -> None:
        """Prepare to train with the other workers on `n_rows` rows in total."""
        from skae._tensorflow.shared_program import shared_program
        from skae._tensorflow.trainer import ProgramTrainer, program_key

        X, forget = self._mapped()
        rows = ArrayRows(X, job.feed.X.has_missing, job.feed.X.weights)
        feed = replace(job.feed, X=rows, rows=np.arange(len(X)))
        job = replace(job, feed=feed, check=forget)
        program = shared_program(*program_key(job), all_reduce=self.links.sum)
        self.trainer = ProgramTrainer(job, program, n_rows)
        self.links.open()

    def _mapped(self) -> tuple[np.ndarray, Any]:
        """Return the memory-mapped rows, and a function that releases their pages.

        Otherwise Dask would count these pages, and pause or end the worker for rows that the
        system keeps in memory only as long as no other process needs it.
        """
        if not self.shape[0]:  # an empty file cannot be mapped
            return np.empty(self.shape, self.dtype), lambda: None
        with self.path.open("rb") as file:
            pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        X = np.frombuffer(pages, self.dtype).reshape(self.shape)
        advice = getattr(mmap, "MADV_DONTNEED", None)  # missing on Windows
        return X, (lambda: None) if advice is None else partial(pages.madvise, advice)

    def epoch(self, rate: float) -> MeanLoss:
        return self.trainer.epoch(rate)

    def epoch_and_weights(self, rate: float) -> tuple[MeanLoss, tuple[np.ndarray, ...]]:
        return self.trainer.epoch(rate), self.trainer.weights

    def loss(self) -> MeanLoss:
        return self.trainer.loss()

    def state(self) -> Any:
        return self.trainer.state

    def feeds(self) -> Any:
        return self.trainer.state.feeds


def _make_room(path: Path, size: int) -> None:
    """Create a file of a given size, and reserve its space on the disk.

    Without that space, the system would end the process that writes into a map of the file.
    """
    try:
        with path.open("wb") as file:
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
    except OSError as error:
        raise OSError(
            f"The training rows need {size / 1e9:.3g} GB in {path.parent} ({error}). Free disk "
            "space there, set another directory for the worker (local_directory of LocalCluster, "
            "--local-directory of dask worker), or use more workers."
        ) from error


def _clean_up(links: Links, folder: Path) -> None:
    links.close()
    shutil.rmtree(folder, ignore_errors=True)


# The shards of this process, by fit and rank, for calls from outside the tasks.
_shards: WeakValueDictionary[tuple[str, int], Shard] = WeakValueDictionary()


def open_shard(
    name: str, rank: int, addresses: list[str], shape: tuple[int, int], dtype: np.dtype
) -> Shard:
    """Reserve disk space for rows, and accept connections of other workers."""
    from distributed import get_worker

    worker = get_worker()
    worker.handlers[OPERATION] = _accept
    folder = Path(tempfile.mkdtemp(prefix="skae-", dir=worker.local_directory))
    links = Links(worker, name, rank, addresses)
    _shards[name, rank] = shard = Shard(worker.address, links, shape, dtype, folder)
    return shard


async def _accept(comm: Any, fit: str, rank: int, caller: int) -> None:
    """Accept a connection from another worker of a fit."""
    await _shards[fit, rank].links.accept(comm, caller)


def write_rows(shard: Shard, block: np.ndarray, chosen: np.ndarray, begin: int) -> None:
    """Write the chosen rows of a block into the file."""
    place = begin * shard.shape[1] * shard.dtype.itemsize
    rows = np.memmap(shard.path, shard.dtype, "r+", place, shape=(len(chosen), shard.shape[1]))
    np.take(block, chosen, axis=0, out=rows, mode="clip")


def call(shard: Shard, method: str, arguments: tuple[Any, ...] = ()) -> Any:
    """Call a method of a shard, outside the threads of Dask's task pool.

    Workers wait for one another in every step: a waiting task must not block another task, of this
    fit or of another one.
    """
    from distributed import secede

    from skae._tensorflow.shared_program import OUT_OF_MEMORY

    secede()
    shard.is_training = True
    try:
        return getattr(shard, method)(*arguments)
    except OUT_OF_MEMORY as error:
        raise MemoryError(str(error)) from None
    finally:
        shard.is_training = False


def is_training(name: str) -> bool:
    """Return whether a shard of the fit is training in this process."""
    return any(fit == name and shard.is_training for (fit, _), shard in list(_shards.items()))


def close_shards(name: str) -> None:
    """End the fit on this worker, in any state."""
    for key in list(_shards):
        if key[0] == name:
            _shards.pop(key).close()
