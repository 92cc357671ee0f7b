"""Frozen, hashable descriptions of what is trained: no arithmetic, no TensorFlow.

A plan is *structure* (layer sizes, activation names, kinds of penalties) and *numbers* (every
float). Programs are compiled for the structure alone and are fed the numbers, so
:func:`numbers` and :func:`with_numbers` take a plan apart and put it together again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from skae._parts import Corruption, Loss, Penalty

T = TypeVar("T")


class Half(NamedTuple):
    """The encoder's or the decoder's share of the weights, arrays or tensors alike."""

    kernels: tuple[Any, ...]
    biases: tuple[Any, ...]
    skip: Any | None


@dataclass(frozen=True)
class Network:
    """A dense encoder and its mirror image, each with a linear path beside its layers.

    Parameters
    ----------
    n_features, n_components : int
        Number of columns and of codes.
    hidden_layer_sizes : tuple of int
        Widths between the columns and the codes; the decoder mirrors them.
    activation, code_activation, output_activation : str
        Names of the activations.
    tied_weights : bool
        Whether the decoder's kernels are the encoder's, transposed.
    has_skip : bool
        Whether a linear path leads past the hidden layers of each half.
    """

    n_features: int
    n_components: int
    hidden_layer_sizes: tuple[int, ...]
    activation: str
    code_activation: str
    output_activation: str
    tied_weights: bool
    has_skip: bool

    @property
    def widest(self) -> int:
        """Width of the widest layer."""
        return max(self.n_features, self.n_components, *self.hidden_layer_sizes, 1)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the trained arrays: encoder's kernels, biases, skip, then the decoder's."""
        inwards = (self.n_features, *self.hidden_layer_sizes, self.n_components)
        halves: list[tuple[int, ...]] = []
        for widths, owns_kernels in ((inwards, True), (inwards[::-1], not self.tied_weights)):
            if owns_kernels:
                halves += pairwise(widths)
            halves += [(width,) for width in widths[1:]]
            if owns_kernels and self.has_skip:
                halves.append((widths[0], widths[-1]))
        return tuple(halves)

    def split(self, weights: Iterable[Any], transpose: Callable[[Any], Any]) -> tuple[Half, Half]:
        """Sort trained arrays (ordered as `shapes`) into the encoder's and the decoder's half."""
        left = iter(weights)
        n_layers = len(self.hidden_layer_sizes) + 1

        def take(n: int) -> tuple[Any, ...]:
            return tuple(next(left) for _ in range(n))

        encoder = Half(take(n_layers), take(n_layers), next(left) if self.has_skip else None)
        if self.tied_weights:
            kernels = tuple(transpose(kernel) for kernel in reversed(encoder.kernels))
            skip = transpose(encoder.skip) if self.has_skip else None
            return encoder, Half(kernels, take(n_layers), skip)
        return encoder, Half(take(n_layers), take(n_layers), next(left) if self.has_skip else None)


@dataclass(frozen=True)
class Objective:
    """What training makes small: a reconstruction loss and the terms added to it.

    Parameters
    ----------
    loss : Loss
        Compares each value of the target with its reconstruction.
    alpha : float
        Strength of the L2 term, ``alpha / 2`` times the sum of all squared kernel entries, before
        or after it was divided by the number of rows (see `Plan.for_rows`).
    penalties : tuple of Penalty
        Further terms of the training loss.
    corruption : Corruption or None
        Spoils the rows that the encoder sees in training; the target stays clean.
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
        Of "sgd" alone.
    nesterovs_momentum : bool
        Of "sgd" alone.
    weight_decay : float
        Share of a kernel, times the learning rate, that "adamw" takes away at each step.
    """

    name: str
    momentum: float
    nesterovs_momentum: bool
    weight_decay: float


@dataclass(frozen=True)
class Plan:
    """All that a training program needs to know: what maps, what counts, what moves."""

    network: Network
    objective: Objective
    solver: Solver

    def for_rows(self, n: int) -> Plan:
        """Return the plan for data of so many rows, which share the L2 term."""
        return replace(self, objective=replace(self.objective, alpha=self.objective.alpha / n))


def numbers(plan: object) -> Iterator[float]:
    """Yield every float of a plan, depth first."""
    if isinstance(plan, float):
        yield plan
    elif isinstance(plan, tuple):
        for part in plan:
            yield from numbers(part)
    elif is_dataclass(plan):
        for field in fields(plan):
            yield from numbers(getattr(plan, field.name))


def with_numbers(plan: T, values: Iterable[Any]) -> T:
    """Return `plan` with its floats replaced by `values`, in the order of :func:`numbers`."""
    left = iter(values)

    def fill(part: Any) -> Any:
        if isinstance(part, float):
            return next(left)
        if isinstance(part, tuple):
            return tuple(fill(each) for each in part)
        if is_dataclass(part) and not isinstance(part, type):
            return replace(part, **{f.name: fill(getattr(part, f.name)) for f in fields(part)})
        return part

    return fill(plan)


def structure(plan: T) -> T:
    """Return `plan` with every float set to zero: what a compiled program depends on."""
    return with_numbers(plan, (0.0 for _ in numbers(plan)))
