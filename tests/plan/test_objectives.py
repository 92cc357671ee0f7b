"""Losses: the same values in NumPy, in TensorFlow and in scikit-learn."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from skae._estimators.supervised import SoftmaxCrossentropy
from skae._plan.objectives import LOSSES
from skae._tensorflow.ops import OPS

rng = np.random.default_rng(0)
TARGET = rng.uniform(size=(50, 4)).astype(np.float32)
OUTPUT = (3 * rng.standard_normal((50, 4))).astype(np.float32)


@pytest.mark.parametrize("loss", [*LOSSES.values(), SoftmaxCrossentropy()])
def test_numpy_and_tensorflow_agree(loss):
    in_tf = loss(OPS, tf.constant(TARGET), tf.constant(OUTPUT)).numpy()
    assert_allclose(loss(np, TARGET, OUTPUT), in_tf, rtol=1e-5, atol=1e-6)


def test_means_are_sklearns_metrics():
    def mean(name):
        return LOSSES[name](np, TARGET, OUTPUT).mean()

    assert mean("squared_error") == pytest.approx(mean_squared_error(TARGET, OUTPUT), rel=1e-5)
    assert mean("absolute_error") == pytest.approx(mean_absolute_error(TARGET, OUTPUT), rel=1e-5)
    sharp = (TARGET > 0.5).astype(np.float64)
    probability = 1 / (1 + np.exp(-OUTPUT.astype(np.float64)))
    expected = log_loss(sharp.ravel(), probability.ravel())
    assert LOSSES["binary_crossentropy"](np, sharp, OUTPUT).mean() == pytest.approx(expected)


def test_huber_is_quadratic_then_linear():
    errors = np.array([0.0, 0.5, 1.0, 3.0])
    assert_allclose(LOSSES["huber"](np, errors, 0.0), [0.0, 0.125, 0.5, 2.5])


def test_binary_crossentropy_is_exact_for_large_logits():
    loss = LOSSES["binary_crossentropy"]
    assert_allclose(loss(np, np.array([1.0, 0.0]), np.array([1000.0, 1000.0])), [0.0, 1000.0])
