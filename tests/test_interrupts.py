"""Ctrl-C waits for a check, and is never lost."""

import signal
from threading import Thread

import pytest

from skae._interrupts import DeferredInterrupt


def test_it_waits_for_a_check():
    handler = signal.getsignal(signal.SIGINT)
    with DeferredInterrupt() as interrupt:
        interrupt.check()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
        interrupt.check()
    assert signal.getsignal(signal.SIGINT) is handler


def test_unchecked_it_is_a_warning():
    with pytest.warns(UserWarning, match="interrupted by user"), DeferredInterrupt():
        signal.raise_signal(signal.SIGINT)


def test_errors_pass_and_the_handler_comes_back():
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(OSError, match="disk"), DeferredInterrupt():
        raise OSError("disk")
    assert signal.getsignal(signal.SIGINT) is handler


def test_other_threads_are_left_alone():
    handlers = []

    def work():
        with DeferredInterrupt():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]
