"""How training runs, as frozen values: what an estimator's parameters stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TrainingOptions:
    """How many epochs run, at which rates, and when they end.

    Parameters
    ----------
    batch_size : int
    shuffle : bool
    learning_rate : {"constant", "adaptive", "exponential", "cosine"}
        The schedule.
    learning_rate_init : float
    max_iter : int
        Largest number of epochs.
    tol : float
        A smaller fall of the loss is none.
    patience : float
        Epochs without a fall that make a stall.
    warns : bool
        Whether it is worth a warning that the epochs are used up while the loss was falling.
    verbose : bool or int
        Whether to print a line an epoch.
    """

    batch_size: int
    shuffle: bool
    learning_rate: str
    learning_rate_init: float
    max_iter: int
    tol: float
    patience: float
    warns: bool
    verbose: bool | int


@dataclass(frozen=True)
class Hooks:
    """What is called on the way.

    Parameters
    ----------
    begin_epoch : callable
        Called before each epoch.
    end_epoch : callable
        Called after each epoch with what `begin_epoch` returned and what training has come to; True
        ends the fit.
    check : callable
        Called before each chunk; what it raises ends the pass.
    """

    begin_epoch: Callable[[], Any]
    end_epoch: Callable[[Any, Any], bool]
    check: Callable[[], None]


def unchanged(losses: np.ndarray) -> np.ndarray:
    """Return losses as they are."""
    return losses


@dataclass(frozen=True)
class StartPolicy:
    """What the weights that training starts from are worth.

    Parameters
    ----------
    keeps : bool
        Whether they are kept where no later ones are better.
    requires_significant_gain : bool
        Whether they are left only for weights that are better beyond doubt.
    expected_losses : callable
        Takes the validation losses of the weights that training starts from, and returns those
        expected of the weights that are kept in their place.
    """

    keeps: bool
    requires_significant_gain: bool = False
    expected_losses: Callable[[np.ndarray], np.ndarray] = unchanged
