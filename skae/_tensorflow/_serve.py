"""Encoding and decoding for networks whose layers NumPy lacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from skae._plan import Network
from skae._serve import Maps, encode, propagate
from skae._tensorflow._arithmetic import TENSORS, Tensor
from skae._tensorflow._quiet import tf
from skae._tensorflow._session import Program, kept


@kept
def _compiled(network: Network, maps: str) -> Callable[..., np.ndarray]:
    """Return one of a network's maps as a graph that serves any number of rows."""
    width = network.n_features if maps == "encode" else network.n_components
    rows_of = tf.TensorSpec((None, width), tf.float32)
    weights_of = tuple(tf.TensorSpec(shape, tf.float32) for shape in network.shapes)

    def serve(weights: tuple[Tensor, ...], rows: Tensor) -> Tensor:
        encoder, decoder = network.split(weights, tf.transpose)
        if maps == "encode":
            return encode(network, encoder, rows, TENSORS)
        return propagate(network, decoder, rows, TENSORS)

    return Program(serve, (weights_of, rows_of))


def maps(network: Network, weights: tuple[Any, ...], dtype: Any) -> Maps:
    """Return a network's maps for arrays of this dtype; inside they work in float32."""

    def serve(name: str, rows: np.ndarray) -> np.ndarray:
        return _compiled(network, name)(weights, np.float32(rows)).astype(dtype)

    return Maps(partial(serve, "encode"), partial(serve, "decode"))
