"""Frozen, hashable descriptions of training: no arithmetic on data, no TensorFlow.

A plan has a structure (layer sizes, activation names, classes of penalties) and runtime scalars
(every float). Programs are compiled only for the structure, :func:`compile_key`, and are fed the
scalars: :func:`runtime_scalars` reads them, :func:`with_runtime_scalars` replaces them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from skae._plan.layers import Dense
from skae._plan.network import Network
from skae._plan.objectives import LOSSES, Corruption, Loss, Penalty

T = TypeVar("T")


@dataclass(frozen=True)
class Bottleneck:
    """The layer that computes the codes.

    Parameters
    ----------
    activation : str or None
        Its activation. None means the estimator's parameter `code_activation`.
    n_active : int or None
        Number of codes of a sample that are kept, the largest ones; the others are set to zero.
        None keeps all.
    is_variational : bool
        Whether the codes of a sample are a normal distribution, of which the layer computes means
        and variances.
    """

    activation: str | None = None
    n_active: int | None = None
    is_variational: bool = False


@dataclass(frozen=True)
class Objective:
    """What training minimizes: a reconstruction loss and the terms added to it.

    Parameters
    ----------
    loss : Loss
        Compares each value of the target with its reconstruction.
    alpha : float
        Strength of the L2 term, ``alpha / 2`` times the sum of all squared kernel entries, before
        or after its division by the number of samples (see `Plan.for_rows`).
    penalties : tuple of Penalty
        Further terms of the training loss.
    corruption : Corruption or None
        Corrupts the encoder's inputs in training; the targets stay clean.
    """

    loss: Loss
    alpha: float = 0.0
    penalties: tuple[Penalty, ...] = ()
    corruption: Corruption | None = None


@dataclass(frozen=True)
class Solver:
    """How gradients become steps.

    Parameters
    ----------
    name : {"adam", "adamw", "sgd", "rmsprop"}
    momentum : float
        Only for "sgd".
    nesterovs_momentum : bool
        Only for "sgd".
    weight_decay : float
        Share of a kernel, times the learning rate, that "adamw" subtracts at each step.
    """

    name: str
    momentum: float
    nesterovs_momentum: bool
    weight_decay: float


@dataclass(frozen=True)
class Stage:
    """Some epochs of training: of the whole network, or of one layer and its mirror alone.

    Parameters
    ----------
    max_iter : int or None
        None means the estimator's `max_iter`.
    layer : int or None
    """

    max_iter: int | None = None
    layer: int | None = None


@dataclass(frozen=True)
class Plan:
    """All that training needs to know: network, objective, solver, stages, and weights of samples.

    `is_weighted` says that samples have weights, which a program without them need not read.
    `precision` is the dtype that numbers are rounded to before they are multiplied by matrices.
    """

    network: Network
    objective: Objective
    solver: Solver
    stages: tuple[Stage, ...] = ()
    is_weighted: bool = False
    precision: str = "float32"

    @property
    def added_terms(self) -> tuple[str, ...]:
        """Names of the terms that are added to the loss of a batch."""
        penalties = self.objective.penalties
        return tuple(getattr(each, "name", type(each).__name__.lower()) for each in penalties)

    @property
    def loss_parts(self) -> tuple[str, ...]:
        """Names of all terms of the training loss, with the added ones after the first."""
        return "reconstruction", *self.added_terms, "l2"

    def for_rows(self, n: float, is_weighted: bool = False) -> Plan:
        """Return the plan for `n` samples: the L2 term is divided by their number.

        A sample of weight k counts as k samples.
        """
        objective = replace(self.objective, alpha=self.objective.alpha / n)
        return replace(self, objective=objective, is_weighted=is_weighted)

    def skipping_missing(self) -> Plan:
        """Return the plan for X of which entries are missing."""
        encoder = tuple(layer.skipping() for layer in self.network.encoder)
        return replace(self, network=replace(self.network, encoder=encoder, skips_missing=True))

    def without_l2(self) -> Plan:
        """Return the plan without L2 regularization."""
        return replace(self, objective=replace(self.objective, alpha=0.0))

    def layer(self, i: int) -> Plan:
        """Return the plan of one encoder layer and its mirror as a separate autoencoder.

        It reconstructs the layer's inputs: the features, or the codes of the layer below. These are
        standardized for dense layers, which can absorb center and scale afterwards.
        """
        network, objective, layer = self.network, self.objective, self.network.encoder[i]
        is_top = i == len(network.encoder) - 1
        alone = Network(
            encoder=network.encoder[i : i + 1],
            decoder=(network.decoder[-1 - i],),
            activation=network.activation,
            code_activation=network.code_activation if is_top else network.activation,
            output_activation=network.activation if i else network.output_activation,
            standardizes=network.standardizes and (i == 0 or isinstance(layer, Dense)),
            skips_missing=network.skips_missing and i == 0,
            scales_columns=network.scales_columns and i == 0,
            categories=() if i else network.categories,
            is_ordered=network.is_ordered and is_top,
        )
        if i:
            objective = Objective(LOSSES["squared_error"], objective.alpha)
        return Plan(alone, objective, self.solver, precision=self.precision)


def runtime_scalars(plan: object) -> Iterator[float]:
    """Yield every number of a plan, depth first: floats, and values of fields declared as float."""
    if isinstance(plan, float | np.floating):
        yield float(plan)
    elif isinstance(plan, tuple):
        for part in plan:
            yield from runtime_scalars(part)
    elif is_dataclass(plan):
        for field in fields(plan):
            yield from runtime_scalars(_value(plan, field))


def _value(part: Any, field: Field[Any]) -> Any:
    """Return a field's value, as a float if it is declared as one: 1 becomes 1.0."""
    value = getattr(part, field.name)
    return float(value) if field.type in (float, "float") else value


def with_runtime_scalars(plan: T, values: Iterable[Any]) -> T:
    """Return `plan` with `values` for its floats, in the order of :func:`runtime_scalars`."""
    left = iter(values)

    def fill(part: Any) -> Any:
        if isinstance(part, float | np.floating):
            return next(left)
        if isinstance(part, tuple):
            return tuple(fill(each) for each in part)
        if is_dataclass(part) and not isinstance(part, type):
            return replace(part, **{f.name: fill(_value(part, f)) for f in fields(part)})
        return part

    return fill(plan)


def compiled_part(plan: Plan) -> Plan:
    """Return a plan without the parts outside a compiled program: stages and corruption."""
    return replace(plan, stages=(), objective=replace(plan.objective, corruption=None))


def compile_key(plan: Plan) -> Plan:
    """Return the key of a compiled program: its part of a plan, with zeros for floats."""
    part = compiled_part(plan)
    return with_runtime_scalars(part, (0.0 for _ in runtime_scalars(part)))
