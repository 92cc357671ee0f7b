"""Where a fit that was cut short goes on: a folder of files, one for each stage."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np

from skae._epochs import History, Progress, TrainerState
from skae._schedule import Kept, Monitor, Schedule

T = TypeVar("T")


class Checkpoint:
    """The files of one fit, in a folder of its own below a directory that many fits may share.

    Parameters
    ----------
    directory : path-like
    fingerprint : str
        What tells the fit from others.
    """

    def __init__(self, directory: Any, fingerprint: str) -> None:
        self._folder = Path(directory) / fingerprint

    def begin(self, rng: np.random.Generator) -> None:
        """Set the fit's generator to where it was when the fit first began, or write that down.

        Where later files could not be written, this fails before anything is trained.
        """
        start = self._folder / "start.json"
        if start.exists():
            with _readable(start):
                rng.bit_generator.state = json.loads(start.read_text())
        else:
            text = json.dumps(rng.bit_generator.state)
            _replace(start, lambda file: file.write(text.encode()))

    def of_stage(self, i: int) -> ProgressFile:
        """Return the file of a stage of the fit."""
        return ProgressFile(self._folder / f"stage-{i}.npz")

    def remove(self) -> None:
        """Remove the files of a fit that is done."""
        shutil.rmtree(self._folder, ignore_errors=True)


class ProgressFile(NamedTuple):
    """How far one stage of a fit has come, as arrays and JSON: reading it runs no code."""

    path: Path

    def read(self, start_weights: tuple[np.ndarray, ...]) -> Progress | None:
        """Return what was written last, if anything, for a stage that starts from these weights."""
        if not self.path.exists():
            return None
        # NumPy leaves a damaged file open that it has opened itself.
        with _readable(self.path), self.path.open("rb") as stored, np.load(stored) as file:
            told = _put_back(json.loads(str(file["told"])), file)
        monitor = _made(Monitor, told["monitor"])
        if monitor.start is not None:
            monitor.start = Kept(0, start_weights, monitor.start)
        monitor.best = monitor.start if monitor.best is None else Kept(*monitor.best)
        return Progress(
            _made(History, told["history"]),
            monitor,
            _made(Schedule, told["schedule"]),
            TrainerState(*told["trainer"]),
        )

    def write(self, progress: Progress) -> None:
        """Replace what was written before, as a whole: who is killed meanwhile loses nothing."""
        history, monitor, schedule, trainer = progress
        start, best = monitor.start, monitor.best
        arrays: dict[str, np.ndarray] = {}
        told = {
            "history": {**vars(history), "kept": None},
            # The start is the stage's own and need not be written.
            "monitor": {
                **vars(monitor),
                "start": None if start is None else start.losses,
                "best": None if best is start else best,
            },
            "schedule": vars(schedule),
            "trainer": trainer,
        }
        text = json.dumps(_take_out(told, arrays), default=lambda scalar: scalar.item())
        _replace(self.path, lambda file: np.savez(file, told=np.array(text), **arrays))


def _take_out(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return a value with numbers for the arrays and tensors in it, which go into `arrays`."""
    if isinstance(value, dict):
        return {name: _take_out(part, arrays) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_take_out(part, arrays) for part in value]
    if hasattr(value, "shape") and value.shape:
        name = f"array_{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    return value


def _put_back(value: Any, arrays: Any) -> Any:
    """Undo `_take_out`; lists of arrays become the tuples that weights are."""
    if isinstance(value, dict):
        if value.keys() == {"array"}:
            return arrays[value["array"]]
        return {name: _put_back(part, arrays) for name, part in value.items()}
    if isinstance(value, list):
        parts = [_put_back(part, arrays) for part in value]
        return tuple(parts) if parts and isinstance(parts[0], np.ndarray) else parts
    return value


def _made(cls: type[T], attributes: dict[str, Any]) -> T:
    made = cls.__new__(cls)
    vars(made).update(attributes)
    return made


def _replace(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Write a file beside the one of this name, and only then put it in its place."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise OSError(
            f"The checkpoint {path} cannot be written ({error}). Make room there, set checkpoint "
            "to a directory that can be written, or to None."
        ) from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read which it is, and the way out."""
    try:
        yield
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"The checkpoint {path} cannot be read ({type(error).__name__}: {error}); it may be "
            f"truncated. Remove {path.parent} to begin this fit anew, or set checkpoint=None."
        ) from error
