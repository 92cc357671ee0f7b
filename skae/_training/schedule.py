"""What is decided between epochs: the learning rate, the weights to keep, when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import chdtri, ndtri

SCHEDULES = ("constant", "adaptive", "exponential", "cosine")

# "adaptive" divides the rate by this; a rate this far below the first one learns nothing more.
CUT, MIN_SHARE = 5.0, 0.01
# The last epochs that tell whether a loss still falls, compared with as many before: at least so
# many, and a tenth of all, which on few rows are more.
LAST_EPOCHS = 10
# Of what is beyond doubt, one-sided. It cannot be said of fewer gains, whose mean is not normal
# where they are skewed.
CONFIDENCE, MIN_GAINS = 0.95, 15


@dataclass
class Schedule:
    """Learning rate of each epoch.

    Parameters
    ----------
    name : {"constant", "adaptive", "exponential", "cosine"}
    initial : float
    max_iter : int
    share : float
        Share of the initial rate that cuts have left.
    """

    name: str
    initial: float
    max_iter: int
    share: float = 1.0

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 1."""
        done = (epoch - 1) / self.max_iter
        if self.name == "exponential":
            return self.initial * MIN_SHARE**done
        if self.name == "cosine":
            return self.initial * 0.5 * (1.0 + float(np.cos(np.pi * done)))
        return self.initial * self.share

    def cut(self) -> bool:
        """Cut the rate of a stalled fit; False where that is not, or no longer, done."""
        if self.name != "adaptive" or self.share / CUT < MIN_SHARE:
            return False
        self.share /= CUT
        return True


class Snapshot(NamedTuple):
    """Weights, when they were seen (0 is the start) and their loss.

    The loss is an array: one entry for each row set aside, or a single one, the training loss.
    """

    epoch: int
    weights: Any
    losses: np.ndarray

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


def still_falls(losses: Sequence[float], tol: float, patience: float) -> bool:
    """Return whether the loss was lower in the last epochs than in those before.

    Their means must differ by more than `tol`, and by more than three times the standard error of
    that difference: a loss that goes up and down on one level stands still.
    """
    n = int(min(patience, max(LAST_EPOCHS, len(losses) // 10), len(losses) // 2))
    if n == 0:
        return False
    before, last = np.split(np.array(losses[-2 * n :]), 2)
    error = np.sqrt((before.var() + last.var()) / n)
    return bool(before.mean() - last.mean() > max(tol, 3.0 * error))


class MonitorState(NamedTuple):
    """What a monitor remembers; `best` is None where the start is the best so far."""

    start: Snapshot | None
    best: Snapshot | None
    reference: float
    n_stalled: int
    leaves_start: bool


class Monitor:
    """Keeps the best weights seen and counts the epochs since the loss last fell.

    Parameters
    ----------
    tol : float
        A smaller fall of the loss is none.
    patience : int or inf
        Epochs without a fall that make a stall.
    start : Snapshot or None
        The start, where it is worth keeping.
    requires_significant_gain : bool
        Whether the start is left only for weights that are better beyond doubt.
    """

    def __init__(
        self,
        tol: float,
        patience: float,
        start: Snapshot | None = None,
        requires_significant_gain: bool = False,
    ) -> None:
        self.tol, self.patience, self.start = tol, patience, start
        self.requires_significant_gain = requires_significant_gain
        self.best = start
        self._reference = np.inf if start is None else start.loss
        self._n_stalled, self._leaves_start = 0, True

    @property
    def state(self) -> MonitorState:
        """What another monitor of the same stage needs to go on."""
        best = None if self.best is self.start else self.best
        return MonitorState(self.start, best, self._reference, self._n_stalled, self._leaves_start)

    def restore(self, state: MonitorState) -> None:
        """Go on where another monitor of the same stage was."""
        self.start, best, self._reference, self._n_stalled, self._leaves_start = state
        self.best = best or self.start

    def update(self, epoch: int, weights: Any, losses: np.ndarray) -> bool:
        """Take the weights and the loss after an epoch; return whether the loss has stalled."""
        seen = Snapshot(epoch, weights, losses)
        if self.best is None or seen.loss < self.best.loss:
            self.best = seen
            if self.requires_significant_gain and self.start is not None:
                self._leaves_start = is_significant_gain(self.start.losses - seen.losses)
        if seen.loss < self._reference - self.tol:
            self._reference, self._n_stalled = seen.loss, 0
        else:
            self._n_stalled += 1
        if self._n_stalled < self.patience:
            return False
        self._n_stalled = 0
        return True

    @property
    def kept(self) -> Snapshot | None:
        """The best weights seen, or a trusted start unless they are better beyond doubt."""
        return self.best if self._leaves_start else self.start


def is_significant_gain(gains: np.ndarray) -> bool:
    """Return whether rows gain so much, and so many of them, that others will too.

    The best of many epochs on a few rows looks better than it is. So the mean gain has to exceed
    its standard error, the one-standard-error rule (Breiman et al., "Classification and Regression
    Trees", 1984). Few rows do not say how large that is: it is the upper bound of its confidence
    interval that counts, 1.1 standard errors for 150 rows and 1.3 for 30. As gains have heavy
    tails, a few rows may make the whole mean: the signed-rank test (Wilcoxon, 1945) has to say too
    that rows gain. Fewer than 15 gains prove nothing; a single one, of the training loss, is taken
    as it is.
    """
    n = len(gains)
    if n < MIN_GAINS:
        return n == 1 and bool(gains[0] > 0.0)
    # The sample's variance over the true one, times n - 1, is a chi-square.
    largest_variance = gains.var(ddof=1) * (n - 1) / chdtri(n - 1, CONFIDENCE)
    if gains.mean() <= np.sqrt(largest_variance / n):
        return False
    signed_ranks = np.arange(1, n + 1)[gains[np.argsort(np.abs(gains))] > 0.0]
    expected, deviation = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return bool(signed_ranks.sum() - 0.5 - expected > ndtri(CONFIDENCE) * deviation)
