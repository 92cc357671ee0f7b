"""TensorFlow's tables: operations, activations by name, layers by type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skae._network.backend import Backend
from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._plan.layers import Layer
from skae._plan.network import Network
from skae._plan.recurrences import Feedback, Recurrence
from skae._tensorflow.convolution import convolve, convolve_back
from skae._tensorflow.ops import OPS
from skae._tensorflow.quiet import tf
from skae._tensorflow.recurrence import feed_back, recur

Tensor = Any

# Smallest number of rows in a part, and largest number of parts.
PART_ROWS, MAX_PARTS = 32, 8

# The first use of `tf.nn` loads 400 modules in a fifth of a second.
ACTIVATIONS = {
    "identity": tf.identity,
    "relu": lambda x: tf.raw_ops.Relu(features=x),
    "leaky_relu": lambda x: tf.raw_ops.LeakyRelu(features=x, alpha=0.2),
    "elu": lambda x: tf.raw_ops.Elu(features=x),
    "selu": lambda x: tf.raw_ops.Selu(features=x),
    "gelu": lambda x: tf.nn.gelu(x, approximate=True),
    "softplus": lambda x: tf.raw_ops.Softplus(features=x),
    "tanh": tf.tanh,
    "logistic": tf.sigmoid,
}


def _keep_largest(rows: Tensor, k: int) -> Tensor:
    least = tf.math.top_k(rows, k, sorted=True).values[:, -1:]
    return tf.where(rows >= least, rows, 0.0)


# Kernels of TensorFlow's own, which XLA would make slower.
LAYERS: dict[type[Layer], Callable[..., Tensor]] = {
    Convolution: convolve,
    TransposedConvolution: convolve_back,
    Recurrence: recur,
    Feedback: feed_back,
}
TENSORFLOW = Backend(OPS, ACTIVATIONS, _keep_largest, LAYERS)


def on_xla(network: Network) -> bool:
    """Return whether XLA compiles the programs of a network."""
    return not any(type(layer) in LAYERS for layer in network.encoder + network.decoder)


def n_parts(n_rows: int) -> int:
    """Return the number of parts for `n_rows` rows: a power of two."""
    parts = 1
    while parts < MAX_PARTS and n_rows >= 2 * parts * PART_ROWS:
        parts *= 2
    return parts


def map_parts(function: Callable[[Tensor], Tensor], rows: Tensor, parts: int) -> Tensor:
    """Apply a function to rows, with one thread for each part of them.

    The parts depend only on the number of rows. If each operation has one thread, so does the
    rounding of the result.
    """
    if parts == 1:
        return function(rows)
    n_rows = rows.shape.as_list()[0] or tf.shape(rows)[0]
    size = n_rows // parts
    sizes = [n_rows - (parts - 1) * size] + [size] * (parts - 1)
    return tf.concat([function(part) for part in tf.split(rows, sizes, num=parts)], 0)
