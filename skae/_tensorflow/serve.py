"""Encoding and decoding for networks with layers that NumPy cannot compute."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from skae._network.codec import Maps
from skae._network.forward import encode, log_variances, propagate, propagate_cut
from skae._plan.network import Network
from skae._tensorflow.backend import TENSORFLOW, Tensor, map_parts, n_parts
from skae._tensorflow.quiet import tf
from skae._tensorflow.session import Program, locked_cache

# By the names of their functions in `Maps`.
MAPS = {
    "encode": encode,
    "decode": propagate,
    "decode_cut": propagate_cut,
    "log_variances": log_variances,
}


@locked_cache
def _compiled(network: Network, name: str, parts: int) -> Callable[..., np.ndarray]:
    """Return one of a network's maps as a graph for any number of rows, computed in parts."""
    n_codes = network.n_components
    width = {"decode": n_codes, "decode_cut": n_codes + 1}.get(name, network.n_features)
    rows_of = tf.TensorSpec((None, width), tf.float32)
    weights_of = tuple(tf.TensorSpec(shape, tf.float32) for shape in network.shapes)

    def serve(weights: tuple[Tensor, ...], rows: Tensor) -> Tensor:
        encoder, decoder = network.split(weights, tf.transpose)
        half = decoder if name.startswith("decode") else encoder
        return map_parts(lambda part: MAPS[name](network, half, part, TENSORFLOW), rows, parts)

    return Program(serve, (weights_of, rows_of))


def maps(network: Network, weights: tuple[Any, ...], dtype: Any) -> Maps:
    """Return a network's maps for arrays of this dtype; they compute in float32."""

    def serve(name: str, rows: np.ndarray) -> np.ndarray:
        n_rows, rows = len(rows), rows.astype(np.float32, copy=False)
        if n_rows == 1:
            # A product of one row is rounded by another kernel than that of many.
            rows = np.repeat(rows, 2, axis=0)
        return _compiled(network, name, n_parts(n_rows))(weights, rows)[:n_rows].astype(dtype)

    return Maps(*(partial(serve, name) for name in MAPS))
