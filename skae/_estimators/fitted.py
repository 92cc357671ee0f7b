"""A fitted autoencoder at work: rows in, codes out, and back."""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from functools import partial
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, validate_data

from skae._data.dask_lazy import lazily
from skae._data.dask_rows import is_dask, validated_rows
from skae._data.pca import variance
from skae._data.rows import (
    Pairs,
    arrays_of,
    beyond_unit_interval,
    check_dense,
    finite,
    flattened,
    shape_of,
    targets_of,
    total,
)
from skae._estimators.documentation import DocumentationLink
from skae._estimators.words import ATTRIBUTES_OF_CODES, ForeignWords, rows_alone
from skae._network.codec import AbstractCodec


class FittedAutoencoder(
    DocumentationLink,
    ForeignWords,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """What an autoencoder does once it is fitted, by its `_codec` and its `n_components_`."""

    _attribute_advice = ATTRIBUTES_OF_CODES

    # Name of the parameter that gives a sample's shape, for kinds that take arrays of images or
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
        return finite(self._codec.encode, self._validated(X))

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
            In the units of the training data, and in the shape of its samples where these were
            images or sequences.
        """
        codec = self._codec
        codes = check_array(
            check_dense(X), dtype=[np.float64, np.float32], estimator=self, input_name="X"
        )
        if codes.shape[1] != self.n_components_:
            raise ValueError(
                f"X has {codes.shape[1]} columns, but inverse_transform of "
                f"{type(self).__name__} takes codes of n_components_={self.n_components_} "
                "columns, as transform returns them."
            )
        rows = finite(codec.decode, codes)
        return rows.reshape(len(rows), *getattr(self, "sample_shape_", (-1,)))

    @lazily
    def reconstruct(self, X):
        """Encode rows of X and decode them again.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        reconstruction : ndarray of shape (n_samples, n_features)
            Or of the shape of X, if X is an array of images or sequences.
        """
        codec = self._codec
        rows = finite(lambda rows: codec.decode(codec.encode(rows)), self._validated(X))
        return self._like(rows, X)

    @rows_alone
    def score(self, X, y=None):
        """Return the share of the variance of X that the reconstruction explains.

        This is ``1 - |X - X'|^2 / |X - mean_|^2``; on the training rows it compares with
        ``PCA.explained_variance_ratio_.sum()``. Models that were trained in Keras know no `mean_`:
        theirs is the mean of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples, n_features), default=None
            Clean rows, from which the reconstruction of noisy X is measured instead, for
            `DenoisingAutoencoder`; ignored by all else.

        Returns
        -------
        score : float
            At most 1. Where X equals `mean_` it is 1 for a perfect reconstruction and else 0.
        """
        codec = self._codec
        X = self._paired(self._validated(X), y)
        targets = self._within_reach(targets_of(X))
        if isinstance(X, Pairs):
            unexplained = finite(partial(codec.squared_errors, targets=targets), X.inputs).sum()
        else:
            unexplained = total(X, lambda rows: finite(codec.squared_errors, rows).sum())
        explainable = variance(targets, self._centre(targets)) * targets.size
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
        return -finite(codec.squared_errors, self._within_reach(self._validated(X)))

    @property
    def _n_features_out(self):
        return self.n_components_

    @property
    @abstractmethod
    def _codec(self) -> AbstractCodec:
        """What encodes and decodes, of a fitted estimator."""

    def _centre(self, X: np.ndarray) -> np.ndarray:
        """Return the row that explains nothing, from which `score` takes the variance of X."""
        return self.mean_

    def _paired(self, X, y, training: bool = False):
        """Return validated rows, in pairs with what they are to become where that is not X."""
        return X

    def _within_reach(self, X) -> np.ndarray:
        """Return rows to be scored; warn of values that no reconstruction can reach."""
        network = getattr(self, "network_", None)
        if network is not None and network.output_activation == "logistic":
            beyond = beyond_unit_interval(X)
            if beyond is not None:
                low, high = beyond
                warnings.warn(
                    f"X ranges from {low:g} to {high:g}, but this {type(self).__name__} has a "
                    "logistic output, as loss='binary_crossentropy' needs it, and reconstructs "
                    "values in [0, 1] alone: what lies outside counts as error. Scale X as in "
                    "training, for example by MinMaxScaler(clip=True).",
                    stacklevel=4,
                )
        return X

    def _validated(self, X, first: bool = False, least: int = 1) -> Any:
        given, X = X, self._as_rows(X, first)
        if is_dask(X):
            rows = validated_rows(self, X, first, least)
        else:
            rows = validate_data(
                self,
                X,
                dtype=[np.float64, np.float32],
                reset=first,
                ensure_min_samples=least,
            )
        if first and self._row_shape_parameter is not None:
            shape = shape_of(given)
            self.sample_shape_ = tuple(shape[1:] if len(shape) > 2 else rows.shape[1:])
        return rows

    def _as_rows(self, X, first: bool = False):
        """Return an array of images or sequences as rows; leave what has two dimensions or less.

        The first such array gives a sample's shape where no parameter does.
        """
        X, name = check_dense(X), self._row_shape_parameter
        if name is None:
            return X
        X = arrays_of(X)
        if getattr(X, "ndim", 2) <= 2:
            return X
        shape = getattr(self, name)
        if shape is None:
            shape = X.shape[1:] if first else getattr(self, f"{name}_")
        return flattened(X, name, shape)

    def _like(self, rows: np.ndarray, X) -> np.ndarray:
        """Return rows in the shape of X, where X is an array of images or sequences."""
        shape = () if self._row_shape_parameter is None else shape_of(X)
        return rows.reshape(shape) if len(shape) > 2 else rows

    def _given_shape(self) -> tuple[int, ...] | None:
        """Return a sample's shape as the parameter gives it, else the fitted X; None if flat."""
        shape = getattr(self, str(self._row_shape_parameter))
        of_X = getattr(self, "sample_shape_", ())
        return of_X if shape is None and len(of_X) > 1 else shape
