"""The training program with products in bfloat16."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae import AutoencoderTransformer
from skae._data.batches import Batch
from skae._plan.plan import compile_key, compiled_part, runtime_scalars
from skae._tensorflow import solvers
from skae._tensorflow.arguments import Constants, State
from skae._tensorflow.bfloat16_program import bfloat16_program
from skae._tensorflow.program import program

STEPS, BATCH, N_FEATURES = 3, 16, 12


def arguments(estimator):
    """Return a plan with small weights, and what its program is called with."""
    plan = compiled_part(estimator._plan(N_FEATURES, estimator.n_components))
    rng = np.random.default_rng(0)
    weights = tuple(0.3 * rng.standard_normal(s, np.float32) for s in plan.network.shapes)
    slots = tuple(map(np.zeros_like, solvers.slots_of(plan.solver, weights)))
    X = rng.standard_normal((STEPS, BATCH, N_FEATURES), np.float32)
    sizes = np.float32(rng.integers(1, 4, (STEPS, BATCH))) if plan.network.is_ordered else ()
    normals = np.zeros((STEPS, BATCH, 0), np.float32)
    batches = Batch(X, X, normals, np.ones((STEPS, BATCH), np.float32), sizes)
    scalars = np.float32(list(runtime_scalars(plan)))
    mean, scale, rate = np.zeros(N_FEATURES, np.float32), np.float32(1), np.float32(0.01)
    return (
        plan,
        State(weights, slots, np.float32(0)),
        Constants(scalars, mean, scale, rate),
        batches,
    )


def trained(compiled, plan, *inputs):
    return compiled(compile_key(plan), STEPS, BATCH)(*inputs, STEPS)


@pytest.mark.parametrize(
    "parameters",
    [
        {"init": "pca", "activation": "elu", "alpha": 5.0},
        pytest.param(
            {"tied_weights": True, "solver": "sgd", "ordered": True}, marks=pytest.mark.slow
        ),
        pytest.param({"ordered": True, "solver": "adamw"}, marks=pytest.mark.slow),
    ],
)
def test_takes_the_steps_of_float32_up_to_rounding(parameters):
    plan, *inputs = arguments(AutoencoderTransformer(3, hidden_layer_sizes=(7,), **parameters))
    given = [weight.copy() for weight in inputs[0].weights]
    state, total, terms = trained(bfloat16_program, plan, *inputs)
    expected, total_of_float32, terms_of_float32 = trained(program, plan, *inputs)
    assert_allclose(total, total_of_float32, rtol=0.01)
    assert_allclose(terms, terms_of_float32, rtol=0.01)
    assert state.n_steps == STEPS
    for before, after, in_float32 in zip(given, state.weights, expected.weights, strict=True):
        assert after.dtype == np.float32
        moved = np.linalg.norm(in_float32 - before)
        assert np.linalg.norm(after - in_float32) < 0.1 * moved
    # Variables are updated in place, and must not be the arrays that were passed.
    assert_array_equal(
        np.concatenate([*map(np.ravel, given)]), np.concatenate([*map(np.ravel, inputs[0].weights)])
    )


def test_the_same_arguments_give_the_same_bits():
    plan, *inputs = arguments(AutoencoderTransformer(3, hidden_layer_sizes=(7,), alpha=5.0))
    one, other = (trained(bfloat16_program, plan, *inputs)[0].weights for _ in range(2))
    for a, b in zip(one, other, strict=True):
        assert_array_equal(a, b)


def test_small_steps_add_up():
    """Weights are float32: in bfloat16 alone, steps this small would be lost in rounding."""
    plan, state, constants, batches = arguments(
        AutoencoderTransformer(3, hidden_layer_sizes=(7,), init="glorot")
    )
    constants = constants._replace(rate=np.float32(1e-5))
    after, _, _ = trained(bfloat16_program, plan, state, constants, batches)
    moved = after.weights[0] - state.weights[0]
    assert 1e-5 < np.median(np.abs(moved)) < 1e-4


@pytest.mark.slow
def test_ordered_codes_compile_without_an_error_of_tensorflow():
    code = """
import numpy as np
from skae import AutoencoderTransformer
params = dict(hidden_layer_sizes=(7,), max_iter=1, random_state=0)
X = np.random.default_rng(0).standard_normal((60, 9))
AutoencoderTransformer(3, ordered=True, precision="bfloat16", **params).fit(X)
"""
    shown = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=shown)
    assert "failed" not in ended.stderr
