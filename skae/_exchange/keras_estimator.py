"""An estimator of an autoencoder trained in Keras."""

from __future__ import annotations

import copy
from math import prod

from sklearn.utils.validation import check_is_fitted

from skae._data.checks import restored_on_failure
from skae._data.pca import center
from skae._estimators.fitted import FittedAutoencoder
from skae._estimators.versions import VersionStamp
from skae._estimators.words import rows_alone


class KerasAutoencoder(VersionStamp, FittedAutoencoder):
    """A transformer of an encoder and a decoder trained in Keras, which are not trained further.

    :func:`~skae.keras.from_keras` returns a fitted one. As with
    :class:`~sklearn.frozen.FrozenEstimator`, `fit` changes no weight, and a clone shares the models
    and is fitted like the original: pipelines with it can be cloned and fitted by a search.

    Samples are flat, as everywhere in scikit-learn; for models that take images or sequences,
    arrays of these are accepted too and flattened. Latent codes that are not vectors are flattened
    as well. Keras computes in float32, a block of samples at a time.

    Parameters
    ----------
    encoder : keras.Model
        Built model of one input and one output, from samples to codes.

    decoder : keras.Model
        Built model of one input and one output, from codes to samples.

    Attributes
    ----------
    row_shape_ : tuple of int
        Shape of the encoder's input, without the number of samples.

    code_shape_ : tuple of int
        Shape of the decoder's input, without the number of samples.

    n_components_ : int
        Number of codes: the product of `code_shape_`.

    n_features_in_ : int
        Number of features: the product of `row_shape_`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if the X given to `fit` had string names.

    See Also
    --------
    skae.keras.from_keras : Returns a fitted one.
    skae.keras.to_keras : Converts a fitted autoencoder to Keras.

    Notes
    -----
    The mean of the training samples is unknown: `score` uses that of the samples passed to it.

    Pickles hold the models as Keras stores them. Custom classes and functions in them must be
    importable where a pickle is loaded. skops does not support models of Keras, and cannot store
    this estimator: save the two models instead.
    """

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """Return the name of the documentation page: the class is public only in `skae.keras`."""
        return {"estimator_module": "skae.keras", "estimator_name": type(self).__name__}

    def __init__(self, encoder, decoder):
        self.encoder = encoder
        self.decoder = decoder

    @rows_alone
    def fit(self, X, y=None):
        """Check the models and X, and store the feature names. No weight changes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Or an array of the shape of the encoder's input.
        y : Ignored

        Returns
        -------
        self : object
            The estimator itself.

        Raises
        ------
        TypeError
            If `encoder` or `decoder` is not a Keras model.
        ValueError
            If the models do not match each other, or X does not match them.
        """
        self._take_models()
        with restored_on_failure(self):
            self._rows(X, first=True)
            if self.n_features_in_ != prod(self.row_shape_):
                raise ValueError(
                    f"X has {self.n_features_in_} features, but the encoder takes samples of "
                    f"shape {self.row_shape_}: {prod(self.row_shape_)} features."
                )
        return self

    def __sklearn_clone__(self):
        # The models never change, so copies would only cost a search memory and time.
        return copy.copy(self)

    def _row_shape(self, first):
        return "row_shape_", self.row_shape_

    def _take_models(self):
        from skae._tensorflow.keras_models import checked_shapes

        self.row_shape_, self.code_shape_ = checked_shapes(self.encoder, self.decoder)
        self.n_features_in_, self.n_components_ = prod(self.row_shape_), prod(self.code_shape_)
        return self

    @property
    def _codec(self):
        check_is_fitted(self)
        from skae._tensorflow.keras_models import KerasCodec

        return KerasCodec(self.encoder, self.decoder, self.row_shape_, self.code_shape_)

    def _center(self, X):
        return center(X)
