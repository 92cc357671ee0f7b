"""Import TensorFlow without its messages about the machine, and with a cache of programs on disk.

The messages are not filtered if TensorFlow was imported before, or if TF_CPP_MIN_LOG_LEVEL is 0
or 1. Where it was imported before, no programs are kept either.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from skae._tensorflow.kept_programs import KeptPrograms, xla_flags
from skae._tensorflow.lean_import import lean_import
from skae._tensorflow.messages import without_harmless_messages
from skae._tensorflow.program_cache import ProgramCache, chosen_directory

_was_imported = "tensorflow" in sys.modules
_is_quiet = not (_was_imported or os.environ["TF_CPP_MIN_LOG_LEVEL"] in ("0", "1"))
_directory = None if _was_imported else chosen_directory()

with without_harmless_messages() if _is_quiet else nullcontext():
    with lean_import():
        import tensorflow as tf

    with nullcontext() if _directory is None else xla_flags():
        if _is_quiet or _directory is not None:
            # If there is no GPU, TensorFlow prints a message when it first searches for one. XLA
            # reads its flags then.
            tf.config.list_physical_devices()

# Where the programs that XLA compiles are kept for later processes, or None.
KEPT_PROGRAMS = None if _directory is None else KeptPrograms(tf, ProgramCache(_directory))

# Older versions log their first session and the first program that XLA compiles at any level, and
# all versions log each program that is read from XLA's cache.
_is_old = tuple(map(int, tf.__version__.split(".")[:2])) < (2, 21)
_logs_first_calls = _is_old or KEPT_PROGRAMS is not None


def quiet_first_call() -> AbstractContextManager[None]:
    """Return a context for the first call of a program, without TensorFlow's messages."""
    return without_harmless_messages() if _is_quiet and _logs_first_calls else nullcontext()


__all__ = ["KEPT_PROGRAMS", "quiet_first_call", "tf"]
