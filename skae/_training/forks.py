"""A forked process has all that TensorFlow knew, and none of the threads that it waits for."""

from __future__ import annotations

import os
import sys

_entered = False
_inherited = False


def enter_tensorflow() -> None:
    """Say that TensorFlow is about to work, or that it never could in this process.

    Raises
    ------
    RuntimeError
        In a process forked from one in which TensorFlow was at work.
    """
    global _entered
    if _inherited:
        raise RuntimeError(
            "This process was forked from one in which TensorFlow was at work. It would wait "
            "forever for threads that a fork leaves behind. Fork before the first fit, or start "
            "processes otherwise: by joblib's loky (the default of n_jobs), 'spawn' or "
            "'forkserver'. What NumPy serves works here, such as transform of dense networks."
        )
    _entered = True


def _note_fork() -> None:
    global _inherited
    # Someone else's TensorFlow tells by its eager context whether it was at work.
    eager = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(eager, "_context", None)
    _inherited |= _entered or getattr(context, "_initialized", False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
