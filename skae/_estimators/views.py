"""Fitted weights and activations, layer by layer."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skae._data.checks import finite
from skae._data.dask_rows import is_dask
from skae._data.factors import FactorModel
from skae._network.backend import NUMPY
from skae._network.codec import Codec
from skae._network.whitening import Whitening
from skae._plan.network import Network


def _view(half: int, part: str, doc: str) -> property:
    """Return a property that reads one part of the encoder (0) or the decoder (1)."""

    def read(self):
        return getattr(self.network_.split(self.weights_, np.transpose)[half], part)

    return property(read, doc=doc)


class FittedNetwork:
    """Weights and activations by layer, for estimators with a network and its units."""

    network_: Network
    weights_: tuple[np.ndarray, ...]
    mean_: np.ndarray
    scale_: float
    whitening_: Whitening | None
    # None in what was stored before there was one.
    factor_model_: FactorModel | None = None

    encoder_coefs_ = _view(0, "kernels", "Kernels of the encoder's layers.")
    encoder_intercepts_ = _view(0, "biases", "Biases of the encoder's layers.")
    encoder_skip_ = _view(0, "skip", "Linear path of the encoder, or None.")
    decoder_coefs_ = _view(1, "kernels", "Kernels of the decoder's layers.")
    decoder_intercepts_ = _view(1, "biases", "Biases of the decoder's layers.")
    decoder_skip_ = _view(1, "skip", "Linear path of the decoder, or None.")

    def hidden_activations(self, X, layer=0):
        """Return the activations of a hidden layer of the encoder.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        layer : int, default=0
            Index of the hidden layer, counted from the input.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)

        Raises
        ------
        ValueError
            If there is no such layer, or if layers are convolutional or recurrent.
        """
        codec = self._codec
        n_hidden = len(codec.network.encoder) - 1
        if not NUMPY.computes(codec.network):
            raise ValueError(
                f"hidden_activations needs dense layers, which {type(self).__name__} does not "
                "have throughout. Use the codes instead, which transform returns."
            )
        if not isinstance(layer, Integral) or not 0 <= layer < n_hidden:
            raise ValueError(
                f"layer={layer!r}: the encoder has {n_hidden} hidden layers, counted from 0. The "
                "codes are what transform returns."
            )
        return finite(lambda rows: codec.hidden(rows, layer), self._rows_in_memory(X))

    def _rows_in_memory(self, X):
        """Return validated samples, those of a Dask collection too, as an array."""
        return self._rows(X)[:] if is_dask(X) else self._validated(X)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    @property
    def _codec(self) -> Codec:
        check_is_fitted(self)
        return Codec(
            self.network_,
            self.weights_,
            self.mean_,
            self.scale_,
            self.whitening_,
            self.factor_model_,
        )
