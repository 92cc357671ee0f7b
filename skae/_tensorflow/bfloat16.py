"""Matrices in bfloat16 that rows are multiplied by, and a backend for dense layers of them."""

from __future__ import annotations

from typing import Any

from skae._plan.layers import Dense, Layer
from skae._plan.network import Network, SubNetwork
from skae._tensorflow.backend import TENSORFLOW, Tensor
from skae._tensorflow.quiet import tf


class Factor:
    """A matrix in bfloat16 that rows of any dtype are multiplied by.

    Parameters
    ----------
    matrix : Tensor of bfloat16
    dtype : DType
        That of the products, which are summed in float32 in any case.
    is_transposed : bool
        Whether it stands for the transposed matrix.
    """

    # Makes `rows @ factor` a call of `__rmatmul__`.
    __array_priority__ = 1000

    def __init__(
        self, matrix: Tensor, dtype: Any = tf.bfloat16, is_transposed: bool = False
    ) -> None:
        self._matrix, self.dtype, self._is_transposed = matrix, dtype, is_transposed

    def __rmatmul__(self, rows: Tensor) -> Tensor:
        rows = tf.cast(rows, tf.bfloat16)
        return tf.cast(tf.matmul(rows, self._matrix, transpose_b=self._is_transposed), self.dtype)

    def transposed(self) -> Factor:
        """Return the factor for the transposed matrix."""
        return Factor(self._matrix, self.dtype, not self._is_transposed)

    def to_float32(self) -> Factor:
        """Return the factor whose products are float32."""
        return Factor(self._matrix, tf.float32, self._is_transposed)


def _dense(layer: Layer, kernel: Factor, bias: Tensor, rows: Tensor) -> Tensor:
    # TensorFlow makes one operation of the product, this and the activation.
    return _add_bias(rows @ kernel, tf.cast(bias, kernel.dtype))


@tf.custom_gradient
def _add_bias(rows: Tensor, bias: Tensor) -> Any:
    def gradient(of_sum: Tensor) -> tuple[Tensor, Tensor]:
        # As a product, because TensorFlow's sum over rows has one thread and takes three times as
        # long.
        ones = tf.ones((1, tf.shape(of_sum)[0]), tf.bfloat16)
        of_bias = tf.matmul(ones, tf.cast(of_sum, tf.bfloat16))[0]
        return of_sum, tf.cast(of_bias, bias.dtype)

    return tf.nn.bias_add(rows, bias), gradient


BFLOAT16 = TENSORFLOW._replace(layers={Dense: _dense})


def is_rounded(weight: Tensor) -> bool:
    """Return whether a weight is a matrix, which is rounded to bfloat16."""
    return weight.shape.rank > 1


def rounded(weights: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the matrices among the weights in bfloat16."""
    return tuple(tf.cast(weight, tf.bfloat16) for weight in weights if is_rounded(weight))


def split(
    network: Network, weights: tuple[Tensor, ...], matrices: tuple[Tensor, ...]
) -> tuple[SubNetwork, SubNetwork]:
    """Return encoder and decoder of a dense network, with the rounded matrices as factors.

    Hidden rows are bfloat16; codes, outputs, and what is added to them, are float32.
    """
    left = iter(matrices)
    parts = (Factor(next(left)) if is_rounded(weight) else weight for weight in weights)
    encoder, decoder = network.split(parts, Factor.transposed)
    return _with_float32_ends(encoder), _with_float32_ends(decoder)


def _with_float32_ends(half: SubNetwork) -> SubNetwork:
    *hidden, last = half.kernels
    half = half._replace(kernels=(*hidden, last.to_float32()))
    if half.skip is not None:
        half = half._replace(skip=half.skip.to_float32())
    if half.log_variance_layer is not None:
        kernel, bias = half.log_variance_layer
        half = half._replace(log_variance_layer=(kernel.to_float32(), bias))
    if half.cut_biases:
        *hidden, last = half.cut_biases
        half = half._replace(cut_biases=(*hidden, last.to_float32()))
    if half.cut_scales:
        first, *hidden = half.cut_scales
        half = half._replace(cut_scales=(first.to_float32(), *hidden))
    return half
