"""Prediction: activations as in training, blocks of rows, dtypes."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from skae._data.blocks import blocks, standardized
from skae._network.backend import ACTIVATIONS
from skae._network.codec import Codec
from skae._tensorflow import backend
from tests.networks import dense_network


@pytest.fixture
def codec():
    network = dense_network(hidden=(7,), activation="tanh")
    rng = np.random.default_rng(0)
    weights = tuple(rng.standard_normal(s).astype(np.float32) for s in network.shapes)
    return Codec(network, weights, rng.standard_normal(5), 2.0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_training(name):
    x = np.linspace(-20, 20, 401, dtype=np.float32)
    trained = backend.ACTIVATIONS[name](tf.constant(x)).numpy()
    assert_allclose(ACTIVATIONS[name](x), trained, rtol=1e-5, atol=2e-6)
    assert ACTIVATIONS[name](x).dtype == np.float32


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_do_not_overflow(name):
    with np.errstate(over="raise", invalid="raise"):
        assert np.isfinite(ACTIVATIONS[name](np.array([-1e4, 0.0, 1e4]))).all()


def test_blocks_cover_all_rows_once():
    covered = np.concatenate([np.arange(10)[part] for part in blocks(10, 300_000)])
    assert_array_equal(covered, np.arange(10))


def test_blocks_do_not_change_what_is_served(codec, monkeypatch):
    X = np.random.default_rng(1).standard_normal((50, 5))
    codes, back = codec.encode(X), codec.decode(codec.encode(X))
    monkeypatch.setattr("skae._network.codec.CACHE_ENTRIES", 20)
    monkeypatch.setattr("skae._network.codec.LEAST_ROWS", 1)
    assert len(list(codec._blocks(50))) > 1
    assert_allclose(codec.encode(X), codes, rtol=1e-12)
    assert_allclose(codec.decode(codes), back, rtol=1e-12)
    assert_allclose(codec.squared_errors(X), ((X - back) ** 2).sum(axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_serving_keeps_the_dtype(codec, dtype):
    X = np.ones((3, 5), dtype)
    assert codec.encode(X).dtype == dtype
    assert codec.decode(codec.encode(X)).dtype == dtype


def test_encoding_is_the_formula(codec):
    X = np.random.default_rng(1).standard_normal((4, 5))
    first, last, b1, b2, skip = codec.weights[:5]
    Z = (X - codec.mean) / codec.scale
    codes = np.tanh(Z @ first + b1) @ last + b2 + Z @ skip
    assert_allclose(codec.encode(X), codes * codec.scale)


def test_hidden_activations_are_the_formula(codec):
    X = np.random.default_rng(1).standard_normal((4, 5))
    kernel, _, bias = codec.weights[:3]
    expected = np.tanh((X - codec.mean) / codec.scale @ kernel + bias)
    assert_allclose(codec.hidden(X, 0), expected)
    assert codec.hidden(X.astype(np.float32), 0).dtype == np.float32


def test_standardized_keeps_what_a_large_offset_would_swallow():
    X = 1e9 + np.arange(8.0).reshape(4, 2)
    rows = standardized(X.copy(), X.mean(axis=0), 2.0)
    assert rows.dtype == np.float32
    assert_allclose(rows[:, 0], [-1.5, -0.5, 0.5, 1.5])
