"""Center, scale and axes equal those of scikit-learn's PCA, by each algorithm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_low_rank_matrix
from sklearn.decomposition import PCA

from skae._data import pca as _principal
from skae._data.pca import (
    Axes,
    center,
    column_variances,
    principal_axes,
    variance,
    with_signs_of,
)
from skae._data.rows import ArrayRows, StandardizedColumns


def data(n_rows, n_features, dtype=np.float64):
    X = make_low_rank_matrix(n_rows, n_features, effective_rank=8, random_state=0)
    return (10 * X + np.arange(n_features)).astype(dtype)


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)], ids=["tall", "wide"])
@pytest.mark.parametrize("exact", [True, False], ids=["exact", "randomized"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_axes_are_those_of_pca(shape, exact, dtype, monkeypatch):
    if not exact:
        monkeypatch.setattr(_principal, "EXACT_LIMIT", 21)
    X = data(*shape, dtype)
    axes = principal_axes(ArrayRows(X), center(ArrayRows(X)), 5, np.random.default_rng(0))
    pca = PCA(5, svd_solver="full").fit(X)
    tolerance = 1e-6 if exact and dtype == np.float64 else 1e-3
    assert_allclose(axes.directions.T, pca.components_, atol=tolerance)
    n = len(X)
    assert_allclose(axes.variances, pca.explained_variance_ * (n - 1) / n, rtol=1e-4)


@pytest.mark.parametrize("shape", [(300, 40), (30, 80)])
def test_all_axes_hold_all_variance(shape):
    X = ArrayRows(data(*shape))
    axes = principal_axes(X, center(X), None, np.random.default_rng(0))
    assert axes.variances.sum() == pytest.approx(variance(X, center(X)) * shape[1])


def test_float32_keeps_as_many_axes_as_float64():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((700, 600)) * np.r_[np.full(3, 60.0), np.linspace(1, 0.3, 597)]
    for dtype in (np.float32, np.float64):
        axes = principal_axes(ArrayRows(X.astype(dtype)), center(ArrayRows(X)), None, rng)
        assert axes.directions.shape == (600, 600)


def test_directions_without_variance_are_dropped():
    X = ArrayRows(np.outer(np.arange(10.0), np.ones(4)))
    axes = principal_axes(X, center(X), 4, np.random.default_rng(0))
    assert axes.directions.shape == (4, 1)
    constant = principal_axes(ArrayRows(np.ones((10, 4))), np.ones(4), 4, np.random.default_rng(0))
    assert constant.directions.shape == (4, 0)


def test_signs_are_those_of_the_axes_most_alike():
    axes = Axes(np.eye(3)[:, [1, 0]] * [-1, 1], np.ones(2))  # in another order, one turned round
    others = Axes(np.eye(3)[:, :2], np.ones(2))
    assert_allclose(with_signs_of(axes, others).directions, np.eye(3)[:, [1, 0]])
    assert_allclose(with_signs_of(others, others).directions, others.directions)
    none = Axes(np.empty((3, 0)), np.empty(0))
    assert with_signs_of(none, others) is none
    assert with_signs_of(axes, none) is axes


def test_mean_and_variance_are_exact_beside_a_large_offset():
    X = (1e6 + np.random.default_rng(0).standard_normal((100_000, 2))).astype(np.float32)
    rows = ArrayRows(X)
    assert_allclose(center(rows), X.astype(np.float64).mean(axis=0), rtol=1e-12)
    assert variance(rows, center(rows)) == pytest.approx(
        X.astype(np.float64).var(axis=0).mean(), 1e-3
    )


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)], ids=["tall", "wide"])
def test_axes_of_standardized_columns(shape):
    X = data(*shape) * np.geomspace(1.0, 1e4, shape[1])
    rows = ArrayRows(X)
    mean, scale = center(rows), np.sqrt(column_variances(rows, center(rows)))
    assert_allclose(scale, X.std(axis=0))
    standard = StandardizedColumns(rows, mean, scale)
    axes = principal_axes(standard, np.zeros(shape[1]), 3, np.random.default_rng(0))
    expected = PCA(3).fit((X - mean) / scale)
    assert_allclose(axes.variances, expected.explained_variance_ * (1 - 1 / len(X)), rtol=1e-6)
    assert_allclose(np.abs(axes.directions.T @ expected.components_.T), np.eye(3), atol=1e-6)
