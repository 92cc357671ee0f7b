"""Ctrl-C waits for a check, is never lost, and also stops the caller of `fit`."""

import json
import signal
import subprocess
import sys
from threading import Thread

import pytest

from skae._training.interrupts import DeferredInterrupt
from tests.fresh import ROOT
from tests.interrupted import CASES


@pytest.fixture(scope="module")
def failures():
    """Return what has failed in a program that gets Ctrl-C."""
    command = [sys.executable, "-m", "tests.interrupted"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("case", [case.__name__ for case in CASES])
def test_in_a_program(case, failures):
    assert failures[case] == ""


def test_it_waits_for_a_check():
    handler = signal.getsignal(signal.SIGINT)
    with DeferredInterrupt() as interrupt:
        interrupt.check()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
        interrupt.check()
    assert signal.getsignal(signal.SIGINT) is handler


def test_unchecked_it_is_told():
    with DeferredInterrupt() as interrupt:
        assert not interrupt.pressed
        signal.raise_signal(signal.SIGINT)
    assert interrupt.pressed


def press_in_context(times, error=None):
    with DeferredInterrupt():
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        if error is not None:
            raise error


@pytest.mark.parametrize(("times", "error"), [(1, OSError("disk")), (2, None)])
def test_an_error_does_not_hide_it_and_a_second_one_does_not_wait(times, error):
    with pytest.raises(KeyboardInterrupt):
        press_in_context(times, error)


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
