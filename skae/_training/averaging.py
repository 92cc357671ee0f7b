"""Training that shows the mean of the weights after the last epochs instead of the last weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skae._training.protocols import Job, MeanLoss, Trainer, TrainerFactory, TrainerState

# Weights of an epoch count as its number to this power: the mean is that of about the last quarter.
POWER = 3.0


class AveragedTrainer:
    """A trainer whose weights are a mean over the last quarter of its epochs.

    Single weights are a draw around a solution, as wide as the learning rate is large, so that
    their mean is closer to it. The mean is the polynomial-decay average of Shamir and Zhang
    (ICML 2013), which forgets the first epochs as their number grows.

    Parameters
    ----------
    trainer : Trainer

    Attributes
    ----------
    weights : tuple of ndarray
        The mean weights. Training goes on from the trainer's own.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._n_epochs = 0
        self.weights = trainer.weights

    @property
    def state(self) -> TrainerState:
        """The state of the trainer itself; another one begins another mean."""
        return self._trainer.state

    def epoch(self, rate: float) -> MeanLoss:
        """Train for one epoch and return the mean training loss of the trainer's own weights."""
        loss = self._trainer.epoch(rate)
        self._n_epochs += 1
        share = np.float32((POWER + 1.0) / (POWER + self._n_epochs))
        # Not in place: the best means are kept. Infinite weights are reported by the loop.
        with np.errstate(over="ignore", invalid="ignore"):
            self.weights = tuple(
                mean + share * (last - mean)
                for mean, last in zip(self.weights, self._trainer.weights, strict=True)
            )
        return loss

    def loss(self) -> MeanLoss:
        """Return the mean training loss of the trainer's own weights, without training."""
        return self._trainer.loss()

    def loss_on(self, feed: Any, weights: tuple[Any, ...]) -> MeanLoss:
        """Return the mean training loss of weights on other rows, without the L2 term."""
        return self._trainer.loss_on(feed, weights)


def averaged(trainers: TrainerFactory) -> TrainerFactory:
    """Return a factory of such trainers."""

    @contextmanager
    def factory(job: Job) -> Iterator[AveragedTrainer]:
        with trainers(job) as trainer:
            yield AveragedTrainer(trainer)

    return factory
