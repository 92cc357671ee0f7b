"""Detect forks: a forked process has TensorFlow's state, but not the threads that it waits for."""

from __future__ import annotations

import os
import sys

_entered = False
_inherited = False


def enter_tensorflow() -> None:
    """Record that TensorFlow is about to run, or raise an error if it cannot in this process.

    Raises
    ------
    RuntimeError
        In a process forked from one in which TensorFlow had run.
    """
    global _entered
    if _inherited:
        raise RuntimeError(
            "This process was forked from one in which TensorFlow had run. It would wait "
            "forever for threads that a fork does not copy. Fork before the first fit, or start "
            "processes in another way: by joblib's loky (the default of n_jobs), 'spawn' or "
            "'forkserver'. Computations in NumPy work here, such as transform of dense networks."
        )
    _entered = True


def _note_fork() -> None:
    global _inherited
    # If other code used TensorFlow, its eager context shows whether it has run.
    eager = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(eager, "_context", None)
    _inherited |= _entered or getattr(context, "_initialized", False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
