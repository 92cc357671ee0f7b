"""The arithmetic of networks on tensors, layers that NumPy lacks included."""

from __future__ import annotations

from typing import Any

from skae._layers import Convolution, Dense, EachStep, Layer, Recurrence, TransposedConvolution
from skae._serve import Arithmetic
from skae._tensorflow._convolution import convolve, convolve_back
from skae._tensorflow._quiet import tf
from skae._tensorflow._recurrence import recur

Tensor = Any

ACTIVATIONS = {
    "identity": tf.identity,
    "relu": tf.nn.relu,
    "leaky_relu": tf.nn.leaky_relu,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "gelu": lambda x: tf.nn.gelu(x, approximate=True),
    "softplus": tf.nn.softplus,
    "tanh": tf.tanh,
    "logistic": tf.sigmoid,
}


def _apply(layer: Layer, kernel: Tensor, bias: Tensor, rows: Tensor) -> Tensor:
    """Send rows through one layer."""
    match layer:
        case Dense():
            return rows @ kernel + bias
        case EachStep():
            steps = tf.reshape(rows, (-1, layer.n_inputs)) @ kernel + bias
            return tf.reshape(steps, (-1, layer.n_out))
        case Convolution():
            return convolve(layer, kernel, bias, rows)
        case TransposedConvolution(mirrored):
            return convolve_back(mirrored, kernel, bias, rows)
        case Recurrence():
            return recur(layer, kernel, bias, rows)
    raise AssertionError(layer)


def _keep_largest(rows: Tensor, k: int) -> Tensor:
    least = tf.math.top_k(rows, k, sorted=True).values[:, -1:]
    return tf.where(rows >= least, rows, 0.0)


TENSORS = Arithmetic(tf.math, tf.transpose, ACTIVATIONS, _apply, _keep_largest)
