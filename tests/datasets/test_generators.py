"""Curves in a few dimensions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA

from skae.datasets import make_curve3d, make_hidden_variable


@pytest.mark.parametrize("make", [make_curve3d, make_hidden_variable])
class TestEachGenerator:
    def test_the_same_seed_gives_the_same_rows(self, make):
        X, t = make(50, random_state=0)
        again, t_again = make(50, random_state=np.random.RandomState(0))
        assert_array_equal(X, again)
        assert_array_equal(t, t_again)
        assert X.dtype == np.float64
        assert len(X) == len(t) == 50
        assert not np.array_equal(X, make(50, random_state=1)[0])

    def test_parameters_are_checked(self, make):
        with pytest.raises(ValueError, match="'n_samples' parameter of make_"):
            make(0)


def test_without_noise_the_curve_lies_in_a_plane():
    X, t = make_curve3d(noise=0, random_state=0)
    assert_allclose(X[:, 0], np.cos(t) + np.sin(t) / 2)
    assert_allclose(X[:, 1], 0.7 * np.sin(t))
    assert_allclose(X[:, 2], 0.1 * X[:, 0] + 0.3 * X[:, 1])
    assert t.min() >= -0.5
    assert t.max() < 1.5 * np.pi - 0.5
    with pytest.raises(ValueError, match="noise"):
        make_curve3d(noise=-0.1)


def test_noise_has_its_size_and_leaves_most_of_the_plane():
    X, t = make_curve3d(10_000, noise=0.2, random_state=0)
    on_arc = np.c_[np.cos(t) + np.sin(t) / 2, 0.7 * np.sin(t)]
    assert_allclose((X[:, :2] - on_arc).std(axis=0), 0.1, rtol=0.05)
    assert_allclose((X[:, 2] - X[:, :2] @ [0.1, 0.3]).std(), 0.2, rtol=0.05)
    assert PCA(2).fit(make_curve3d(random_state=0)[0]).explained_variance_ratio_.sum() > 0.98


def test_the_columns_are_functions_of_the_hidden_variable():
    X, z = make_hidden_variable(random_state=0)
    assert X.shape == (10_000, 4)
    assert_allclose(X, np.c_[z**2, z**3, np.sin(z), np.exp(z)])
    assert z.min() >= -5
    assert z.max() <= 5
    assert_allclose(np.histogram(z, 10, (-5, 5))[0], 1000, rtol=0.15)
