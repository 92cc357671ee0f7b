"""Layers: widths, shapes, initial weights.

Every layer maps rows to rows, with an image or a sequence as one flat row, and has one kernel and
one bias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

# Draws a kernel of a layer's shape.
Initializer = Callable[[np.random.Generator, "Layer"], np.ndarray]


class Layer:
    """Base class of layers: frozen dataclasses that map flat rows of `n_in` values to `n_out`.

    A layer says what its shapes are and how its weights start. What it computes stands in
    `forward`, which every backend can run, or in the tables of the backends that have a kernel of
    their own for its type, such as TensorFlow's for convolutions.

    Attributes
    ----------
    n_in, n_out : int
        Number of values in a row before and after the layer.
    shape_in : tuple of int
        Shape of a row before the layer: that of an image, of a sequence, or ``(n_in,)``.
    kernel_shape : tuple of int
    n_biases : int
    fans : (float, float)
        Fan-in and fan-out: the number of inputs of an output value, and of outputs of an input
        value.
    applies_activation : bool
        Whether the network's hidden activation follows the layer.
    reads_path : bool
        Whether the last layer of a sub-network adds the linear path beside the layers itself,
        which it takes as a further argument.
    """

    if TYPE_CHECKING:

        @property
        def n_in(self) -> int: ...

        @property
        def n_out(self) -> int: ...

        @property
        def kernel_shape(self) -> tuple[int, ...]: ...

    applies_activation: ClassVar[bool] = True
    reads_path: ClassVar[bool] = False

    @property
    def shape_in(self) -> tuple[int, ...]:
        return (self.n_in,)

    @property
    def n_biases(self) -> int:
        return self.n_out

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_in, self.n_out

    def initial_weights(
        self, draw: Initializer, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the initial kernel, drawn by `draw(rng, layer)` by default, and bias."""
        return draw(rng, self), np.zeros(self.n_biases)

    def mirror(self) -> Layer | None:
        """Return the decoder's layer for this one of the encoder, None if there is no such one."""
        return None

    def tied_kernel(self, kernel: Any, transpose: Callable[[Any], Any]) -> Any:
        """Return the kernel of this layer of the decoder from that of the layer it mirrors."""
        return transpose(kernel)

    def readout(self, kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return views of the parts of the weights in which the output is linear.

        With zeros there, the layer returns zeros, as a PCA initialization of the last layer needs.
        """
        return kernel, bias

    def skipping(self) -> Layer:
        """Return the layer that skips missing values, NaN: by default the layer itself."""
        return self

    def forward(self, ops: Any, kernel: Any, bias: Any, rows: Any) -> Any:
        """Apply the layer to rows by `ops`, functions by the names of NumPy's."""
        raise TypeError(
            f"{type(self).__name__} must define forward(self, ops, kernel, bias, rows), which "
            "returns its output for rows."
        )

    @classmethod
    def has_forward(cls) -> bool:
        """Return whether every backend can run the layer."""
        return cls.forward is not Layer.forward


@dataclass(frozen=True)
class Dense(Layer):
    """A fully connected layer."""

    n_in: int
    n_out: int

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_in, self.n_out

    def mirror(self) -> Dense:
        return Dense(self.n_out, self.n_in)

    def forward(self, ops: Any, kernel: Any, bias: Any, rows: Any) -> Any:
        return rows @ kernel + bias


def dense_layers(widths: Iterable[int]) -> tuple[Dense, ...]:
    """Return the dense layers that connect layers of these widths."""
    return tuple(Dense(n_in, n_out) for n_in, n_out in pairwise(widths))


def mirrored(layers: tuple[Layer, ...]) -> tuple[Layer, ...] | None:
    """Return the layers of a decoder that mirrors an encoder, None if one of them has no mirror."""
    mirrors = [layer.mirror() for layer in reversed(layers)]
    return None if None in mirrors else tuple(layer for layer in mirrors if layer is not None)


@dataclass(frozen=True)
class Convolution(Layer):
    """A convolution of images, and max pooling of its result.

    Pooling sees all pixels: windows at the edges may be incomplete. The activation follows the
    pooling, on fewer pixels; for activations that only rise, the order makes no difference.

    Parameters
    ----------
    image : (height, width, channels)
    n_filters : int
    kernel : (height, width)
    strides : (int, int)
    padding : {"same", "valid"}
        Whether zeros are added around the image, so that a stride of 1 keeps its size.
    pooling : (height, width)
        Size of the windows of which the largest value is kept; (1, 1) means no pooling.
    """

    image: tuple[int, int, int]
    n_filters: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    padding: str = "same"
    pooling: tuple[int, int] = (1, 1)

    @property
    def convolved(self) -> tuple[int, int, int]:
        """Shape of the image before pooling."""
        height, width, _ = self.image
        if self.padding == "valid":
            height, width = height - self.kernel[0] + 1, width - self.kernel[1] + 1
        return *_strided((height, width), self.strides), self.n_filters

    @property
    def windows(self) -> tuple[int, int]:
        """Height and width of pooling windows, at most those of the image before it."""
        height, width = map(min, self.pooling, self.convolved)
        return height, width

    @property
    def filtered(self) -> tuple[int, int, int]:
        """Shape of the filtered image."""
        return *_strided(self.convolved, self.windows), self.n_filters

    @property
    def shape_in(self) -> tuple[int, ...]:
        return self.image

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

    def mirror(self) -> TransposedConvolution:
        return TransposedConvolution(self)


def _strided(image: tuple[int, ...], steps: tuple[int, int]) -> tuple[int, int]:
    """Return the numbers of steps that cover the height and the width of an image."""
    return -(-image[0] // steps[0]), -(-image[1] // steps[1])


@dataclass(frozen=True)
class TransposedConvolution(Layer):
    """The way back from a :class:`Convolution`, to an image of exactly its size.

    Each pixel takes the value of its pooling window, if there is pooling, and the transpose of the
    convolution follows, with a kernel of the same shape.
    """

    mirrored: Convolution

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

    def tied_kernel(self, kernel: Any, transpose: Callable[[Any], Any]) -> Any:
        return kernel


GATES = {"lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Recurrence(Layer):
    """A recurrent layer; its kernel stacks the input's kernel on that of the state.

    The columns are ordered by gate: input, forget, candidate, output for an LSTM; reset, update,
    candidate for a GRU. If the layer is bidirectional, those of the reading from the last step to
    the first come second.

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
    is_bidirectional : bool
        Whether the layer also reads the steps from the last to the first, with weights of their
        own; the states of both readings are returned side by side.
    skips_missing : bool
        Whether a sequence may end early: its steps of NaN, the last ones, change no state, and
        their own states are NaN.
    """

    cell: str
    n_steps: int
    n_inputs: int
    n_units: int
    repeats_input: bool = False
    returns_sequence: bool = False
    is_bidirectional: bool = False
    skips_missing: bool = False

    applies_activation: ClassVar[bool] = False

    @property
    def shape_in(self) -> tuple[int, ...]:
        return self.n_steps, self.n_inputs

    @property
    def n_in(self) -> int:
        return self.n_inputs * (1 if self.repeats_input else self.n_steps)

    @property
    def n_readings(self) -> int:
        """Number of directions in which the steps are read."""
        return 2 if self.is_bidirectional else 1

    @property
    def n_out(self) -> int:
        return self.n_readings * self.n_units * (self.n_steps if self.returns_sequence else 1)

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_inputs + self.n_units, self.n_biases

    @property
    def n_biases(self) -> int:
        return self.n_readings * GATES[self.cell] * self.n_units

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_inputs + self.n_units, self.n_units

    def skipping(self) -> Recurrence:
        return replace(self, skips_missing=True)

    def initial_weights(
        self, draw: Initializer, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Open the forget gates of an LSTM, by a bias of 1 (Jozefowicz et al., 2015)."""
        kernel, bias = super().initial_weights(draw, rng)
        if self.cell == "lstm":
            bias.reshape(self.n_readings, GATES["lstm"], self.n_units)[:, 1] = 1.0
        return kernel, bias


@dataclass(frozen=True)
class Feedback(Layer):
    """A recurrent layer that returns the values of each step, and reads those of the step before.

    A step reads its inputs, the last values (zeros before the first step) and the last state. Its
    values are a linear function of the inputs, the last values and the new state (Cho et al.,
    2014), plus the linear path beside the layers. The kernel's rows belong to the inputs, the last
    values and the state; its columns to the gates of the cell, see :class:`Recurrence`, and to the
    values.
    """

    cell: str
    n_steps: int
    n_inputs: int
    n_units: int
    n_values: int
    repeats_input: bool

    reads_path: ClassVar[bool] = True

    @property
    def recurrence(self) -> Recurrence:
        """The recurrent layer inside, which reads inputs and values."""
        n_read = self.n_inputs + self.n_values
        return Recurrence(self.cell, self.n_steps, n_read, self.n_units, returns_sequence=True)

    @property
    def n_in(self) -> int:
        return self.n_inputs * (1 if self.repeats_input else self.n_steps)

    @property
    def n_out(self) -> int:
        return self.n_steps * self.n_values

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.recurrence.kernel_shape[0], self.n_biases

    @property
    def n_biases(self) -> int:
        return self.recurrence.n_biases + self.n_values

    @property
    def fans(self) -> tuple[float, float]:
        return self.recurrence.fans

    def initial_weights(
        self, draw: Initializer, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        kernel = draw(rng, self)
        _, bias = self.recurrence.initial_weights(draw, rng)
        return kernel, np.append(bias, np.zeros(self.n_values))

    def readout(self, kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return kernel[:, -self.n_values :], bias[-self.n_values :]


@dataclass(frozen=True)
class EachStep(Layer):
    """One dense layer, applied to each step of a sequence."""

    n_steps: int
    n_inputs: int
    n_outputs: int

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

    def forward(self, ops: Any, kernel: Any, bias: Any, rows: Any) -> Any:
        steps = ops.reshape(rows, (-1, self.n_inputs)) @ kernel + bias
        return ops.reshape(steps, (-1, self.n_out))
