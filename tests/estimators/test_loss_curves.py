"""The parts of losses: they add up, epoch by epoch, whatever is trained and however it goes on."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris

from skae import (
    AutoencoderClassifier,
    AutoencoderTransformer,
    ContractiveAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)

pytestmark = [
    pytest.mark.usefixtures("module_without_xla"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

X, Y = load_iris(return_X_y=True)
QUICK = {"hidden_layer_sizes": (), "max_iter": 2, "random_state": 0, "alpha": 1.0}


def assert_add_up(parts, curve):
    assert_allclose(np.sum(list(parts.values()), axis=0), curve, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "penalty"),
    [
        (AutoencoderTransformer, ()),
        (SparseAutoencoder, ("sparsity",)),
        (VariationalAutoencoder, ("divergence",)),
        (ContractiveAutoencoder, ("contraction",)),
    ],
)
def test_parts_add_up(kind, penalty):
    fitted = kind(2, **QUICK).fit(X)
    assert tuple(fitted.loss_parts_curve_) == ("reconstruction", *penalty, "l2")
    assert tuple(fitted.validation_loss_parts_curve_) == ("reconstruction", *penalty)
    assert_add_up(fitted.loss_parts_curve_, fitted.loss_curve_)
    assert_add_up(fitted.validation_loss_parts_curve_, fitted.validation_loss_curve_)


def test_parts_are_what_they_are_called():
    still = {**QUICK, "learning_rate": lambda epoch: 0.0, "max_iter": 1, "init": "he"}
    sparse = SparseAutoencoder(2, **still, early_stopping=False, penalty="l1").fit(X)
    parts = {name: curve[0] for name, curve in sparse.loss_parts_curve_.items()}
    error = np.mean((sparse.reconstruct(X) - X) ** 2) / sparse.scale_**2
    kernels = sum(np.sum(np.square(k)) for k in sparse.encoder_coefs_ + sparse.decoder_coefs_)
    assert parts["reconstruction"] == pytest.approx(error, rel=1e-4)
    assert parts["sparsity"] == pytest.approx(0.2 * np.abs(sparse.transform(X)).mean(0).sum(), 1e-4)
    assert parts["l2"] == pytest.approx(0.5 * kernels / len(X), rel=1e-4)


def test_a_warm_start_and_a_pass_go_on():
    fitted = AutoencoderTransformer(2, **QUICK, warm_start=True).fit(X)
    fitted.fit(X).partial_fit(X)
    assert len(fitted.loss_curve_) == 5
    assert_add_up(fitted.loss_parts_curve_, fitted.loss_curve_)
    # As an estimator that an earlier version has stored.
    del fitted.loss_parts_curve_
    parts = fitted.fit(X).loss_parts_curve_
    assert np.isnan(parts["l2"][:5]).all()
    assert_add_up({name: curve[5:] for name, curve in parts.items()}, fitted.loss_curve_[5:])


def test_parts_of_joint_training():
    y = np.where(np.arange(150) % 3 == 0, Y, -1)
    tiny = AutoencoderTransformer(2, hidden_layer_sizes=(), max_iter=1)
    fitted = AutoencoderClassifier(tiny, max_iter=2, random_state=0).fit(X, y)
    names = ["labels", "consistency", "reconstruction", "entropy", "balance"]
    assert list(fitted.loss_parts_curve_) == names
    assert_add_up(fitted.loss_parts_curve_, fitted.loss_curve_)


def test_penalties_of_one_name_are_added():
    class Twice(SparseAutoencoder):
        def _plan(self, n_features, n_components):
            plan = super()._plan(n_features, n_components)
            objective = replace(plan.objective, penalties=2 * plan.objective.penalties)
            return replace(plan, objective=objective)

    fitted = Twice(2, penalty="l1", **QUICK).fit(X)
    assert tuple(fitted.loss_parts_curve_) == ("reconstruction", "sparsity", "l2")
    assert_add_up(fitted.loss_parts_curve_, fitted.loss_curve_)
