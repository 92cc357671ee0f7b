"""Leave the interpreter without looking for garbage in all of TensorFlow, which takes a second."""

from __future__ import annotations

import gc
import io
import sys
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

# Modules whose finalizers do nothing that the end of a process does not.
HARMLESS = (
    *("tensorflow.python.client", "tensorflow.python.eager", "tensorflow.python.framework"),
    *("importlib", "joblib", "numpy", "scipy", "skae", "sklearn"),
)
# Files that keep nothing back.
UNBUFFERED = (io.BytesIO, io.StringIO, io.FileIO, io.BufferedReader)
FRAMES = {GeneratorType: "gi_frame", CoroutineType: "cr_frame", AsyncGeneratorType: "ag_frame"}


def leave_quickly() -> None:
    """Let Python pass over the objects that are there, if none of them waits for its finalizer.

    Call it at exit. Objects that refer to each other in a cycle are then not finalized; all others
    are, as ever. If any object has a finalizer that may do something, such as a class with
    `__del__`, a file with unwritten data or a suspended generator, Python collects them all. What
    cannot be seen are callbacks of weak references, and types of C that act when they are freed:
    in a cycle these are not called.
    """
    if gc.get_debug():
        return
    objects = gc.get_objects()
    kinds = {kind for kind in set(map(type, objects)) if any(map(_has_finalizer, kind.__mro__))}
    if not any(type(each) in kinds and _is_needed(each) for each in objects):
        gc.freeze()


def _has_finalizer(kind: type) -> bool:
    return "__del__" in vars(kind)


def _is_needed(finalized: Any) -> bool:
    """Return whether the finalizer of an object may do something that others notice."""
    try:
        return _does_something(finalized)
    except Exception:
        return True


def _does_something(finalized: Any) -> bool:
    kind = type(finalized)
    if kind in UNBUFFERED:
        return False
    if kind is io.TextIOWrapper:
        standard = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
        return finalized not in standard and not finalized.closed and finalized.writable()
    if kind is io.BufferedWriter:
        # Python flushes standard output by itself, at the end.
        return not finalized.closed and finalized.fileno() > 2
    module = kind.__module__
    if kind in FRAMES:
        frame = getattr(finalized, FRAMES[kind])
        module = "skae" if frame is None else frame.f_globals.get("__name__", "")
    return not f"{module}.".startswith(tuple(f"{each}." for each in HARMLESS))
