"""The loop over epochs: train, validate, keep the best weights, call callbacks, stop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skae._training.options import Hooks, StartPolicy, TrainingOptions
from skae._training.protocols import MeanLoss, Trainer, TrainerState, Validator
from skae._training.schedule import Monitor, MonitorState, Schedule, Snapshot, falls, still_falls

PartCurves = dict[str, list[float]]


@dataclass
class History:
    """State and result of a fit: the weights kept, the loss curves, and how it ended.

    `parts` and `validation_parts` hold a curve for each part of the losses, by name.

    `stalled` means that the loop ends, `ended` that the fit ends, because of a callback or Ctrl-C
    (`interrupted`).
    """

    snapshot: Snapshot | None = None
    loss_curve: list[float] = field(default_factory=list)
    validation_loss_curve: list[float] = field(default_factory=list)
    parts: PartCurves = field(default_factory=dict)
    validation_parts: PartCurves = field(default_factory=dict)
    stalled: bool = False
    ended: bool = False
    interrupted: bool = False

    @classmethod
    def of_pass(cls, loss: MeanLoss) -> History:
        """Return the curves of a single pass."""
        return cls(None, [loss.total], parts={name: [part] for name, part in loss.parts.items()})

    @property
    def kept(self) -> Snapshot:
        """The weights kept; the loop must have begun."""
        assert self.snapshot is not None
        return self.snapshot

    @property
    def monitored_curve(self) -> list[float]:
        """The monitored loss of each epoch: that of validation, or else that of training."""
        return self.validation_loss_curve or self.loss_curve


class Progress(NamedTuple):
    """State of the loop after an epoch: all it needs to resume from there.

    `rate_share` is the current share of the initial learning rate.
    """

    history: History
    monitor: MonitorState
    rate_share: float
    trainer: TrainerState


def run_epochs(
    trainer: Trainer,
    validation: Validator | None,
    options: TrainingOptions,
    start: StartPolicy,
    hooks: Hooks,
    resumed: Progress | None,
    save: Callable[[History, Monitor, Schedule, Trainer], None],
) -> History:
    """Train until the loss stalls, the epochs are used up, or a callback or Ctrl-C stops it.

    Parameters
    ----------
    trainer : Trainer
    validation : Validator or None
        None monitors the training loss.
    options : TrainingOptions
    start : StartPolicy
    hooks : Hooks
    resumed : Progress or None
        The state to resume from; the trainer is in it already.
    save : callable
        Called after each epoch with the progress so far.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the loss is not finite in the first epoch.
    """

    def losses(training_loss: float) -> tuple[np.ndarray, dict[str, float]]:
        if validation is None:
            return np.array([training_loss]), {}
        return validation.losses(trainer.weights)

    history = History()
    size = None if validation is None else validation.effective_size
    tol, patience, verbose = options.tol, options.patience, options.verbose
    schedule = Schedule(options.learning_rate, options.learning_rate_init, options.max_iter)
    try:
        if resumed is None:
            first = None
            if start.keeps:
                # Kept even if Ctrl-C comes before its loss is known.
                history.snapshot = Snapshot(0, trainer.weights, np.array([np.nan]))
                seen, _ = losses(trainer.loss().total if validation is None else np.nan)
                seen = start.expected_losses(seen)
                first = Snapshot(0, trainer.weights, seen)
            monitor = Monitor(tol, patience, first, start.requires_significant_gain, size)
        else:
            history, schedule.share = resumed.history, resumed.rate_share
            monitor = Monitor(tol, patience, None, start.requires_significant_gain, size)
            monitor.restore(resumed.monitor)
        history.snapshot = monitor.kept
        if history.stalled or history.ended:
            return history
        for epoch in range(len(history.loss_curve) + 1, schedule.max_iter + 1):
            task = hooks.begin_epoch()
            loss, parts = trainer.epoch(schedule.rate(epoch))
            seen, validation_parts = losses(loss)
            if not all_finite(loss, seen, *trainer.weights):
                message = not_finite(f"epoch {epoch}", schedule.rate(epoch), options)
                if epoch == 1:
                    raise ValueError(message)
                message += f" The weights of epoch {history.kept.epoch} are kept."
                warnings.warn(message, ConvergenceWarning, stacklevel=2)
                hooks.end_epoch(task, history)
                break
            stalled = monitor.update(epoch, trainer.weights, seen)
            history.snapshot = monitor.kept
            history.loss_curve.append(loss)
            if stalled and options.waits:
                stalled = monitor.is_worse(seen) or not falls(history.loss_curve, patience)
            append_parts(history.parts, parts)
            if validation is not None:
                history.validation_loss_curve.append(float(seen.mean()))
                append_parts(history.validation_parts, validation_parts)
            if verbose:
                line = f"Iteration {epoch}, loss = {described(loss, parts)}"
                if validation is not None:
                    line += f", validation loss = {described(seen.mean(), validation_parts)}"
                print(line)
            history.ended = hooks.end_epoch(task, history)
            history.stalled = not history.ended and stalled and not schedule.cut()
            save(history, monitor, schedule, trainer)
            if history.ended:
                break
            if history.stalled:
                if verbose:
                    print(f"The loss did not fall by more than tol={tol} for {patience} epochs.")
                break
        else:
            planned = schedule.name not in ("constant", "adaptive")
            if (
                options.warns
                and not planned
                and still_falls(history.monitored_curve, tol, patience)
            ):
                warnings.warn(
                    f"Maximum number of epochs (max_iter={schedule.max_iter}) reached while the "
                    "loss was still falling. Raise max_iter or tol.",
                    ConvergenceWarning,
                    stacklevel=2,
                )
    except KeyboardInterrupt:
        if history.snapshot is None:
            raise
        history.ended = history.interrupted = True
    return history


def append_parts(curves: PartCurves, parts: dict[str, float]) -> None:
    """Append the parts of an epoch's loss to their curves."""
    for name, value in parts.items():
        curves.setdefault(name, []).append(value)


def described(loss: float, parts: dict[str, float]) -> str:
    """Return a loss in words, with its parts if there are several."""
    names = ", ".join(f"{name} {value:.8f}" for name, value in parts.items())
    return f"{loss:.8f} ({names})" if len(parts) > 1 else f"{loss:.8f}"


def all_finite(*values: Any) -> bool:
    """Return whether numbers and arrays contain neither NaN nor infinity."""
    return all(np.isfinite(value).all() for value in values)


def not_finite(when: str, rate: float, options: TrainingOptions) -> str:
    """Return a message that the loss is not finite, with advice."""
    return (
        f"The loss is not finite in {when} at the learning rate {rate:g}. Lower "
        f"{options.rate_setting}, or scale X and remove its outliers."
    )
