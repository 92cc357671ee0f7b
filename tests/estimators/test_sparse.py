"""Sparse codes: each penalty does what it says, in training and in transform."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.utils._param_validation import InvalidParameterError

from skae import SparseAutoencoder
from tests.learning import assert_learned

X = load_digits().data / 16
FIXED = {
    "hidden_layer_sizes": (),
    "max_iter": 60,
    "learning_rate": "cosine",
    "learning_rate_init": 0.01,
    "random_state": 0,
}


def fitted(n_components=100, **params):
    return SparseAutoencoder(n_components, **FIXED | params).fit(X)


@pytest.mark.parametrize(
    "loss", ["squared_error", pytest.param("binary_crossentropy", marks=pytest.mark.slow)]
)
def test_kl_brings_the_mean_activation_to_its_target(loss, learning_seed):
    sparse = fitted(sparsity_target=0.1, loss=loss, random_state=learning_seed)
    codes = sparse.transform(X)
    assert codes.min() >= 0
    assert codes.max() <= 1
    assert sparse.mean_activation_ == pytest.approx(codes.mean())
    assert_learned(sparse.mean_activation_, above=0.08, below=0.12)
    assert_learned(np.abs(codes.mean(axis=0) - 0.1).max(), below=0.1)
    assert_learned(sparse.score(X), above=0.8)


@pytest.mark.parametrize("target", [1e-6, 1 - 1e-6])
@pytest.mark.filterwarnings("ignore:The reconstruction:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("error")
def test_kl_is_finite_at_extreme_targets_and_saturated_codes(target):
    sparse = fitted(8, sparsity_target=target, sparsity_weight=100.0, learning_rate_init=1.0)
    assert np.isfinite(sparse.loss_curve_).all()
    assert all(np.isfinite(weight).all() for weight in sparse.weights_)


def test_l1_silences_codes(learning_seed):
    weak, strong = (
        fitted(sparsity_weight=weight, penalty="l1", random_state=learning_seed)
        for weight in (1e-4, 2e-2)
    )
    assert_learned(strong.active_share_ / weak.active_share_, below=0.5)
    assert_learned(strong.score(X), above=0.5)


@pytest.mark.parametrize("whiten", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("code_activation", ["auto", pytest.param("relu", marks=pytest.mark.slow)])
def test_topk_keeps_so_many_codes(whiten, code_activation, learning_seed):
    params = {"whiten": whiten, "code_activation": code_activation, "random_state": learning_seed}
    sparse = fitted(penalty="topk", n_active=7, **params)
    codes = sparse.transform(X)
    if not whiten:
        counts = (codes != 0).sum(axis=1)
        assert counts.max() <= 7
        assert_learned(counts.mean(), above=5)
        assert sparse.active_share_ <= 0.07
    assert_learned(sparse.score(X), above=0.8)
    assert np.allclose(sparse.inverse_transform(codes), sparse.reconstruct(X))


@pytest.mark.usefixtures("untrained")
def test_topk_with_as_many_as_there_are_is_no_limit():
    sparse = fitted(4, penalty="topk", n_active=9)
    assert (sparse.transform(X) != 0).all()


def test_penalties_count_on_the_rows_set_aside(learning_seed):
    sparse = fitted(20, sparsity_weight=50.0, max_iter=20, random_state=learning_seed)
    # PCA's own codes, the start, are far from sparse: the start must not be what is kept.
    assert sparse.best_iter_ > 0
    curve = sparse.validation_loss_curve_
    assert_learned(curve[-1] / curve[0], below=1)


def test_kl_needs_activations_between_0_and_1():
    with pytest.raises(ValueError, match=r"penalty='kl'.*code_activation='relu'.*penalty='l1'"):
        SparseAutoencoder(code_activation="relu").fit(X)


@pytest.mark.parametrize(
    "bad", [{"sparsity_target": 1.0}, {"sparsity_weight": -1}, {"n_active": 0}, {"penalty": "l2"}]
)
def test_bad_parameters_are_named(bad):
    with pytest.raises(InvalidParameterError, match=f"'{next(iter(bad))}' parameter"):
        SparseAutoencoder(**bad).fit(X)
