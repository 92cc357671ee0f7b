"""NumPy: encode and decode with plain arrays, a block of rows at a time.

The arithmetic of a dense network stands here once, in terms of `@`, `+` and a table of
activations; training runs the same lines on tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def propagate(half: Half, rows: Any, activation: Callable[[Any], Any]) -> Any:
    """Send rows through one half of a network, the last layer's activation left out."""
    hidden = rows
    for kernel, bias in zip(half.kernels[:-1], half.biases[:-1], strict=True):
        hidden = activation(hidden @ kernel + bias)
    out = hidden @ half.kernels[-1] + half.biases[-1]
    return out if half.skip is None else out + rows @ half.skip


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
    loss: Loss,
    network: Network,
    rows: Any,
    output: Any,
    mean: Any,
    scale: Any,
    m: Any,
    activations: Mapping[str, Callable[[Any], Any]],
) -> Any:
    """Compare standardised rows with a decoder's output, entry by entry."""
    if loss.on_logits:
        return loss(m, rows * scale + mean, preactivation(network, output, mean, scale))
    if network.output_activation == "identity":
        return loss(m, rows, output)
    activation = activations[network.output_activation]
    return loss(m, rows, (activation(preactivation(network, output, mean, scale)) - mean) / scale)


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


@dataclass(frozen=True)
class Codec:
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

    def _halves(self, dtype: Any) -> tuple[Half, Half]:
        weights = (weight.astype(dtype, copy=False) for weight in self.weights)
        return self.network.split(weights, np.transpose)

    def _blocks(self, n_rows: int) -> Iterator[slice]:
        return blocks(n_rows, self.network.widest)

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Return the codes of rows of X."""
        network = self.network
        encoder, _ = self._halves(X.dtype)
        # Dividing the kernels that see X is cheaper than dividing X.
        kernels = (encoder.kernels[0] / X.dtype.type(self.scale), *encoder.kernels[1:])
        skip = None if encoder.skip is None else encoder.skip / X.dtype.type(self.scale)
        encoder = Half(kernels, encoder.biases, skip)
        mean = self.mean.astype(X.dtype, copy=False)
        hidden = ACTIVATIONS[network.activation]
        last = ACTIVATIONS[network.code_activation]
        codes = np.empty((X.shape[0], network.n_components), X.dtype)
        for rows in self._blocks(X.shape[0]):
            codes[rows] = last(propagate(encoder, X[rows] - mean, hidden))
        if network.code_activation == "identity":
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
        if network.code_activation == "identity":
            codes = codes / dtype.type(self.scale)
        _, decoder = self._halves(dtype)
        mean, scale = self.mean.astype(dtype, copy=False), dtype.type(self.scale)
        hidden = ACTIVATIONS[network.activation]
        last = ACTIVATIONS[network.output_activation]
        X = np.empty((codes.shape[0], network.n_features), dtype)
        for rows in self._blocks(codes.shape[0]):
            output = propagate(decoder, codes[rows], hidden)
            X[rows] = last(preactivation(network, output, mean, scale))
        return X

    def squared_errors(self, X: np.ndarray) -> np.ndarray:
        """Return each row's squared distance to its reconstruction, in float64."""
        errors = np.empty(X.shape[0])
        for rows in self._blocks(X.shape[0]):
            difference = X[rows] - self.decode(self.encode(X[rows]))
            errors[rows] = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
        return errors

    def mean_squared_error(self, X: np.ndarray) -> float:
        """Return the mean over all entries of X, or of evenly spaced rows of a long X."""
        some = X[:: -(-len(X) // ERROR_ROWS)]
        return float(self.squared_errors(some).mean() / X.shape[1])
