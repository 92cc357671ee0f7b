"""What a backend provides to compute a network, and NumPy's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from skae._plan.layers import Layer
from skae._plan.network import Network


class Backend(NamedTuple):
    """Operations, activations by name, and layers by type, on one kind of arrays.

    Parameters
    ----------
    ops : object
        Functions by the names of NumPy's.
    activations : mapping of str to callable
    keep_largest : callable
        Keeps the k largest values of each row and sets the others to zero.
    layers : mapping of type to callable
        Kernels of the backend's own, for layers without a `forward`: functions of the layer, its
        kernel, its bias, rows, and the linear path if the layer reads it.
    """

    ops: Any
    activations: Mapping[str, Callable[[Any], Any]]
    keep_largest: Callable[[Any, int], Any]
    layers: Mapping[type[Layer], Callable[..., Any]] = {}

    def apply(self, layer: Layer, kernel: Any, bias: Any, rows: Any, *path: Any) -> Any:
        """Apply one layer to rows."""
        own = self.layers.get(type(layer))
        if own is not None:
            return own(layer, kernel, bias, rows, *path)
        return layer.forward(self.ops, kernel, bias, rows, *path)

    def computes(self, network: Network) -> bool:
        """Return whether the backend can compute all layers of a network."""
        return all(
            type(layer) in self.layers or layer.has_forward()
            for layer in network.encoder + network.decoder
        )


def _logistic(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def _selu(x: np.ndarray) -> np.ndarray:
    return 1.0507009873554805 * (
        np.maximum(x, 0.0) + 1.6732632423543772 * np.expm1(np.minimum(x, 0.0))
    )


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(0.7978845608028654 * x * (1.0 + 0.044715 * x * x)))


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "leaky_relu": lambda x: np.maximum(x, 0.2 * x),
    # expm1(x) > x for x < 0, so that one maximum picks the right branch.
    "elu": lambda x: np.maximum(x, np.expm1(np.minimum(x, 0.0))),
    "selu": _selu,
    "gelu": _gelu,
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "tanh": np.tanh,
    "logistic": _logistic,
}


def _logistic_slope(x: np.ndarray) -> np.ndarray:
    y = _logistic(x)
    return y * (1.0 - y)


def _selu_slope(x: np.ndarray) -> np.ndarray:
    positive = np.heaviside(x, 0.0)
    below = 1.6732632423543772 * np.exp(np.minimum(x, 0.0))
    return 1.0507009873554805 * (positive + (1.0 - positive) * below)


def _gelu_slope(x: np.ndarray) -> np.ndarray:
    y = np.tanh(0.7978845608028654 * x * (1.0 + 0.044715 * x * x))
    inner = 0.7978845608028654 * (1.0 + 3.0 * 0.044715 * x * x)
    return 0.5 * (1.0 + y) + 0.5 * x * (1.0 - y * y) * inner


# Derivatives of the activations; where one bends, that on its left.
SLOPES: dict[str, Callable[[Any], Any]] = {
    "identity": np.ones_like,
    "relu": lambda x: np.heaviside(x, 0.0),
    "leaky_relu": lambda x: 0.2 + 0.8 * np.heaviside(x, 0.0),
    "elu": lambda x: np.exp(np.minimum(x, 0.0)),
    "selu": _selu_slope,
    "gelu": _gelu_slope,
    "softplus": _logistic,
    "tanh": lambda x: 1.0 - np.square(np.tanh(x)),
    "logistic": _logistic_slope,
}


def _keep_largest(rows: np.ndarray, k: int) -> np.ndarray:
    # "Not less", so that NaN stays NaN.
    return np.where(rows < np.partition(rows, -k, axis=1)[:, -k, np.newaxis], 0.0, rows)


NUMPY = Backend(np, ACTIVATIONS, _keep_largest)
