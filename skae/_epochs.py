"""The loop over epochs: train, look, keep, tell the callbacks, stop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skae._model import Model
from skae._rows import Pairs, inputs_of, targets_of
from skae._schedule import Kept, Monitor, Schedule, still_falls
from skae._serve import ARRAYS, blocks, entry_losses, maps, standardised

# Gains have heavy tails: a mean over fewer rows says little, and a tenth of a small table is fewer.
# But it can spare a quarter at most, and of fewer rows than these not the two of a standard error.
ENOUGH_ROWS_ASIDE, LARGEST_PART, LEAST_ROWS_TO_SPLIT = 30, 4, 8


def set_aside(
    n: int, fraction: float, rng: np.random.Generator, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of `n` to train on and those to monitor the loss on, if any."""
    if not fraction or n < LEAST_ROWS_TO_SPLIT:
        return np.arange(n), np.arange(0)
    n_aside = max(int(np.ceil(fraction * n)), min(ENOUGH_ROWS_ASIDE, n // LARGEST_PART))
    aside, rows = np.split(rng.permutation(n), [min(n_aside, n - 1, most or n)])
    return np.sort(rows), np.sort(aside)


@dataclass(frozen=True)
class Validation:
    """The reconstruction loss of a model on rows set aside, by NumPy wherever it can serve.

    Rows are spoiled as in training, by the same noise at every look, so that looks compare.

    Parameters
    ----------
    X : ndarray or Pairs of shape (n_samples, n_features)
    rows : ndarray of int
    model : Model
    noise_seed : sequence of int
    """

    X: Any
    rows: np.ndarray
    model: Model
    noise_seed: Sequence[int] = (0,)

    def losses(self, weights: tuple[Any, ...]) -> np.ndarray:
        """Return the loss of each row with other weights."""
        model, network = self.model, self.model.plan.network
        objective = model.plan.objective
        to = maps(network, weights, np.float32)
        rng = np.random.default_rng(self.noise_seed)
        mean, scale = model.mean.astype(np.float32), np.float32(model.scale)
        losses = np.empty(len(self.rows))
        with np.errstate(over="ignore", invalid="ignore"):
            for part in blocks(len(self.rows), network.widest):
                rows = targets_of(self.X)[self.rows[part]]
                inputs = None
                if isinstance(self.X, Pairs):
                    inputs = inputs_of(self.X)[self.rows[part]]
                    inputs = standardised(inputs, model.mean, model.scale)
                elif objective.corruption is not None:
                    inputs = objective.corruption(rng, rows.copy())
                    inputs = standardised(inputs, model.mean, model.scale)
                rows = standardised(rows, model.mean, model.scale)
                output = to.decode(to.encode(rows if inputs is None else inputs))
                losses[part] = entry_losses(
                    objective.loss, network, rows, output, mean, scale, ARRAYS
                ).mean(axis=1)
        return losses


class Validates(Protocol):
    """Says how good weights are on rows set aside."""

    def losses(self, weights: tuple[Any, ...]) -> np.ndarray: ...


class TrainerState(NamedTuple):
    """All that a trainer remembers: weights, the solver's slots and steps, and where feeds are.

    There is one feed in each process that trains. A trainer with another number of them goes on
    from the weights and the solver's memory, with shuffling and noise of its own.
    """

    weights: tuple[Any, ...]
    slots: tuple[Any, ...]
    n_steps: float
    feeds: list[Any]


class Trains(Protocol):
    """What the loop needs of a trainer."""

    weights: tuple[Any, ...]

    @property
    def state(self) -> TrainerState: ...

    def epoch(self, rate: float) -> float: ...

    def loss(self) -> float: ...


@dataclass
class History:
    """What a fit has come to: the weights kept, the curves up to now, and how it ended.

    `stalled` ends the loop, `ended` the fit: a callback did, or Ctrl-C (`interrupted`).
    """

    kept: Kept | None = None
    loss_curve: list[float] = field(default_factory=list)
    validation_loss_curve: list[float] = field(default_factory=list)
    stalled: bool = False
    ended: bool = False
    interrupted: bool = False

    @property
    def monitored_curve(self) -> list[float]:
        """The loss that decides, of each epoch."""
        return self.validation_loss_curve or self.loss_curve


class Progress(NamedTuple):
    """How far the loop has come after an epoch: all it needs to go on from there."""

    history: History
    monitor: Monitor
    schedule: Schedule
    trainer: TrainerState


def run_epochs(
    trainer: Trains,
    validation: Validates | None,
    schedule: Schedule,
    *,
    tol: float,
    patience: float,
    keeps_start: bool,
    trusts_start: bool,
    begin_epoch: Callable[[], Any],
    end_epoch: Callable[[Any, History], bool],
    warns: bool,
    verbose: bool | int,
    expected_of_start: Callable[[np.ndarray], np.ndarray] = lambda losses: losses,
    resumed: Progress | None = None,
    save: Callable[[Progress], None] | None = None,
) -> History:
    """Train until the loss stalls, the epochs are used up, or someone stops it.

    Parameters
    ----------
    trainer : Trains
    validation : Validates or None
        None monitors the training loss.
    schedule : Schedule
    tol, patience
        See :class:`~skae._schedule.Monitor`.
    keeps_start, trusts_start : bool
        Whether the start is worth keeping, and only left for what is better beyond doubt.
    begin_epoch : callable
        Called before each epoch.
    end_epoch : callable
        Called after each epoch with what `begin_epoch` returned; True stops the fit.
    warns : bool
        Whether it is worth a warning that the epochs are used up while the loss was falling.
    verbose : bool or int
        Whether to print a line an epoch.
    expected_of_start : callable
        Takes the losses of the weights that training starts from, and returns those expected
        of the start that is kept in their place.
    resumed : Progress or None
        Where to go on; the trainer is there already.
    save : callable or None
        Called after each epoch with the progress by then.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the loss is not finite in the first epoch already.
    """

    def losses(training_loss: Callable[[], float]) -> np.ndarray:
        if validation is None:
            return np.array([training_loss()])
        return validation.losses(trainer.weights)

    history = History()
    try:
        if resumed is None:
            start = None
            if keeps_start:
                # Worth keeping even where Ctrl-C comes before its loss is known.
                history.kept = Kept(0, trainer.weights, np.array([np.nan]))
                start = Kept(0, trainer.weights, expected_of_start(losses(trainer.loss)))
            monitor = Monitor(tol, patience, start, trusts_start)
        else:
            history, monitor, schedule, _ = resumed
        history.kept = monitor.kept
        if history.stalled or history.ended:
            return history
        for epoch in range(len(history.loss_curve) + 1, schedule.max_iter + 1):
            task = begin_epoch()
            loss = trainer.epoch(schedule.rate(epoch))
            seen = losses(lambda loss=loss: loss)
            if not all_finite(loss, seen, *trainer.weights):
                message = not_finite(f"epoch {epoch}", schedule.rate(epoch))
                if epoch == 1:
                    raise ValueError(message)
                message += f" The weights of epoch {history.kept.epoch} are kept."
                warnings.warn(message, ConvergenceWarning, stacklevel=2)
                end_epoch(task, history)
                break
            stalled = monitor.see(epoch, trainer.weights, seen)
            history.kept = monitor.kept
            history.loss_curve.append(loss)
            line = f"Iteration {epoch}, loss = {loss:.8f}"
            if validation is not None:
                history.validation_loss_curve.append(float(seen.mean()))
                line += f", validation loss = {seen.mean():.8f}"
            if verbose:
                print(line)
            history.ended = end_epoch(task, history)
            history.stalled = not history.ended and stalled and not schedule.cut()
            if save is not None:
                save(Progress(history, monitor, schedule, trainer.state))
            if history.ended:
                break
            if history.stalled:
                if verbose:
                    print(f"The loss did not fall by more than tol={tol} for {patience} epochs.")
                break
        else:
            planned = schedule.name not in ("constant", "adaptive")
            if warns and not planned and still_falls(history.monitored_curve, tol, patience):
                warnings.warn(
                    f"Maximum number of epochs (max_iter={schedule.max_iter}) reached while the "
                    "loss was still falling. Raise max_iter or tol.",
                    ConvergenceWarning,
                    stacklevel=2,
                )
    except KeyboardInterrupt:
        if history.kept is None:
            raise
        history.ended = history.interrupted = True
    return history


def all_finite(*values: Any) -> bool:
    """Return whether numbers and arrays hold neither NaN nor infinity."""
    return all(np.isfinite(value).all() for value in values)


def not_finite(when: str, rate: float) -> str:
    """Say that the loss is not finite, and the way out."""
    return (
        f"The loss is not finite in {when} at the learning rate {rate:g}. Lower "
        "learning_rate_init, or scale X and remove its outliers."
    )
