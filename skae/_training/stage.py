"""One stage of a fit, or one pass: make a trainer for a task and run its epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from skae._data.batches import Feed
from skae._data.blas import threads_for
from skae._data.cuts import cut_shares
from skae._data.rows import Rows, RowSubset
from skae._data.split import Split
from skae._network.codec import Codec
from skae._plan.plan import Plan
from skae._training.checkpoint import NoCheckpoint, ProgressFile
from skae._training.epochs import History, all_finite, not_finite, run_epochs
from skae._training.interrupts import DeferredInterrupt
from skae._training.model import Model
from skae._training.options import Hooks, StartPolicy, TrainingOptions
from skae._training.protocols import (
    Job,
    MeanLoss,
    Task,
    Trainer,
    TrainerFactory,
    TrainerState,
    Validator,
)
from skae._training.schedule import Snapshot
from skae._training.validation import PenalizedValidation, Validation

# Share of the initial learning rate at which the last steps, on all samples, begin.
LAST_SHARE = 0.1


def feed_of(
    X: Rows, rows: np.ndarray, model: Model, options: TrainingOptions, rng: np.random.Generator
) -> Feed:
    """Return the batches of these rows of X that a model's plan needs."""
    n_normals, corruption = model.plan.network.n_normals, model.plan.objective.corruption
    batch_size, shuffle = options.batch_size, options.shuffle
    feed = Feed(X, rows, *model.input_units, batch_size, shuffle, rng, corruption, n_normals)
    mean_weight = RowSubset(X, rows).weight / len(rows)
    network = model.plan.network
    shares = cut_shares(network.n_components) if network.is_ordered else None
    return replace(feed, mean_weight=mean_weight, factors=model.factors, cut_shares=shares)


@dataclass(frozen=True)
class Reconstruction:
    """The task of an autoencoder: to reconstruct the rows of a split.

    Parameters
    ----------
    model : Model
    split : Split
    options : TrainingOptions
    rng : Generator
        Draws permutations and noise.
    noise_seed : sequence of int
        Seeds the noise on the validation set.
    """

    model: Model
    split: Split
    options: TrainingOptions
    rng: np.random.Generator
    noise_seed: Sequence[int]

    @cached_property
    def plan(self) -> Plan:
        """The plan for the training samples."""
        split = self.split
        return self.model.plan.for_rows(split.training_weight, split.X.weights is not None)

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """Initial weights."""
        return self.model.weights

    def feed(self) -> Feed:
        """Return the batches of an epoch."""
        return feed_of(self.split.X, self.split.training, self.model, self.options, self.rng)

    def validation(self, trainer: Trainer) -> Validator | None:
        """Return the validation to monitor; None monitors the training loss."""
        if not self.split.validation.size:
            return None
        held, rows = self.split.held_out()
        if not self.plan.objective.penalties:
            return Validation(held, rows, self.model, self.noise_seed)

        def feed() -> Feed:
            rng = np.random.default_rng(self.noise_seed)
            return feed_of(held, rows, self.model, replace(self.options, shuffle=False), rng)

        return PenalizedValidation(trainer, feed)

    def expected_losses(self, validation: Validator) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function from the losses of `weights` to those of the weights kept for them."""
        n_rows, n_validation = self.split.effective_sizes()

        def losses_of(weights: tuple[Any, ...]) -> np.ndarray:
            return validation.losses(weights)[0]

        return self.model.expected_start_losses(losses_of, n_rows, n_validation)


def run_stage(
    task: Task,
    options: TrainingOptions,
    start: StartPolicy,
    hooks: Hooks,
    trainers: TrainerFactory,
    progress: ProgressFile | NoCheckpoint,
) -> History:
    """Train until the loss stalls or the epochs are used up; validate after each epoch.

    Parameters
    ----------
    task : Task
    options : TrainingOptions
    start : StartPolicy
    hooks : Hooks
    trainers : callable
        Makes the trainer.
    progress : ProgressFile or NoCheckpoint
        The file to resume from, and to write the progress to after each epoch.
    """
    resumed = progress.read(task.weights)
    state = None if resumed is None else resumed.trainer
    job = Job(task.plan, task.weights, task.feed(), state, hooks.check, options.verbose)
    with trainers(job) as trainer:
        validation = task.validation(trainer)
        if validation is not None:
            start = replace(start, expected_losses=task.expected_losses(validation))
        with threads_for(0 if validation is None else validation.n_products):
            return run_epochs(trainer, validation, options, start, hooks, resumed, progress.write)


def run_last_steps(
    task: Reconstruction, kept: Snapshot, hooks: Hooks, trainers: TrainerFactory
) -> Snapshot:
    """Train the weights kept on all samples, those of the validation set included.

    The solver begins anew, at a share of the initial learning rate that falls to zero, so that a
    few steps with more samples do not lead away from weights that were validated.
    """
    options, X = task.options, task.split.X
    everything = Split(X, np.arange(len(X)), np.arange(0))
    # A generator of its own, so that a fit resumed from a checkpoint draws the same.
    rng = np.random.default_rng([*task.noise_seed, 1])
    model = replace(task.model, weights=kept.weights)
    whole = replace(task, model=model, split=everything, rng=rng)
    n_epochs = max(2, -(-options.n_last_steps * options.batch_size // len(X)))
    rate = LAST_SHARE * options.rate_of_pass(kept.epoch - 1)
    job = Job(whole.plan, whole.weights, whole.feed(), None, hooks.check, options.verbose)
    with trainers(job) as trainer:
        for epoch in range(n_epochs):
            loss = trainer.epoch(rate * (1.0 - epoch / n_epochs))
        is_finite = all_finite(loss.total, *trainer.weights)
        return kept._replace(weights=trainer.weights) if is_finite else kept


def run_pass(
    model: Model,
    feed: Feed,
    weight: float,
    options: TrainingOptions,
    solver_state: tuple[Any, float] | None,
    trainers: TrainerFactory,
    rate: float,
) -> tuple[MeanLoss, Codec, tuple[Any, float]]:
    """Train for one epoch of a feed; return the loss, the codec and the solver's state.

    `weight` is that of all samples seen so far, these included: their number without weights.
    """
    state = None if solver_state is None else TrainerState(model.weights, *solver_state, None)
    plan = model.plan.for_rows(weight, feed.X.weights is not None)
    with DeferredInterrupt() as interrupt:
        job = Job(plan, model.weights, feed, state, interrupt.check, options.verbose)
        with trainers(job) as trainer:
            loss = trainer.epoch(rate)
            codec, after = model.codec(trainer.weights), trainer.state
    interrupt.check()
    if not all_finite(loss.total, *codec.weights):
        raise ValueError(not_finite("this pass", rate, options))
    return loss, codec, (after.slots, after.n_steps)
