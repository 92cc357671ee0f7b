"""The loss beside categories: a cross-entropy in the units of a standardized number."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import log_loss

from skae._network.backend import NUMPY
from skae._network.forward import entry_losses, reconstruction
from skae._plan.layers import dense_layers, mirrored
from skae._plan.network import Network
from skae._plan.objectives import LOSSES

# A number, three categories, a number, two categories.
LAYERS = dense_layers((7, 2))
NETWORK = Network(
    LAYERS,
    mirrored(LAYERS),
    "elu",
    "identity",
    "identity",
    scales_columns=True,
    categories=((1, 4), (5, 7)),
)
SHARES = np.array([0.5, 0.3, 0.2]), np.array([0.9, 0.1])
MEAN = np.array([3.0, *SHARES[0], -1.0, *SHARES[1]])
SCALE = np.array([2.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0])


def rows(n=4000):
    rng = np.random.default_rng(0)
    kinds = [np.eye(len(shares))[rng.choice(len(shares), n, p=shares)] for shares in SHARES]
    numbers = rng.normal(size=(2, n, 1))
    return np.hstack([MEAN[0] + 2 * numbers[0], kinds[0], MEAN[4] + 5 * numbers[1], kinds[1]])


def losses(network, X, output):
    target = (X - MEAN) / SCALE
    return entry_losses(LOSSES["squared_error"], network, target, output, MEAN, SCALE, NUMPY)


def test_a_constant_prediction_loses_the_variance():
    X = rows()
    entries = losses(NETWORK, X, np.zeros(X.shape)).mean(axis=0)
    # The mean of the entries is the mean over the four variables.
    entries *= 4 / 7
    assert_allclose(entries[[0, 4]], 1.0, rtol=0.1)
    for part, shares in zip((slice(1, 4), slice(5, 7)), SHARES, strict=True):
        assert entries[part].sum() == pytest.approx(1 - np.square(shares).sum(), rel=0.1)


def test_the_loss_is_the_cross_entropy_of_what_is_reconstructed():
    X = rows(200)
    output = np.random.default_rng(1).normal(size=X.shape)
    back = reconstruction(NETWORK, output, MEAN, SCALE, NUMPY)
    assert_allclose(back[:, [0, 4]], output[:, [0, 4]] * [2.0, 5.0] + [3.0, -1.0])
    nats = losses(replace(NETWORK, is_variational=True), X, output)
    for part in (slice(1, 4), slice(5, 7)):
        assert_allclose(back[:, part].sum(axis=1), 1.0)
        expected = log_loss(X[:, part].argmax(axis=1), back[:, part])
        assert nats[:, part].sum(axis=1).mean() == pytest.approx(expected)


def test_large_outputs_are_finite():
    X = rows(3)
    output = np.full(X.shape, 1e30)
    output[:, ::2] *= -1.0
    assert np.isfinite(losses(NETWORK, X, output)[:, 1:4]).all()
    assert np.isfinite(reconstruction(NETWORK, output, MEAN, SCALE, NUMPY)).all()


def test_missing_categories_have_no_loss():
    X = rows(5)
    X[0, 1:4] = np.nan
    entries = losses(replace(NETWORK, skips_missing=True), X, np.zeros(X.shape))
    assert_allclose(entries[0, 1:4], 0.0)
    assert (entries[1:, 1:4].sum(axis=1) > 0.0).all()
