"""Decisions between epochs: the learning rate, the weights to keep, when to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import chdtri, ndtri

SCHEDULES = ("constant", "adaptive", "exponential", "cosine")
# A schedule by name, or a function from the epoch, counted from 0, to its rate.
LearningRate = str | Callable[[int], float]

# "adaptive" divides the rate by CUT; below this share of the initial rate nothing is learned.
CUT, MIN_SHARE = 5.0, 0.01
# Smallest number of last epochs that decide whether a loss is still falling, compared with as many
# epochs before them. It is a tenth of all epochs if that is more, as on few samples.
LAST_EPOCHS = 10
# One-sided confidence of a significant gain, and the smallest number of samples for one: the mean
# of fewer gains is not normal if they are skewed.
CONFIDENCE, MIN_GAINS = 0.95, 15


def rate_by(function: Callable[[int], float], epoch: int) -> float:
    """Return the rate that a user's function gives an epoch, counted from 0."""
    try:
        rate = float(function(epoch))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"learning_rate={function!r} must take the epoch, an int counted from 0, and return "
            f"its learning rate. For epoch {epoch} it raised {type(error).__name__}: {error}"
        ) from error
    if not (np.isfinite(rate) and rate >= 0.0):
        raise ValueError(
            f"learning_rate={function!r} returned {rate!r} for epoch {epoch}, counted from 0. A "
            "learning rate must be a finite number >= 0."
        )
    return rate


def rates_of(function: Callable[[int], float], n_epochs: int) -> list[float]:
    """Return the rates that a user's function gives the epochs; raise an error for a wrong one."""
    return [rate_by(function, epoch) for epoch in range(n_epochs)]


@dataclass
class Schedule:
    """Learning rate of each epoch.

    Parameters
    ----------
    name : {"constant", "adaptive", "exponential", "cosine"} or callable
        A function returns the rate itself, see `rate_by`; `initial` is then not used.
    initial : float
    max_iter : int
    share : float
        Share of the initial rate that remains after cuts.
    """

    name: LearningRate
    initial: float
    max_iter: int
    share: float = 1.0

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 1."""
        if callable(self.name):
            return rate_by(self.name, epoch - 1)
        done = (epoch - 1) / self.max_iter
        if self.name == "exponential":
            return self.initial * MIN_SHARE**done
        if self.name == "cosine":
            return self.initial * 0.5 * (1.0 + float(np.cos(np.pi * done)))
        return self.initial * self.share

    def cut(self) -> bool:
        """Cut the rate of a stalled fit; return False if it is not, or no longer, cut."""
        if self.name != "adaptive" or self.share / CUT < MIN_SHARE:
            return False
        self.share /= CUT
        return True


class Snapshot(NamedTuple):
    """Weights, their epoch (0 for the initial weights) and their loss.

    The loss is an array: one entry for each validation sample, or only one, the training loss.
    """

    epoch: int
    weights: Any
    losses: np.ndarray

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


def still_falls(losses: Sequence[float], tol: float, patience: float) -> bool:
    """Return whether the loss was lower in the last epochs than in those before.

    See `falls`: a loss that fluctuates around one level does not fall.
    """
    n = int(min(patience, max(LAST_EPOCHS, len(losses) // 10)))
    return falls(losses, n, tol)


def falls(losses: Sequence[float], n: float, tol: float = 0.0) -> bool:
    """Return whether the mean of the last `n` losses is lower than that of as many before.

    It must be lower by more than `tol`, and by more than three standard errors of the difference.
    """
    n = int(min(n, len(losses) // 2))
    if n == 0:
        return False
    before, last = np.split(np.array(losses[-2 * n :]), 2)
    error = np.sqrt((before.var() + last.var()) / n)
    return bool(before.mean() - last.mean() > max(tol, 3.0 * error))


class MonitorState(NamedTuple):
    """State of a monitor; `best` is None if the initial weights are the best so far."""

    start: Snapshot | None
    best: Snapshot | None
    reference: float
    n_stalled: int
    leaves_start: bool


class Monitor:
    """Keeps the best weights and counts the epochs since the loss last decreased.

    Parameters
    ----------
    tol : float
        A smaller decrease of the loss does not count.
    patience : int or inf
        Number of epochs without a decrease after which the loss has stalled.
    start : Snapshot or None
        The initial weights, if they may be kept.
    requires_significant_gain : bool
        Whether only significantly better weights replace the initial weights.
    effective_size : float or None
        How many samples of equal weight tell as much as those of the losses; None is their number.
    """

    def __init__(
        self,
        tol: float,
        patience: float,
        start: Snapshot | None = None,
        requires_significant_gain: bool = False,
        effective_size: float | None = None,
    ) -> None:
        self.tol, self.patience, self.start = tol, patience, start
        self._effective_size = effective_size
        self.requires_significant_gain = requires_significant_gain
        self.best = start
        self._least = self._reference = np.inf if start is None else start.loss
        self._n_stalled, self._leaves_start = 0, True

    @property
    def state(self) -> MonitorState:
        """The state from which another monitor of the same stage can resume."""
        best = None if self.best is self.start else self.best
        return MonitorState(self.start, best, self._reference, self._n_stalled, self._leaves_start)

    def restore(self, state: MonitorState) -> None:
        """Restore the state of another monitor of the same stage."""
        self.start, best, self._reference, self._n_stalled, self._leaves_start = state
        self.best = best or self.start
        self._least = np.inf if self.best is None else self.best.loss

    def update(self, epoch: int, weights: Any, losses: np.ndarray) -> bool:
        """Record the weights and losses after an epoch; return whether the loss has stalled."""
        seen = Snapshot(epoch, weights, losses)
        loss = seen.loss
        if self.best is None or loss < self._least:
            self.best, self._least = seen, loss
            if self.requires_significant_gain and self.start is not None:
                gains = self.start.losses - seen.losses
                self._leaves_start = is_significant_gain(gains, self._effective_size)
        if loss < self._reference - self.tol:
            self._reference, self._n_stalled = loss, 0
        else:
            self._n_stalled += 1
        if self._n_stalled < self.patience:
            return False
        self._n_stalled = 0
        return True

    def is_worse(self, losses: np.ndarray) -> bool:
        """Return whether these losses are significantly worse than those of the best weights."""
        return self.best is not None and is_significant_gain(
            losses - self.best.losses, self._effective_size
        )

    @property
    def kept(self) -> Snapshot | None:
        """The best weights, or the initial ones if a significant gain is required and missing."""
        return self.best if self._leaves_start else self.start


def is_significant_gain(gains: np.ndarray, effective_size: float | None = None) -> bool:
    """Return whether the gains of validation samples are significant, and so hold for new samples.

    The best of many epochs on a few samples looks better than it is. So the mean gain must exceed
    its standard error, the one-standard-error rule (Breiman et al., "Classification and Regression
    Trees", 1984). With few samples the standard error is uncertain, so the upper bound of its
    confidence interval is used: 1.1 standard errors for 150 samples and 1.3 for 30. Gains have
    heavy tails, so a few samples may dominate the mean: the signed-rank test (Wilcoxon, 1945) must
    be significant too. Fewer than 15 gains are never significant; a single one, of the training
    loss, is significant if it is positive. Gains of weighted samples are multiplied by their
    weights, and only prove as much as `effective_size` gains.
    """
    n = len(gains)
    size = n if effective_size is None else effective_size
    if size < MIN_GAINS:
        return n == 1 and bool(gains[0] > 0.0)
    # The sample variance over the true variance, times n - 1, has a chi-square distribution.
    largest_variance = gains.var(ddof=1) * (size - 1) / chdtri(size - 1, CONFIDENCE)
    if gains.mean() <= np.sqrt(largest_variance / n):
        return False
    signed_ranks = np.arange(1, n + 1)[gains[np.argsort(np.abs(gains))] > 0.0]
    expected, deviation = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return bool(signed_ranks.sum() - 0.5 - expected > ndtri(CONFIDENCE) * deviation)
