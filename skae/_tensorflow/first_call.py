"""Work in a thread of its own: tracing a program, and its first call, which compiles it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

# How often Ctrl-C is looked for, and how long compiling goes without saying, in seconds.
POLL_SECONDS, LONG = 0.1, 5.0


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Do something in a new thread.

    A program that ends waits for it: Python would break off C++ code in the middle, which aborts.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, name="skae-compile").start()
    return outcome


def interruptibly(
    work: Callable[[], T], check: Callable[[], None], say: Callable[[], None] | None
) -> T:
    """Do what takes long in a thread, and meanwhile look for Ctrl-C, which TensorFlow does not.

    Parameters
    ----------
    work : callable
        What is to be done. It goes on in the background when the wait for it ends.
    check : callable
        Called again and again; what it raises ends the wait.
    say : callable or None
        Called once, when it takes long.
    """
    outcome = in_thread(work)
    begun = monotonic()
    while not wait([outcome], POLL_SECONDS).done:
        check()
        if say is not None and monotonic() - begun > LONG:
            say()
            say = None
    return outcome.result()
