"""ConvolutionalAutoencoder: Keras' arithmetic, images of any layout, better than PCA."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skae import ConvolutionalAutoencoder
from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._tensorflow.backend import TENSORFLOW
from skae._tensorflow.program import program
from tests.learning import assert_learned

X = load_digits().data
SMALL = X[:300]


def fitted(X=SMALL, n_components=3, **params):
    defaults = {"filters": 4, "max_iter": 3, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return ConvolutionalAutoencoder(n_components, **defaults | params).fit(X)


@pytest.mark.parametrize(
    ("image", "n_filters", "kernel", "strides"),
    [
        ((8, 6, 2), 5, (3, 4), (1, 1)),
        ((8, 6, 2), 5, (3, 4), (2, 2)),
        ((7, 9, 2), 5, (3, 4), (1, 3)),
        ((7, 9, 2), 5, (3, 4), (2, 2)),
        # Computed by several pixels at once.
        ((6, 8, 1), 4, (5, 5), (1, 1)),
        ((6, 8, 3), 8, (2, 6), (1, 1)),
        ((5, 12, 16), 1, (3, 9), (1, 1)),
        ((1, 16, 4), 2, (1, 12), (1, 1)),
        ((6, 9, 4), 4, (5, 5), (1, 1)),
    ],
)
def test_the_arithmetic_is_that_of_keras(image, n_filters, kernel, strides):
    import keras

    there = Convolution(image, n_filters, kernel, strides)
    options = {"kernel_size": kernel, "strides": strides, "padding": "same"}
    pairs = [(there, there.image, keras.layers.Conv2D(n_filters, **options))]
    if not np.any(np.remainder(image[:2], strides)):  # Keras' way back leads to no other size
        by_keras = keras.layers.Conv2DTranspose(image[-1], **options)
        pairs.append((TransposedConvolution(there), there.filtered, by_keras))
    rng = np.random.default_rng(0)
    for layer, shape, by_keras in pairs:
        shapes = (layer.kernel_shape, layer.n_biases, (3, layer.n_in))
        kernel, bias, rows = (np.float32(rng.standard_normal(shape)) for shape in shapes)
        by_keras.build((None, *shape))
        by_keras.set_weights([kernel, bias])
        expected = np.asarray(by_keras(rows.reshape(3, *shape))).reshape(3, -1)
        assert_allclose(TENSORFLOW.apply(layer, kernel, bias, rows), expected, atol=1e-5)


@pytest.mark.parametrize("n_components", [2, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_much_better_than_pca_on_held_out_images(n_components, learning_seed):
    train, test = train_test_split(X, test_size=0.25, random_state=0)
    pca = PCA(n_components).fit(train)
    unexplained = ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum()
    of_pca = 1 - unexplained / ((test - pca.mean_) ** 2).sum()
    fixed = {"filters": (16, 32), "max_iter": 40, "random_state": learning_seed}
    convolutional = fitted(train, n_components, **fixed)
    assert_learned(convolutional.score(test), above=of_pca + 0.05)


@pytest.mark.parametrize(
    "params",
    [pytest.param({}, marks=pytest.mark.slow), {"strides": 1, "pooling": 3, "padding": "valid"}],
)
def test_the_initialization_is_pca(params):
    idle = fitted(learning_rate_init=1e-12, **params)
    assert_allclose(idle.transform(SMALL), PCA(3).fit_transform(SMALL), atol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_are_taken_as_they_are(dtype):
    rows = SMALL.astype(dtype)
    flat = fitted(rows, max_iter=1)
    codes = flat.transform(rows)
    for shape in ((8, 8), (8, 8, 1)):
        images = rows.reshape(300, *shape)
        deep = fitted(images, image_shape=shape, max_iter=1)
        assert_array_equal(deep.transform(images), codes)
        assert deep.inverse_transform(codes).shape == images.shape
        assert_array_equal(deep.reconstruct(images), flat.reconstruct(rows).reshape(images.shape))
        assert deep.score(images) == flat.score(rows)
    back = flat.inverse_transform(codes)
    assert back.shape == rows.shape
    assert (codes.dtype, back.dtype) == (dtype, dtype)


@pytest.mark.slow
def test_layers_mirror_each_other():
    deep = fitted(SMALL.reshape(300, 8, 4, 2), image_shape=(8, 4, 2), filters=(3, 5), max_iter=1,
                  kernel_size=(3, 2), strides=(2, 1), hidden_layer_sizes=6)  # fmt: skip
    shapes = [kernel.shape for kernel in deep.encoder_coefs_]
    assert shapes == [(3, 2, 2, 3), (3, 2, 3, 5), (40, 6), (6, 3)]
    shapes = [kernel.shape for kernel in deep.decoder_coefs_]
    assert shapes == [(3, 6), (6, 40), (3, 2, 3, 5), (3, 2, 2, 3)]
    # Rows whose length is no square are images one pixel high.
    wide = fitted(SMALL[:, :30], max_iter=1)
    assert wide.network_.encoder[0].filtered == (1, 15, 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "n_codes"),
    [
        ({"strides": 1}, 64),
        ({"strides": 2}, 4),
        ({"strides": 1, "padding": "valid", "kernel_size": [2, 3]}, 25),
        ({"strides": 1, "pooling": [2, 1]}, 16),
    ],
)
def test_without_a_dense_code_the_codes_are_a_filtered_image(params, n_codes, learning_seed):
    X = SMALL / 16
    filtered = fitted(X, None, filters=(4, 1), init="glorot", loss="binary_crossentropy",
                      max_iter=20, random_state=learning_seed, **params)  # fmt: skip
    assert filtered.n_components_ == n_codes
    assert filtered.transform(X).shape == (300, n_codes)
    assert len(filtered.encoder_coefs_) == 2
    back = filtered.reconstruct(X)
    assert back.min() >= 0.0
    assert back.max() <= 1.0
    assert_learned(filtered.score(X), above=0.0)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"image_shape": (8, 7)}, "image_shape"),
        ({"image_shape": (64,)}, "image_shape"),
        ({"image_shape": (8, 8, 1, 1)}, "image_shape"),
        ({"image_shape": 8}, "image_shape"),
        ({"filters": ()}, "filters"),
        ({"filters": (4, 0)}, "filters"),
        ({"filters": 0}, "filters"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"kernel_size": 2.5}, "kernel_size"),
        ({"strides": (0, 1)}, "strides"),
        ({"strides": (2,)}, "strides"),
        ({"padding": "full"}, "padding"),
        ({"padding": ["valid"]}, "padding"),
        ({"padding": "valid", "kernel_size": 9}, "kernel_size=9"),
        ({"pooling": 0}, "pooling"),
        ({"n_components": None}, "init='pca'"),
        ({"n_components": None, "init": "he", "hidden_layer_sizes": 4}, "hidden_layer_sizes"),
    ],
)
def test_what_cannot_be_used_is_named_before_training(params, names):
    convolutional = ConvolutionalAutoencoder(**params)
    with pytest.raises(ValueError, match=names):
        convolutional.fit(SMALL)
    assert not hasattr(convolutional, "n_features_in_")


def test_arrays_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"image_shape=\(4, 16\) instead of \(8, 8\)"):
        fitted(SMALL.reshape(300, 8, 8), image_shape=(4, 16))
    with pytest.raises(ValueError, match=r"image_shape=\(8, 8, 1\) instead of \(4, 16\)"):
        fitted(SMALL, max_iter=1).transform(SMALL.reshape(300, 4, 16))
    with pytest.raises(ValueError, match=r"image_shape=\(2, 2, 4, 4\) must be \(height, width\)"):
        fitted(SMALL.reshape(300, 2, 2, 4, 4))


def test_images_tell_their_shape():
    images = SMALL.reshape(300, 4, 8, 2)
    deep = fitted(images, max_iter=1, learning_rate="cosine")
    assert deep.image_shape_ == deep.sample_shape_ == (4, 8, 2)
    assert deep.reconstruct(images).shape == deep.inverse_transform(deep.transform(images)).shape
    assert deep.fit(SMALL).image_shape_ == (8, 8, 1)
    assert deep.reconstruct(SMALL.reshape(300, 8, 8)).shape == (300, 8, 8)
    assert deep.inverse_transform(deep.transform(SMALL)).shape == SMALL.shape


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits():
    one, other = (fitted(X, filters=(8, 8), kernel_size=5, strides=1) for _ in range(2))
    for weight, same in zip(one.weights_, other.weights_, strict=True):
        assert_array_equal(weight, same)


def test_whitening_and_partial_fit(learning_seed):
    white = fitted(whiten=True, random_state=learning_seed)
    assert_allclose(np.cov(white.transform(SMALL).T), np.eye(3), atol=1e-5)
    before = white.reconstruct(SMALL)
    plain = fitted(random_state=learning_seed)
    assert_allclose(before, plain.reconstruct(SMALL), atol=1e-3)
    assert_learned(white.partial_fit(SMALL).score(SMALL), above=0.3)
    assert np.abs(white.reconstruct(SMALL) - before).max() > 0.0


def test_runtime_scalars_compile_nothing():
    first = fitted(filters=5)
    programs = program.cache_info().misses
    for changes in ({"random_state": 7, "alpha": 0.1}, {"learning_rate": "cosine"}):
        fitted(SMALL[:200], filters=5, **changes)
    clone(first).partial_fit(SMALL)
    assert program.cache_info().misses == programs


def test_hidden_activations_are_those_of_dense_layers():
    with pytest.raises(ValueError, match="hidden_activations needs dense layers"):
        fitted(max_iter=1).hidden_activations(SMALL)


def test_a_start_whose_codes_are_not_linear(learning_seed):
    """Its least-squares way back has a bias for each pixel, where a channel has one."""
    idle = {"learning_rate_init": 1e-12, "max_iter": 1, "random_state": learning_seed}
    assert_learned(fitted(code_activation="relu", **idle).score(SMALL), above=0.2)


def test_a_validation_set_of_images(monkeypatch):
    images = np.random.default_rng(0).random((20, 4, 4))
    network = {"filters": 2, "max_iter": 1, "random_state": 0}
    fitted = ConvolutionalAutoencoder(2, **network).fit(images[:10], X_val=images[10:])
    flat = images.reshape(20, -1)
    same = ConvolutionalAutoencoder(2, **network).fit(flat[:10], X_val=flat[10:])
    assert fitted.validation_loss_curve_ == same.validation_loss_curve_
    # Other images than those of an earlier fit.
    assert fitted.fit(images[:10, :2], X_val=images[10:, :2]).image_shape_ == (2, 4, 1)
    with pytest.raises(ValueError, match="X_val has samples of shape"):
        fitted.fit(images[:10], X_val=images[10:, :2])
