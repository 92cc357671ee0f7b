"""Keras: a fitted autoencoder as Keras models, and Keras models as a fitted autoencoder."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.utils.validation import check_is_fitted

from skae._estimators.base import BaseAutoencoder
from skae._estimators.words import whereabouts
from skae._exchange.keras_estimator import KerasAutoencoder
from skae._names import named_publicly
from skae._network.codec import Codec
from skae._training.forks import enter_tensorflow

__all__ = ["KerasAutoencoder", "KerasModels", "from_keras", "to_keras"]


named_publicly(__name__, KerasAutoencoder)


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

    See Also
    --------
    to_keras : Makes them.
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

    Raises
    ------
    TypeError
        If it is no autoencoder that skae has trained; of a pipeline give ``pipeline[-1]``.

    See Also
    --------
    from_keras : The other way.
    skae.onnx.to_onnx : The encoder or the decoder as an ONNX model.

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
    codec = getattr(estimator, "_codec", None)
    if not isinstance(codec, Codec):
        raise TypeError(
            "to_keras takes a fitted autoencoder of skae that skae has trained, got "
            f"{type(estimator).__name__}.{whereabouts(estimator)}"
        )
    enter_tensorflow()
    from skae._tensorflow.keras_layers import chained, decoder_of, encoder_of

    encoder, decoder = encoder_of(codec), decoder_of(codec)
    return KerasModels(encoder, decoder, chained(encoder, decoder))


def from_keras(encoder: Any, decoder: Any) -> KerasAutoencoder:
    """Return an encoder and a decoder that were trained in Keras as a fitted transformer.

    It has what other autoencoders of skae have once they are fitted, from `transform` to `score`,
    and takes their place in pipelines, searches, pictures and
    :class:`~skae.AutoencoderOutlierDetector`. Its `fit` keeps the names of the columns and changes
    no weight.

    Parameters
    ----------
    encoder : keras.Model
        Sequential, functional or subclassed model that is built, of one input and one output:
        from rows to codes. Rows may be vectors, images or sequences, of a known shape.

    decoder : keras.Model
        The same from codes to rows.

    Returns
    -------
    autoencoder : KerasAutoencoder
        It holds the models themselves, no copies.

    Raises
    ------
    TypeError
        If `encoder` or `decoder` is no Keras model.
    ValueError
        If one of them is not built, takes or gives several arrays or arrays of unknown shape, or
        if one does not take what the other gives.

    See Also
    --------
    to_keras : The other way.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from skae.keras import from_keras
    >>> X = load_iris().data
    >>> encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    >>> from_keras(encoder, decoder).transform(X).shape
    (150, 2)
    """
    return KerasAutoencoder(encoder, decoder)._take_models()
