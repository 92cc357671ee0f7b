"""A fitted autoencoder at work: rows in, codes out, and back."""

from __future__ import annotations

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from skae._dask import is_dask, validated_rows
from skae._lazily import lazily
from skae._principal import variance
from skae._rows import flattened, total
from skae._serve import Codec


class Coding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What an autoencoder does once it is fitted, by its `network_`, `weights_` and units."""

    # Name of the parameter that gives a row's shape, for kinds that take arrays of images or
    # sequences and flatten them.
    _row_shape_parameter: ClassVar[str | None] = None

    @lazily
    def transform(self, X):
        """Return the codes of the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components_)
            In the dtype of X, float32 or float64.
        """
        return self._codec.encode(self._validated(X))

    @lazily
    def inverse_transform(self, X):
        """Return the rows that codes stand for.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            Codes, as `transform` returns them.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            In the units of the training data.
        """
        codec = self._codec
        codes = check_array(X, dtype=[np.float64, np.float32], estimator=self, input_name="X")
        if codes.shape[1] != self.n_components_:
            raise ValueError(
                f"X has {codes.shape[1]} columns, but inverse_transform of "
                f"{type(self).__name__} takes codes of n_components_={self.n_components_} "
                "columns, as transform returns them."
            )
        return codec.decode(codes)

    def hidden_activations(self, X, layer=0):
        """Return the activations of a hidden layer of the encoder.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        layer : int, default=0
            Which of the hidden layers, counted from the columns.

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
        if not codec.network.in_numpy:
            raise ValueError(
                f"hidden_activations needs dense layers, which {type(self).__name__} does not "
                "have throughout. Look at the codes instead, which transform returns."
            )
        if not isinstance(layer, Integral) or not 0 <= layer < n_hidden:
            raise ValueError(
                f"layer={layer!r}: the encoder has {n_hidden} hidden layers, counted from 0. The "
                "codes are what transform returns."
            )
        return codec.hidden(self._validated(X), layer)

    @lazily
    def reconstruct(self, X):
        """Encode rows of X and decode them again.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        reconstruction : ndarray of shape (n_samples, n_features)
        """
        codec = self._codec
        return codec.decode(codec.encode(self._validated(X)))

    def score(self, X, y=None):
        """Return the share of the variance of X that the reconstruction explains.

        This is ``1 - |X - X'|^2 / |X - mean_|^2``; on the training rows it compares with
        ``PCA.explained_variance_ratio_.sum()``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
            For scikit-learn's scorers.

        Returns
        -------
        score : float
            At most 1. Where X equals `mean_` it is 1 for a perfect reconstruction and else 0.
        """
        codec = self._codec
        X = self._validated(X)
        unexplained = total(X, lambda rows: codec.squared_errors(rows).sum())
        explainable = variance(X, self.mean_) * X.size
        if explainable == 0.0:
            return float(unexplained == 0.0)
        return float(1.0 - unexplained / explainable)

    @lazily
    def score_samples(self, X):
        """Return minus the squared error of each row's reconstruction.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The greater the better explained, in squared units of X.
        """
        codec = self._codec
        return -codec.squared_errors(self._validated(X))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    @property
    def _n_features_out(self):
        return self.n_components_

    @property
    def _codec(self) -> Codec:
        check_is_fitted(self)
        return Codec(self.network_, self.weights_, self.mean_, self.scale_, self.whitening_)

    def _validated(self, X, first: bool = False, least: int = 1) -> np.ndarray:
        name = self._row_shape_parameter
        if name is not None:
            X = flattened(X, name, getattr(self, name))
        if is_dask(X):
            return validated_rows(self, X, first, least)
        return validate_data(
            self,
            X,
            dtype=[np.float64, np.float32],
            reset=first,
            ensure_min_samples=least,
        )
