"""A function of tensors as one of arrays, in a session that takes all it holds along when it goes.

What `tf.function` compiles for eager calls is never freed: TensorFlow keeps each of XLA's
executables, some 4 MB for a small network, for the life of the process
(`tensorflow/compiler/jit/device_compilation_cache.h`). A session has devices of its own, and with
them go the executables compiled for these.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from skae._forks import enter_tensorflow
from skae._tensorflow._quiet import tf

T = TypeVar("T")

# Sessions kept for training programs, and as many for maps that NumPy cannot serve. One that XLA
# compiles for has ten threads, which wait to compile in the background and are never asked to.
KEPT = 32
# TensorFlow takes arrays that begin at a multiple of so many bytes as they are, and copies others.
ALIGNMENT = 64


def in_session(
    function: Callable[..., Any], inputs: Any, on_xla: bool = False
) -> Callable[..., Any]:
    """Return a function of tensors as one of arrays, compiled at its first call.

    Parameters
    ----------
    function : callable
    inputs : tuple of TensorSpec
        What the function takes, nested as it likes.
    on_xla : bool
        Whether XLA compiles it.
    """
    with tf.Graph().as_default() as graph:
        fed = tf.nest.map_structure(
            lambda spec: tf.compat.v1.placeholder(spec.dtype, spec.shape), inputs
        )
        outputs = tf.function(function, jit_compile=on_xla, autograph=False)(*fed)
        session = tf.compat.v1.Session(graph=graph)
    flat = tf.nest.flatten(fed)
    # What `make_callable` offers looks every tensor up by name in every call, which made a fit
    # on 150 rows twice as long.
    options = CallableOptions(
        feed=[tensor.name for tensor in flat],
        fetch=[tensor.name for tensor in tf.nest.flatten(outputs)],
    )
    run = session._make_callable_from_options(options)
    dtypes = [tensor.dtype.as_numpy_dtype for tensor in flat]

    def call(*arguments: Any) -> Any:
        enter_tensorflow()
        arrays = map(np.asarray, tf.nest.flatten(arguments), dtypes)
        return tf.nest.pack_sequence_as(outputs, run(*arrays))

    return call


def kept(function: Callable[..., T]) -> Callable[..., T]:
    """Cache the last `KEPT` results, each made once however many threads ask for it at a time.

    Threads would gain nothing by making several at once: Python traces them one by one.
    """
    cached, lock = lru_cache(maxsize=KEPT)(function), Lock()

    @wraps(cached)
    def locked(*arguments: Any) -> T:
        # Before the lock, which a thread that a fork left behind may hold.
        enter_tensorflow()
        with lock:
            return cached(*arguments)

    locked.cache_info = cached.cache_info  # type: ignore[attr-defined]
    return locked


def aligned(array: np.ndarray) -> np.ndarray:
    """Return a copy that TensorFlow takes as it is."""
    raw = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    copy = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
