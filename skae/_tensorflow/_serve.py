"""Encoding and decoding for networks whose layers NumPy lacks."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np
import tensorflow as tf

from skae._plan import Network
from skae._serve import Maps, encode, propagate
from skae._tensorflow._arithmetic import TENSORS, Tensor


@lru_cache(maxsize=64)
def _compiled(network: Network, maps: str) -> tf.types.experimental.PolymorphicFunction:
    """Return one of a network's maps as a graph that serves any number of rows."""
    width = network.n_features if maps == "encode" else network.n_components
    rows_of = tf.TensorSpec((None, width), tf.float32)
    weights_of = tuple(tf.TensorSpec(shape, tf.float32) for shape in network.shapes)

    @tf.function(input_signature=(weights_of, rows_of), autograph=False)
    def serve(weights: tuple[Tensor, ...], rows: Tensor) -> Tensor:
        encoder, decoder = network.split(weights, tf.transpose)
        if maps == "encode":
            return encode(network, encoder, rows, TENSORS)
        return propagate(network, decoder, rows, TENSORS)

    return serve


def maps(network: Network, weights: tuple[Any, ...], dtype: Any) -> Maps:
    """Return a network's maps for arrays of this dtype; inside they work in float32."""
    tensors = tuple(tf.constant(weight, tf.float32) for weight in weights)

    def serve(name: str, rows: np.ndarray) -> np.ndarray:
        served = _compiled(network, name)(tensors, tf.constant(rows, tf.float32))
        return served.numpy().astype(dtype)

    return Maps(partial(serve, "encode"), partial(serve, "decode"))
