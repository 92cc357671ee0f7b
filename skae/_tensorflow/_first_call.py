"""The first call of a program, which compiles it: minutes for hundreds of layers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")

# How often Ctrl-C is looked for, and how long compiling goes without saying, in seconds.
LOOK, LONG = 0.1, 5.0


class CompiledAtFirstCall:
    """A program that is made and compiled at its first call, by one thread for all.

    Parameters
    ----------
    make : callable
        Returns the program.

    Attributes
    ----------
    is_compiled : bool
        Whether a call has succeeded.
    """

    def __init__(self, make: Callable[[], Callable[..., Any]]) -> None:
        self._make, self._lock = make, Lock()
        self._program: Callable[..., Any] | None = None
        self.is_compiled = False

    def __call__(self, *arguments: Any) -> Any:
        with self._lock:
            if self._program is None:
                self._program = self._make()
        result = self._program(*arguments)
        self.is_compiled = True
        return result


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
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    # A program that ends does not wait for it.
    Thread(target=run, name="skae-compile", daemon=True).start()
    begun = monotonic()
    while not wait([outcome], LOOK).done:
        check()
        if say is not None and monotonic() - begun > LONG:
            say()
            say = None
    return outcome.result()
