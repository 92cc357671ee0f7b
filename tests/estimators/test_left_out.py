"""What rows left out tell: the penalty of a linear model, the share of a network beside it."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skae._estimators.left_out import _left_out_error, network_share, penalty_factor

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 6))
EXACT = X @ RNG.standard_normal((6, 2))


def test_the_penalty_grows_where_targets_are_noise():
    assert penalty_factor(X, EXACT, 1e-3) < 2.0
    assert penalty_factor(X, RNG.standard_normal((120, 1)), 1.0) > 30.0
    assert penalty_factor(X[:1], EXACT[:1], 1.0) == 1.0
    assert np.isfinite(penalty_factor(X[:5], np.zeros((5, 1)), 1.0))


def test_the_error_is_that_of_models_fitted_without_each_row():
    rows, y = X[:12], EXACT[:12] + RNG.standard_normal((12, 2))
    errors = []
    for i in range(12):
        others = np.arange(12) != i
        ridge = Ridge(0.7).fit(rows[others], y[others])
        errors.append(ridge.predict(rows[i : i + 1])[0] - y[i])
    found = _left_out_error(rows @ rows.T, y, 0.7, np.ones(len(rows)))
    assert found == pytest.approx(np.square(errors).mean())


def test_a_network_counts_where_the_targets_are_curved():
    assert network_share(X, EXACT, 1.0) < 0.2
    assert network_share(X[:, :2], np.square(X[:, :1]), 1.0) > 0.8
    noise = RNG.standard_normal((1500, 1))
    assert 0.3 < network_share(np.tile(X[:100], (15, 1)), noise, 1.0) < 0.7
    for n in (1, 2, 3):
        assert 0.0 < network_share(X[:n], EXACT[:n], 1.0) < 1.0
    assert network_share(X, np.zeros((120, 1)), 1.0) == 0.5
