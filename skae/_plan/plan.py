"""Frozen, hashable descriptions of training: no arithmetic on data, no TensorFlow.

A plan has a structure (layer sizes, activation names, classes of penalties) and runtime scalars
(every float). Programs are compiled only for the structure, :func:`compile_key`, and are fed the
scalars: :func:`runtime_scalars` reads them, :func:`with_runtime_scalars` replaces them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from itertools import takewhile
from math import prod
from typing import Any, NamedTuple, TypeVar

import numpy as np

from skae._plan.layers import Dense, Layer
from skae._plan.objectives import LOSSES, Corruption, Loss, Penalty

T = TypeVar("T")


class SubNetwork(NamedTuple):
    """The weights of the encoder or the decoder, as arrays or tensors.

    `log_variance_layer` holds the kernel and the bias of a second code layer, which returns the
    logarithm of the codes' variances; only a variational encoder has one. Only the decoder of
    ordered codes is told which of them are cut: for each of its `Network.told_layers`,
    `cut_biases` has a row for each code, which is added to the bias where that code is cut, and
    `cut_scales` one whose exponentials multiply the layer's inputs. Those of the codes themselves
    apply to the linear path, too. Tied kernels have no `cut_scales`.
    """

    layers: tuple[Layer, ...]
    kernels: tuple[Any, ...]
    biases: tuple[Any, ...]
    skip: Any | None
    log_variance_layer: tuple[Any, Any] | None = None
    cut_biases: tuple[Any, ...] = ()
    cut_scales: tuple[Any, ...] = ()

    def astype(self, dtype: Any) -> SubNetwork:
        """Return the arrays in this dtype, without copying those that have it."""

        def cast(part: Any) -> Any:
            if part is None or isinstance(part, tuple):
                return part and tuple(map(cast, part))
            return part.astype(dtype, copy=False)

        return SubNetwork(self.layers, *map(cast, self[1:]))


@dataclass(frozen=True)
class Network:
    """An encoder and a decoder, each with or without a linear path beside its layers.

    Parameters
    ----------
    encoder, decoder : tuple of Layer
        Layers from the features to the codes, and from the codes to the output.
    activation, code_activation : str
        Names of the activations.
    output_activation : str or None
        None if the decoder's output is not a reconstruction of the features.
    tied_weights : bool
        Whether the decoder's kernels are the encoder's, transposed. Mirrored layers only.
    encoder_skip, decoder_skip : bool
        Whether the encoder, or the decoder, has a linear path beside its layers.
    n_active : int or None
        Number of codes of a sample that are kept, the largest ones.
    is_variational : bool
        Whether codes are normal variables with a mean and a variance.
    standardizes : bool
        Whether the encoder sees X centered and divided by its scale, and the decoder returns the
        same, or both X itself.
    skips_missing : bool
        Whether entries of X may be missing, NaN: they have no loss. Those of flat rows are filled
        before the encoder sees them; layers of sequences skip them, and the linear path takes them
        for the center of X.
    scales_columns : bool
        Whether each number is divided by its own standard deviation, instead of one scale for all.
    categories : tuple of (int, int)
        First column, and end, of the indicators of each variable of categories. The decoder returns
        probabilities for them.
    is_ordered : bool
        Whether the decoder also reconstructs from the first codes alone, for any number of them.
    """

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    activation: str
    code_activation: str
    output_activation: str | None
    tied_weights: bool = False
    encoder_skip: bool = False
    decoder_skip: bool = False
    n_active: int | None = None
    is_variational: bool = False
    standardizes: bool = True
    skips_missing: bool = False
    scales_columns: bool = False
    categories: tuple[tuple[int, int], ...] = ()
    is_ordered: bool = False

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.encoder[0].n_in

    @property
    def n_components(self) -> int:
        """Number of codes."""
        return self.encoder[-1].n_out

    @property
    def fills_missing(self) -> bool:
        """Whether missing entries are filled for the encoder: those of flat rows."""
        return len(self.encoder[0].shape_in) == 1

    @property
    def n_normals(self) -> int:
        """Number of standard normals that each sample needs in training."""
        return self.n_components if self.is_variational else 0

    @property
    def widest(self) -> int:
        """Width of the widest layer."""
        return max(max(layer.n_in, layer.n_out) for layer in self.encoder + self.decoder)

    @property
    def n_weights(self) -> int:
        """Number of trained weights."""
        return sum(map(prod, self.shapes))

    @property
    def scales_codes(self) -> bool:
        """Whether codes are in the units of X, as those of PCA are."""
        return self.has_linear_codes and not self.has_column_scales

    @property
    def has_linear_codes(self) -> bool:
        """Whether the code layer has no activation."""
        return self.code_activation == "identity" and not self.is_variational

    @property
    def has_column_scales(self) -> bool:
        """Whether the scale is an array with an entry for each column."""
        return self.scales_columns or bool(self.categories)

    @property
    def variables(self) -> slice | list[int]:
        """The columns of numbers, and the first one of each variable of categories."""
        others = {i for begin, end in self.categories for i in range(begin + 1, end)}
        return [i for i in range(self.n_features) if i not in others] if others else slice(None)

    @property
    def n_variables(self) -> int:
        """Number of numbers and variables of categories."""
        return self.n_features - sum(end - begin - 1 for begin, end in self.categories)

    @property
    def told_layers(self) -> tuple[Layer, ...]:
        """The first layers of the decoder, all dense, that are told which ordered codes are cut."""
        if not self.is_ordered:
            return ()
        return tuple(takewhile(lambda layer: isinstance(layer, Dense), self.decoder))

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the trained arrays.

        The encoder's kernels, biases, skip, second code layer, then the decoder's kernels, biases,
        skip, biases and scales for codes that are cut.
        """
        shapes: list[tuple[int, ...]] = [layer.kernel_shape for layer in self.encoder]
        shapes += [(layer.n_biases,) for layer in self.encoder]
        if self.encoder_skip:
            shapes.append((self.n_features, self.n_components))
        if self.is_variational:
            shapes += [(self.encoder[-1].n_in, self.n_components), (self.n_components,)]
        if not self.tied_weights:
            shapes += [layer.kernel_shape for layer in self.decoder]
        shapes += [(layer.n_biases,) for layer in self.decoder]
        if self.decoder_skip and not self.tied_weights:
            shapes.append((self.n_components, self.decoder[-1].n_out))
        told = self.told_layers
        shapes += [(self.n_components, layer.n_out) for layer in told]
        if not self.tied_weights:
            shapes += [(self.n_components, layer.n_in) for layer in told]
        return tuple(shapes)

    def split(
        self, weights: Iterable[Any], transpose: Callable[[Any], Any]
    ) -> tuple[SubNetwork, SubNetwork]:
        """Split trained arrays (ordered as `shapes`) into encoder and decoder."""
        left = iter(weights)

        def take(n: int) -> tuple[Any, ...]:
            return tuple(next(left) for _ in range(n))

        encoder = SubNetwork(
            self.encoder,
            take(len(self.encoder)),
            take(len(self.encoder)),
            next(left) if self.encoder_skip else None,
            (next(left), next(left)) if self.is_variational else None,
        )
        n_layers = len(self.decoder)
        if self.tied_weights:
            kernels = tuple(
                layer.tied_kernel(kernel, transpose)
                for layer, kernel in zip(self.decoder, reversed(encoder.kernels), strict=True)
            )
            skip = transpose(encoder.skip) if self.decoder_skip else None
            biases = take(n_layers)
        else:
            kernels, biases = take(n_layers), take(n_layers)
            skip = next(left) if self.decoder_skip else None
        n_told = len(self.told_layers)
        cuts = take(n_told), take(0 if self.tied_weights else n_told)
        return encoder, SubNetwork(self.decoder, kernels, biases, skip, None, *cuts)

    def join(self, encoder: SubNetwork, decoder: SubNetwork) -> tuple[Any, ...]:
        """Join encoder and decoder again: the inverse of `split`."""
        weights = [*encoder.kernels, *encoder.biases]
        if encoder.skip is not None:
            weights.append(encoder.skip)
        weights += encoder.log_variance_layer or ()
        if not self.tied_weights:
            weights += decoder.kernels
        weights += decoder.biases
        if decoder.skip is not None and not self.tied_weights:
            weights.append(decoder.skip)
        return (*weights, *decoder.cut_biases, *decoder.cut_scales)


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
    """

    network: Network
    objective: Objective
    solver: Solver
    stages: tuple[Stage, ...] = ()
    is_weighted: bool = False

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
        return Plan(alone, objective, self.solver)


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
