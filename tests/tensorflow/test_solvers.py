"""Solvers: the steps of Keras' optimizers, without their variables."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from skae._plan.plan import Solver
from skae._tensorflow.solvers import N_SLOTS, slots_of, update

CASES = {
    "adam": (Solver("adam", 0.0, False, 0.0), lambda: keras.optimizers.Adam(0.05, epsilon=1e-8)),
    "sgd": (Solver("sgd", 0.0, False, 0.0), lambda: keras.optimizers.SGD(0.05)),
    "momentum": (Solver("sgd", 0.9, False, 0.0), lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
    "nesterov": (
        Solver("sgd", 0.9, True, 0.0),
        lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    ),
    "rmsprop": (Solver("rmsprop", 0.0, False, 0.0), lambda: keras.optimizers.RMSprop(0.05)),
}


def gradients(weights):
    """Of a bowl whose axes differ in steepness."""
    return [tf.constant([1.0, 10.0]) * weight for weight in weights]


def no_memory(solver, weights):
    return tuple(map(tf.zeros_like, slots_of(solver, weights)))


@pytest.mark.parametrize("case", CASES)
def test_steps_are_those_of_keras(case):
    solver, make = CASES[case]
    weights = (tf.constant([[1.0, -2.0]]), tf.constant([0.5, 3.0]))
    slots = no_memory(solver, weights)
    variables = [tf.Variable(weight) for weight in weights]
    optimizer = make()
    for n in range(1, 6):
        optimizer.apply_gradients(zip(gradients(variables), variables, strict=True))
        step = tf.constant(float(n))
        rate = tf.constant(0.05)
        weights, slots = update(solver, weights, gradients(weights), slots, rate, step)
    for weight, variable in zip(weights, variables, strict=True):
        assert_allclose(weight, variable, rtol=2e-5)
    assert len(slots) == N_SLOTS[solver.name] * len(weights)


def test_adamw_shrinks_kernels_and_not_biases():
    plain, decayed = (Solver(name, 0.0, False, 0.5) for name in ("adam", "adamw"))
    weights = (tf.constant([[1.0, -2.0]]), tf.constant([0.5, 3.0]))
    results = [
        update(
            solver,
            weights,
            gradients(weights),
            no_memory(solver, weights),
            tf.constant(0.1),
            tf.constant(1.0),
        )[0]
        for solver in (plain, decayed)
    ]
    assert_allclose(results[1][0], results[0][0] - 0.1 * 0.5 * np.array([[1.0, -2.0]]), rtol=1e-6)
    assert_allclose(results[1][1], results[0][1])
