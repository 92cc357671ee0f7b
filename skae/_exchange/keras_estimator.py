"""The autoencoder that a user has trained in Keras."""

from __future__ import annotations

import copy
from math import prod

from sklearn.utils.validation import check_is_fitted

from skae._data.pca import centre
from skae._data.rows import restored_on_failure
from skae._estimators.fitted import FittedAutoencoder
from skae._estimators.versions import VersionStamp
from skae._estimators.words import rows_alone


class KerasAutoencoder(VersionStamp, FittedAutoencoder):
    """An encoder and a decoder of Keras as a transformer, which nothing trains any more.

    :func:`~skae.keras.from_keras` makes one that is fitted. As with
    :class:`~sklearn.frozen.FrozenEstimator`, `fit` changes no weight, and a clone shares the models
    and is as fitted as the original: pipelines with it can be cloned and fitted by a search.

    Rows are flat, as everywhere in scikit-learn; for models that take images or sequences, arrays
    of these are taken too and flattened. Codes that are no vectors are flattened as well. Keras
    computes in float32, a block of rows at a time.

    Parameters
    ----------
    encoder : keras.Model
        Built model of one input and one output, from rows to codes.

    decoder : keras.Model
        Built model of one input and one output, from codes to rows.

    Attributes
    ----------
    row_shape_ : tuple of int
        Shape of what the encoder takes, without the number of rows.

    code_shape_ : tuple of int
        Shape of what the decoder takes, without the number of rows.

    n_components_ : int
        Number of codes: the product of `code_shape_`.

    n_features_in_ : int
        Number of columns: the product of `row_shape_`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where the X given to `fit` had string names.

    See Also
    --------
    skae.keras.from_keras : Makes one that is fitted.
    skae.keras.to_keras : The other way.

    Notes
    -----
    The training rows' mean is unknown: `score` takes that of the rows that it is given.

    Pickles hold the models as Keras stores them. Classes and functions of one's own in them must be
    importable where a pickle is loaded. skops, which does not know models of Keras, cannot store
    it: save the two models instead.
    """

    _row_shape_parameter = "row_shape_"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """Return what its page is called: it is public in `skae.keras` alone."""
        return {"estimator_module": "skae.keras", "estimator_name": type(self).__name__}

    def __init__(self, encoder, decoder):
        self.encoder = encoder
        self.decoder = decoder

    @rows_alone
    def fit(self, X, y=None):
        """Check the models and X, and keep the names of the columns. No weight changes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Or an array of what the encoder takes.
        y : Ignored

        Returns
        -------
        self : object
            The estimator itself.

        Raises
        ------
        TypeError
            If `encoder` or `decoder` is no Keras model.
        ValueError
            If the models do not fit together, or X does not fit them.
        """
        self._take_models()
        with restored_on_failure(self):
            self._validated(X, first=True)
            if self.n_features_in_ != prod(self.row_shape_):
                raise ValueError(
                    f"X has {self.n_features_in_} features, but the encoder takes rows of the "
                    f"shape {self.row_shape_}: {prod(self.row_shape_)} features."
                )
        return self

    def __sklearn_clone__(self):
        # Copies of models that nothing changes would cost a search memory and time.
        return copy.copy(self)

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

    def _centre(self, X):
        return centre(X)
