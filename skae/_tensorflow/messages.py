"""What a library's C++ code writes to standard error, without what means no harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

# Lines of these kinds are dropped: what is logged as info or warning, and errors that say that
# there is no GPU, or that two of TensorFlow's libraries bring the same CUDA functions.
HARMLESS = "|".join(
    [
        "^WARNING: All log messages before absl::InitializeLog",
        "^[IW][0-9]{4} [0-9:. ]+ [a-z0-9_./]+:[0-9]+\\]",
        "failed call to cuInit: .*(UNKNOWN ERROR \\(303\\)|NO_DEVICE)",
        "Unable to register cu[A-Za-z]+ (factory|plugin)",
    ]
)
# What has inherited standard error meanwhile, such as a process just started, may keep it open.
PATIENCE = 1.0


# Standard error is the whole process'.
_filtering = Lock()


@contextmanager
def without_harmless_messages() -> Iterator[None]:
    """Let standard error, on the level of the system, pass through `grep` within this context.

    Another process filters, because C++ code may write while it keeps this one from running
    Python, or may end it: its last words get through. Nothing is filtered where standard error is
    closed, where there is no `grep`, or while another thread filters already.
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
        # What a program began without may be something else by now.
        kept = None if sys.__stderr__ is None else os.dup(2)
    except OSError:
        kept = None
    if grep is None or kept is None:
        yield
        return
    try:
        # In a session of its own, which Ctrl-C does not reach.
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
