"""A function of tensors as one of arrays, in a session that takes all it holds along when it goes.

What `tf.function` compiles for eager calls is never freed: TensorFlow keeps each of XLA's
executables, some 4 MB for a small network, for the life of the process
(`tensorflow/compiler/jit/device_compilation_cache.h`). A session has devices of its own, and with
them go the executables compiled for these.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from skae._tensorflow.first_call import in_thread
from skae._tensorflow.quiet import tf
from skae._training.forks import enter_tensorflow

T = TypeVar("T")

# Sessions kept for training programs, and as many for maps that NumPy cannot serve. One that XLA
# compiles for has ten threads, which wait to compile in the background and are never asked to.
CACHE_SIZE = 32
# TensorFlow takes arrays that begin at a multiple of so many bytes as they are, and copies others.
ALIGNMENT = 64


class Program:
    """A function of tensors as one of arrays, traced and compiled at its first call.

    It is traced in a thread of its own: what callers of TensorFlow set for theirs, such as
    callbacks for each operation, devices, a strategy or a tape, is not to become part of a program
    that is kept. After a call that failed it is made anew, for the next call.

    Parameters
    ----------
    function : callable
    inputs : tuple of TensorSpec
        What the function takes, nested as it likes.
    on_xla : bool
        Whether XLA compiles it.

    Attributes
    ----------
    is_compiled : bool
        Whether the last call has succeeded.
    """

    def __init__(self, function: Callable[..., Any], inputs: Any, on_xla: bool = False) -> None:
        self._trace = partial(_traced, function, inputs, on_xla)
        self._lock = Lock()
        self._traced_program: _Traced | None = None
        self.is_compiled = False

    def __call__(self, *arguments: Any) -> Any:
        enter_tensorflow()
        with self._lock:
            traced = self._traced_program = self._traced_program or in_thread(self._trace).result()
        arrays = map(np.asarray, tf.nest.flatten(arguments), traced.dtypes)
        try:
            results = traced.run(*arrays)
        except BaseException:
            self._traced_program, self.is_compiled = None, False
            raise
        self.is_compiled = True
        return tf.nest.pack_sequence_as(traced.outputs, results)


class _Traced(NamedTuple):
    """A call of a session, with the inputs' dtypes and the structure of the outputs."""

    run: Callable[..., Any]
    dtypes: list[Any]
    outputs: Any


def _traced(function: Callable[..., Any], inputs: Any, on_xla: bool) -> _Traced:
    with tf.Graph().as_default() as graph:
        fed = tf.nest.map_structure(
            lambda spec: tf.compat.v1.placeholder(spec.dtype, spec.shape), inputs
        )
        # Called as it is, a `tf.function` would not be one under `run_functions_eagerly`.
        compiled = tf.function(function, jit_compile=on_xla, autograph=False)
        outputs = compiled.get_concrete_function(*inputs)(*fed)
        # With another number of threads, TensorFlow's own kernels add up in another order.
        asked = tf.config.threading
        config = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=asked.get_intra_op_parallelism_threads() if on_xla else 1,
            inter_op_parallelism_threads=asked.get_inter_op_parallelism_threads(),
        )
        session = tf.compat.v1.Session(graph=graph, config=config)
    flat = tf.nest.flatten(fed)
    run = _callable(session, flat, tf.nest.flatten(outputs))
    return _Traced(run, [tensor.dtype.as_numpy_dtype for tensor in flat], outputs)


def _callable(session: Any, fed: list[Any], fetched: list[Any]) -> Callable[..., Any]:
    """Return a session's tensors as a function of others.

    The public `make_callable` looks every tensor up by name in every call, which made a fit on
    150 rows twice as long. It stands in where TensorFlow no longer has what it uses itself.
    """
    make = getattr(session, "_make_callable_from_options", None)
    if make is None:
        return session.make_callable(fetched, feed_list=fed)
    feed, fetch = ([tensor.name for tensor in tensors] for tensors in (fed, fetched))
    return make(CallableOptions(feed=feed, fetch=fetch))


def locked_cache(function: Callable[..., T]) -> Callable[..., T]:
    """Cache the last `CACHE_SIZE` results; threads that ask for the same one share it.

    Threads would gain nothing by making several at once: Python traces them one by one.
    """
    cached, lock = lru_cache(maxsize=CACHE_SIZE)(function), Lock()

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
