"""A function of tensors as one of arrays, in a session that takes all it holds along when it goes.

What `tf.function` compiles for eager calls is never freed: TensorFlow keeps each of XLA's
executables, some 4 MB for a small network, for the life of the process
(`tensorflow/compiler/jit/device_compilation_cache.h`). A session has devices of its own, and with
them go the executables compiled for these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial, wraps
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from skae._tensorflow.first_call import in_thread
from skae._tensorflow.quiet import quiet_first_call, tf
from skae._training.forks import enter_tensorflow

T = TypeVar("T")

# Sessions kept for training programs, and as many for maps that NumPy cannot serve. One that XLA
# compiles for has ten threads, which wait to compile in the background and are never asked to.
KEPT = 32
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
        self._made: _Made | None = None
        self.is_compiled = False

    def __call__(self, *arguments: Any) -> Any:
        enter_tensorflow()
        if self.is_compiled:
            return self._run(arguments)
        with quiet_first_call():
            return self._run(arguments)

    def _run(self, arguments: tuple[Any, ...]) -> Any:
        with self._lock:
            made = self._made = self._made or in_thread(self._trace).result()
        arrays = map(np.asarray, tf.nest.flatten(arguments), made.dtypes)
        try:
            results = made.run(*arrays)
        except BaseException:
            self._made, self.is_compiled = None, False
            raise
        self.is_compiled = True
        return _nested(made.outputs, iter(results))


def _nested(like: Any, values: Iterator[Any]) -> Any:
    """Return values in nested tuples like others.

    `tf.nest` also knows other containers, and takes a tenth of a short epoch to look for them.
    """
    return (
        tuple(_nested(each, values) for each in like) if isinstance(like, tuple) else next(values)
    )


class _Made(NamedTuple):
    """A call of a session, with the inputs' dtypes and the structure of the outputs."""

    run: Callable[..., Any]
    dtypes: list[Any]
    outputs: Any


def _traced(function: Callable[..., Any], inputs: Any, on_xla: bool) -> _Made:
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
    return _Made(run, [tensor.dtype.as_numpy_dtype for tensor in flat], outputs)


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
