"""Frozen descriptions of layers: widths and shapes. No arithmetic.

Every layer maps rows to rows, with an image or a sequence as one flat row, and has one kernel and
one bias.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import ClassVar, Protocol


class Layer(Protocol):
    """The interface that a network expects of a layer.

    `fans` are fan-in and fan-out: the number of inputs of an output value, and of outputs of an
    input value. `applies_activation` says that the hidden activation follows, `in_numpy` that NumPy
    can compute the layer, `on_xla` that XLA trains it faster than TensorFlow's own kernels.
    """

    applies_activation: ClassVar[bool]
    in_numpy: ClassVar[bool]
    on_xla: ClassVar[bool]

    @property
    def n_in(self) -> int: ...

    @property
    def n_out(self) -> int: ...

    @property
    def kernel_shape(self) -> tuple[int, ...]: ...

    @property
    def n_biases(self) -> int: ...

    @property
    def fans(self) -> tuple[float, float]: ...


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    n_in: int
    n_out: int

    applies_activation: ClassVar[bool] = True
    in_numpy: ClassVar[bool] = True
    on_xla: ClassVar[bool] = True

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_in, self.n_out

    @property
    def n_biases(self) -> int:
        return self.n_out

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_in, self.n_out


def dense_layers(widths: Iterable[int]) -> tuple[Dense, ...]:
    """Return the dense layers that connect layers of these widths."""
    return tuple(Dense(n_in, n_out) for n_in, n_out in pairwise(widths))


@dataclass(frozen=True)
class Convolution:
    """A convolution of images, padded so that a stride of 1 keeps their size.

    Parameters
    ----------
    image : (height, width, channels)
    n_filters : int
    kernel : (height, width)
    strides : (int, int)
    """

    image: tuple[int, int, int]
    n_filters: int
    kernel: tuple[int, int]
    strides: tuple[int, int]

    applies_activation: ClassVar[bool] = True
    in_numpy: ClassVar[bool] = False
    on_xla: ClassVar[bool] = False

    @property
    def filtered(self) -> tuple[int, int, int]:
        """Shape of the filtered image."""
        height, width = (
            -(-size // step) for size, step in zip(self.image[:2], self.strides, strict=True)
        )
        return height, width, self.n_filters

    @property
    def n_in(self) -> int:
        return prod(self.image)

    @property
    def n_out(self) -> int:
        return prod(self.filtered)

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return *self.kernel, self.image[-1], self.n_filters

    @property
    def n_biases(self) -> int:
        return self.n_filters

    @property
    def fans(self) -> tuple[float, float]:
        area = prod(self.kernel)
        return area * self.image[-1], area * self.n_filters / prod(self.strides)


@dataclass(frozen=True)
class TransposedConvolution:
    """The transpose of a :class:`Convolution`, with a kernel of the same shape."""

    mirrored: Convolution

    applies_activation: ClassVar[bool] = True
    in_numpy: ClassVar[bool] = False
    on_xla: ClassVar[bool] = False

    @property
    def n_in(self) -> int:
        return self.mirrored.n_out

    @property
    def n_out(self) -> int:
        return self.mirrored.n_in

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.mirrored.kernel_shape

    @property
    def n_biases(self) -> int:
        return self.mirrored.image[-1]

    @property
    def fans(self) -> tuple[float, float]:
        return self.mirrored.fans[::-1]


GATES = {"lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Recurrence:
    """A recurrent layer; its kernel stacks the input's kernel on that of the state.

    The columns are ordered by gate: input, forget, candidate, output for an LSTM; reset, update,
    candidate for a GRU.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    n_steps : int
    n_inputs : int
        Number of values in a step.
    n_units : int
    repeats_input : bool
        Whether every step reads the same inputs, instead of a sequence.
    returns_sequence : bool
        Whether to return the state of every step, instead of the last one.
    """

    cell: str
    n_steps: int
    n_inputs: int
    n_units: int
    repeats_input: bool = False
    returns_sequence: bool = False

    applies_activation: ClassVar[bool] = False
    in_numpy: ClassVar[bool] = False
    on_xla: ClassVar[bool] = False

    @property
    def n_in(self) -> int:
        return self.n_inputs * (1 if self.repeats_input else self.n_steps)

    @property
    def n_out(self) -> int:
        return self.n_units * (self.n_steps if self.returns_sequence else 1)

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_inputs + self.n_units, GATES[self.cell] * self.n_units

    @property
    def n_biases(self) -> int:
        return GATES[self.cell] * self.n_units

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_inputs + self.n_units, self.n_units


@dataclass(frozen=True)
class EachStep:
    """One dense layer, applied to each step of a sequence."""

    n_steps: int
    n_inputs: int
    n_outputs: int

    applies_activation: ClassVar[bool] = True
    in_numpy: ClassVar[bool] = False
    on_xla: ClassVar[bool] = True

    @property
    def n_in(self) -> int:
        return self.n_steps * self.n_inputs

    @property
    def n_out(self) -> int:
        return self.n_steps * self.n_outputs

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_inputs, self.n_outputs

    @property
    def n_biases(self) -> int:
        return self.n_outputs

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_inputs, self.n_outputs
