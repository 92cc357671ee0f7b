"""Keras models of fitted autoencoders compute what the autoencoders do."""

import zipfile

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError

import skae
from skae._network.backend import ACTIVATIONS
from skae.keras import from_keras, to_keras

X = np.random.default_rng(0).uniform(size=(50, 36)).astype(np.float32)
SMALL = {"max_iter": 1, "init": "he", "random_state": 0, "hidden_layer_sizes": (5,)}
SMALL |= {"learning_rate": "cosine"}
IMAGES = {**SMALL, "hidden_layer_sizes": ()}

pytestmark = pytest.mark.usefixtures("untrained")

KINDS = {
    "whitened": skae.AutoencoderTransformer(2, whiten=True, **SMALL),
    "tied": skae.AutoencoderTransformer(
        2, tied_weights=True, output_activation="logistic", **SMALL
    ),
    "linear encoder": skae.AutoencoderTransformer(2, linear_encoder=True, **SMALL),
    "contractive": skae.ContractiveAutoencoder(2, **SMALL),
    "denoising": skae.DenoisingAutoencoder(2, loss="binary_crossentropy", **SMALL),
    "topk": skae.SparseAutoencoder(9, penalty="topk", n_active=3, **SMALL),
    "stacked": skae.StackedAutoencoder(2, layer_max_iter=1, **SMALL),
    "variational": skae.VariationalAutoencoder(2, **SMALL),
    "images": skae.ConvolutionalAutoencoder(2, image_shape=(6, 6), filters=(3, 4), **IMAGES),
    "odd images": skae.ConvolutionalAutoencoder(
        3, image_shape=(4, 9), filters=(3,), kernel_size=(2, 5), strides=(3, 2), **IMAGES
    ),
    "small kernels": skae.ConvolutionalAutoencoder(
        None, image_shape=(4, 3, 3), filters=(2,), kernel_size=1, **IMAGES
    ),
    "valid": skae.ConvolutionalAutoencoder(
        None,
        image_shape=(4, 9),
        filters=(3, 2),
        kernel_size=[2, 3],
        strides=[(1, 2), 1],
        padding="valid",
        **IMAGES,
    ),
    "pooled": skae.ConvolutionalAutoencoder(
        None, image_shape=(4, 9), filters=(3, 2), strides=1, pooling=[(3, 2), 2], **IMAGES
    ),
    "lstm": skae.RecurrentAutoencoder(
        2, sequence_shape=(12, 3), cell="lstm", **{**SMALL, "hidden_layer_sizes": (4, 3)}
    ),
    "gru": skae.RecurrentAutoencoder(2, sequence_shape=(12, 3), cell="gru", **SMALL),
    "both directions": skae.RecurrentAutoencoder(
        2, sequence_shape=(12, 3), cell="gru", bidirectional=True, **SMALL
    ),
}


def assert_same(estimator):
    models = to_keras(estimator)
    codes = estimator.transform(X)
    assert_allclose(models.encoder(X), codes, rtol=1e-4, atol=1e-5)
    assert_allclose(models.decoder(codes), estimator.inverse_transform(codes), rtol=1e-4, atol=1e-5)
    assert_allclose(models.autoencoder(X), estimator.reconstruct(X), rtol=1e-4, atol=1e-5)
    return models


# Saving is Keras', which does not know NumPy's newest signature of __array__.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", KINDS)
def test_every_kind(name, tmp_path):
    models = assert_same(KINDS[name].fit(X))
    models.encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    assert_allclose(loaded(X), models.encoder(X), rtol=1e-5, atol=1e-6)
    # One layer is skae's own; files without it load where skae is missing.
    with zipfile.ZipFile(tmp_path / "encoder.keras") as stored:
        assert (b"skae" in stored.read("config.json")) == (name == "topk")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name):
    fitted = skae.AutoencoderTransformer(2, **SMALL).fit(X)
    # The same weights under another activation.
    fitted.network_ = type(fitted.network_)(**{**vars(fitted.network_), "activation": name})
    assert_same(fitted)


def test_models_are_copies_that_can_be_trained():
    fitted = skae.AutoencoderTransformer(2, **SMALL).fit(X)
    before = fitted.transform(X)
    whole = to_keras(fitted).autoencoder
    whole.compile("sgd", "mse")
    whole.fit(X, X, verbose=0)
    assert_allclose(fitted.transform(X), before)


def test_there_and_back():
    fitted = skae.AutoencoderTransformer(2, **SMALL).fit(X)
    encoder, decoder, _ = to_keras(fitted)
    back = from_keras(encoder, decoder)
    assert_allclose(back.transform(X), fitted.transform(X), rtol=1e-5, atol=1e-5)
    assert back.score(X) == pytest.approx(fitted.score(X), abs=1e-5)


def test_what_is_not_fitted():
    with pytest.raises(NotFittedError):
        to_keras(skae.AutoencoderTransformer())
