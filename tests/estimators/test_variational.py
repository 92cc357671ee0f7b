"""Variational codes: near standard normals, a bound that bounds, rows drawn anew."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits
from sklearn.utils._param_validation import InvalidParameterError

from skae import VariationalAutoencoder
from tests.learning import assert_learned

X = load_digits().data / 16
FIXED = {"hidden_layer_sizes": (32,), "learning_rate": "cosine", "max_iter": 60, "random_state": 0}


def fitted(n_components=8, X=X, **params):
    return VariationalAutoencoder(n_components, **FIXED | params).fit(X)


@cache
def fitted_once(seed):
    return fitted(loss="binary_crossentropy", random_state=seed)


@pytest.fixture
def bernoulli(learning_seed):
    return fitted_once(learning_seed)


def test_transform_gives_the_means_and_they_are_near_standard_normals(bernoulli):
    codes = bernoulli.transform(X)
    assert_array_equal(codes, bernoulli.transform(X))
    assert_learned(np.abs(codes.mean(axis=0)).max(), below=0.4)
    # A mean varies less than its code, and not at all where the code is not used.
    assert_learned(codes.std(axis=0).max(), above=0.6, below=1.2)
    assert_learned(bernoulli.score(X), above=0.5)


def test_new_rows_are_like_those_trained_on(bernoulli):
    drawn = bernoulli.sample(500, random_state=0)
    assert drawn.shape == (500, 64)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert_learned(np.abs(drawn.mean(axis=0) - X.mean(axis=0)).max(), below=0.12)
    assert_array_equal(drawn, bernoulli.sample(500, random_state=0))
    assert not np.array_equal(drawn, bernoulli.sample(500, random_state=1))
    # Closer to a real row than shuffled pixels are.
    rng = np.random.default_rng(0)
    shuffled = rng.permuted(drawn, axis=0)

    def nearest(rows):
        return np.mean([((X - row) ** 2).sum(axis=1).min() for row in rows])

    assert_learned(nearest(drawn) / nearest(shuffled), below=0.6)


def linear_rows():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((800, 2)) @ rng.standard_normal((2, 6)) * 2
    return rows + 0.5 * rng.standard_normal(rows.shape) + 3


def exact_log_likelihood(model, rows):
    """Return what a linear decoder says of rows: a normal around its bias."""
    n_codes, n_features = model.n_components_, rows.shape[1]
    decoder = model.inverse_transform(np.vstack([np.zeros(n_codes), np.eye(n_codes)]))
    directions = decoder[1:] - decoder[0]
    covariance = directions.T @ directions + np.eye(n_features) * model.scale_**2 / 2
    return multivariate_normal(decoder[0], covariance).logpdf(rows)


def test_the_bound_of_a_linear_gaussian_model_is_below_its_likelihood(learning_seed):
    rows = linear_rows()
    model = fitted(2, rows, hidden_layer_sizes=(), max_iter=100, random_state=learning_seed)
    bound = model.evidence_lower_bound(rows, random_state=0).mean()
    # The encoder has come close to the true posterior, which is normal here.
    exact = exact_log_likelihood(model, rows).mean()
    assert_learned(bound - exact, above=-0.3, below=0.05)


def test_many_draws_tell_the_likelihood_whatever_the_encoder_gives():
    rows = linear_rows()
    model = fitted(2, rows, hidden_layer_sizes=(), max_iter=1, learning_rate_init=1e-30)
    # The start's encoder is the posterior: shift its means, and let its codes spread.
    weights = [weight.copy() for weight in model.weights_]
    weights[1] += 0.5
    weights[3] += 0.7
    model.weights_ = tuple(weights)
    exact = exact_log_likelihood(model, rows)
    of_draws = [
        model.log_likelihood(rows, n_samples=n, random_state=0).mean() for n in (1, 10, 100, 1000)
    ]
    bound = model.evidence_lower_bound(rows, random_state=0).mean()
    assert bound < exact.mean() - 1.0
    assert of_draws[0] == pytest.approx(bound, abs=0.3)
    assert (np.diff(of_draws) > 0).all()
    assert exact.mean() - 0.01 < of_draws[-1] < exact.mean()
    single = model.log_likelihood(rows.astype(np.float32), n_samples=1000, random_state=0)
    assert_allclose(single, exact, atol=1.0)
    assert single.mean() == pytest.approx(of_draws[-1], abs=1e-3)


def test_the_likelihood_of_rows_comes_from_the_seed_and_from_each_row_alone(bernoulli):
    binary = (X[:50] > 0.5).astype(np.float32)
    values = bernoulli.log_likelihood(binary, n_samples=200, random_state=0)
    assert values.shape == (50,)
    assert_array_equal(values, bernoulli.log_likelihood(binary, n_samples=200, random_state=0))
    assert not np.array_equal(values, bernoulli.log_likelihood(binary, 200, random_state=1))
    # Draws differ from row to row; their number makes up for it.
    alone = bernoulli.log_likelihood(binary[7:8], n_samples=2000, random_state=0)
    assert values[7] == pytest.approx(alone[0], abs=1.0)


def test_the_likelihood_is_that_of_a_density_in_the_units_of_the_rows():
    rows, start = linear_rows(), {"hidden_layer_sizes": (), "max_iter": 1}
    metres, decimetres = (
        fitted(2, unit * rows, **start).log_likelihood(unit * rows, random_state=0)
        for unit in (1, 10)
    )
    assert_allclose(metres - 6 * np.log(10), decimetres, atol=0.01)


def test_the_likelihood_of_a_dask_array_is_that_of_its_rows(bernoulli):
    array = pytest.importorskip("dask.array")
    expected = bernoulli.log_likelihood(X, n_samples=2, random_state=0)
    blocks = array.from_array(X, chunks=(700, 64))
    assert_allclose(bernoulli.log_likelihood(blocks, n_samples=2, random_state=0), expected)


def test_the_bound_is_what_training_lowers(bernoulli):
    bound = bernoulli.evidence_lower_bound(X, random_state=0)
    assert bound.shape == (len(X),)
    expected = -64 * bernoulli.loss_curve_[-1]
    assert_learned(bound.mean() / expected, above=0.95, below=1.05)
    assert_array_equal(bound, bernoulli.evidence_lower_bound(X, random_state=0))


@pytest.mark.slow
def test_kl_weight_trades_reconstruction_for_order(learning_seed):
    loose, tight = (fitted(kl_weight=weight, random_state=learning_seed) for weight in (0.1, 4.0))
    assert_learned(loose.score(X), above=tight.score(X) + 0.1)
    variances = [model.transform(X).var(axis=0).sum() for model in (tight, loose)]
    assert_learned(variances[0] / variances[1], below=1)


def test_what_transform_gives_is_not_in_the_units_of_the_rows(learning_seed):
    fixed = {"max_iter": 10, "random_state": learning_seed}
    small, large = fitted(**fixed), fitted(X=1000 * X, **fixed)
    ratio = large.transform(1000 * X).std() / small.transform(X).std()
    assert_learned(ratio, above=0.95, below=1.05)


def test_sampling_knows_nothing_of_whitening():
    plain, white = fitted(max_iter=5), fitted(max_iter=5, whiten=True)
    assert_allclose(white.sample(4, random_state=0), plain.sample(4, random_state=0), atol=1e-6)
    assert_allclose(white.transform(X).std(axis=0), 1.0, rtol=1e-2)


@pytest.mark.parametrize("bad", [{"loss": "huber"}, {"kl_weight": -1.0}])
def test_bad_parameters_are_named(bad):
    with pytest.raises(InvalidParameterError, match=f"'{next(iter(bad))}' parameter"):
        VariationalAutoencoder(**bad).fit(X)


def test_a_bad_number_of_samples_is_refused(bernoulli):
    with pytest.raises(ValueError, match="n_samples"):
        bernoulli.sample(0)
    for bad in (0, 2.5, None):
        with pytest.raises(ValueError, match=f"n_samples={bad}"):
            bernoulli.log_likelihood(X, n_samples=bad)
