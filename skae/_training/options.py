"""Training options as frozen values, set by an estimator's parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae._training.schedule import LearningRate, rate_by, rates_of


@dataclass(frozen=True)
class TrainingOptions:
    """Number of epochs, learning rates, and stopping rules.

    Parameters
    ----------
    batch_size : int
    shuffle : bool
    learning_rate : {"constant", "adaptive", "exponential", "cosine"} or callable
        The learning rate schedule. A function must give every epoch a valid rate.
    learning_rate_init : float
    max_iter : int
        Maximum number of epochs.
    tol : float
        A smaller decrease of the loss does not count.
    patience : float
        Number of epochs without a decrease after which the loss has stalled.
    warns : bool
        Whether to warn if the loss is still falling at the last epoch.
    verbose : bool or int
        Whether to print one line per epoch.
    waits : bool
        Whether a loss has not stalled as long as the training loss falls, and the validation loss
        is not significantly worse than that of the best weights.
    n_last_steps : int
        Number of steps that the weights kept are trained for on all samples, those of the
        validation set included.
    """

    batch_size: int
    shuffle: bool
    learning_rate: LearningRate
    learning_rate_init: float
    max_iter: int
    tol: float
    patience: float
    warns: bool
    verbose: bool | int
    waits: bool = False
    n_last_steps: int = 0

    def __post_init__(self) -> None:
        if callable(self.learning_rate):
            rates_of(self.learning_rate, self.max_iter)  # raises an error for a wrong one

    @property
    def rate_setting(self) -> str:
        """The parameter that sets the rates, for advice to lower them."""
        if callable(self.learning_rate):
            return "the rates that learning_rate returns"
        return f"learning_rate_init={self.learning_rate_init:g}"

    def rate_of_pass(self, n_before: int) -> float:
        """Return the rate of a single pass after `n_before` others."""
        if callable(self.learning_rate):
            return rate_by(self.learning_rate, n_before)
        return self.learning_rate_init


@dataclass(frozen=True)
class Hooks:
    """Functions called during training.

    Parameters
    ----------
    begin_epoch : callable
        Called before each epoch.
    end_epoch : callable
        Called after each epoch with the value that `begin_epoch` returned and the training state;
        True ends the fit.
    check : callable
        Called before each chunk; an exception that it raises ends the pass.
    """

    begin_epoch: Callable[[], Any]
    end_epoch: Callable[[Any, Any], bool]
    check: Callable[[], None]


def unchanged(losses: np.ndarray) -> np.ndarray:
    """Return losses unchanged."""
    return losses


@dataclass(frozen=True)
class StartPolicy:
    """Rules for keeping the initial weights.

    Parameters
    ----------
    keeps : bool
        Whether they are kept if no later weights are better.
    requires_significant_gain : bool
        Whether only significantly better weights replace them.
    expected_losses : callable
        Takes the validation losses of the initial weights, and returns the losses expected of the
        weights that are kept in their place.
    """

    keeps: bool
    requires_significant_gain: bool = False
    expected_losses: Callable[[np.ndarray], np.ndarray] = unchanged
