"""Trace a program, or call it for the first time, which compiles it, in a separate thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

# How often to poll for Ctrl-C, and after how long to report that compiling is slow.
POLL_SECONDS, SLOW_SECONDS = 0.1, 5.0


def in_thread(function: Callable[[], T]) -> Future[T]:
    """Call a function in a new thread.

    A program that ends waits for this thread: Python would stop C++ code in the middle, which
    aborts the process.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, name="skae-compile").start()
    return outcome


def interruptibly(
    function: Callable[[], T], check: Callable[[], None], report_slow: Callable[[], None] | None
) -> T:
    """Call a slow function in a thread and poll for Ctrl-C meanwhile, as TensorFlow does not.

    Parameters
    ----------
    function : callable
        It continues in the background if the wait for it ends early.
    check : callable
        Called repeatedly; an exception that it raises ends the wait.
    report_slow : callable or None
        Called once if the call takes long.
    """
    outcome = in_thread(function)
    begun = monotonic()
    while not wait([outcome], POLL_SECONDS).done:
        check()
        if report_slow is not None and monotonic() - begun > SLOW_SECONDS:
            report_slow()
            report_slow = None
    return outcome.result()
