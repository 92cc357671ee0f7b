"""Derivatives of networks with random weights, beside finite differences."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skae._network.backend import ACTIVATIONS, SLOPES
from skae._network.codec import Codec
from skae._network.derivatives import DecoderDerivatives, are_dense, encoder_derivatives
from skae._network.whitening import Moments
from skae._plan.layers import Dense, dense_layers
from skae._plan.network import Network

N_FEATURES, N_CODES = 6, 3


def codec_of(hidden=(5, 4), whitens=False, scale=1.7, **network):
    rng = np.random.default_rng(0)
    network = {"activation": "tanh", "code_activation": "identity"} | network
    network = {"output_activation": "identity"} | network
    widths = (N_FEATURES, *hidden, N_CODES)
    network = Network(dense_layers(widths), dense_layers(widths[::-1]), **network)
    weights = tuple(rng.normal(scale=0.7, size=shape) for shape in network.shapes)
    mean = rng.uniform(0.2, 0.4, N_FEATURES)
    codes = rng.normal(size=(50, N_CODES)) @ rng.normal(size=(N_CODES, N_CODES))
    whitening = Moments.of(codes).whitening() if whitens else None
    return Codec(network, weights, mean, scale, whitening)


def differences(function, rows, h=1e-6):
    """Return the central differences of a function of rows by each of their columns."""
    steps = h * np.eye(rows.shape[1])
    return np.stack([(function(rows + s) - function(rows - s)) / (2 * h) for s in steps], axis=1)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_the_derivatives_of_activations(name):
    x = np.linspace(-4.0, 4.0, 50)
    expected = (ACTIVATIONS[name](x + 1e-6) - ACTIVATIONS[name](x - 1e-6)) / 2e-6
    assert_allclose(SLOPES[name](x), expected, atol=1e-8)
    assert SLOPES[name](x.astype(np.float32)).dtype == np.float32
    assert set(SLOPES) == set(ACTIVATIONS)


NETWORKS = {
    "linear": {"hidden": ()},
    "one hidden layer": {"hidden": (5,)},
    "two, with linear paths": {"encoder_skip": True, "decoder_skip": True},
    "three": {"hidden": (5, 4, 3), "encoder_skip": True, "decoder_skip": True},
    "whitened": {"whitens": True, "decoder_skip": True},
    "tied": {"tied_weights": True, "encoder_skip": True, "decoder_skip": True},
    "logistic codes": {"code_activation": "logistic"},
    "the largest codes": {"code_activation": "softplus", "n_active": 2},
    "logistic output": {"output_activation": "logistic", "hidden": ()},
    "logistic output, a hidden layer": {"output_activation": "logistic", "hidden": (5,)},
    "logistic output, two": {"output_activation": "logistic", "decoder_skip": True},
    "not standardized": {"standardizes": False, "output_activation": "logistic"},
    "softplus output": {"output_activation": "softplus", "hidden": (5,)},
    "scaled columns": {"scales_columns": True, "scale": np.linspace(0.5, 3.0, N_FEATURES)},
    "categories": {
        "scales_columns": True,
        "scale": np.array([2.0, 1.0, 1.0, 0.5, 1.0, 1.0]),
        "categories": ((1, 3), (4, 6)),
        "decoder_skip": True,
    },
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_they_are_finite_differences(network):
    codec = codec_of(**network)
    rng = np.random.default_rng(1)
    X, weights = rng.normal(size=(20, N_FEATURES)), rng.uniform(0.5, 2.0, 20)
    codes = codec.encode(X)
    decoder = DecoderDerivatives(codec, X.dtype)
    derivatives = decoder.at(codes)
    assert_allclose(derivatives, differences(codec.decode, codes), atol=1e-7)
    mean = np.average(derivatives, axis=0, weights=weights)
    assert_allclose(decoder.mean(codes, weights), mean, atol=1e-12)
    by_column = encoder_derivatives(codec, X)
    assert_allclose(by_column, differences(codec.encode, X).swapaxes(1, 2), atol=1e-7)


def test_only_dense_layers_have_known_derivatives():
    @dataclass(frozen=True)
    class Wave(Dense):
        def forward(self, ops, kernel, bias, rows):
            return ops.sin(rows @ kernel + bias)

    @dataclass(frozen=True)
    class Named(Dense):
        applies_activation = False

    assert are_dense((Dense(2, 3), Named(3, 2)))
    assert not are_dense((Dense(2, 3), Wave(3, 2)))
