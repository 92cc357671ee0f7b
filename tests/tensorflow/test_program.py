"""Programs: one per architecture, for all runtime scalars; custom parts of plans work."""

from dataclasses import dataclass, replace
from inspect import unwrap

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from sklearn.base import clone

from skae import AutoencoderTransformer, ConvolutionalAutoencoder, RecurrentAutoencoder
from skae._data.batches import Batch, Feed
from skae._data.rows import ArrayRows
from skae._plan.layers import Dense, dense_layers
from skae._plan.objectives import LOSSES
from skae._plan.plan import Objective, Plan, Solver, compile_key
from skae._tensorflow.program import gradient, program
from skae._tensorflow.trainer import ProgramTrainer, program_key
from skae._training.initialization import random_weights
from skae._training.model import Model
from skae._training.protocols import Job
from tests.networks import dense_network

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

rng = np.random.default_rng(0)
X = rng.standard_normal((70, 5)).astype(np.float32)
MEAN = X.mean(axis=0, dtype=np.float64)


@dataclass(frozen=True)
class MeanCode:
    """A penalty that is easy to compute by hand."""

    strength: float

    def __call__(self, ops, step):
        rows = ops.sum(step.codes, axis=1) * step.row_weights
        return self.strength * ops.sum(rows) / ops.sum(step.row_weights)


def plan(loss="squared_error", alpha=0.0, penalties=(), output="identity", solver="sgd"):
    network = dense_network(activation="tanh", output=output)
    return Plan(network, Objective(LOSSES[loss], alpha, penalties), Solver(solver, 0.0, False, 0.0))


def trainer(described, batch_size=70, X=X):
    weights = random_weights(described.network, "he", np.random.default_rng(1))
    feed = Feed(
        ArrayRows(X), np.arange(len(X)), MEAN, 1.5, batch_size, False, np.random.default_rng(2)
    )
    job = Job(described, weights, feed, None, lambda: None, False)
    return weights, ProgramTrainer(job, program(*program_key(job)))


def loss_by_hand(described, weights):
    codec = Model(described, weights, MEAN, 1.5).codec(weights)
    errors = codec.squared_errors(X) / (5 * 1.5**2)
    return errors.mean(), codec.encode(X) / 1.5


def test_the_loss_is_that_of_numpy():
    described = plan(alpha=0.3, penalties=(MeanCode(0.7),))
    weights, training = trainer(described)
    expected, codes = loss_by_hand(described, weights)
    expected += 0.7 * codes.sum(axis=1).mean()
    expected += 0.15 * sum((w.astype(float) ** 2).sum() for w in weights if w.ndim == 2)
    assert training.loss().total == pytest.approx(expected, rel=1e-5)
    training.close()


def test_padding_does_not_count():
    described = plan(penalties=(MeanCode(0.7),))
    (_, whole), (_, padded) = trainer(described), trainer(described, batch_size=128)
    assert padded.loss().total == pytest.approx(whole.loss().total, rel=1e-5)
    whole.epoch(0.1)
    padded.epoch(0.1)
    for one, other in zip(whole.weights, padded.weights, strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    whole.close()
    padded.close()


@pytest.mark.parametrize("alpha", [0.0, 0.4])
def test_a_step_of_sgd_follows_the_gradient(alpha):
    described = plan(alpha=alpha, penalties=(MeanCode(0.7),))
    weights, training = trainer(described)
    training.epoch(1e-3)
    moved = training.weights
    training.close()

    def total(weights):
        loss, codes = loss_by_hand(described, weights)
        squares = sum((w**2).sum() for w in weights if w.ndim == 2)
        return loss + 0.7 * codes.sum(axis=1).mean() + 0.5 * alpha * squares

    for i, j in ((0, (1, 2)), (2, (0,)), (4, (3, 1))):
        slope = []
        for sign in (1, -1):
            shifted = [weight.astype(np.float64) for weight in weights]
            shifted[i][j] += sign * 1e-2
            slope.append(total(shifted))
        expected = (slope[0] - slope[1]) / 2e-2
        assert (weights[i][j] - moved[i][j]) / 1e-3 == pytest.approx(expected, rel=0.02, abs=2e-3)


def test_hidden_layers_of_a_variational_encoder_run_once_a_step():
    calls = []

    class Counted(Dense):
        def forward(self, ops, kernel, bias, rows):
            calls.append(rows.shape)
            return super().forward(ops, kernel, bias, rows)

    network = replace(
        plan().network,
        encoder=(Counted(5, 3), Dense(3, 2)),
        decoder=dense_layers((2, 5)),
        is_variational=True,
    )
    weights = tuple(map(tf.constant, random_weights(network, "he", rng)))
    batch = Batch(X, X, rng.standard_normal((70, 2), np.float32), np.ones(70, np.float32))
    gradient(replace(plan(), network=network), weights, batch, np.float32(MEAN), 1.5)
    assert calls == [X.shape]


def test_the_training_loss_leaves_the_weights_unchanged():
    weights, training = trainer(plan())
    training.loss()
    for before, after in zip(weights, training.weights, strict=True):
        assert np.array_equal(before, after)
    training.close()


def test_runtime_scalars_compile_nothing():
    """A second fit of the same architecture: other rows, seed, rate and alpha, no new trace."""
    first = AutoencoderTransformer(3, hidden_layer_sizes=(9,), max_iter=2, random_state=0)
    first.fit(rng.standard_normal((1000, 20)))
    assert first.n_samples_seen_ == 1000
    programs = program.cache_info().misses
    for changes in (
        {"random_state": 7},
        {"alpha": 0.1},
        {"learning_rate_init": 0.01},
        {"learning_rate": "cosine"},
        {"max_iter": 3, "tol": 0.0, "n_iter_no_change": 3},
        {"early_stopping": False, "shuffle": False, "whiten": True, "momentum": 0.1},
    ):
        clone(first).set_params(**changes).fit(rng.standard_normal((640, 20)))
    first.set_params(warm_start=True).fit(rng.standard_normal((500, 20)))
    first.partial_fit(rng.standard_normal((100, 20)))
    assert program.cache_info().misses == programs


@pytest.mark.parametrize(
    ("estimator", "n_features", "batch_size", "is_on_one_core"),
    [
        (AutoencoderTransformer(4), 64, 32, True),
        (AutoencoderTransformer(4), 64, 1000, False),
        # Each weight is used many times for a row.
        (ConvolutionalAutoencoder(4, image_shape=(8, 8)), 64, 32, False),
        (RecurrentAutoencoder(4, sequence_shape=(16, 4)), 64, 32, False),
    ],
)
def test_small_dense_networks_alone_run_on_one_core(
    estimator, n_features, batch_size, is_on_one_core, monkeypatch
):
    made = []
    monkeypatch.setattr("skae._tensorflow.program.Program", lambda *_, **how: made.append(how))
    unwrap(program)(compile_key(estimator._plan(n_features, 4)), 1, batch_size)
    assert [how["on_one_core"] for how in made] == [is_on_one_core]
