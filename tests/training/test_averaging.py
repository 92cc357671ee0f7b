"""The mean of the weights after the last epochs."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from skae._training.averaging import averaged


class Counting:
    """A trainer whose only weight is the number of epochs."""

    def __init__(self):
        self.weights = (np.zeros(1, np.float32),)

    def epoch(self, rate):
        self.weights = (self.weights[0] + 1.0,)
        return rate


@contextmanager
def counting(job):
    yield Counting()


def test_weights_are_the_mean_of_the_last_epochs():
    with averaged(counting)(SimpleNamespace()) as trainer:
        assert trainer.weights[0] == 0.0
        assert trainer.epoch(0.5) == 0.5
        first = trainer.weights
        # The initial weights are no part of it.
        assert first[0] == 1.0
        for _ in range(999):
            trainer.epoch(0.5)
    # The weight of an epoch grows as its number to the power of 3: they are a fifth of all old.
    assert trainer.weights[0] == pytest.approx(800.0, rel=0.01)
    assert trainer.weights[0].dtype == np.float32
    # Means that were kept stay as they were.
    assert first[0] == 1.0
