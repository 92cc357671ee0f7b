"""Initialization: PCA where that is possible, close to it elsewhere, random of correct variance."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from skae import AutoencoderTransformer
from skae._data.blocks import standardized
from skae._data.pca import center, principal_axes, variance
from skae._data.rows import ArrayRows
from skae._network.backend import ACTIVATIONS
from skae._network.codec import Codec
from skae._plan.layers import Dense
from skae._training.initialization import (
    RANDOM_INITIALIZERS,
    logistic_regression,
    pca_weights,
    random_weights,
)
from tests.networks import dense_network

X = load_digits().data[:400]


def started(
    n_components=5,
    hidden=(16, 12),
    activation="elu",
    code="identity",
    out="identity",
    tied=False,
    X=X,
):
    network = dense_network(
        X.shape[1], n_components, hidden, activation, code, out, tied, skip=bool(hidden)
    )
    rng = np.random.default_rng(0)
    mean = center(ArrayRows(X))
    scale = variance(ArrayRows(X), mean) ** 0.5
    axes = principal_axes(ArrayRows(X), mean, n_components, rng)
    rows = standardized(X.copy(), mean, scale)
    weights = pca_weights(network, axes, lambda: (rows, None), (mean, scale), rng)
    return Codec(network, weights, mean, scale)


def share(codec, X=X):
    return 1 - codec.squared_errors(X).sum() / ((X - X.mean(axis=0)) ** 2).sum()


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("hidden", [(), (16,), (16, 12)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_initialization_is_pca(activation, hidden, tied):
    codec = started(hidden=hidden, activation=activation, tied=tied)
    pca = PCA(5, svd_solver="full").fit(X)
    assert_allclose(codec.encode(X), pca.transform(X), atol=1e-3)
    back = pca.inverse_transform(pca.transform(X))
    assert_allclose(codec.decode(codec.encode(X)), back, atol=1e-3)


@pytest.mark.parametrize("code", sorted(set(ACTIVATIONS) - {"identity"}))
@pytest.mark.parametrize("hidden", [(), (16,)])
def test_nonlinear_codes_start_close_to_pca(code, hidden):
    pca = PCA(5).fit(X).explained_variance_ratio_.sum()
    kept = share(started(hidden=hidden, code=code))
    # relu and, less so, gelu drop half of each component, and nothing linear brings it back.
    assert kept > {"relu": 0.5, "gelu": 0.75}.get(code, 0.8) * pca


def test_a_logistic_output_starts_close_to_pca():
    unit = X / 16
    codec = started(10, out="logistic", X=unit)
    assert share(codec, unit) > 0.7 * PCA(10).fit(unit).explained_variance_ratio_.sum()
    back = codec.decode(codec.encode(unit))
    assert back.min() >= 0
    assert back.max() <= 1


@pytest.mark.parametrize("tied", [False, True])
def test_codes_beyond_the_columns_change_nothing_at_first(tied):
    few = X[:, 18:24]
    over = started(9, tied=tied, X=few)
    assert share(over, few) == pytest.approx(1.0, abs=1e-6)
    assert over.encode(few).shape == (400, 9)


def test_codes_beyond_the_rank_are_orthogonal_and_ignored():
    line = np.outer(np.arange(20.0), np.ones(6))
    codec = started(3, hidden=(), X=line)
    kernel = codec.weights[0]
    assert_allclose(kernel.T @ kernel, np.eye(3), atol=1e-6)
    assert share(codec, line) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("init", "expected"), [("he", 2 / 300), ("glorot", 2 / 500), ("lecun", 1 / 300)]
)
def test_random_starts_have_their_variance(init, expected):
    kernel = RANDOM_INITIALIZERS[init](np.random.default_rng(0), Dense(300, 200))
    assert kernel.mean() == pytest.approx(0.0, abs=1e-3)
    assert kernel.var() == pytest.approx(expected, rel=0.02)


def test_random_biases_are_zero():
    network = dense_network(4, 2, (3,), skip=False)
    weights = random_weights(network, "he", np.random.default_rng(0))
    assert all(np.all(weight == 0) == (weight.ndim == 1) for weight in weights)
    assert {weight.dtype for weight in weights} == {np.dtype(np.float32)}


@pytest.mark.parametrize("code", sorted(set(ACTIVATIONS) - {"identity"}))
@pytest.mark.parametrize("hidden", [(), (16,)])
def test_tied_nonlinear_codes_start_better_than_the_mean(code, hidden):
    start = started(hidden=hidden, code=code, tied=True)
    assert share(start) > 0.1
    assert_allclose(start.decode(start.encode(X)).mean(axis=0), X.mean(axis=0), atol=1e-3)


@pytest.mark.usefixtures("untrained")
def test_a_code_that_is_constant_but_for_rounding_gets_no_large_weight():
    """float32 holds the code of a feature with so small a variance by its last digits alone."""
    X = np.random.default_rng(0).normal(size=(300, 6)) * [1, 1, 1, 1, 1, 1e-6]
    start = AutoencoderTransformer(6, hidden_layer_sizes=(), code_activation="logistic").fit(X)
    assert np.abs(start.decoder_coefs_[0]).max() < 20


def test_a_function_draws_every_kernel():
    network = dense_network(6, 2, (4,), skip=False)
    seen = []

    def ones(rng, layer):
        seen.append(layer)
        return np.ones(layer.kernel_shape)

    weights = random_weights(network, ones, np.random.default_rng(0))
    assert seen == [*network.encoder, *network.decoder]
    encoder, decoder = network.split(weights, np.transpose)
    for half in (encoder, decoder):
        assert all(np.all(kernel == 1.0) for kernel in half.kernels)
        assert not any(bias.any() for bias in half.biases)


@pytest.mark.parametrize(
    ("init", "words"),
    [
        (lambda rng, layer: np.ones(3), r"shape \(3,\) for Dense\(n_in=6.*is \(6, 4\)"),
        (lambda rng, layer: np.full(layer.kernel_shape, np.nan), "that is not finite"),
        (lambda rng, layer: "ones", "For Dense.* it raised ValueError"),
        (lambda rng: 1.0, "must take a generator and a layer"),
    ],
)
def test_a_function_that_draws_no_kernel_is_named(init, words):
    with pytest.raises(ValueError, match=rf"init=<function.*{words}"):
        random_weights(dense_network(6, 2, (4,), skip=False), init, np.random.default_rng(0))


def test_logistic_regression_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(300, 2))
    y = (codes @ [[1.0, -1.0, 0.0], [0.0, 0.5, 1.0]] + rng.gumbel(size=(300, 3))).argmax(axis=1)
    offsets = np.log([0.2, 0.3, 0.5])
    kernel, bias = logistic_regression(codes, np.eye(3)[y], offsets)
    logits = offsets + codes @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = LogisticRegression(C=1.0).fit(codes, y)
    assert_allclose(shares, expected.predict_proba(codes), atol=0.01)


def test_logistic_regression_knows_categories_that_no_row_has():
    codes = np.random.default_rng(0).normal(size=(50, 1))
    indicators = np.eye(3)[(codes[:, 0] > 0).astype(int)]
    kernel, bias = logistic_regression(codes, indicators, np.log([0.45, 0.45, 0.1]))
    assert np.isfinite(kernel).all()
    assert bias[2] < min(bias[:2])
