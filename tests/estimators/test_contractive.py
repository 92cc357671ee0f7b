"""Contraction: the penalty is the Jacobian's norm, and training lowers it."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, ContractiveAutoencoder
from skae._estimators.contractive import of_dense_layers
from skae._network.backend import ACTIVATIONS, NUMPY
from skae._network.forward import encode
from skae._plan.objectives import Step
from skae._tensorflow.backend import TENSORFLOW
from skae._tensorflow.ops import OPS
from tests.learning import assert_learned
from tests.networks import dense_network

rng = np.random.default_rng(0)


def jacobians(network, weights, rows):
    """Return the codes' derivatives by central differences: (rows, columns, codes)."""
    encoder, _ = network.split([w.astype(np.float64) for w in weights], np.transpose)
    steps = np.eye(rows.shape[1]) * 1e-5
    return np.stack(
        [
            encode(network, encoder, rows + step, NUMPY)
            - encode(network, encoder, rows - step, NUMPY)
            for step in steps
        ],
        axis=1,
    ) / (2e-5)


@pytest.mark.parametrize("code", ["identity", "logistic", "relu"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(), (7,), (7, 6, 4)])
@pytest.mark.parametrize("skip", [False, True])
def test_the_penalty_is_the_norm_by_finite_differences(hidden, activation, code, skip):
    network = dense_network(5, 3, hidden, activation, code, skip=skip and bool(hidden))
    weights = [rng.standard_normal(shape).astype(np.float32) for shape in network.shapes]
    rows = rng.standard_normal((6, 5)).astype(np.float32)
    tensors = tuple(map(tf.constant, weights))
    step = Step(
        network, tensors, tf.constant(rows), *[None] * 4, None, encode=None, backend=TENSORFLOW
    )
    expected = (jacobians(network, weights, rows.astype(np.float64)) ** 2).sum(axis=(1, 2))
    assert of_dense_layers(OPS, step).numpy() == pytest.approx(expected, rel=2e-3, abs=1e-4)


@pytest.mark.slow
def test_training_lowers_the_norm_on_held_out_rows_at_a_comparable_error(learning_seed):
    train, test = train_test_split(load_digits().data, random_state=0)
    fixed = {
        "hidden_layer_sizes": (32,),
        "tied_weights": True,
        "max_iter": 80,
        "learning_rate": "cosine",
        "random_state": learning_seed,
    }
    plain = AutoencoderTransformer(12, **fixed).fit(train)
    contractive = ContractiveAutoencoder(12, contraction=0.02, **fixed).fit(train)

    def norm(estimator):
        rows = (test - estimator.mean_) / estimator.scale_
        found = jacobians(estimator.network_, estimator.weights_, rows)
        return (found**2).sum(axis=(1, 2)).mean()

    assert_learned(norm(contractive) / norm(plain), below=0.75)
    assert_learned(contractive.score(test), above=plain.score(test) - 0.05)
