"""The interface between a fit and a training engine.

A fit passes a :class:`Job` to a trainer factory, local or on a cluster, and runs its epochs by the
resulting :class:`Trainer`. It imports no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from skae._plan.plan import Plan


class TrainerState(NamedTuple):
    """The state of a trainer: weights, the solver's slots and steps, and the state of each feed.

    There is one feed in each process that trains. A trainer with another number of feeds resumes
    from the weights and the solver's slots, but shuffles and draws noise anew. `feeds` is None
    before anything was drawn from them.
    """

    weights: tuple[Any, ...]
    slots: tuple[Any, ...]
    n_steps: float
    feeds: list[Any] | None


@dataclass(frozen=True)
class Job:
    """All that a trainer needs: plan, initial weights, data.

    Parameters
    ----------
    plan : Plan
        For the number of training samples.
    weights : tuple of ndarray
        Initial weights.
    feed : Feed or JointFeed
        The batches of an epoch.
    state : TrainerState or None
        State of an earlier trainer to resume from, if any.
    check : callable
        Called before each chunk and while a program is compiled; an exception that it raises ends
        the pass.
    verbose : bool or int
        Whether to print a message if compiling takes long.
    """

    plan: Plan
    weights: tuple[np.ndarray, ...]
    feed: Any
    state: TrainerState | None
    check: Callable[[], None]
    verbose: bool | int


class MeanLoss(NamedTuple):
    """The mean loss over some rows, and its parts by name, which add up to it."""

    total: float
    parts: dict[str, float]


class Trainer(Protocol):
    """Runs the epochs of a job."""

    weights: tuple[Any, ...]

    @property
    def state(self) -> TrainerState:
        """All that another trainer needs to resume."""

    def epoch(self, rate: float) -> MeanLoss:
        """Train for one epoch and return the mean training loss during it."""

    def loss(self) -> MeanLoss:
        """Return the mean training loss over one epoch without training."""

    def loss_on(self, feed: Any, weights: tuple[Any, ...]) -> MeanLoss:
        """Return the mean training loss of weights on other rows, without the L2 term."""


TrainerFactory = Callable[[Job], AbstractContextManager[Trainer]]


class Validator(Protocol):
    """Computes validation losses.

    `effective_size` is how many samples of equal weight tell as much as the validation samples,
    None if they have no weights. `n_products` is how many numbers NumPy multiplies
    for the losses, about.
    """

    @property
    def effective_size(self) -> float | None: ...

    @property
    def n_products(self) -> int: ...

    def losses(self, weights: tuple[Any, ...]) -> tuple[np.ndarray, dict[str, float]]:
        """Return the losses with other weights, and the parts of their mean by name.

        There is a loss for each validation sample, multiplied by its weight relative to the mean
        weight, or a single one for all.
        """


class Task(Protocol):
    """The task of one stage: a plan with weights, batches, validation."""

    @property
    def plan(self) -> Plan:
        """The plan for the number of training samples."""

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """Initial weights."""

    def feed(self) -> Any:
        """Return the batches of an epoch."""

    def validation(self, trainer: Trainer) -> Validator | None:
        """Return the validation to monitor; None monitors the training loss."""

    def expected_losses(self, validation: Validator) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function from the losses of `weights` to those of the weights kept for them."""
