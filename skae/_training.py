"""One stage of a fit, or one pass: batches, a trainer, a look at the rows set aside, the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from skae._checkpoint import ProgressFile
from skae._epochs import (
    History,
    TrainerState,
    Trains,
    Validation,
    all_finite,
    not_finite,
    run_epochs,
)
from skae._feed import Feed, rows_in_a_batch
from skae._interrupts import DeferredInterrupt
from skae._model import Model
from skae._parameters import SharedParameters
from skae._plan import Stage
from skae._rows import in_memory
from skae._schedule import Schedule
from skae._serve import Codec


def feed_of(
    X: np.ndarray,
    rows: np.ndarray,
    model: Model,
    batch_size: int,
    shuffle: bool,
    rng: np.random.Generator,
) -> Feed:
    """Return the batches of these rows of X as a model's plan asks for them."""
    n_normals, corruption = model.plan.network.n_normals, model.plan.objective.corruption
    return Feed(X, rows, model.mean, model.scale, batch_size, shuffle, rng, corruption, n_normals)


@contextmanager
def local_trainer(
    settings: SharedParameters,
    stage: Stage,
    model: Model,
    X: np.ndarray,
    rows: np.ndarray,
    rng: np.random.Generator,
    state: TrainerState | None,
    check: Callable[[], None],
) -> Iterator[Trains]:
    """Train in this process, from the model's weights or from a state of an earlier trainer."""
    from skae._tensorflow._train import Trainer

    batch_size = rows_in_a_batch(settings.batch_size, len(rows))
    feed = feed_of(X, rows, model, batch_size, settings.shuffle, rng)
    weights, solver_state = model.weights, None
    if state is not None:
        weights, *solver_state, feeds = state
        if len(feeds) == 1:
            feed.rng.bit_generator.state = feeds[0]
    plan = model.plan.for_rows(len(rows))
    with closing(
        Trainer(plan, weights, feed, solver_state, check, verbose=settings.verbose)
    ) as trainer:
        yield trainer


# Who trains: this process, or what stands in for it while a fit lasts.
trainers: ContextVar[Callable[..., AbstractContextManager[Trains]]] = ContextVar(
    "trainers", default=local_trainer
)


def run_stage(
    settings: SharedParameters,
    stage: Stage,
    model: Model,
    X: np.ndarray,
    rows: np.ndarray,
    aside: np.ndarray,
    rng: np.random.Generator,
    noise_seed: Sequence[int],
    *,
    keeps_start: bool,
    trusts_start: bool,
    progress_file: ProgressFile | None,
    begin_epoch: Callable[[], Any],
    end_epoch: Callable[[Any, History], bool],
    check: Callable[[], None],
) -> History:
    """Train a model on some rows of X, with an eye on those set aside.

    Parameters
    ----------
    settings : SharedParameters
    stage : Stage
    model : Model
    X : ndarray of shape (n_samples, n_features)
    rows, aside : ndarray of int
        Rows to train on and rows to monitor the loss on.
    rng : Generator
    noise_seed : sequence of int
        Seeds the noise on the rows set aside.
    keeps_start, trusts_start, begin_epoch, end_epoch
        See :func:`~skae._epochs.run_epochs`.
    progress_file : ProgressFile or None
        Where to go on, and where to write after each epoch how far the stage has come.
    check : callable
        Called before each chunk; what it raises ends the pass.
    """
    from skae._tensorflow._train import PenalisedValidation

    held, aside = in_memory(X, aside)

    def feed_aside() -> Feed:
        noise = np.random.default_rng(noise_seed)
        batch_size = rows_in_a_batch(settings.batch_size, len(rows))
        return feed_of(held, aside, model, batch_size, False, noise)

    resumed = None if progress_file is None else progress_file.read(model.weights)
    state = None if resumed is None else resumed.trainer
    with trainers.get()(settings, stage, model, X, rows, rng, state, check) as trainer:
        validation: Any = None
        more: dict[str, Any] = {}
        if aside.size:
            validation = Validation(held, aside, model, noise_seed)
            if model.plan.objective.penalties:
                validation = PenalisedValidation(trainer, feed_aside)
            more["expected_of_start"] = model.expected_of_start(
                validation.losses, len(rows), len(aside)
            )
        rate = float(settings.learning_rate_init)
        return run_epochs(
            trainer,
            validation,
            Schedule(settings.learning_rate, rate, stage.max_iter),
            tol=settings.tol,
            patience=settings.patience(len(rows)),
            keeps_start=keeps_start,
            trusts_start=trusts_start,
            begin_epoch=begin_epoch,
            end_epoch=end_epoch,
            # A layer's epochs are a number that was asked for.
            warns=stage.layer is None,
            verbose=settings.verbose,
            resumed=resumed,
            save=None if progress_file is None else progress_file.write,
            **more,
        )


def run_pass(
    settings: SharedParameters,
    model: Model,
    X: np.ndarray,
    n_rows: int,
    rng: np.random.Generator,
    solver_state: Any,
) -> tuple[float, Codec, Any]:
    """Pass once over the rows of X; return the loss, the codec and what the solver remembers.

    `n_rows` is the number of all rows seen, these included.
    """
    from skae._tensorflow._train import Trainer

    batch_size = rows_in_a_batch(settings.batch_size, len(X))
    feed = feed_of(X, np.arange(len(X)), model, batch_size, settings.shuffle, rng)
    plan, rate = model.plan.for_rows(n_rows), float(settings.learning_rate_init)
    with (
        DeferredInterrupt() as interrupt,
        closing(
            Trainer(
                plan, model.weights, feed, solver_state, interrupt.check, verbose=settings.verbose
            )
        ) as trainer,
    ):
        loss = trainer.epoch(rate)
        codec, solver_state = model.codec(trainer.weights), trainer.solver_state
    interrupt.check()
    if not all_finite(loss, *codec.weights):
        raise ValueError(not_finite("this pass", rate))
    return loss, codec, solver_state
