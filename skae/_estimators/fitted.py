"""The methods of a fitted autoencoder: `transform`, `inverse_transform`, `score`."""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from functools import partial
from math import prod
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from skae._data.checks import (
    arrays_of,
    check_dense,
    check_readable,
    checked_codes,
    finite,
    flattened,
    marks_a_number,
    shape_of,
    validated,
)
from skae._data.dask_lazy import lazily
from skae._data.dask_rows import is_dask, validated_rows
from skae._data.frames import index_of
from skae._data.pca import variance
from skae._data.rows import Rows, weight_observed
from skae._data.sequences import check_ends, padded, unpadded
from skae._data.sparse_rows import rows_of
from skae._estimators.documentation import DocumentationLink
from skae._estimators.weighting import weighted
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
    """Methods of a fitted autoencoder, which use its `_codec` and `n_components_`."""

    _attribute_advice = ATTRIBUTES_OF_CODES

    # Whether X may be sparse.
    _takes_sparse = False

    @lazily
    def transform(self, X):
        """Encode X: return its latent codes (also called the embedding).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components_)
            In the dtype of X, float32 or float64.
        """
        return finite(self._codec.encode, self._validated(X))

    @lazily
    def inverse_transform(self, X):
        """Decode latent codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            Codes, as `transform` returns them. Fitted with ``ordered=True``, an autoencoder takes
            the first ``k <= n_components_`` columns alone, too.

        Returns
        -------
        X_original : ndarray or data frame of shape (n_samples, n_features)
            In the units of the training data, and in the shape of its samples if they were images
            or sequences. A data frame with the columns, dtypes and categories of the training data
            if these were one; its index is that of X, if X is a data frame of pandas.
        """
        codec = self._codec
        codes = checked_codes(self, X, [np.float64, np.float32], codec.is_ordered)
        rows = finite(codec.decode, codes)
        rows = rows.reshape(len(rows), *getattr(self, "sample_shape_", (-1,)))
        return self._as_table(rows, index_of(X))

    @lazily
    def reconstruct(self, X):
        """Encode X and decode the codes again.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        reconstruction : ndarray or data frame of shape (n_samples, n_features)
            In the shape of X, if X is an array of images or sequences. A data frame with the index
            of X, and the columns, dtypes and categories of the training data, if these were one.
        """
        return self._as_table(self._reconstructed(X), index_of(X))

    def _reconstructed(self, X) -> Any:
        """Return the reconstruction of samples, with indicators of categories, in their shape."""
        codec = self._codec
        rows = finite(lambda rows: codec.decode(codec.encode(rows)), self._validated(X))
        return self._like(rows, X)

    @rows_alone
    def score(self, X, y=None, sample_weight=None):
        """Return the share of the variance of X that the reconstruction explains.

        This is ``1 - |X - X'|^2 / |X - mean_|^2``; on the training samples it compares with
        ``PCA.explained_variance_ratio_.sum()``. Models trained in Keras have no `mean_`; they use
        the mean of X.

        Where features are scaled one by one, it is the mean over the features of
        ``1 - error / variance``, with the variance in the training samples. The error of a feature
        of categories is the squared distance of its indicators from the predicted probabilities,
        and its variance is that of the indicators. `score_columns_` holds the terms of this mean
        for the training samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples, n_features), default=None
            Clean samples to compare the reconstruction of noisy X with, for
            `DenoisingAutoencoder`; ignored by all other estimators.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, in errors and variance.

        Returns
        -------
        score : float
            At most 1. If X equals `mean_`, it is 1 for a perfect reconstruction and 0 otherwise.
        """
        codec = self._codec

        def sum_of_errors(rows: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> Any:
            errors = finite(partial(codec.squared_errors, targets=targets), rows)
            return errors.sum() if weights is None else weights @ errors

        X, _ = weighted(self._paired(self._rows(X), y), None, sample_weight)
        targets = X.targets
        self._warn_beyond_reach(targets)
        unexplained = X.total_with_targets(sum_of_errors)
        if codec.error_scale is not None:
            variables = codec.network.variables
            observed = targets.weighted_total(lambda *block: weight_observed(*block)[variables])
            return float(1.0 - unexplained / observed.sum())
        explainable = variance(targets, self._center(targets)) * targets.size
        if explainable == 0.0:
            return float(unexplained == 0.0)
        return float(1.0 - unexplained / explainable)

    @lazily
    def score_samples(self, X):
        """Return the negative squared reconstruction error of each sample.

        Where values of a sample are missing, this is the mean over the others times the number of
        features, so that samples compare.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Higher is better, in squared units of X. Where features are scaled one by one, the
            error of each is divided by its variance in the training samples.
        """
        codec = self._codec
        rows, some_missing = self._checked(X)
        self._warn_beyond_reach(rows_of(rows, some_missing))
        errors = finite(codec.squared_errors, rows)
        if some_missing and self._missing_values(first=False) is not None:
            rows = rows[:, codec.network.variables]
            n_observed = np.count_nonzero(~np.isnan(rows), axis=1)
            errors *= rows.shape[1] / np.maximum(n_observed, 1)
        return -errors

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._takes_sparse
        return tags

    @property
    def _n_features_out(self):
        return self.n_components_

    @property
    @abstractmethod
    def _codec(self) -> AbstractCodec:
        """The codec of a fitted estimator, which encodes and decodes."""

    def _center(self, X: Rows) -> np.ndarray:
        """Return the mean about which `score` takes the variance of X."""
        return self.mean_

    def _paired(self, X: Rows, y: Any, training: bool = False) -> Rows:
        """Return validated samples, paired with their targets where these are not X."""
        return X

    def _warn_beyond_reach(self, X: Rows) -> None:
        """Warn of values to score that no reconstruction can reach."""
        network = getattr(self, "network_", None)
        if network is not None and network.output_activation == "logistic":
            beyond = X.beyond_unit_interval()
            if beyond is not None:
                low, high = beyond
                warnings.warn(
                    f"X ranges from {low:g} to {high:g}, but this {type(self).__name__} has a "
                    "logistic output, as loss='binary_crossentropy' requires, and reconstructs "
                    "values in [0, 1] only: values outside count as errors. Scale X as in "
                    "training, for example with MinMaxScaler(clip=True).",
                    stacklevel=4,
                )

    def _validated(self, X) -> Any:
        """Return samples that are not in a Dask collection as a validated array of flat rows.

        Sparse samples stay sparse, in compressed sparse row format.
        """
        return self._checked(X)[0]

    def _checked(self, X, first: bool = False, least: int = 1) -> tuple[Any, bool]:
        """Return validated samples, and whether entries are missing, NaN."""
        encoded = self._encoded(X, first, least)
        if encoded is not None:
            return encoded, bool(np.isnan(encoded).any())
        pads, marker = self._takes_padding(first), self._missing_values(first)
        rows, some_missing = validated(
            self, self._as_rows(X, first), first, least, marker, allow_nan=pads
        )
        if pads and some_missing:
            taken = self._row_shape(first)
            shape = (taken and taken[1]) or shape_of(padded(X, None))[1:]
            check_ends(rows, prod(shape[1:]))
        return rows, some_missing

    def _encoded(self, X, first: bool, least: int = 1) -> np.ndarray | None:
        """Return a table with categories as rows of numbers; None if X holds numbers alone."""
        return None

    @property
    def _scales_errors(self) -> bool:
        """Whether the errors of each column are divided by a scale of its own."""
        return self._codec.error_scale is not None

    def _as_table(self, rows: np.ndarray, index: Any) -> Any:
        """Return rows as a table like that of `fit`, if that was one."""
        return rows

    def _rows(self, X, first: bool = False, least: int = 1) -> Rows:
        """Return validated samples as flat rows, wherever they are stored.

        The first ones set the attributes that later ones are checked against.
        """
        rows: Rows
        if is_dask(X):
            rows = validated_rows(self, self._as_rows(X, first), first, least)
        else:
            X = self._padded(X, first)
            rows = rows_of(*self._checked(X, first, least))
        if first:
            shape = shape_of(X)
            self.sample_shape_ = tuple(shape[1:] if len(shape) > 2 else rows.shape[1:])
        return rows

    def _as_rows(self, X, first: bool = False):
        """Flatten an array of images or sequences; return arrays of two dimensions unchanged.

        The first such array sets the shape of a sample if no parameter does.
        """
        X = check_readable(X) if self._takes_sparse else check_dense(X)
        taken = self._row_shape(first)
        if taken is not None:
            X = arrays_of(self._padded(X, first))
        if getattr(X, "ndim", 2) <= 2:
            return X
        if taken is None:
            raise ValueError(
                f"X has the shape {X.shape}, but {type(self).__name__} takes arrays of dim 2 here: "
                "X.reshape(len(X), -1). For images set network=ConvolutionalNetwork(), for "
                "sequences network=RecurrentNetwork(), both of skae.networks."
            )
        name, shape = taken
        return flattened(X, name, X.shape[1:] if shape is None else shape)

    def _row_shape(self, first: bool) -> tuple[str, tuple[int, ...] | None] | None:
        """Return the shape of images or sequences that are taken, with the name of its parameter.

        None means that only flat samples are taken, and None for the shape that of the first X.
        """
        return None

    def _takes_padding(self, first: bool) -> bool:
        """Return whether samples are sequences that may end early, with NaN after their end."""
        return False

    def _missing_values(self, first: bool) -> float | None:
        """Return what marks missing values of flat samples, None where they are refused."""
        return None

    def _unmarked(self, X: Rows) -> np.ndarray:
        """Return validated samples with what marks missing values in the place of NaN."""
        rows, missing_values = X[:], self._missing_values(first=not hasattr(self, "weights_"))
        if X.has_missing and marks_a_number(missing_values):
            return np.where(np.isnan(rows), missing_values, rows).astype(rows.dtype, copy=False)
        return rows

    def _padded(self, X, first: bool) -> Any:
        """Return sequences of unequal lengths as one array, where they are taken."""
        if not self._takes_padding(first):
            return X
        network = None if first else getattr(self, "network_", None)
        return padded(X, network and network.encoder[0].shape_in)

    def _like(self, rows: np.ndarray, X) -> Any:
        """Reshape rows to the shape of X, if X is an array of images or sequences.

        Sequences of unequal lengths become a list of arrays if X is a list, and otherwise have
        NaN after their end as those in X.
        """
        if self._takes_padding(first=False) and not issparse(X):
            return unpadded(rows, X)
        shape = shape_of(X)
        return rows.reshape(shape) if len(shape) > 2 else rows
