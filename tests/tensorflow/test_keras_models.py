"""Users' Keras models: which ones match, and application to rows of any shape."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from skae._tensorflow.keras_models import BLOCK_ENTRIES, KerasCodec, checked_shapes
from skae.keras import from_keras

layers = keras.layers


def dense(n_in, n_out):
    return keras.Sequential([keras.Input((n_in,)), layers.Dense(n_out)])


class Subclassed(keras.Model):
    def __init__(self, n_out):
        super().__init__()
        self.dense = layers.Dense(n_out)

    def call(self, rows):
        return self.dense(rows)


class OfTwo(keras.Model):
    def call(self, some, others):
        return some + others


def called(model, *rows):
    model(*rows)
    return model


FOUR, THREE = keras.Input((4,)), keras.Input((3,))
SEQUENCE = keras.Input((None, 2))
ROWS = np.ones((2, 4), np.float32)


@pytest.mark.parametrize(
    ("encoder", "error", "match"),
    [
        (None, TypeError, "encoder=None has the type NoneType, but must be"),
        (layers.Dense(2), TypeError, "encoder=<Dense .* has the type Dense"),
        (keras.Sequential([layers.Dense(2)]), ValueError, r"is not built.*keras.Input"),
        (Subclassed(2), ValueError, r"encoder=<Subclassed .* is not built"),
        (called(OfTwo(), ROWS, ROWS), ValueError, "cannot be called on one array"),
        (
            keras.Model([FOUR, THREE], layers.Concatenate()([FOUR, THREE])),
            ValueError,
            r"takes several arrays, of shapes \[\(None, 4\), \(None, 3\)\]",
        ),
        (keras.Model(FOUR, [FOUR, FOUR]), ValueError, "encoder=.* returns several arrays"),
        (
            keras.Model(SEQUENCE, layers.LSTM(2)(SEQUENCE)),
            ValueError,
            r"takes arrays of shape \(None, None, 2\): all sizes except the number",
        ),
        (dense(4, 3), ValueError, r"returns codes of shape \(3,\), but decoder=.* takes \(2,\)"),
        (dense(5, 2), ValueError, r"returns rows of shape \(4,\), but encoder=.* takes \(5,\)"),
    ],
)
def test_what_does_not_fit(encoder, error, match):
    with pytest.raises(error, match=match):
        from_keras(encoder, dense(2, 4))


def test_the_decoder_is_named_too():
    with pytest.raises(TypeError, match="decoder='me' has the type str"):
        from_keras(dense(4, 2), "me")


@pytest.mark.parametrize(
    "encoder",
    [
        dense(4, 2),
        called(keras.Sequential([layers.Dense(2)]), ROWS),
        keras.Model([FOUR], [layers.Dense(2)(FOUR)]),
        called(Subclassed(2), ROWS),
    ],
    ids=["sequential", "built by a call", "lists", "subclassed"],
)
def test_all_types_of_keras_models(encoder):
    assert checked_shapes(encoder, dense(2, 4)) == ((4,), (2,))
    X = np.random.default_rng(0).normal(size=(7, 4))
    kernel, bias = encoder.get_weights()
    assert_allclose(from_keras(encoder, dense(2, 4)).transform(X), X @ kernel + bias, atol=1e-5)


def test_images_and_codes_that_are_no_vectors():
    encoder = keras.Sequential([keras.Input((6, 4, 1)), layers.Conv2D(3, 3, 2, "same")])
    decoder = keras.Sequential([keras.Input((3, 2, 3)), layers.Conv2DTranspose(1, 3, 2, "same")])
    autoencoder = from_keras(encoder, decoder)
    assert (autoencoder.n_features_in_, autoencoder.n_components_) == (24, 18)
    images = np.random.default_rng(0).uniform(size=(5, 6, 4)).astype(np.float32)
    codes = autoencoder.fit_transform(images)
    assert_allclose(codes, np.reshape(encoder(images[..., np.newaxis]), (5, 18)), atol=1e-5)
    back = np.reshape(decoder(codes.reshape(5, 3, 2, 3)), (5, 6, 4))
    assert_allclose(autoencoder.inverse_transform(codes), back, atol=1e-5)
    rows = autoencoder.reconstruct(images.reshape(5, -1))
    assert_allclose(rows, back.reshape(5, 24), atol=1e-5)
    with pytest.raises(ValueError, match=r"row_shape_=\(6, 4, 1\) instead of \(4, 6\)"):
        autoencoder.transform(images.reshape(5, 4, 6))


def test_rows_go_in_blocks():
    encoder, decoder = dense(64, 1), dense(1, 64)
    codec = KerasCodec(encoder, decoder, (64,), (1,))
    X = np.ones((BLOCK_ENTRIES // 64 + 5, 64))
    assert [block.stop - block.start for block in codec._blocks(len(X))] == [len(X) - 5, 5]
    assert_allclose(codec.encode(X), X @ encoder.get_weights()[0], rtol=1e-5)
