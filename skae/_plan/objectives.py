"""Parts of objectives: losses by name, and the interfaces of custom losses, penalties, corruption.

Parts are frozen dataclasses. Their floats are runtime scalars, fed to the compiled program as
tensors; all other fields are part of the compile key, and a change of one compiles a new program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np


class Loss(Protocol):
    """Compares values with their reconstruction, elementwise.

    `ops` are functions by the names of NumPy's: `numpy` itself in validation, the same on tensors
    in training. Both arrays are centered and divided by `scale_`, unless standardize=False. With
    `on_logits`, the target is unchanged and the output is that before the logistic activation.
    """

    on_logits: ClassVar[bool]

    def __call__(self, ops: Any, target: Any, output: Any) -> Any: ...


class Step(NamedTuple):
    """The data of a training step that a penalty receives; every array is a tensor of one batch.

    Attributes
    ----------
    network : Network
        Description of the network; ``network.split(weights, ops.transpose)`` splits its weights
        into those of the encoder and the decoder.
    weights : tuple of Tensor
    inputs : Tensor of shape (batch, n_features)
        Standardized samples as the encoder receives them.
    codes : Tensor of shape (batch, n_components)
        Latent codes as the decoder receives them: sampled if the network is variational.
    means, log_variances : Tensor of shape (batch, n_components)
        Means and log-variances of the codes; the latter are None unless the network is variational.
    outputs : Tensor of shape (batch, n_features)
        Outputs of the decoder, before the output activation.
    row_weights : Tensor of shape (batch,)
        Zero for padding rows, which must not count, else one.
    encode : callable
        Maps standardized samples to codes, for penalties on the encoder's derivatives.
    backend : Backend
        Activations by name, and ``apply(layer, kernel, bias, rows)``.
    """

    network: Any
    weights: tuple[Any, ...]
    inputs: Any
    codes: Any
    means: Any
    log_variances: Any
    outputs: Any
    row_weights: Any
    encode: Callable[[Any], Any]
    backend: Any

    def mean(self, ops: Any, values: Any) -> Any:
        """Return the mean over samples, without padding, of one value or one row of values each."""
        return ops.tensordot(self.row_weights, values, axes=1) / ops.sum(self.row_weights)


class Penalty(Protocol):
    """A term of the training loss: takes the operations and a :class:`Step`, returns a scalar.

    `ops` are functions on tensors by the names of NumPy's, and ``ops.derivative(function, x)``,
    the gradient of the sum of ``function(x)``. An attribute `name` of its class names the term in
    `loss_parts_curve_`; by default that is the name of the class in lower case.
    """

    def __call__(self, ops: Any, step: Step) -> Any: ...


class Corruption(Protocol):
    """Noise on the encoder's inputs in training, drawn by NumPy on the host.

    `X` holds samples in their own units and dtype, one batch or several; it may be changed in
    place.
    """

    def __call__(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class SquaredError:
    """``(x - x')**2``."""

    on_logits: ClassVar[bool] = False

    def __call__(self, ops: Any, target: Any, output: Any) -> Any:
        return ops.square(target - output)


@dataclass(frozen=True)
class AbsoluteError:
    """``|x - x'|``."""

    on_logits: ClassVar[bool] = False

    def __call__(self, ops: Any, target: Any, output: Any) -> Any:
        return ops.abs(target - output)


@dataclass(frozen=True)
class Huber:
    """Half the squared error up to 1, the absolute error minus 1/2 beyond (Huber, 1964)."""

    on_logits: ClassVar[bool] = False

    def __call__(self, ops: Any, target: Any, output: Any) -> Any:
        error = ops.abs(target - output)
        clipped = ops.minimum(error, 1.0)
        return clipped * (error - 0.5 * clipped)


@dataclass(frozen=True)
class BinaryCrossentropy:
    """``-x log p - (1 - x) log(1 - p)`` with ``p = logistic(logit)``, exact for large logits."""

    on_logits: ClassVar[bool] = True

    def __call__(self, ops: Any, target: Any, output: Any) -> Any:
        return ops.maximum(output, 0.0) - output * target + ops.log1p(ops.exp(-ops.abs(output)))


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "binary_crossentropy": BinaryCrossentropy(),
}
