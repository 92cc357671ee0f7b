"""Training of an imputation: a linear one, and networks that correct it.

Each network holds out other rows, which tell how much of the correction is to be trusted, and how
large the errors are (cross-fitting).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skae._data.batches import rows_in_a_batch
from skae._data.divisors import column_divisors
from skae._data.factors import factor_model
from skae._data.pca import center, column_variances
from skae._data.rows import ArrayRows
from skae._data.split import train_validation_rows
from skae._data.weights import effective_size
from skae._network.imputation import FEWEST_ERRORS, Imputation, Member, quantiles_of_errors
from skae._plan.plan import Solver
from skae._training.averaging import averaged
from skae._training.checkpoint import NoCheckpoint
from skae._training.epochs import History
from skae._training.hidden_entries import (
    HiddenValidation,
    ImputationFeed,
    ImputationTask,
    hidden_entries,
    imputation_plan,
    zero_start,
)
from skae._training.interrupts import DeferredInterrupt
from skae._training.options import Hooks, StartPolicy, TrainingOptions
from skae._training.protocols import TrainerFactory
from skae._training.schedule import MIN_GAINS
from skae._training.stage import run_stage

# Networks are trained until they have held out so many rows, or all: beyond the quantiles of 5 and
# 95 % lie 20 of as many errors.
HELD_OUT_ROWS = 400
# But they are only as many as train on so many entries in an epoch together, or two.
MOST_ENTRIES = 1 << 20
# The observed entries of a held-out row are hidden in so many turns, few at a time, so that rows
# have about as many missing entries as those to fill.
TURNS = 20
# An epoch repeats few rows until there are so many, with other entries hidden each time, and draws
# so many of more: 200 epochs are then 8,000 steps of 128 rows. It has so many batches, of a
# reasonable size.
ROWS_OF_AN_EPOCH, BATCHES_OF_AN_EPOCH, BATCH_SIZES = (500, 5000), 16, (32, 128)
# Most rows that a network holds out, and on which networks are compared.
MOST_ROWS = 2000


class Settings(NamedTuple):
    """How an imputer is trained; `rate` and `weight_decay` are those of AdamW."""

    widths: tuple[int, ...]
    activation: str
    batch_size: int | str
    rate: float
    weight_decay: float
    max_iter: int
    patience: int
    validation_fraction: float
    verbose: bool | int


class TrainedImputation(NamedTuple):
    """An imputation, how each network was trained, and quantiles of errors for each column."""

    imputation: Imputation
    histories: list[History]
    error_quantiles: np.ndarray


def fitted_imputation(
    X: np.ndarray, settings: Settings, rng: np.random.Generator, trainers: TrainerFactory
) -> TrainedImputation:
    """Return an imputation of rows like those of X, in which each column has a value.

    It is linear if held-out rows are too few to tell whether a network is better.
    """
    scale = deviations_of_columns(X)
    linear = linear_imputation(X, scale, rng)
    members: list[Member] = []
    held_out: list[HeldOut] = []
    histories: list[History] = []
    for rows in parts_to_hold_out(X, settings.validation_fraction, rng):
        imputation = linear_imputation(np.delete(X, rows, axis=0), scale, rng)
        if len(rows) >= MIN_GAINS and X.shape[1] > 1:
            imputation, history = corrected(imputation, X, rows, settings, rng, trainers)
            histories.append(history)
        members += imputation.members
        held_out.append(HeldOut.of(imputation, X[rows], rng))
        if histories and histories[-1].interrupted:
            break
    if not held_out:
        nothing = np.full((1, X.shape[1]), np.nan)
        return TrainedImputation(linear, [], quantiles_of_errors(nothing, np.ones(1)))
    known = HeldOut(*map(np.vstack, zip(*held_out, strict=True)))
    share = known.share
    quantiles = quantiles_of_errors(known.errors(share), known.weights)
    if share:
        networks = replace(linear, network=imputation.network, members=tuple(members))
        rows = X[rng.permutation(len(X))[:MOST_ROWS]]
        rows = np.where(hidden_entries(rng, rows.shape), np.nan, rows)
        share = networks.share_of_mean(share, rows)
    imputation = replace(networks, share=share) if share else linear
    return TrainedImputation(imputation, histories, quantiles)


def parts_to_hold_out(X: np.ndarray, fraction: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the rows to hold out of the training of each network: none of very few rows."""
    n_rows = len(X)
    _, first = train_validation_rows(n_rows, fraction, rng)
    if not len(first):
        return []
    parts = np.array_split(rng.permutation(n_rows), max(2, n_rows // len(first)))
    n_parts = min(-(-HELD_OUT_ROWS // len(first)), max(2, MOST_ENTRIES // X.size))
    return [np.sort(part[:MOST_ROWS]) for part in parts[:n_parts]]


def linear_imputation(X: np.ndarray, scale: np.ndarray, rng: np.random.Generator) -> Imputation:
    """Return the imputation by a factor model of X."""
    rows = ArrayRows(X, has_missing=bool(np.isnan(X).any()))
    mean = center(rows)
    factors = factor_model(rows, np.arange(len(X)), mean, rng)
    bounds = np.array([np.fmin.reduce(X), np.fmax.reduce(X)])
    # Training rows may have no value in a column of which held-out rows have some.
    bounds = np.where(np.isnan(bounds), mean, bounds)
    return Imputation(factors, scale, bounds, None, (Member(factors),))


def deviations_of_columns(X: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each column, or 1 if it is constant."""
    rows = ArrayRows(X, has_missing=bool(np.isnan(X).any()))
    mean = center(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        scale = column_divisors(np.sqrt(column_variances(rows, mean)), mean)
    if not np.isfinite(scale).all():
        raise ValueError(
            f"X is too large: it reaches {np.nanmax(np.abs(X)):g} in size, so that its variance "
            "overflows. Divide X by a constant."
        )
    return scale


def corrected(
    linear: Imputation,
    X: np.ndarray,
    held_out: np.ndarray,
    settings: Settings,
    rng: np.random.Generator,
    trainers: TrainerFactory,
) -> tuple[Imputation, History]:
    """Return a linear imputation with a network trained to correct it, and the training."""
    rows = np.delete(X, held_out, axis=0)
    fewest, most = ROWS_OF_AN_EPOCH
    rows = np.tile(rows, (-(-fewest // len(rows)), 1))
    asked = settings.batch_size
    if asked == "auto":
        # A power of two, so that another number of rows seldom compiles another program.
        size = 2 ** round(np.log2(len(rows) / BATCHES_OF_AN_EPOCH))
        asked = int(np.clip(size, *BATCH_SIZES))
    batch_size = rows_in_a_batch(asked, len(rows))
    solver = Solver("adamw", 0.0, False, settings.weight_decay)
    observed = 1.0 - float(np.isnan(X).mean())
    plan = imputation_plan(X.shape[1], settings.widths, settings.activation, solver, observed)
    imputation = replace(linear, network=plan.network)
    task = ImputationTask(
        plan,
        zero_start(plan.network, rng),
        ImputationFeed(rows, linear, batch_size, most, rng),
        HiddenValidation(X[held_out], imputation, rng),
    )
    options = TrainingOptions(
        batch_size=batch_size,
        shuffle=True,
        learning_rate="cosine",
        learning_rate_init=settings.rate,
        max_iter=settings.max_iter,
        tol=0.0,
        patience=settings.patience,
        warns=False,
        verbose=settings.verbose,
    )
    with DeferredInterrupt() as interrupt:
        hooks = Hooks(lambda: None, lambda task, history: False, interrupt.check)
        history = run_stage(
            task, options, StartPolicy(keeps=True), hooks, averaged(trainers), NoCheckpoint()
        )
    history.snapshot = history.kept._replace(weights=tuple(map(np.array, history.kept.weights)))
    member = Member(linear.factors, history.kept.weights)
    return replace(imputation, members=(member,)), history


class HeldOut(NamedTuple):
    """Entries of rows that were not trained on, predicted from other entries of the row.

    All arrays have the shape of the rows, the units of the columns' deviations, and NaN where an
    entry is missing.

    Parameters
    ----------
    residuals : ndarray
        Entries without their linear prediction.
    corrections : ndarray
        What a network adds to that.
    deviations : ndarray
        Standard deviations of the residuals that the linear model expects.
    """

    residuals: np.ndarray
    corrections: np.ndarray
    deviations: np.ndarray

    @classmethod
    def of(cls, imputation: Imputation, X: np.ndarray, rng: np.random.Generator) -> HeldOut:
        """Return predictions of each observed entry of X, hidden once, with a few others."""
        turns = rng.integers(TURNS, size=X.shape)
        found = cls(*np.full((3, *X.shape), np.nan))
        for turn in range(TURNS):
            hidden = (turns == turn) & ~np.isnan(X)
            some = np.flatnonzero(hidden.any(axis=1))
            if not some.size:
                continue
            rows, hidden = X[some], hidden[some]
            seen = np.where(hidden, np.nan, rows)
            (member,) = imputation.members
            inputs = imputation.inputs(member, seen)
            at = some[np.nonzero(hidden)[0]], np.nonzero(hidden)[1]
            standard = (rows - member.factors.center) / imputation.scale
            residuals = standard - inputs[:, : X.shape[1]]
            corrections = imputation.correction(member, inputs)
            deviations = imputation.factors.deviations(seen, np.isnan(seen)) / imputation.scale
            for array, values in zip(found, (residuals, corrections, deviations), strict=True):
                array[at] = values[hidden]
        return found

    @property
    def weights(self) -> np.ndarray:
        """The weight of each row: its missing entries, as rows like this are to be filled.

        All rows count the same where too few have any.
        """
        n_missing = np.isnan(self.residuals).sum(axis=1)
        enough = n_missing.any() and effective_size(n_missing) >= FEWEST_ERRORS
        return n_missing.astype(np.float64) if enough else np.ones(len(n_missing))

    @property
    def share(self) -> float:
        """The share of the corrections, 0 to 1, with which errors are least.

        An error of this one number costs little: about the variance of one entry over their number.
        """
        weights = self.weights[:, np.newaxis]
        squares = np.nansum(weights * np.square(self.corrections))
        gain = np.nansum(weights * self.residuals * self.corrections)
        return float(np.clip(gain / squares, 0.0, 1.0)) if squares else 0.0

    def errors(self, share: float) -> np.ndarray:
        """Return errors, of predictions with this share of the corrections, over deviations."""
        return (self.residuals - share * self.corrections) / self.deviations
