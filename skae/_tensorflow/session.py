"""Compile a function of tensors to one of arrays, in a session that frees all its memory.

TensorFlow never frees what `tf.function` compiles for eager calls: it keeps each of XLA's
executables, some 4 MB for a small network, for the life of the process
(`tensorflow/compiler/jit/device_compilation_cache.h`). A session has its own devices, and the
executables compiled for these are freed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial, wraps
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from skae._tensorflow.first_call import in_thread
from skae._tensorflow.kept_programs import RejectedProgramError
from skae._tensorflow.quiet import KEPT_PROGRAMS, quiet_first_call, tf
from skae._training.forks import enter_tensorflow

T = TypeVar("T")

# Number of sessions kept for training programs, and as many for maps that NumPy cannot compute. A
# session that uses XLA has ten idle threads for background compilation.
CACHE_SIZE = 32
# TensorFlow copies arrays unless they begin at a multiple of this number of bytes.
ALIGNMENT = 64


class Program:
    """A function of tensors that takes arrays, traced and compiled at its first call.

    It is traced in a separate thread, because the caller's TensorFlow settings, such as callbacks
    for each operation, devices, a strategy or a tape, must not become part of a cached program.
    After a failed call, the next call traces it again.

    Parameters
    ----------
    function : callable
    inputs : tuple of TensorSpec
        Specifications of the function's arguments, nested in any way.
    on_xla : bool
        Whether XLA compiles it.

    Attributes
    ----------
    is_compiled : bool
        Whether the last call succeeded.
    """

    def __init__(self, function: Callable[..., Any], inputs: Any, on_xla: bool = False) -> None:
        self._trace = partial(_traced, function, inputs, on_xla)
        self._lock = Lock()
        self._traced_program: _Traced | None = None
        self.is_compiled = False

    def __call__(self, *arguments: Any) -> Any:
        enter_tensorflow()
        if self.is_compiled:
            return self._run(arguments)
        with quiet_first_call():
            try:
                return self._run(arguments)
            except RejectedProgramError:
                return self._run(arguments)

    def _run(self, arguments: tuple[Any, ...]) -> Any:
        with self._lock:
            traced = self._traced_program = self._traced_program or in_thread(self._trace).result()
        arrays = map(np.asarray, tf.nest.flatten(arguments), traced.dtypes)
        try:
            results = (traced.run if self.is_compiled else traced.first_run)(*arrays)
        except BaseException:
            self._traced_program, self.is_compiled = None, False
            raise
        self.is_compiled = True
        return _nested(traced.outputs, iter(results))


def _nested(like: Any, values: Iterator[Any]) -> Any:
    """Return values in nested tuples as in `like`, named or not.

    `tf.nest` looks for other containers, too, which takes a tenth of a short epoch.
    """
    if not isinstance(like, tuple):
        return next(values)
    parts = tuple(_nested(each, values) for each in like)
    return like._make(parts) if hasattr(like, "_make") else parts


class _Traced(NamedTuple):
    """A callable of a session, with the inputs' dtypes and the structure of the outputs.

    The first call compiles the program, or finds it compiled by an earlier process.
    """

    first_run: Callable[..., Any]
    run: Callable[..., Any]
    dtypes: list[Any]
    outputs: Any


def _traced(function: Callable[..., Any], inputs: Any, on_xla: bool) -> _Traced:
    with tf.Graph().as_default() as graph:
        fed = tf.nest.map_structure(
            lambda spec: tf.compat.v1.placeholder(spec.dtype, spec.shape), inputs
        )
        # A direct call of a `tf.function` would run eagerly under `run_functions_eagerly`.
        compiled = tf.function(function, jit_compile=on_xla, autograph=False)
        outputs = compiled.get_concrete_function(*inputs)(*fed)
        # With another number of threads, TensorFlow's own kernels sum in another order.
        threading = tf.config.threading
        config = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=threading.get_intra_op_parallelism_threads()
            if on_xla
            else 1,
            inter_op_parallelism_threads=threading.get_inter_op_parallelism_threads(),
        )
    flat, fetched = tf.nest.flatten(fed), tf.nest.flatten(outputs)
    dtypes = [tensor.dtype.as_numpy_dtype for tensor in flat]
    fed_names, fetched_names = ([each.name for each in part] for part in (flat, fetched))
    if not on_xla or KEPT_PROGRAMS is None:
        run = _callable(tf.compat.v1.Session(graph=graph, config=config), fed_names, fetched_names)
        return _Traced(run, run, dtypes, outputs)
    graph, name = KEPT_PROGRAMS.named(graph, config.intra_op_parallelism_threads)
    run = _callable(tf.compat.v1.Session(graph=graph, config=config), fed_names, fetched_names)
    return _Traced(partial(KEPT_PROGRAMS.call, name, run), run, dtypes, outputs)


def _callable(session: Any, fed: list[str], fetched: list[str]) -> Callable[..., Any]:
    """Return a function from fed tensors to fetched tensors, both given by name.

    The public `make_callable` looks every tensor up by name in every call, which doubled the time
    of a fit on 150 samples. It is the fallback if TensorFlow no longer has the private function.
    """
    make = getattr(session, "_make_callable_from_options", None)
    if make is None:
        return session.make_callable(fetched, feed_list=fed)
    return make(CallableOptions(feed=fed, fetch=fetched))


def locked_cache(function: Callable[..., T]) -> Callable[..., T]:
    """Cache the last `CACHE_SIZE` results; threads that ask for the same one share it.

    Making several at once in threads would gain nothing: Python traces them one by one.
    """
    cached, lock = lru_cache(maxsize=CACHE_SIZE)(function), Lock()

    @wraps(cached)
    def locked(*arguments: Any) -> T:
        # Before the lock, which a thread that did not survive a fork may hold.
        enter_tensorflow()
        with lock:
            return cached(*arguments)

    locked.cache_info = cached.cache_info  # type: ignore[attr-defined]
    return locked


def aligned(array: np.ndarray) -> np.ndarray:
    """Return an aligned copy, which TensorFlow does not copy again."""
    raw = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    copy = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
