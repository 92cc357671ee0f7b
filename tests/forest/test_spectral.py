"""Spectral codes are singular vectors, exact on training samples, whatever the forest."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from skae._forest.spectral import SpectralCodes

X = np.random.default_rng(0).standard_normal((120, 4))
X = (X - X.mean(axis=0)) / X.std(axis=0)


def kernel(forest):
    """How often two samples share a leaf, by the size of that leaf, in the mean over trees."""
    leaves = forest.apply(X)
    shares = leaves[:, None] == leaves[None]
    return (shares / shares.sum(axis=1)).mean(axis=2)


@pytest.mark.parametrize("max_features", [1, 1.0])
def test_codes_are_the_leading_vectors_of_the_kernel_without_the_constant(max_features):
    target = np.random.default_rng(1).uniform(size=len(X)) if max_features == 1 else X
    forest = ExtraTreesRegressor(30, max_features=max_features, min_samples_leaf=6, random_state=0)
    codes = SpectralCodes(forest.fit(X, target), X, 3, np.random.RandomState(0))
    values, vectors = np.linalg.eigh(kernel(forest))
    values, vectors = values[::-1][1:4], vectors[:, ::-1][:, 1:4]
    assert_allclose(codes.eigenvalues, values)
    expected = vectors * np.sqrt(len(X)) * values
    encoded = codes.encode(X)
    assert_allclose(np.abs(encoded), np.abs(expected), atol=1e-6)
    # A deterministic sign: the largest entry is positive.
    assert (encoded[np.abs(encoded).argmax(axis=0), range(3)] > 0).all()


def test_a_new_sample_has_the_mean_of_its_leaves():
    forest = ExtraTreesRegressor(5, min_samples_leaf=10, random_state=0).fit(X, X)
    codes = SpectralCodes(forest, X, 2, np.random.RandomState(0))
    new = np.random.default_rng(2).standard_normal((9, 4))
    shared = forest.apply(new)[:, None] == forest.apply(X)[None]
    weights = (shared / shared.sum(axis=1, keepdims=True)).mean(axis=2)
    assert_allclose(codes.encode(new), weights @ (codes.encode(X) / codes.eigenvalues))


def test_codes_of_one_tree_are_principal_components_of_its_leaves():
    tree = RandomForestRegressor(1, bootstrap=False, min_samples_leaf=5, random_state=0).fit(X, X)
    codes = SpectralCodes(tree, X, 2, np.random.RandomState(0))
    assert_allclose(codes.eigenvalues, 1.0)
    means = tree.predict(X)
    components = np.linalg.svd(means, full_matrices=False)[0][:, :2] * np.sqrt(len(X))
    assert_allclose(np.abs(codes.encode(X)), np.abs(components), atol=0.02)


def test_more_codes_than_there_are_leaves():
    forest = ExtraTreesRegressor(2, max_leaf_nodes=2, random_state=0).fit(X, X)
    codes = SpectralCodes(forest, X, 6, np.random.RandomState(0))
    assert_allclose(codes.eigenvalues[2:], 0.0, atol=1e-12)
    assert_allclose(codes.encode(X)[:, 2:], 0.0, atol=1e-6)
