"""Loadings: components_, local_components and encoder_sensitivity of fitted estimators."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import skae
from skae._estimators.loadings import LEAST_SAMPLES
from tests.own_layer import FourierAutoencoder

X = load_digits().data[:300] / 16
FAST = {"max_iter": 1, "learning_rate": "cosine", "random_state": 0}

pytestmark = pytest.mark.usefixtures("untrained")


def signed(components):
    """Make the largest loading of each code positive."""
    largest = np.abs(components).argmax(axis=1)
    return components * np.sign(components[np.arange(len(components)), largest])[:, np.newaxis]


@pytest.mark.parametrize("hidden", [(), (16,), (16, 8, 8)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_fit_that_stays_pca_has_its_components(hidden, dtype):
    rows = X.astype(dtype)
    parameters = {**FAST, "hidden_layer_sizes": hidden, "early_stopping": False}
    autoencoder = skae.AutoencoderTransformer(4, **parameters).fit(rows)
    pca = PCA(4).fit(rows)
    assert autoencoder.components_.dtype == np.float32  # as the weights
    assert_allclose(signed(autoencoder.components_), signed(pca.components_), atol=1e-5)
    local = autoencoder.local_components(rows[:3])
    assert_allclose(local, np.broadcast_to(autoencoder.components_, local.shape), atol=1e-5)


def test_whitened_codes_have_larger_units():
    parameters = {**FAST, "whiten": True, "early_stopping": False}
    autoencoder = skae.AutoencoderTransformer(3, **parameters).fit(X)
    pca = PCA(3).fit(X)
    expected = np.sqrt(pca.explained_variance_)[:, np.newaxis] * pca.components_
    assert_allclose(signed(autoencoder.components_), signed(expected), atol=1e-4)


def nonlinear(n_components=3, **parameters):
    parameters = {**FAST, "init": "he", "activation": "tanh", **parameters}
    return skae.AutoencoderTransformer(n_components, **parameters)


@pytest.mark.parametrize("parameters", [{}, {"whiten": True}, {"column_scaling": True}])
def test_they_are_means_over_weighted_samples(parameters):
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(X))
    autoencoder = nonlinear(**parameters).fit(X, sample_weight=weights)
    local = autoencoder.local_components(X)
    assert local.shape == (len(X), 3, 64)
    assert local.std(axis=0).max() > 0.01
    expected = np.average(local, axis=0, weights=weights)
    assert_allclose(autoencoder.components_, expected, atol=1e-5)


def test_deep_decoders_take_the_mean_over_some_samples():
    rows = np.random.default_rng(0).normal(size=(3 * LEAST_SAMPLES, 5))
    autoencoder = nonlinear(8, hidden_layer_sizes=(6, 5, 4)).fit(rows)
    expected = autoencoder.local_components(rows[::3]).mean(axis=0)
    assert_allclose(autoencoder.components_, expected, atol=1e-5)


def test_rows_wherever_they_are_stored():
    autoencoder = nonlinear().fit(csr_array(X))
    assert_allclose(autoencoder.components_, nonlinear().fit(X).components_, atol=1e-5)
    for method in (autoencoder.local_components, autoencoder.encoder_sensitivity):
        assert_allclose(method(csr_array(X[:5])), method(X[:5]), rtol=1e-6)
    restored = pickle.loads(pickle.dumps(autoencoder))
    assert_allclose(restored.components_, autoencoder.components_)


def test_the_last_call_of_partial_fit_counts():
    autoencoder = nonlinear().partial_fit(X[:100]).partial_fit(X[100:])
    expected = autoencoder.local_components(X[100:]).mean(axis=0)
    assert_allclose(autoencoder.components_, expected, atol=1e-5)


def test_missing_values_count_as_what_they_are_filled_with():
    rows = X.copy()
    rows[::3, 20] = np.nan
    autoencoder = nonlinear().fit(rows)
    filled = autoencoder.factor_model_.filled(rows[:4])
    for method in (autoencoder.local_components, autoencoder.encoder_sensitivity):
        assert_allclose(method(rows[:4]), method(filled), atol=1e-10)


def test_categories_have_a_column_each():
    rng = np.random.default_rng(0)
    size = rng.normal(size=200)
    table = pd.DataFrame(
        {"size": size, "kind": np.where(size + rng.normal(size=200) > 0, "a", "b")}
    )
    autoencoder = nonlinear(2).fit(table)
    assert autoencoder.components_.shape == (2, 3)
    local = autoencoder.local_components(table)
    # Probabilities add up to one.
    assert_allclose(local[:, :, 1], -local[:, :, 2], atol=1e-7)
    assert abs(local[:, :, 1]).max() > 0.01
    assert_allclose(autoencoder.components_, local.mean(axis=0), atol=1e-5)
    assert autoencoder.encoder_sensitivity(table).shape == (200, 2, 3)


def test_sensitivity_undoes_what_a_linear_decoder_does():
    autoencoder = skae.AutoencoderTransformer(4, hidden_layer_sizes=(), **FAST).fit(X)
    sensitivity = autoencoder.encoder_sensitivity(X[:2])
    assert_allclose(sensitivity[0] @ autoencoder.components_.T, np.eye(4), atol=1e-5)


def test_layers_that_are_not_dense_have_none():
    convolutional = skae.ConvolutionalAutoencoder(2, image_shape=(8, 8), filters=(2,), **FAST)
    waves = FourierAutoencoder(2, init="he", **FAST)
    for autoencoder in (convolutional.fit(X), waves.fit(X)):
        with pytest.raises(AttributeError, match=r"'components_'.*not dense: inverse_transform"):
            autoencoder.components_  # noqa: B018
        with pytest.raises(NotImplementedError, match="local_components needs a derivative"):
            autoencoder.local_components(X)
        with pytest.raises(NotImplementedError, match=r"but the encoder of this"):
            autoencoder.encoder_sensitivity(X)


def test_estimators_stored_without_them_say_what_to_do():
    autoencoder = nonlinear().fit(X)
    del vars(autoencoder)["_components"]
    with pytest.raises(AttributeError, match=r"local_components\(X\)\.mean\(axis=0\)"):
        autoencoder.components_  # noqa: B018
    assert not hasattr(nonlinear(), "components_")


def test_a_head_leaves_them_to_its_autoencoder():
    y = load_digits().target[:300]
    classifier = skae.AutoencoderClassifier(max_iter=1, random_state=0).fit(X, y)
    below = classifier.autoencoder_
    assert_allclose(below.components_, below.local_components(X).mean(axis=0), atol=1e-5)
    with pytest.raises(AttributeError, match=r"See its autoencoder_: components_ are"):
        classifier.components_  # noqa: B018


def test_codes_may_overflow_float32():
    # Of float64; the length of a row is beyond 3.4e38.
    X = 2.35e38 * np.random.default_rng(0).integers(2, size=(40, 30))
    given = {"hidden_layer_sizes": (4,), "init": "glorot", "early_stopping": False, "max_iter": 1}
    autoencoder = skae.AutoencoderTransformer(2, learning_rate="cosine", random_state=0, **given)
    components = autoencoder.fit(X).components_
    assert_allclose(components, autoencoder.local_components(X).mean(axis=0), rtol=1e-4)
