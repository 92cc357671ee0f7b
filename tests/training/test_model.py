"""Initial models: axes of the training rows, which the validation set can judge, or of all rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae._data.rows import ArrayRows
from skae._training.model import initial_model
from skae._training.validation import Validation
from tests.learning import assert_learned

X = load_iris().data
ROWS = np.arange(0, 150, 2)


@pytest.mark.parametrize("n_components", [2, 0.95])
def test_the_initialization_has_not_seen_the_validation_set(n_components):
    plan = AutoencoderTransformer(hidden_layer_sizes=(8,))._plan
    model = initial_model(ArrayRows(X), n_components, "pca", plan, np.random.default_rng(0), ROWS)
    n_codes = model.plan.network.n_components
    assert_allclose(model.mean, X.mean(axis=0))
    pca = PCA(n_codes, svd_solver="full").fit(X)
    for weights, seen in ((model.weights, X[ROWS]), (model.start_on_all_samples(), X)):
        # Both are about the mean of all rows.
        second_moment = (seen - pca.mean_).T @ (seen - pca.mean_)
        axes = np.linalg.eigh(second_moment)[1][:, : -n_codes - 1 : -1]
        codes = model.codec(weights).encode(X)
        assert_allclose(np.abs(codes), np.abs((X - pca.mean_) @ axes), atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_another_split_turns_no_code_round(seed):
    # The two loadings of the first axis are -.7 and .7: which one is larger differs by split.
    rng = np.random.default_rng(0)
    table = rng.normal(size=(200, 1)) * [1.0, -1.0] + 0.2 * rng.normal(size=(200, 2))
    rows = np.random.default_rng(seed).permutation(200)[:100]
    plan = AutoencoderTransformer(hidden_layer_sizes=(8,))._plan
    model = initial_model(ArrayRows(table), 2, "pca", plan, np.random.default_rng(0), rows)
    codes = model.codec(model.weights).encode(table)
    of_all = PCA(2, svd_solver="full").fit_transform(table)
    assert ((codes * of_all).sum(axis=0) > 0).all()


def test_a_kept_initialization_is_pca_of_all_rows():
    fixed = {"hidden_layer_sizes": (8,), "max_iter": 2, "random_state": 0}
    # Every step makes it worse.
    fitted = AutoencoderTransformer(2, learning_rate_init=10.0, **fixed).fit(X)
    assert fitted.best_iter_ == 0
    assert_allclose(fitted.transform(X), PCA(2, svd_solver="full").fit_transform(X), atol=1e-5)


@pytest.mark.slow
def test_a_short_table_leaves_pca_where_there_is_something_to_learn(learning_seed):
    """The axes of all rows reconstruct those set aside too well ever to be beaten on them."""
    rng = np.random.default_rng(learning_seed)
    z = rng.uniform(-1, 1, (300, 1))
    curve = np.sin(z * rng.uniform(1, 3, 40) + rng.uniform(0, 6, 40))
    table = curve + 0.2 * rng.standard_normal((300, 40))
    train, test = table[:120], table[120:]
    autoencoder = AutoencoderTransformer(1, random_state=learning_seed).fit(train)
    assert_learned(autoencoder.score(test) - share_of_pca(train, test), above=0.1)


def share_of_pca(train, test):
    pca = PCA(1).fit(train)
    left = ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum()
    return 1 - left / ((test - test.mean(axis=0)) ** 2).sum()


def test_the_loss_of_pca_of_all_rows_is_estimated():
    """On new rows, the axes of all rows are better than those of some by what is expected."""
    rng = np.random.default_rng(0)
    mixing = 3 * rng.standard_normal((2, 12))
    expected, actual = [], []
    for _ in range(200):
        table = rng.standard_normal((40, 2)) @ mixing + rng.standard_normal((40, 12))
        new = rng.standard_normal((200, 2)) @ mixing + rng.standard_normal((200, 12))
        rows, aside = np.arange(30), np.arange(30, 40)
        plan = AutoencoderTransformer(hidden_layer_sizes=(3,))._plan
        model = initial_model(ArrayRows(table), 2, "pca", plan, rng, rows)
        validations = [
            Validation(ArrayRows(some), np.arange(len(some)), model) for some in (table[aside], new)
        ]
        losses = [lambda weights, v=v: v.losses(weights)[0] for v in validations]
        before = losses[0](model.weights)
        after = model.expected_start_losses(losses[0], len(rows), len(aside))(before)
        expected.append((before - after).mean())
        actual.append((losses[1](model.weights) - losses[1](model.start_on_all_samples())).mean())
    assert 0.7 < np.mean(expected) / np.mean(actual) < 1.4
    assert model.expected_start_losses(losses[0], 3000, 300)(before) is before
