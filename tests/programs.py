"""Cheaper programs for tests that are not about training: XLA takes seconds to compile one."""

from contextlib import contextmanager, nullcontext
from inspect import unwrap
from types import SimpleNamespace

import numpy as np
import pytest

NAMES = ("program", "joint_program")


@contextmanager
def untrained():
    """Let fits keep their initial weights and compile nothing; with `init="he"` these are random.

    Rows, options, validation and the fitted state are treated as in any fit.
    """

    def run(state, *numbers):
        return state, np.float32(0.25), ()

    def program(*described):
        return SimpleNamespace(session=lambda: nullcontext(run))

    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.setattr(f"skae._tensorflow.trainer.{name}", program)
        yield


@contextmanager
def without_xla():
    """Train by TensorFlow's own kernels, as networks with convolutions do."""
    from skae._tensorflow import program, trainer
    from skae._tensorflow.session import locked_cache

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "on_xla", lambda network: False)
        for name in NAMES:
            # Other tests must not be given these programs.
            patch.setattr(trainer, name, locked_cache(unwrap(getattr(trainer, name))))
        yield
