"""Heads that begin with a fitted autoencoder, and layers that stay frozen."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skae import (
    AutoencoderClassifier,
    AutoencoderRegressor,
    AutoencoderTransformer,
    VariationalAutoencoder,
)
from skae._data.rows import ArrayRows

pytestmark = [
    pytest.mark.usefixtures("module_without_xla"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

X, Y = load_digits(return_X_y=True)
X, Y = X[:200] / 16, Y[:200]
QUICK = {"hidden_layer_sizes": (6,), "max_iter": 1, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return AutoencoderTransformer(4, **QUICK).fit(X)


def classifier(autoencoder, **params):
    return AutoencoderClassifier(autoencoder, **{"max_iter": 1, "random_state": 0} | params)


def unchanged(one, other):
    return [np.array_equal(*pair) for pair in zip(one, other, strict=True)]


def test_a_fitted_autoencoder_is_the_start_and_stays_as_it_is(fitted):
    before = [weight.copy() for weight in fitted.weights_]
    model = classifier(FrozenEstimator(fitted), learning_rate=lambda epoch: 0.0).fit(X, Y)
    assert all(unchanged(model.autoencoder_.weights_, before))
    assert model.autoencoder_.loss_curve_ == fitted.loss_curve_  # nothing was trained again
    moved = classifier(FrozenEstimator(fitted)).fit(X[:100], Y[:100])
    assert not any(unchanged(moved.autoencoder_.weights_, before))
    assert_array_equal(moved.autoencoder_.mean_, X.mean(axis=0))
    assert all(unchanged(fitted.weights_, before))
    again = pickle.loads(pickle.dumps(clone(moved).fit(X[:100], Y[:100])))
    assert_array_equal(again.predict(X), moved.predict(X))


@pytest.mark.parametrize(
    ("freeze", "solver", "expected"),
    [
        # Kernels, and the linear path.
        ((0,), "adam", [True, False, False]),
        ([1], "adamw", [False, True, True]),
        (np.array([0, 1]), "sgd", [True, True, True]),
    ],
)
def test_frozen_layers_do_not_move(fitted, freeze, solver, expected):
    model = classifier(FrozenEstimator(fitted), freeze=freeze, solver=solver, alpha=100.0)
    same = unchanged(model.fit(X, Y).autoencoder_.weights_, fitted.weights_)
    assert [same[i] for i in (0, 1, 4)] == expected
    assert all(same[2 + layer] for layer in freeze)
    assert not any(same[5:])


@pytest.mark.slow
def test_all_that_leads_to_frozen_codes_of_a_variational_network():
    variational = VariationalAutoencoder(2, **QUICK).fit(X)
    model = classifier(FrozenEstimator(variational), freeze=(0, 1), alpha=100.0).fit(X, Y)
    assert all(unchanged(model.autoencoder_.weights_[:7], variational.weights_[:7]))


def test_a_frozen_encoder_is_a_linear_model_of_its_codes(fitted):
    model = classifier(FrozenEstimator(fitted), freeze=True).fit(X, Y)
    codes = fitted.transform(X)
    logistic = LogisticRegression(max_iter=1000)
    standardized = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    assert_array_equal(model.predict(X), logistic.fit(standardized, Y).predict(standardized))


def test_a_regressor_takes_one_too(fitted):
    model = AutoencoderRegressor(FrozenEstimator(fitted), freeze=[0], max_iter=1).fit(X, X[:, 10])
    assert_array_equal(model.autoencoder_.weights_[0], fitted.weights_[0])


def test_without_pretraining_initial_weights_are_the_start():
    autoencoder = AutoencoderTransformer(4, **QUICK, init="he")
    model = classifier(autoencoder, pretrain=False, learning_rate=lambda epoch: 0.0).fit(X, Y)
    start = autoencoder.set_params(learning_rate=lambda epoch: 0.0).fit(X)
    assert all(unchanged(model.autoencoder_.weights_, start.weights_))
    assert model.autoencoder_.loss_curve_ == []


@pytest.mark.parametrize("autoencoder", [AutoencoderTransformer(4, **QUICK), None])
@pytest.mark.parametrize("freeze", [(2, 3), (-1,), (0.5,), [[0]], (True,)])
def test_no_such_layer(autoencoder, freeze, monkeypatch):
    monkeypatch.setattr(AutoencoderTransformer, "fit", None)  # found before it is called
    with pytest.raises(ValueError, match=r"freeze=.* from 0 to [12], the layer of the codes"):
        classifier(autoencoder, freeze=freeze).fit(X, Y)


def test_what_is_no_fitted_autoencoder_is_refused(fitted):
    with pytest.raises(NotFittedError, match="AutoencoderTransformer"):
        classifier(FrozenEstimator(clone(fitted))).fit(X, Y)
    with pytest.raises(TypeError, match="must hold an autoencoder of skae"):
        classifier(FrozenEstimator(LogisticRegression())).fit(X, Y)
    with pytest.raises(ValueError, match="X has 5 features, but AutoencoderTransformer"):
        classifier(FrozenEstimator(fitted)).fit(X[:, :5], Y)


def test_a_checkpoint_knows_the_start(fitted, tmp_path):
    model = classifier(FrozenEstimator(fitted), checkpoint=tmp_path)
    keys = [model._checkpoint(ArrayRows(X), Y >= 0, Y, None)._folder.name]
    other = clone(fitted).set_params(random_state=1).fit(X)
    other.set_params(random_state=0)
    model.set_params(autoencoder=FrozenEstimator(other))
    keys.append(model._checkpoint(ArrayRows(X), Y >= 0, Y, None)._folder.name)
    assert keys[0] != keys[1]
