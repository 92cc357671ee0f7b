"""The vocabulary of objectives: losses by name, and what a part of a user's own must be.

Parts are frozen dataclasses. Their floats are fed to the compiled program as tensors; all
their other fields are structure, and a change of one compiles a new program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np


class Loss(Protocol):
    """Compares values with their reconstruction, one by one.

    `m` is `tf.math` in training and `numpy` in validation: use only what both have (`abs`,
    `square`, `exp`, `log1p`, `maximum`, `minimum`, `tanh`, ...). Both arrays are centred and
    divided by `scale_`, unless `on_logits` asks for the target as it is and for the output
    before its logistic activation.
    """

    on_logits: ClassVar[bool]

    def __call__(self, m: Any, target: Any, output: Any) -> Any: ...


class Step(NamedTuple):
    """What a penalty sees of a training step; every array is a tensor of one batch.

    `encode` maps standardised rows to codes, for penalties on the encoder's derivatives;
    rows whose `row_weights` are zero only fill the batch and must not count.
    """

    inputs: Any
    codes: Any
    outputs: Any
    row_weights: Any
    weights: tuple[Any, ...]
    encode: Callable[[Any], Any]


class Penalty(Protocol):
    """A term of the training loss: TensorFlow itself and a :class:`Step` in, a scalar out."""

    def __call__(self, tf: Any, step: Step) -> Any: ...


class Corruption(Protocol):
    """Noise on the rows that the encoder sees in training, drawn by NumPy on the host.

    `X` holds float32 rows that are centred and divided by `scale`; it may be changed in place.
    """

    def __call__(self, rng: np.random.Generator, X: np.ndarray, scale: float) -> np.ndarray: ...


@dataclass(frozen=True)
class SquaredError:
    """``(x - x')**2``."""

    on_logits: ClassVar[bool] = False

    def __call__(self, m: Any, target: Any, output: Any) -> Any:
        return m.square(target - output)


@dataclass(frozen=True)
class AbsoluteError:
    """``|x - x'|``."""

    on_logits: ClassVar[bool] = False

    def __call__(self, m: Any, target: Any, output: Any) -> Any:
        return m.abs(target - output)


@dataclass(frozen=True)
class Huber:
    """Half the squared error up to 1, the absolute error minus 1/2 beyond (Huber, 1964)."""

    on_logits: ClassVar[bool] = False

    def __call__(self, m: Any, target: Any, output: Any) -> Any:
        error = m.abs(target - output)
        clipped = m.minimum(error, 1.0)
        return clipped * (error - 0.5 * clipped)


@dataclass(frozen=True)
class BinaryCrossentropy:
    """``-x log p - (1 - x) log(1 - p)`` with ``p = logistic(logit)``, exact for large logits."""

    on_logits: ClassVar[bool] = True

    def __call__(self, m: Any, target: Any, output: Any) -> Any:
        return m.maximum(output, 0.0) - output * target + m.log1p(m.exp(-m.abs(output)))


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "binary_crossentropy": BinaryCrossentropy(),
}
