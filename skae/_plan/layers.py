"""Layers: widths, shapes, initial weights.

Every layer maps rows to rows, with an image or a sequence as one flat row, and has one kernel and
one bias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
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
