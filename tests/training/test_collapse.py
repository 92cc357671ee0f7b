"""Collapsed fits are reported, and no others."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer, SparseAutoencoder
from skae._data.rows import ArrayRows
from skae._plan.objectives import LOSSES
from skae._plan.plan import Objective, Plan, Solver
from skae._training.collapse import warn_of_collapse
from skae._training.initialization import random_weights
from skae._training.model import Model
from tests.networks import dense_network

X = load_iris().data
MEAN, SCALE = X.mean(axis=0), float(np.sqrt(X.var(axis=0).mean()))


def looked_at(dead, rows=X, falls=False, penalties=(), **parts):
    """Return the warning about a random network after its weights were changed by `dead`."""
    network = dense_network(n_features=4, hidden=(6,), skip=False, **parts)
    plan = Plan(
        network,
        Objective(LOSSES["squared_error"], penalties=penalties),
        Solver("adam", 0.0, False, 0.0),
    )
    model = Model(plan, random_weights(network, "he", np.random.default_rng(0)), MEAN, SCALE)
    weights = [weight.copy() for weight in model.weights]
    dead(*network.split(weights, np.transpose))
    codec = model.codec(weights)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        error = codec.mean_squared_error(rows)
        warn_of_collapse(model, codec, ArrayRows(rows), error, "learning_rate_init=0.5", falls)
    assert all(warning.category is ConvergenceWarning for warning in caught)
    return " ".join(str(warning.message) for warning in caught)


def shut(encoder, decoder):
    """Let no sample reach the first hidden layer."""
    encoder.biases[0][...] = -100.0
    decoder.kernels[1][...] = 0.0


def shut_codes(encoder, decoder):
    encoder.biases[1][...] = -100.0
    decoder.kernels[1][...] = 0.0


def give_mean(encoder, decoder):
    decoder.kernels[1][...] = 0.0


@pytest.mark.parametrize(
    "activation", ["relu", "elu", "selu", "gelu", "softplus", "tanh", "logistic"]
)
def test_dead_units_are_reported_with_advice(activation):
    told = looked_at(shut, activation=activation)
    assert "6 of the 6 units in hidden layer 0 of the encoder are dead" in told
    assert "Lower learning_rate_init=0.5, choose another activation or init='pca', or sc" in told


@pytest.mark.parametrize("code", ["relu", "elu", "tanh", "logistic"])
def test_constant_codes_are_reported(code):
    assert "2 of the 2 codes are dead" in looked_at(shut_codes, code=code)


def test_the_mean_is_reported_unless_the_loss_falls():
    told = looked_at(give_mean, activation="tanh")
    assert told.startswith("The reconstruction is no better than the mean of X, where PCA with as ")
    assert "explains 9" in told
    assert "dead" not in told
    assert looked_at(give_mean, activation="tanh", falls=True) == ""


def test_units_that_are_seldom_active_are_not_dead():
    def shut_for_most(encoder, decoder):
        encoder.kernels[0][...] = np.array([[1.0], [0.0], [0.0], [0.0]])
        encoder.biases[0][...] = -10.0
        decoder.kernels[1][...] = 0.0

    rows = np.random.default_rng(0).standard_normal((2560, 4)) * SCALE + MEAN
    assert "are dead" in looked_at(shut_for_most, rows=rows, activation="relu")
    rows[5::10, 0] += 20.0  # none of the 256 samples that are looked at first
    assert "are dead" not in looked_at(shut_for_most, rows=rows, activation="relu")


def test_a_penalty_is_named():
    assert "weaken the penalty" in looked_at(give_mean, activation="tanh", penalties=(abs,))


def test_a_rate_that_kills_the_units():
    rows = load_digits().data[:300]
    killed = AutoencoderTransformer(
        30,
        hidden_layer_sizes=(40,),
        activation="relu",
        code_activation="relu",
        init="he",
        learning_rate_init=0.3,
        learning_rate="constant",
        max_iter=40,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match=r"of the \d+ .* are dead.*learning_rate_init=0.3"):
        killed.fit(rows)
    codes = killed.transform(rows)
    assert (np.ptp(codes, axis=0) == 0.0).mean() > 0.5


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(
            AutoencoderTransformer(3, hidden_layer_sizes=(), tied_weights=True, init="he"),
            marks=pytest.mark.slow,
        ),
        AutoencoderTransformer(1, activation="relu", loss="absolute_error", init="he"),
        pytest.param(SparseAutoencoder(30, penalty="topk", n_active=2), marks=pytest.mark.slow),
        SparseAutoencoder(30, penalty="l1", sparsity_weight=0.1),
    ],
)
def test_no_false_alarm(estimator):
    rng = np.random.default_rng(0)
    outliers, constant, noise = X.copy(), X.copy(), rng.standard_normal(X.shape)
    outliers[:3] += 100.0 * rng.standard_normal((3, 4))
    constant[:, 2:] = 1.0
    estimator.set_params(max_iter=40, learning_rate="cosine", batch_size=32, random_state=0)
    for rows in (X, outliers, constant, noise):
        estimator.fit(rows)  # a warning would be an error


def test_no_false_alarm_where_x_is_constant_but_for_rounding():
    X = np.full((24, 3), 1.0730967918045432e16)
    estimator = AutoencoderTransformer(
        1, hidden_layer_sizes=(), init="glorot", early_stopping=False, max_iter=2, random_state=0
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Maximum number of epochs")
        estimator.fit(X)  # a warning would be an error
