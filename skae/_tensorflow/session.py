"""Compile a function of tensors to one of arrays, in a session that frees all its memory.

TensorFlow never frees what `tf.function` compiles for eager calls: it keeps each of XLA's
executables, some 4 MB for a small network, for the life of the process
(`tensorflow/compiler/jit/device_compilation_cache.h`). A session has its own devices, and the
executables compiled for these are freed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial, wraps
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from tensorflow.core.protobuf.config_pb2 import CallableOptions
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

from skae._tensorflow.first_call import in_thread
from skae._tensorflow.kept_programs import RejectedProgramError, n_processors
from skae._tensorflow.quiet import KEPT_PROGRAMS, quiet_first_call, tf
from skae._training.forks import enter_tensorflow

T = TypeVar("T")

# Number of training programs kept, and as many maps that NumPy cannot compute. Each has a session,
# or several for threads that train at a time. A session that uses XLA has ten idle threads for
# background compilation, and more threads that train wait for Python's lock.
CACHE_SIZE, MOST_SESSIONS = 32, 8


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
    on_one_core : bool
        Whether a call runs on one core, beside calls by other threads.
    as_a_whole : bool
        Whether XLA compiles all of it, and not only the functions in it that say so.
    is_fused : bool
        Whether TensorFlow may make one operation of several, where it is not XLA's.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Any,
        on_xla: bool = False,
        on_one_core: bool = False,
        as_a_whole: bool = True,
        is_fused: bool = True,
    ) -> None:
        traced = partial(_traced, function, inputs, as_a_whole)
        self._trace = _Trace(traced, on_xla, on_one_core, is_fused)
        self._most = min(n_processors(), MOST_SESSIONS) if on_one_core else 1
        self._lock = Lock()
        self._sessions: list[Compiled] = []
        self._free: list[Compiled] = []

    def __call__(self, *arguments: Any) -> Any:
        with self.session() as run:
            return run(*arguments)

    @contextmanager
    def session(self) -> Iterator[Compiled]:
        """Context with the program in a session.

        Calls of a session on one core wait for each other. So each of several threads gets a
        session of its own, if there are as many cores. A session with all cores is shared.
        """
        with self._lock:
            if not self._free and len(self._sessions) < self._most:
                self._sessions.append(Compiled(self._trace))
                self._free.append(self._sessions[-1])
            is_free = bool(self._free)
            session = self._free.pop() if is_free else self._sessions[0]
        try:
            yield session
        finally:
            if is_free:
                with self._lock:
                    self._free.append(session)


class Compiled:
    """A program in a session, which is made and compiles it at the first call.

    Attributes
    ----------
    is_compiled : bool
        Whether the last call succeeded.
    """

    def __init__(self, trace: _Trace) -> None:
        self._trace, self._lock = trace, Lock()
        self._session: _Session | None = None
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
            session = self._session = self._session or _session(self._trace)
        arrays = map(np.asarray, tf.nest.flatten(arguments), session.dtypes)
        try:
            results = (session.run if self.is_compiled else session.first_run)(*arrays)
        except BaseException:
            self._session, self.is_compiled = None, False
            self._trace.forget()
            raise
        self.is_compiled = True
        return _nested(session.outputs, iter(results))


def _nested(like: Any, values: Iterator[Any]) -> Any:
    """Return values in nested tuples as in `like`, named or not.

    `tf.nest` looks for other containers, too, which takes a tenth of a short epoch.
    """
    if not isinstance(like, tuple):
        return next(values)
    parts = tuple(_nested(each, values) for each in like)
    return like._make(parts) if hasattr(like, "_make") else parts


class _Graph(NamedTuple):
    """A traced function: its graph, the names of fed and fetched tensors, what these are."""

    graph: Any
    fed: list[str]
    fetched: list[str]
    dtypes: list[Any]
    outputs: Any


class _Trace:
    """The graph of a function, traced when it is first asked for, and how it is to run."""

    def __init__(
        self, traced: Callable[[bool], _Graph], on_xla: bool, on_one_core: bool, is_fused: bool
    ) -> None:
        self.on_xla, self.on_one_core, self.is_fused = on_xla, on_one_core, is_fused
        self._traced, self._lock = partial(traced, on_xla), Lock()
        self._graph: _Graph | None = None

    def graph(self) -> _Graph:
        with self._lock:
            graph = self._graph or in_thread(self._traced).result()
            self._graph = graph
        # And not the attribute, which a call that fails in another thread may have set to None.
        return graph

    def forget(self) -> None:
        """Trace again when the graph is next asked for."""
        self._graph = None


class _Session(NamedTuple):
    """A callable of a session, with the inputs' dtypes and the structure of the outputs.

    The first call compiles the program, or finds it compiled by an earlier process.
    """

    first_run: Callable[..., Any]
    run: Callable[..., Any]
    dtypes: list[Any]
    outputs: Any


def _traced(function: Callable[..., Any], inputs: Any, as_a_whole: bool, on_xla: bool) -> _Graph:
    with tf.Graph().as_default() as graph:
        fed = tf.nest.map_structure(
            lambda spec: tf.compat.v1.placeholder(spec.dtype, spec.shape), inputs
        )
        # A direct call of a `tf.function` would run eagerly under `run_functions_eagerly`.
        compiled = tf.function(function, jit_compile=on_xla and as_a_whole, autograph=False)
        outputs = compiled.get_concrete_function(*inputs)(*fed)
    flat, fetched = tf.nest.flatten(fed), tf.nest.flatten(outputs)
    dtypes = [tensor.dtype.as_numpy_dtype for tensor in flat]
    fed_names, fetched_names = ([each.name for each in part] for part in (flat, fetched))
    return _Graph(graph, fed_names, fetched_names, dtypes, outputs)


def _session(trace: _Trace) -> _Session:
    traced, config = trace.graph(), _config(trace)
    graph = traced.graph
    kept = KEPT_PROGRAMS if trace.on_xla else None
    if kept is not None:
        graph, name = kept.named(graph, config.intra_op_parallelism_threads)
    session = tf.compat.v1.Session(graph=graph, config=config)
    run = _callable(session, traced.fed, traced.fetched)
    first_run = run if kept is None else partial(kept.call, name, run)
    return _Session(first_run, run, traced.dtypes, traced.outputs)


def _config(trace: _Trace) -> Any:
    """Return the configuration of a session: its threads, its GPUs, what it makes of a graph."""
    setting = tf.config.threading
    # With another number of threads, TensorFlow's own kernels sum in another order.
    is_threaded = trace.on_xla and not trace.on_one_core
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=(
            setting.get_intra_op_parallelism_threads() if is_threaded else 1
        ),
        # A negative number stands for the thread that calls.
        inter_op_parallelism_threads=(
            -1 if trace.on_one_core else setting.get_inter_op_parallelism_threads()
        ),
    )
    if not trace.is_fused:
        config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
    # Sessions know nothing of `tf.config.set_visible_devices` and `set_memory_growth`.
    gpus, visible = tf.config.list_physical_devices("GPU"), tf.config.get_visible_devices("GPU")
    if not visible:
        config.device_count["GPU"] = 0
    elif visible != gpus:
        config.gpu_options.visible_device_list = ",".join(str(gpus.index(gpu)) for gpu in visible)
    config.gpu_options.allow_growth = any(map(tf.config.experimental.get_memory_growth, visible))
    return config


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
