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
    """The parts of a fitted autoencoder as Keras models.

    Parameters
    ----------
    encoder : keras.Model
        From samples to codes, like `transform`.

    decoder : keras.Model
        From codes to samples, like `inverse_transform`.

    autoencoder : keras.Model
        Both in sequence, like `reconstruct`.

    See Also
    --------
    to_keras : Creates these models.
    """

    encoder: Any
    decoder: Any
    autoencoder: Any


def to_keras(estimator: BaseAutoencoder) -> KerasModels:
    """Convert a fitted autoencoder to Keras models: encoder, decoder and both together.

    Each layer is an ordinary Keras layer with a copy of the fitted weights; center, scale, linear
    paths and whitening are layers too. The models can be saved, trained further and taken apart
    without changing the estimator. They compute in float32.

    Parameters
    ----------
    estimator : estimator instance
        Any fitted autoencoder.

    Returns
    -------
    models : KerasModels
        With `encoder`, `decoder` and `autoencoder`. Samples are flat, as in the estimator.

    Raises
    ------
    TypeError
        If it is not an autoencoder trained by skae; for a pipeline pass ``pipeline[-1]``.

    See Also
    --------
    from_keras : The reverse conversion.
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
            "to_keras needs a fitted autoencoder trained by skae, got "
            f"{type(estimator).__name__}.{whereabouts(estimator)}"
        )
    enter_tensorflow()
    from skae._tensorflow.keras_layers import chained, decoder_of, encoder_of

    encoder, decoder = encoder_of(codec), decoder_of(codec)
    return KerasModels(encoder, decoder, chained(encoder, decoder))


def from_keras(encoder: Any, decoder: Any) -> KerasAutoencoder:
    """Convert an encoder and a decoder trained in Keras to a fitted transformer.

    It has the methods of a fitted autoencoder, from `transform` to `score`, and works in pipelines,
    searches, plots and :class:`~skae.AutoencoderOutlierDetector`. Its `fit` stores the feature
    names and changes no weight.

    Parameters
    ----------
    encoder : keras.Model
        Sequential, functional or subclassed model that is built, of one input and one output:
        from samples to codes. Samples may be vectors, images or sequences, of a known shape.

    decoder : keras.Model
        The same from codes to samples.

    Returns
    -------
    autoencoder : KerasAutoencoder
        It holds the models themselves, not copies.

    Raises
    ------
    TypeError
        If `encoder` or `decoder` is not a Keras model.
    ValueError
        If one of them is not built, takes or returns several arrays or arrays of unknown shape, or
        if their shapes do not match.

    See Also
    --------
    to_keras : The reverse conversion.

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
