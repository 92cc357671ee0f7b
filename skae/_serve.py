"""NumPy: encode and decode with plain arrays, a block of rows at a time.

The arithmetic of a network stands here once, in terms of what an :class:`Arithmetic` holds;
training runs the same lines on tensors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from skae._layers import Layer
from skae._parts import Loss
from skae._plan import Half, Network
from skae._whitening import Whitening

# Entries of the widest array of a block: some 4 MB of float32, which stays in a CPU's caches.
BLOCK_ENTRIES = 1 << 20
# A pass over all rows of large data for one number would cost a fit of few epochs a tenth.
ERROR_ROWS = 10_000


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


class Arithmetic(NamedTuple):
    """What computes: NumPy here, TensorFlow in training and for layers that NumPy lacks.

    `apply` sends rows through one layer, `keep_largest` leaves the k largest values of each row.
    """

    math: Any
    transpose: Callable[[Any], Any]
    activations: Mapping[str, Callable[[Any], Any]]
    apply: Callable[[Layer, Any, Any, Any], Any]
    keep_largest: Callable[[Any, int], Any]


def _dense(layer: Layer, kernel: Any, bias: Any, rows: Any) -> Any:
    return rows @ kernel + bias


def _keep_largest(rows: np.ndarray, k: int) -> np.ndarray:
    # "Not less", so that NaN stays NaN.
    return np.where(rows < np.partition(rows, -k, axis=1)[:, -k, np.newaxis], 0.0, rows)


ARRAYS = Arithmetic(np, np.transpose, ACTIVATIONS, _dense, _keep_largest)


def hidden_layers(network: Network, half: Half, rows: Any, by: Arithmetic) -> Iterator[Any]:
    """Yield what each layer of one half of a network but the last makes of rows."""
    activation = by.activations[network.activation]
    layers = zip(half.layers[:-1], half.kernels[:-1], half.biases[:-1], strict=True)
    for layer, kernel, bias in layers:
        rows = by.apply(layer, kernel, bias, rows)
        if layer.is_linear:
            rows = activation(rows)
        yield rows


def hidden_rows(network: Network, half: Half, rows: Any, by: Arithmetic) -> Any:
    """Send rows through all but the last layer of one half of a network."""
    return [rows, *hidden_layers(network, half, rows, by)][-1]


def propagate(network: Network, half: Half, rows: Any, by: Arithmetic) -> Any:
    """Send rows through one half of a network, the last layer's activation left out."""
    hidden = hidden_rows(network, half, rows, by)
    out = by.apply(half.layers[-1], half.kernels[-1], half.biases[-1], hidden)
    return out if half.skip is None else out + rows @ half.skip


def encode(network: Network, encoder: Half, rows: Any, by: Arithmetic) -> Any:
    """Return the codes of standardised rows; their means where the network is variational."""
    codes = by.activations[network.code_activation](propagate(network, encoder, rows, by))
    return codes if network.n_active is None else by.keep_largest(codes, network.n_active)


def log_variances(network: Network, encoder: Half, rows: Any, by: Arithmetic) -> Any:
    """Return the logarithms of the variances of a variational network's codes."""
    assert encoder.spread is not None
    kernel, bias = encoder.spread
    return hidden_rows(network, encoder, rows, by) @ kernel + bias


def preactivation(network: Network, output: Any, mean: Any, scale: Any) -> Any:
    """Bring a decoder's standardised output to where the output activation takes it up.

    That is the units of X, so that an activation such as relu acts on a reconstruction. A
    logistic output gets the tangent of its inverse at 1/2, so that a reconstruction `r` between
    0 and 1 comes out close to `r`.
    """
    reconstruction = output * scale + mean
    if network.output_activation == "logistic":
        return 4.0 * reconstruction - 2.0
    return reconstruction


def entry_losses(
    loss: Loss, network: Network, target: Any, output: Any, mean: Any, scale: Any, by: Arithmetic
) -> Any:
    """Compare targets with a decoder's output, entry by entry.

    The targets are standardised rows, unless the output is no reconstruction.
    """
    if network.output_activation is None:
        return loss(by.math, target, output)
    if loss.on_logits:
        logits = preactivation(network, output, mean, scale)
        return loss(by.math, target * scale + mean, logits)
    if network.output_activation == "identity":
        return loss(by.math, target, output)
    activation = by.activations[network.output_activation]
    reconstruction = activation(preactivation(network, output, mean, scale))
    return loss(by.math, target, (reconstruction - mean) / scale)


class Maps(NamedTuple):
    """What a network computes: standardised rows to codes, codes to the decoder's output."""

    encode: Callable[[np.ndarray], np.ndarray]
    decode: Callable[[np.ndarray], np.ndarray]


def maps(network: Network, weights: Iterable[Any], dtype: Any) -> Maps:
    """Return a network's maps for arrays of this dtype."""
    if not network.in_numpy:
        from skae._tensorflow._serve import maps as by_tensorflow

        return by_tensorflow(network, tuple(weights), dtype)
    arrays = (np.asarray(weight).astype(dtype, copy=False) for weight in weights)
    encoder, decoder = network.split(arrays, np.transpose)
    return Maps(
        partial(encode, network, encoder, by=ARRAYS),
        partial(propagate, network, decoder, by=ARRAYS),
    )


def blocks(n_rows: int, width: int, n_entries: int = BLOCK_ENTRIES) -> Iterator[slice]:
    """Yield slices of so many rows that a block of this width stays small."""
    size = max(1, n_entries // width)
    for begin in range(0, n_rows, size):
        yield slice(begin, min(begin + size, n_rows))


def standardised(
    rows: np.ndarray, mean: np.ndarray, scale: float, out: np.ndarray | None = None
) -> np.ndarray:
    """Return rows as float32, centred in their own dtype and divided by one number.

    The rows are overwritten: give a copy, which may be `out` itself.
    """
    if out is None:
        out = np.empty(rows.shape, np.float32)
    rows -= mean.astype(rows.dtype, copy=False)
    return np.multiply(rows, rows.dtype.type(1.0 / scale), out=out, casting="same_kind")


class Coder(ABC):
    """What brings rows to codes and back, in the dtype of its input, a block of rows at a time."""

    @abstractmethod
    def encode(self, X: np.ndarray) -> np.ndarray:
        """Return the codes of rows of X."""

    @abstractmethod
    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""

    @abstractmethod
    def _blocks(self, n_rows: int) -> Iterator[slice]:
        """Yield slices of so many rows that what is held of them stays small."""

    def squared_errors(self, X: np.ndarray, targets: np.ndarray | None = None) -> np.ndarray:
        """Return the squared distance of each row's reconstruction to the row, in float64.

        Or to that of `targets`, which stands for what the row is to become.
        """
        targets = X if targets is None else targets
        errors = np.empty(X.shape[0])
        for rows in self._blocks(X.shape[0]):
            difference = targets[rows] - self.decode(self.encode(X[rows]))
            errors[rows] = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
        return errors


@dataclass(frozen=True)
class Codec(Coder):
    """A fitted network with its units: rows of X in, codes out, and back.

    Works in the dtype of its input and never holds more than a block of rows besides input and
    output. Codes of an identity code layer are in the units of X, as PCA's are.

    Parameters
    ----------
    network : Network
    weights : tuple of ndarray
        Trained arrays in the order of ``network.shapes``.
    mean : ndarray of shape (n_features,)
    scale : float
    whitening : Whitening or None
    """

    network: Network
    weights: tuple[np.ndarray, ...]
    mean: np.ndarray
    scale: float
    whitening: Whitening | None = None

    def _blocks(self, n_rows: int) -> Iterator[slice]:
        return blocks(n_rows, self.network.widest)

    def standardised(self, X: np.ndarray) -> np.ndarray:
        """Return a standardised copy of rows, in their own dtype."""
        rows = X.copy()
        return standardised(rows, self.mean, self.scale, out=rows)

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Return the codes of rows of X."""
        network = self.network
        to_codes = maps(network, self.weights, X.dtype).encode
        codes = np.empty((X.shape[0], network.n_components), X.dtype)
        for rows in self._blocks(X.shape[0]):
            codes[rows] = to_codes(self.standardised(X[rows]))
        if network.scales_codes:
            codes *= X.dtype.type(self.scale)
        if self.whitening is not None:
            mean, matrix, _ = self.whitening
            codes = (codes - mean.astype(X.dtype)) @ matrix.astype(X.dtype)
        return codes

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""
        network, dtype = self.network, codes.dtype
        if self.whitening is not None:
            mean, _, inverse = self.whitening
            codes = codes @ inverse.astype(dtype) + mean.astype(dtype)
        if network.scales_codes:
            codes = codes / dtype.type(self.scale)
        to_output = maps(network, self.weights, dtype).decode
        mean, scale = self.mean.astype(dtype, copy=False), dtype.type(self.scale)
        X = np.empty((codes.shape[0], network.decoder[-1].n_out), dtype)
        for rows in self._blocks(codes.shape[0]):
            X[rows] = to_output(codes[rows])
            if network.output_activation is not None:
                last = ACTIVATIONS[network.output_activation]
                X[rows] = last(preactivation(network, X[rows], mean, scale))
        return X

    def hidden(self, X: np.ndarray, layer: int) -> np.ndarray:
        """Return the activations of a hidden layer of an encoder that NumPy serves."""
        network = self.network
        weights = (weight.astype(X.dtype, copy=False) for weight in self.weights)
        encoder, _ = network.split(weights, np.transpose)
        # `hidden_rows` leaves the last layer out.
        layers, kernels, biases = (part[: layer + 2] for part in encoder[:3])
        activations = np.empty((X.shape[0], layers[layer].n_out), X.dtype)
        for rows in self._blocks(X.shape[0]):
            activations[rows] = hidden_rows(
                network, Half(layers, kernels, biases, None), self.standardised(X[rows]), ARRAYS
            )
        return activations

    def mean_squared_error(self, X: np.ndarray, targets: np.ndarray | None = None) -> float:
        """Return the mean over all entries of the rows' reconstructions, see `squared_errors`."""
        return float(self.squared_errors(X, targets).mean() / X.shape[1])
