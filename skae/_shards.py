"""What Dask workers do in a shared fit: keep their rows in a file, and a TensorFlow process.

The functions here are tasks of the cluster. They find what an earlier one left on the same worker
by the fit's name.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from skae._plan import Plan

# Of the log of a process that has ended, what an error quotes.
QUOTED = 2000


class ProcessEndedError(RuntimeError):
    """A process that was training has ended by itself, or was killed."""


@dataclass
class Task:
    """What one process is to train, and how: see `Trainer` and `Feed`."""

    plan: Plan
    weights: tuple[np.ndarray, ...]
    solver_state: Any
    feed_state: Any
    seed: list[int]
    mean: np.ndarray
    scale: float
    n_normals: int
    batch_size: int
    least_batches: int
    n_rows: int
    shuffle: bool
    shape: tuple[int, int]
    dtype: np.dtype
    path: Path = Path()


@dataclass
class Shard:
    """The rows of one worker, and the process that trains on them."""

    folder: Path
    shape: tuple[int, int]
    dtype: np.dtype
    address: str
    process: subprocess.Popen | None = None
    pipe: Connection | None = None

    @property
    def rows(self) -> Path:
        return self.folder / "rows"

    def log(self) -> str:
        """Return the end of what the process has written."""
        return (self.folder / "log").read_text(errors="replace")[-QUOTED:]


_shards: dict[str, Shard] = {}


def open_shard(name: str, shape: tuple[int, int], dtype: np.dtype) -> str:
    """Make room for rows; return the address at which other processes will reach this one."""
    from distributed import get_worker
    from distributed.comm import get_address_host

    worker = get_worker()
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError(
            f"TensorFlow is not installed where the Dask worker {worker.address} runs, which is to "
            f"train. Install it there, for {sys.executable}, as on the other workers."
        )
    folder = Path(tempfile.mkdtemp(prefix="skae-", dir=worker.local_directory))
    host = get_address_host(worker.address)
    with socket.socket() as free:
        free.bind((host, 0))
        address = f"{host}:{free.getsockname()[1]}"
    _shards[name] = shard = Shard(folder, shape, dtype, address)
    with shard.rows.open("wb") as file:
        file.truncate(shape[0] * shape[1] * dtype.itemsize)
    return address


def write_rows(name: str, block: np.ndarray, chosen: np.ndarray, begin: int) -> None:
    """Write the chosen rows of a block into the file."""
    shard = _shards[name]
    place = begin * shard.shape[1] * shard.dtype.itemsize
    rows = np.memmap(shard.rows, shard.dtype, "r+", place, shape=(len(chosen), shard.shape[1]))
    np.take(block, chosen, axis=0, out=rows, mode="clip")


def start_process(name: str, rank: int, addresses: list[str], task: Task) -> None:
    """Start the process that trains, and wait until it has met the others."""
    from distributed import get_worker

    shard = _shards[name]
    roles = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
    n_threads = str(get_worker().state.nthreads)
    environment = {
        **os.environ,
        "TF_CONFIG": json.dumps(roles),
        "OMP_NUM_THREADS": n_threads,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    shard.pipe, theirs = Pipe()
    with theirs, (shard.folder / "log").open("wb") as log:
        shard.process = subprocess.Popen(
            [sys.executable, "-m", "skae._tensorflow._worker", str(theirs.fileno())],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[theirs.fileno()],
        )
    ask(name, "begin", replace(task, path=shard.rows))


def ask(name: str, what: str, argument: Any = ()) -> Any:
    """Let the process do something, and return its answer."""
    import cloudpickle
    from distributed import get_worker

    shard = _shards[name]
    try:
        shard.pipe.send_bytes(cloudpickle.dumps((what, argument)))
        answer, failure = shard.pipe.recv()
    except (EOFError, OSError):
        status = shard.process.wait()
        raise ProcessEndedError(
            f"The TensorFlow process of the Dask worker {get_worker().address} ended with status "
            f"{status}, and with it the fit. Its last words:\n{shard.log()}"
        ) from None
    if failure is not None:
        raise RuntimeError(
            f"The TensorFlow process of the Dask worker {get_worker().address} failed:\n{failure}"
        )
    return answer


def close_shard(name: str) -> None:
    """End the process and remove the rows, whatever state they are in."""
    shard = _shards.pop(name, None)
    if shard is None:
        return
    if shard.process is not None:
        shard.process.kill()
        shard.process.wait()
    shutil.rmtree(shard.folder, ignore_errors=True)
