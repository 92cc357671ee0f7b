"""The seam between a fit and what trains: what each asks of the other.

A fit hands a :class:`Job` to a trainer factory, of this process or of a cluster, and runs its
epochs by the :class:`Trainer` that it gets. It imports no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from skae._plan.plan import Plan


class TrainerState(NamedTuple):
    """All that a trainer remembers: weights, the solver's slots and steps, and where feeds are.

    There is one feed in each process that trains. A trainer with another number of them goes on
    from the weights and the solver's memory, with shuffling and noise of its own. `feeds` is None
    before anything was drawn from them.
    """

    weights: tuple[Any, ...]
    slots: tuple[Any, ...]
    n_steps: float
    feeds: list[Any] | None


@dataclass(frozen=True)
class Job:
    """What is to be trained, and on what.

    Parameters
    ----------
    plan : Plan
        For as many rows as are trained on.
    weights : tuple of ndarray
        Where training starts.
    feed : Feed or JointFeed
        The batches of an epoch.
    state : TrainerState or None
        Where an earlier trainer was, if this one is to go on from there.
    check : callable
        Called before each chunk and while a program is compiled; what it raises ends the pass.
    verbose : bool or int
        Whether to say so when compiling takes long.
    """

    plan: Plan
    weights: tuple[np.ndarray, ...]
    feed: Any
    state: TrainerState | None
    check: Callable[[], None]
    verbose: bool | int


class Trainer(Protocol):
    """What runs the epochs of a job."""

    weights: tuple[Any, ...]

    @property
    def state(self) -> TrainerState:
        """All that another trainer needs to go on."""

    def epoch(self, rate: float) -> float:
        """Pass once over the rows and return the mean training loss on the way."""

    def loss(self) -> float:
        """Pass once over the rows without moving and return the mean training loss."""

    def loss_on(self, feed: Any, weights: tuple[Any, ...]) -> float:
        """Return the mean training loss of weights on other rows, the L2 term left out."""


TrainerFactory = Callable[[Job], AbstractContextManager[Trainer]]


class Validator(Protocol):
    """Says how good weights are on rows set aside."""

    def losses(self, weights: tuple[Any, ...]) -> np.ndarray:
        """Return the loss of each row, or a single one, with other weights."""


class Task(Protocol):
    """What one stage trains: a plan with weights, its batches, and how it is validated."""

    @property
    def plan(self) -> Plan:
        """The plan for as many rows as are trained on."""

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """Where training starts."""

    def feed(self) -> Any:
        """Return the batches of an epoch."""

    def validation(self, trainer: Trainer) -> Validator | None:
        """Return what monitors the loss; None are the training losses."""

    def expected_losses(self, validation: Validator) -> Callable[[np.ndarray], np.ndarray]:
        """Return what makes of the losses of `weights` those of the weights kept for them."""
