"""Keras: a fitted autoencoder as Keras models."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.utils.validation import check_is_fitted

from skae._base import BaseAutoencoder
from skae._forks import enter_tensorflow


class KerasModels(NamedTuple):
    """What a fitted autoencoder consists of.

    Parameters
    ----------
    encoder : keras.Model
        From rows to codes, as `transform`.

    decoder : keras.Model
        From codes to rows, as `inverse_transform`.

    autoencoder : keras.Model
        The two in a row, as `reconstruct`.
    """

    encoder: Any
    decoder: Any
    autoencoder: Any


def to_keras(estimator: BaseAutoencoder) -> KerasModels:
    """Return the encoder, the decoder and the whole of a fitted autoencoder as Keras models.

    Each layer is an ordinary Keras layer with a copy of the fitted weights; centre, scale, linear
    paths and whitening are layers too. The models can be saved, trained on and taken apart; what
    is done to them does not change the estimator. They compute in float32.

    Parameters
    ----------
    estimator : estimator instance
        Fitted autoencoder of any kind.

    Returns
    -------
    models : KerasModels
        With `encoder`, `decoder` and `autoencoder`. Rows are flat, as the estimator's are.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skae import AutoencoderTransformer
    >>> from skae.keras import to_keras
    >>> X = load_iris().data
    >>> autoencoder = AutoencoderTransformer(2, max_iter=2, learning_rate="cosine").fit(X)
    >>> to_keras(autoencoder).encoder.output_shape
    (None, 2)
    """
    check_is_fitted(estimator)
    enter_tensorflow()
    from skae._tensorflow._keras import decoder_of, encoder_of, in_a_row

    encoder, decoder = encoder_of(estimator._codec), decoder_of(estimator._codec)
    return KerasModels(encoder, decoder, in_a_row(encoder, decoder))
