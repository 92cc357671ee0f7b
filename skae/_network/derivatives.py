"""Derivatives of fitted dense networks in NumPy, in closed form, in units of X and its codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from skae._data.blocks import blocks, dense
from skae._data.rows import summed
from skae._network.backend import NUMPY, SLOPES
from skae._network.codec import Codec
from skae._network.forward import groups_of, reconstruction, to_output_units
from skae._plan.layers import Dense, Layer
from skae._plan.network import Network, SubNetwork


def are_dense(layers: Iterable[Layer]) -> bool:
    """Return whether all layers are dense ones, whose derivatives are known."""
    return all(type(layer).forward is Dense.forward for layer in layers)


def encoder_derivatives(codec: Codec, X: np.ndarray) -> np.ndarray:
    """Return the derivatives of the codes by the columns, of shape (n, n_components, n_columns).

    Missing entries count as what they are filled with.
    """
    network, units = codec.network, codec.units(X.dtype)
    encoder, _ = _halves(codec, X.dtype)
    # From the codes back to the columns, because there are fewer codes.
    kernels = [kernel.T for kernel in encoder.kernels[::-1]]
    from_outputs = np.eye(network.n_components, dtype=X.dtype)
    derivatives = _empty(codec, X.shape[0], X.dtype)
    for rows in _blocks(codec, X.shape[0]):
        inputs = units.standardized(codec.filled(dense(X[rows])))
        slopes, hidden = _hidden(network, encoder, inputs)
        outputs = _outputs(encoder, hidden, inputs)
        block = _product(from_outputs, kernels, slopes[::-1])
        if encoder.skip is not None:
            block = block + encoder.skip.T
        block = block * _code_slopes(network, outputs)[:, :, np.newaxis]
        if network.scales_codes:
            block *= units.scale
        if units.whitening is not None:
            block = units.whitening.matrix.T @ block
        derivatives[rows] = block / units.scale
    return derivatives


class DecoderDerivatives:
    """The derivatives of decoded codes by the codes, of which those of categories are shares.

    Parameters
    ----------
    codec : Codec
        With a decoder of dense layers.
    dtype : dtype
        Of the derivatives. Codes may have a wider one: those of large X overflow float32.
    """

    def __init__(self, codec: Codec, dtype: Any) -> None:
        self._codec, self._network, self._units = codec, codec.network, codec.units(dtype)
        self._dtype = dtype
        _, self._half = _halves(codec, dtype)
        self._from_codes = np.eye(codec.network.n_components, dtype=dtype)
        if self._units.whitening is not None:
            self._from_codes = self._units.whitening.inverse
        if codec.network.scales_codes:
            self._from_codes = self._from_codes / self._units.scale
        skip = self._half.skip
        self._path = 0.0 if skip is None else self._from_codes @ skip

    @property
    def mean_is_cheap(self) -> bool:
        """Whether the mean over codes costs as much as decoding them.

        The mean of ``K1 diag(a) K2 diag(b) K3`` needs only that of the products of a and b. With
        more layers that bend, or with categories, the derivatives of each sample are needed.
        """
        n_bends = len(self._half.layers) - 1 + self._bends_output
        return n_bends <= 2 and not self._network.categories

    def at(self, codes: np.ndarray) -> np.ndarray:
        """Return the derivatives at codes, of shape (n, n_components, n_columns)."""
        derivatives = _empty(self._codec, len(codes), self._dtype)
        for rows in _blocks(self._codec, len(codes)):
            derivatives[rows] = self._of_block(codes[rows])
        return derivatives

    def mean(self, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the weighted mean of the derivatives, of shape (n_components, n_columns)."""
        shares = (weights / weights.sum()).astype(self._dtype)
        if self._network.categories:
            parts = _blocks(self._codec, len(codes))
            return summed(
                np.tensordot(shares[rows], self._of_block(codes[rows]), 1) for rows in parts
            )
        n_copies = 1 if self.mean_is_cheap else codes.shape[1]
        parts = blocks(len(codes), self._network.widest * n_copies)
        return summed(self._weighted_sum(codes[rows], shares[rows]) for rows in parts)

    def _of_block(self, codes: np.ndarray) -> np.ndarray:
        rows = self._inputs(codes)
        slopes, hidden = _hidden(self._network, self._half, rows)
        outputs = _outputs(self._half, hidden, rows)
        block = _product(self._from_codes, self._half.kernels, slopes) + self._path
        block = block * self._output_slopes(outputs)[..., np.newaxis, :]
        if not self._network.categories:
            return block
        groups, units = groups_of(self._network), self._units
        shares = reconstruction(self._network, outputs, units.mean, units.scale, NUMPY)
        shares = shares[:, np.newaxis]
        # The derivative of softmax.
        means = (shares * block) @ groups.members @ groups.members.T
        return np.where(groups.are_categories, shares * (block - means), block)

    def _weighted_sum(self, codes: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return the weighted sum of the derivatives of a block, without categories."""
        kernels, rows = self._half.kernels, self._inputs(codes)
        slopes, hidden = _hidden(self._network, self._half, rows)
        # Most of the work, and in vain where the slopes of the outputs are the same for all rows.
        outputs = _outputs(self._half, hidden, rows) if self._bends_output else hidden
        output_slopes = self._output_slopes(outputs)
        if self._bends_output:
            slopes.append(output_slopes)
        n_bends = len(slopes)
        if n_bends == 0:
            total = self._from_codes @ kernels[0] * shares.sum()
        elif n_bends == 2:
            products = slopes[0].T @ (shares[:, np.newaxis] * slopes[1])
            total = self._from_codes @ kernels[0] @ (kernels[1] * products)
        else:
            block = _product(self._from_codes, kernels[:n_bends], slopes[:-1])
            total = np.einsum("nij,nj->ij", block, shares[:, np.newaxis] * slopes[-1])
        for kernel in kernels[max(1, n_bends) :]:
            total = total @ kernel
        if self._bends_output:
            return total + self._path * (shares @ output_slopes)
        return (total + self._path * shares.sum()) * output_slopes

    def _inputs(self, codes: np.ndarray) -> np.ndarray:
        return self._units.decoder_inputs(codes).astype(self._dtype, copy=False)

    @property
    def _bends_output(self) -> bool:
        return self._network.output_activation != "identity"

    def _output_slopes(self, outputs: np.ndarray) -> np.ndarray:
        """Return the derivative of the reconstruction by the outputs, before softmax if any.

        It has the shape of the outputs, or (1,) or (n_columns,) where it is the same for all.
        """
        network, units = self._network, self._units
        name = network.output_activation
        scale = np.atleast_1d(units.scale).astype(outputs.dtype, copy=False)
        slopes = scale if network.standardizes else np.ones_like(scale)
        if self._bends_output:
            assert name is not None
            if name == "logistic" and network.standardizes:
                slopes = 4.0 * slopes
            values = to_output_units(network, outputs, units.mean, units.scale)
            slopes = slopes * SLOPES[name](values)
        if network.categories:
            groups = groups_of(network)
            slopes = np.where(groups.are_categories, scale * groups.counts, slopes)
        return slopes


def _halves(codec: Codec, dtype: Any) -> tuple[SubNetwork, SubNetwork]:
    """Return encoder and decoder with weights of this dtype."""
    encoder, decoder = codec.network.split(codec.weights, np.transpose)
    return encoder.astype(dtype), decoder.astype(dtype)


def _hidden(
    network: Network, half: SubNetwork, rows: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the slopes of the hidden activations at rows, and the last of these activations."""
    slopes = []
    layers = zip(half.layers[:-1], half.kernels[:-1], half.biases[:-1], strict=True)
    for layer, kernel, bias in layers:
        rows = rows @ kernel + bias
        activation = network.activation if layer.applies_activation else "identity"
        slopes.append(SLOPES[activation](rows))
        rows = NUMPY.activations[activation](rows)
    return slopes, rows


def _outputs(half: SubNetwork, hidden: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the outputs of a sub-network, without the last layer's activation."""
    outputs = hidden @ half.kernels[-1] + half.biases[-1]
    return outputs if half.skip is None else outputs + rows @ half.skip


def _code_slopes(network: Network, outputs: np.ndarray) -> np.ndarray:
    """Return the derivative of the codes by the outputs of the encoder, entry by entry."""
    slopes = SLOPES[network.code_activation](outputs)
    if network.n_active is None:
        return slopes
    codes = NUMPY.activations[network.code_activation](outputs)
    return slopes * (NUMPY.keep_largest(codes, network.n_active) == codes)


def _product(
    first: np.ndarray, kernels: Sequence[np.ndarray], slopes: Sequence[np.ndarray]
) -> np.ndarray:
    """Return ``first K1 diag(a) K2 diag(b) ...`` for each row of slopes, for one if there are none.

    There is a kernel more than there are slopes.
    """
    product = (first @ kernels[0])[np.newaxis]
    for kernel, slope in zip(kernels[1:], slopes, strict=True):
        product = (product * slope[:, np.newaxis]) @ kernel
    return product


def _empty(codec: Codec, n_rows: int, dtype: Any) -> np.ndarray:
    network = codec.network
    return np.empty((n_rows, network.n_components, network.n_features), dtype)


def _blocks(codec: Codec, n_rows: int) -> Iterator[slice]:
    """Yield row slices whose derivatives fit into a CPU's caches."""
    return blocks(n_rows, codec.network.widest * codec.network.n_components)
