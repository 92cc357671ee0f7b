"""Checkpoints from which an interrupted fit resumes: a folder with one file for each stage.

A file holds MAGIC, the SHA-256 digest of its place and of all that follows, and arrays with JSON in
NumPy's format. A file that this fit has not written there exactly so is never used.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from contextlib import suppress
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import joblib
import numpy as np

from skae._training.epochs import History, Progress
from skae._training.protocols import Trainer, TrainerState
from skae._training.schedule import Monitor, MonitorState, Schedule, Snapshot

# The number is the version of the format.
MAGIC = b"skae checkpoint 3\n"
SIZE_OF_DIGEST = hashlib.sha256().digest_size
# Errors for a missing file or folder, as after an equal fit has finished and removed the folder.
VANISHED = {errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ESTALE}
# Largest number of attempts to write: each equal fit removes the folder once.
TRIES = 100


class Checkpoint:
    """The files of one fit, in its own folder below a directory that many fits may share.

    Equal fits may use the folder at the same time, wherever they run: all write the same progress,
    and the first one to finish removes the folder. The others write it again.

    Parameters
    ----------
    directory : path-like
    fingerprint : str
        Identifies the fit.
    """

    def __init__(self, directory: Any, fingerprint: str) -> None:
        self._folder = Path(directory) / fingerprint
        self._start = self._folder / "start.checkpoint"

    def begin(self, rng: np.random.Generator) -> None:
        """Restore the generator's state at the beginning of the fit, or store that state.

        If files cannot be written there, this fails before anything is trained.
        """
        state = _load(self._start)
        if state is None:
            state = rng.bit_generator.state
            _store(self._start, state)
        rng.bit_generator.state = self._state = state

    def of_stage(self, i: int) -> ProgressFile:
        """Return the file of a stage of the fit."""
        # Without a seed, equal fits that begin at the same time may have different states.
        name = f"stage-{i}-{joblib.hash(self._state)[:8]}.checkpoint"
        return ProgressFile(self._folder / name, self._start, self._state)

    def remove(self) -> None:
        """Remove the files of a finished fit, and partial ones of killed processes."""
        shutil.rmtree(self._folder, ignore_errors=True)


class ProgressFile(NamedTuple):
    """The progress of one stage, stored as arrays and JSON: reading it runs no code."""

    path: Path
    start_path: Path
    start_state: dict[str, Any]

    def read(self, start_weights: tuple[np.ndarray, ...]) -> Progress | None:
        """Return the last progress, if any, of a stage with these initial weights."""
        content = _load(self.path)
        if content is None:
            return None
        trainer = TrainerState(**content["trainer"])
        if list(map(np.shape, trainer.weights)) != list(map(np.shape, start_weights)):
            # A custom estimator may build a different network from the same parameters.
            raise _unreadable(self.path, "its weights have other shapes than this fit's")
        start, best, *rest = content["monitor"].values()
        monitor = MonitorState(
            None if start is None else Snapshot(0, start_weights, start),
            None if best is None else Snapshot(**best),
            *rest,
        )
        return Progress(History(**content["history"]), monitor, content["rate_share"], trainer)

    def write(
        self, history: History, monitor: Monitor, schedule: Schedule, trainer: Trainer
    ) -> None:
        """Replace the file atomically; a crash loses no earlier progress."""
        state = monitor.state
        content = {
            "history": {**vars(history), "snapshot": None},
            # The stage computes its initial weights itself, so they are not written.
            "monitor": {
                **state._asdict(),
                "start": None if state.start is None else state.start.losses,
                "best": None if state.best is None else state.best._asdict(),
            },
            "rate_share": schedule.share,
            "trainer": trainer.state._asdict(),
        }
        _store(self.path, content)
        # An equal fit that has finished may have removed it.
        if not self.start_path.exists():
            _store(self.start_path, self.start_state)


class NoCheckpoint:
    """Replaces a :class:`Checkpoint` and its files in a fit that writes none."""

    def begin(self, rng: np.random.Generator) -> None:
        """Leave the generator as it is."""

    def of_stage(self, i: int) -> NoCheckpoint:
        """Return an object that writes nothing for a stage."""
        return self

    def remove(self) -> None:
        """Remove nothing."""

    def read(self, start_weights: tuple[np.ndarray, ...]) -> None:
        """Return None: nothing was written."""

    def write(
        self, history: History, monitor: Monitor, schedule: Schedule, trainer: Trainer
    ) -> None:
        """Write nothing."""


def _extract_arrays(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return a value with its arrays and tensors moved to `arrays` and replaced by names."""
    if isinstance(value, dict):
        return {name: _extract_arrays(part, arrays) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_extract_arrays(part, arrays) for part in value]
    if hasattr(value, "shape") and value.shape:
        name = f"array_{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    return value


def _restore_arrays(value: Any, arrays: Any) -> Any:
    """Undo `_extract_arrays`; lists of arrays become tuples, as weights are."""
    if isinstance(value, dict):
        if value.keys() == {"array"}:
            return arrays[value["array"]]
        return {name: _restore_arrays(part, arrays) for name, part in value.items()}
    if isinstance(value, list):
        parts = [_restore_arrays(part, arrays) for part in value]
        return tuple(parts) if parts and isinstance(parts[0], np.ndarray) else parts
    return value


def _store(path: Path, content: Any) -> None:
    """Write a temporary file beside the target, and then move it to the target."""
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_extract_arrays(content, arrays), default=lambda scalar: scalar.item())
    # A process id is not unique: threads share it, and so may processes on other hosts.
    beside = path.with_name(f"{path.name}.{uuid4().hex}")
    for left in reversed(range(TRIES)):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("w+b") as file:
                file.write(MAGIC + bytes(SIZE_OF_DIGEST))
                np.savez(file, **{"told": np.array(text), **arrays})  # type: ignore[arg-type]
                digest = _digest(path, file)
                file.seek(len(MAGIC))
                file.write(digest)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            return
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            if left and error.errno in VANISHED:
                continue
            raise OSError(
                f"The checkpoint {path} cannot be written ({error}). Free disk space there, or set "
                "checkpoint to a writable directory, or to None."
            ) from error


def _load(path: Path) -> Any:
    """Return the content of the file, or None if there is no file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(path, "it is not a file")  # and reading it might never end
        # Opened here, because NumPy does not close a damaged file that it has opened.
        with path.open("rb") as file:
            begins, digest = file.read(len(MAGIC)), file.read(SIZE_OF_DIGEST)
            if begins != MAGIC or digest != _digest(path, file):
                raise _unreadable(path, "it is damaged, or this fit did not write it there")
            file.seek(len(MAGIC) + SIZE_OF_DIGEST)
            with np.load(file) as stored:
                return _restore_arrays(json.loads(str(stored["told"])), stored)
    except OSError as error:
        if error.errno in VANISHED:
            return None
        raise _unreadable(path, str(error)) from error


def _digest(path: Path, file: BufferedReader | BufferedRandom) -> bytes:
    """Return the digest of a file's folder and name and of the bytes after its header."""
    file.seek(len(MAGIC) + SIZE_OF_DIGEST)
    place = f"{path.parent.name}/{path.name}".encode()
    return hashlib.file_digest(file, lambda: hashlib.sha256(place)).digest()


def _unreadable(path: Path, reason: str) -> ValueError:
    return ValueError(
        f"The checkpoint {path} cannot be read ({reason}). Remove {path.parent} to restart this "
        "fit, or set checkpoint=None."
    )
