"""Filter harmless messages that a library's C++ code writes to standard error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

# These lines are dropped: log messages of level info or warning, and errors about a missing GPU,
# about CUDA functions that two of TensorFlow's libraries register, and about programs that are read
# from XLA's cache: they are first parsed as text, and were compiled with two preferences of the
# compiler, which no processor has among its features.
HARMLESS = "|".join(
    [
        "^WARNING: All log messages before absl::InitializeLog",
        "^[IW][0-9]{4} [0-9:. ]+ [a-z0-9_./]+:[0-9]+\\]",
        "failed call to cuInit: .*(UNKNOWN ERROR \\(303\\)|NO_DEVICE)",
        "Unable to register cu[A-Za-z]+ (factory|plugin)",
        "Error parsing text-format tensorflow.XlaSerializedCacheEntry",
        "feature \\+prefer-no-(scatter|gather) is not +supported",
    ]
)
# How long to wait for the filter: a process that has inherited standard error may keep it open.
PATIENCE = 1.0


# Standard error is the whole process'.
_filtering = Lock()


@contextmanager
def without_harmless_messages() -> Iterator[None]:
    """Context in which the file descriptor of standard error is filtered by `grep`.

    Another process filters, because C++ code may write while Python cannot run in this process, or
    may end it: its last messages are still printed. If standard error is closed, there is no
    `grep`, or another thread filters already, nothing is filtered here.
    """
    if not _filtering.acquire(blocking=False):
        yield
        return
    try:
        with _filtered():
            yield
    finally:
        _filtering.release()


@contextmanager
def _filtered() -> Iterator[None]:
    grep = shutil.which("grep")
    try:
        # If the program began without standard error, descriptor 2 may be another file by now.
        kept = None if sys.__stderr__ is None else os.dup(2)
    except OSError:
        kept = None
    if grep is None or kept is None:
        yield
        return
    try:
        # In a separate session, which Ctrl-C does not reach.
        process = subprocess.Popen(
            [grep, "--text", "--line-buffered", "--invert-match", "-E", HARMLESS],
            stdin=subprocess.PIPE,
            stdout=kept,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError:
        os.close(kept)
        yield
        return
    assert process.stdin is not None
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
