"""Import TensorFlow without its messages about the machine.

The messages are not filtered if TensorFlow was imported before, or if TF_CPP_MIN_LOG_LEVEL is 0
or 1.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from skae._tensorflow.lean_import import lean_import
from skae._tensorflow.messages import without_harmless_messages

_is_quiet = not ("tensorflow" in sys.modules or os.environ["TF_CPP_MIN_LOG_LEVEL"] in ("0", "1"))

with without_harmless_messages() if _is_quiet else nullcontext():
    with lean_import():
        import tensorflow as tf

    if _is_quiet:
        # If there is no GPU, TensorFlow prints a message when it first searches for one.
        tf.config.list_physical_devices()

# Older versions log their first session and the first program that XLA compiles at any level, and
# all versions log each program that is read from XLA's cache.
_is_old = tuple(map(int, tf.__version__.split(".")[:2])) < (2, 21)
_logs_first_calls = _is_old or bool(os.environ.get("SKAE_PROGRAM_CACHE"))


def quiet_first_call() -> AbstractContextManager[None]:
    """Return a context for the first call of a program, without TensorFlow's messages."""
    return without_harmless_messages() if _is_quiet and _logs_first_calls else nullcontext()


__all__ = ["quiet_first_call", "tf"]
