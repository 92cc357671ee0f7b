"""A fitted network in NumPy: samples to codes and back, a block of rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from skae._data.blocks import BLOCK_ENTRIES, blocks, dense
from skae._data.factors import FactorModel
from skae._network.backend import NUMPY
from skae._network.forward import encode, hidden_rows, log_variances, propagate, propagate_cut
from skae._network.units import Units, error_scale, input_units
from skae._network.whitening import Whitening
from skae._plan.network import Network, SubNetwork
from skae._plan.truncation import truncated

# Rows that estimate the error of large data: a pass over all would add a tenth to a short fit.
ERROR_ROWS = 10_000
# A block's rows in a layer fit into a core's cache, but are many enough for products with a large
# kernel.
CACHE_ENTRIES, LEAST_ROWS = 1 << 17, 512


class Maps(NamedTuple):
    """Functions of a network.

    Standardized rows to codes, codes to the decoder's output, the same of codes with the number of
    them that are kept as a further column, and, if the network is variational, standardized rows to
    the codes' log-variances.
    """

    encode: Callable[[np.ndarray], np.ndarray]
    decode: Callable[[np.ndarray], np.ndarray]
    decode_cut: Callable[[np.ndarray], np.ndarray]
    log_variances: Callable[[np.ndarray], np.ndarray]


def _maps_in_numpy(network: Network, weights: Iterable[Any], dtype: Any) -> Maps:
    halves = network.split(map(np.asarray, weights), np.transpose)
    # Each call needs one of them, and a single row as long for the casts as for the layers.
    encoder, decoder = (cache(partial(half.astype, dtype)) for half in halves)
    return Maps(
        lambda rows: encode(network, encoder(), rows, NUMPY),
        lambda rows: propagate(network, decoder(), rows, NUMPY),
        lambda rows: propagate_cut(network, decoder(), rows, NUMPY),
        lambda rows: log_variances(network, encoder(), rows, NUMPY),
    )


# Backends by preference: whether one can compute a network, and the network's maps by it.
SERVERS: list[tuple[Callable[[Network], bool], Callable[[Network, Any, Any], Maps]]] = [
    (NUMPY.computes, _maps_in_numpy)
]


def maps(network: Network, weights: Iterable[Any], dtype: Any) -> Maps:
    """Return a network's maps for arrays of this dtype, by the first backend that has them."""
    maps_of = next(maps_of for computes, maps_of in SERVERS if computes(network))
    return maps_of(network, weights, dtype)


class AbstractCodec(ABC):
    """Maps rows to codes and back, in the dtype of its input, a block of rows at a time.

    Rows of X may be sparse.
    """

    @property
    def skips_missing(self) -> bool:
        """Whether entries of rows may be missing, NaN."""
        return False

    @property
    def is_ordered(self) -> bool:
        """Whether the first codes alone can be decoded."""
        return False

    @property
    def error_scale(self) -> np.ndarray | None:
        """What the error of each column is divided by; None for errors in units of X."""
        return None

    @abstractmethod
    def encode(self, X: np.ndarray) -> np.ndarray:
        """Return the codes of rows of X."""

    @abstractmethod
    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the reconstructed rows of codes."""

    @abstractmethod
    def _blocks(self, n_rows: int) -> Iterator[slice]:
        """Yield row slices whose layers fit into a CPU's caches."""

    def squared_errors(
        self,
        X: np.ndarray,
        targets: np.ndarray | None = None,
        codes: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the squared distance of each row to its reconstruction, in float64.

        If `targets` are given, return the distance of the reconstructions to them. The codes of the
        rows may be given, if they are known.
        """
        targets = X if targets is None else targets
        errors = np.empty(X.shape[0])
        for rows in self._blocks(X.shape[0]):
            wanted = dense(targets[rows])
            of_rows = self.encode(X[rows]) if codes is None else codes[rows]
            errors[rows] = self._distances(wanted, self.decode(of_rows))
        return errors

    def _distances(self, wanted: np.ndarray, decoded: np.ndarray) -> np.ndarray:
        """Return the squared distance of each row to another, in float64."""
        difference = wanted - decoded
        if self.error_scale is not None:
            difference /= self.error_scale
        distances = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
        if np.isnan(distances).any():
            difference[np.isnan(wanted)] = 0.0
            distances = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
        return distances


@dataclass(frozen=True)
class Codec(AbstractCodec):
    """A fitted network with its units: maps rows of X to codes and back.

    It works in the dtype of its input and never holds more than a block of rows besides input and
    output. Codes of an identity code layer are in the units of X, as those of PCA are.

    Parameters
    ----------
    network : Network
    weights : tuple of ndarray
        Trained arrays in the order of ``network.shapes``.
    mean : ndarray of shape (n_features,)
    scale : float, or ndarray of shape (n_features,)
    whitening : Whitening or None
    factors : FactorModel or None
        Fills missing entries of flat rows; None takes the means.
    """

    network: Network
    weights: tuple[np.ndarray, ...]
    mean: np.ndarray
    scale: Any
    whitening: Whitening | None = None
    factors: FactorModel | None = None

    @property
    def skips_missing(self) -> bool:
        return self.network.skips_missing

    @property
    def is_ordered(self) -> bool:
        return self.network.is_ordered

    @property
    def error_scale(self) -> np.ndarray | None:
        return error_scale(self.network, self.mean, self.scale)

    def _blocks(self, n_rows: int) -> Iterator[slice]:
        widest = self.network.widest
        n_entries = max(CACHE_ENTRIES, min(BLOCK_ENTRIES, LEAST_ROWS * widest))
        return blocks(n_rows, widest, n_entries)

    def units(self, dtype: Any) -> Units:
        """Return the conversions between X, codes and the network, for arrays of this dtype."""
        whitening = self.whitening
        if whitening is not None:
            whitening = Whitening(*(part.astype(dtype, copy=False) for part in whitening))
        mean, scale = input_units(self.network, self.mean, self.scale)
        scale = scale.astype(dtype) if self.network.has_column_scales else float(scale)
        return Units(self.network, mean.astype(dtype, copy=False), scale, whitening)

    def filled(self, X: np.ndarray) -> np.ndarray:
        """Return rows of X as the encoder sees them: the missing entries of flat rows are filled.

        These are rows themselves if none is missing.
        """
        if not self.network.fills_missing:
            return X
        return (self.factors or FactorModel.of_means(self.mean)).filled(X)

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Return the codes of rows of X."""
        network, units = self.network, self.units(X.dtype)
        to_outputs = maps(network, self.weights, X.dtype).encode
        codes = np.empty((X.shape[0], network.n_components), X.dtype)
        for rows in self._blocks(X.shape[0]):
            block, given = codes[rows], dense(X[rows])
            block[...] = units.codes(to_outputs(units.standardized(given)))
            # A missing entry makes every code NaN, so that X needs not be searched for it.
            missing = np.isnan(block[:, 0])
            if missing.any():
                filled = self.filled(given[missing])
                block[missing] = units.codes(to_outputs(units.standardized(filled)))
        return codes

    def truncated(self, k: int) -> Codec:
        """Return the codec of the first `k` of ordered codes."""
        network, weights = truncated(self.network, self.weights, k)
        return replace(self, network=network, weights=weights)

    def squared_errors_by_size(self, X: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the squared errors of rows from their first 1, 2, ... codes, a row for each."""
        codecs = [self.truncated(k + 1) for k in range(self.network.n_components)]
        errors = np.empty((len(codecs), X.shape[0]))
        for rows in self._blocks(X.shape[0]):
            wanted, codes = dense(targets[rows]), self.encode(X[rows])
            for k, codec in enumerate(codecs, start=1):
                errors[k - 1, rows] = self._distances(wanted, codec.decode(codes[:, :k]))
        return errors

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the reconstructed rows of codes, all of them or the first of ordered ones."""
        if codes.shape[1] < self.network.n_components:
            return self.truncated(codes.shape[1]).decode(codes)
        network, units = self.network, self.units(codes.dtype)
        to_outputs = maps(network, self.weights, codes.dtype).decode
        X = np.empty((codes.shape[0], network.decoder[-1].n_out), codes.dtype)
        for rows in self._blocks(codes.shape[0]):
            X[rows] = units.reconstruction(to_outputs(units.decoder_inputs(codes[rows])), NUMPY)
        return X

    def hidden(self, X: np.ndarray, layer: int) -> np.ndarray:
        """Return the activations of a hidden layer of an encoder that NumPy can compute."""
        network, units = self.network, self.units(X.dtype)
        encoder, _ = network.split(self.weights, np.transpose)
        # `hidden_rows` omits the last layer.
        layers, kernels, biases = (part[: layer + 2] for part in encoder.astype(X.dtype)[:3])
        activations = np.empty((X.shape[0], layers[layer].n_out), X.dtype)
        for rows in self._blocks(X.shape[0]):
            activations[rows] = hidden_rows(
                network,
                SubNetwork(layers, kernels, biases, None),
                units.standardized(self.filled(dense(X[rows]))),
                NUMPY,
            )
        return activations

    def column_errors(self, X: np.ndarray, targets: np.ndarray | None = None) -> np.ndarray:
        """Return the squared error of each variable of each row, in units of its variance.

        That of a variable of categories is summed over its indicators. It is NaN where it is
        missing.
        """
        targets = X if targets is None else targets
        firsts = np.arange(self.network.n_features)[self.network.variables]
        errors = np.empty((X.shape[0], len(firsts)))
        for rows in self._blocks(X.shape[0]):
            difference = dense(targets[rows]) - self.decode(self.encode(X[rows]))
            squares = np.square(difference / self.error_scale)
            errors[rows] = np.add.reduceat(squares, firsts, axis=1)
        return errors

    def mean_squared_error(
        self,
        X: np.ndarray,
        targets: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        codes: np.ndarray | None = None,
    ) -> float:
        """Return the weighted mean of `squared_errors` over all entries that are not missing."""
        errors = self.squared_errors(X, targets, codes)
        if self.skips_missing:
            targets = (X if targets is None else targets)[:, self.network.variables]
            n_observed = np.count_nonzero(~np.isnan(targets), axis=1)
            if weights is None:
                return float(errors.sum() / n_observed.sum())
            return float(weights @ errors / (weights @ n_observed))
        return float(np.average(errors, weights=weights) / self.network.n_variables)
