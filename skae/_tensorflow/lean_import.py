"""Import TensorFlow without what training does not use, and without collecting garbage."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from skae._tensorflow.lazy_parts import keep_in_place, make_parts_lazy
from skae._tensorflow.leaving import leave_quickly

# At its end TensorFlow's package imports this module, and accepts that it cannot be imported. It is
# all of Keras, which dense training never uses. `tf.keras` loads it at its first use.
KERAS_MODULE = "keras.src.optimizers"


@contextmanager
def lean_import() -> Iterator[None]:
    """Context of the import of TensorFlow. If it is imported already, nothing is done.

    The import creates some hundred thousand objects that stay, and each collection of garbage would
    visit all of them. After it they count as old, so that the next collection does not visit them.
    For the same reason the interpreter is left quickly.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    make_parts_lazy()
    leaves_keras_out = "keras" not in sys.modules
    if leaves_keras_out:
        sys.modules[KERAS_MODULE] = None  # type: ignore[assignment]
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        keep_in_place(sys.modules["tensorflow"])
    finally:
        if leaves_keras_out:
            del sys.modules[KERAS_MODULE]
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        atexit.register(leave_quickly)
        if collects:
            gc.enable()
