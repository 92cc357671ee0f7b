"""Gradients of compiled programs beside finite differences in NumPy: compilers have had faults."""

import numpy as np
import pytest
from sklearn.base import clone

import skae
from skae._network.backend import ACTIVATIONS
from skae.networks import ConvolutionalNetwork, RecurrentNetwork

RATE = 1.0
X = np.random.default_rng(0).random((48, 12)).astype(np.float32)
# One step over all rows, in which the rate times the gradient is the change of the weights.
ONE_STEP = {
    "solver": "sgd",
    "momentum": 0.0,
    "learning_rate_init": RATE,
    "batch_size": len(X),
    "alpha": 0.0,
    "standardize": False,
    "init": "glorot",
    "random_state": 0,
}
PLAIN = skae.AutoencoderTransformer(3, hidden_layer_sizes=(8, 5), **ONE_STEP)


def assert_step_is_gradient(autoencoder, X, loss, step=1e-6, tol=1e-4):
    """Compare one step with the derivative of the loss along a random change of each array."""
    after_one = clone(autoencoder).partial_fit(X)
    before = [weight.astype(float) for weight in after_one.weights_]
    after = clone(autoencoder).partial_fit(X).partial_fit(X).weights_
    gradient = [(old - new) / RATE for old, new in zip(before, after, strict=True)]

    def loss_at(weights):
        after_one.weights_ = tuple(weights)
        return loss(X.astype(float), after_one.reconstruct(X.astype(float)))

    rng = np.random.default_rng(1)
    for i, slope in enumerate(gradient):
        change = rng.standard_normal(slope.shape)
        ends = [
            loss_at([*before[:i], before[i] + sign * step * change, *before[i + 1 :]])
            for sign in (1, -1)
        ]
        expected = (ends[0] - ends[1]) / (2 * step)
        size = np.linalg.norm(slope) * np.linalg.norm(change)
        assert np.sum(slope * change) == pytest.approx(expected, abs=tol * size + 1e-6), i


def squared(X, back):
    return np.square(X - back).mean()


def cross_entropy(X, back):
    return -(X * np.log(back) + (1 - X) * np.log1p(-back)).mean()


@pytest.mark.parametrize(
    "activation",
    [name if name == "elu" else pytest.param(name, marks=pytest.mark.slow) for name in ACTIVATIONS],
)
def test_dense_layers(activation):
    autoencoder = clone(PLAIN).set_params(activation=activation, code_activation=activation)
    assert_step_is_gradient(autoencoder, X, squared)


@pytest.mark.slow
def test_tied_weights_and_cross_entropy():
    assert_step_is_gradient(clone(PLAIN).set_params(tied_weights=True), X, squared)
    autoencoder = clone(PLAIN).set_params(loss="binary_crossentropy")
    assert_step_is_gradient(autoencoder, X, cross_entropy)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (ConvolutionalNetwork(filters=(3, 2), kernel_size=[5, 3]), (8, 6)),
        (RecurrentNetwork(hidden_layer_sizes=(5,)), (6, 2)),
        (RecurrentNetwork(hidden_layer_sizes=(5,), cell="gru"), (6, 2)),
    ],
    ids=["convolutions", "lstm", "gru"],
)
def test_layers_of_tensorflow(network, shape):
    samples = np.random.default_rng(0).random((len(X), *shape)).astype(np.float32)
    autoencoder = skae.AutoencoderTransformer(3, network=network, **ONE_STEP)
    # TensorFlow computes in float32, so that steps are large.
    assert_step_is_gradient(autoencoder, samples, squared, step=3e-3, tol=1e-3)
