"""Sparse rows: centered products without a centered copy, and fits equal to those on dense rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA

import skae
from skae._data import pca
from skae._data.blocks import blocks
from skae._data.pca import center, principal_axes, variance
from skae._data.rows import ArrayRows, RowSubset
from skae._data.sparse_rows import CenteredSparse, SparseRows, rows_of

RNG = np.random.default_rng(0)
MATRIX = sparse.random(80, 30, 0.2, format="csr", random_state=0)
X = MATRIX.toarray()
WEIGHTS = RNG.uniform(0.2, 3.0, 80)
FAST = {"hidden_layer_sizes": (), "batch_size": 16, "max_iter": 2, "random_state": 0}
PLAIN = skae.AutoencoderTransformer(3, **FAST)

pytestmark = [
    pytest.mark.usefixtures("module_without_xla"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def test_a_centered_block_is_never_formed_but_multiplies_like_one():
    mean, factors = RNG.standard_normal(30), RNG.standard_normal(80)
    sparse_block = CenteredSparse(sparse.csr_array(MATRIX), mean, factors)
    block = factors[:, np.newaxis] * (X - mean)
    right, left = RNG.standard_normal((30, 4)), RNG.standard_normal((80, 4))
    assert_allclose(sparse_block @ right, block @ right)
    assert_allclose(sparse_block.T @ left, block.T @ left)
    assert_allclose(sparse_block.T @ sparse_block, block.T @ block, atol=1e-12)
    assert_allclose(sparse_block @ sparse_block.T, block @ block.T, atol=1e-12)
    assert sparse_block.sum_of_squares() == pytest.approx(np.square(block).sum())


@pytest.mark.parametrize("shape", [(80, 30), (20, 30)], ids=["tall", "wide"])
@pytest.mark.parametrize("exact", [True, False], ids=["exact", "randomized"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_axes_are_those_of_dense_rows(shape, exact, weights, monkeypatch):
    if not exact:
        monkeypatch.setattr(pca, "EXACT_LIMIT", 17)
    weights = None if weights is None else weights[: shape[0]]
    found = SparseRows(sparse.csr_array(MATRIX[: shape[0]]), weights)
    rows = ArrayRows(X[: shape[0]], weights=weights)
    mean = center(rows)
    assert_allclose(center(found), mean)
    assert variance(found, mean) == pytest.approx(variance(rows, mean))
    some = np.arange(0, shape[0], 2)
    for one, other in ((found, rows), (RowSubset(found, some), RowSubset(rows, some))):
        axes, expected = (
            principal_axes(each, mean, 4, np.random.default_rng(0)) for each in (one, other)
        )
        assert_allclose(axes.directions, expected.directions, atol=1e-6)
        assert_allclose(axes.variances, expected.variances)


def test_entries_stored_twice_are_added_and_zeros_are_entries():
    data, columns = np.array([1.0, 2.0, 0.0, 5.0]), np.array([1, 1, 0, 2])
    twice = sparse.csr_array((data, columns, [0, 2, 4]), shape=(2, 3))
    rows = rows_of(twice)
    assert_array_equal(rows[:], [[0, 3, 0], [0, 0, 5]])
    assert variance(rows, center(rows)) == pytest.approx(rows[:].var(axis=0).mean())
    assert twice.nnz == 4
    assert rows.extremes() == (0, 5)


def with_long_indices(matrix):
    matrix = sparse.csr_matrix(matrix)
    matrix.indices, matrix.indptr = (a.astype(np.int64) for a in (matrix.indices, matrix.indptr))
    return matrix


@pytest.mark.parametrize(
    "given",
    [
        sparse.csc_matrix,
        pytest.param(sparse.csr_array, marks=pytest.mark.slow),
        pytest.param(with_long_indices, marks=pytest.mark.slow),
    ],
    ids=["csc", "csr", "int64"],
)
def test_a_fit_is_that_on_dense_rows(given, monkeypatch):
    monkeypatch.setattr(blocks, "__defaults__", (300,))
    monkeypatch.setattr("skae._network.codec.CACHE_ENTRIES", 300)
    monkeypatch.setattr("skae._network.codec.LEAST_ROWS", 1)
    rows, weights = given(MATRIX), np.r_[0.0, WEIGHTS[1:]]
    for estimator in (
        clone(PLAIN).set_params(whiten=True, init="he"),
        skae.VariationalAutoencoder(3),
    ):
        fitted = clone(estimator).set_params(**FAST).fit(rows, X_val=rows[:20])
        dense = clone(fitted).fit(X, X_val=X[:20])
        assert_allclose(fitted.transform(rows), dense.transform(X), atol=1e-6)
        assert_allclose(fitted.score_samples(rows), dense.score_samples(X))
        assert fitted.score(rows) == pytest.approx(dense.score(X))
        assert fitted.reconstruction_err_ == pytest.approx(dense.reconstruction_err_)
    weighted = clone(PLAIN).fit(rows, sample_weight=weights)
    dense = clone(PLAIN).fit(X[1:], sample_weight=weights[1:])
    assert_allclose(weighted.transform(rows), dense.transform(X), atol=1e-6)
    passes = clone(PLAIN).partial_fit(rows).partial_fit(rows)
    dense = clone(PLAIN).partial_fit(X).partial_fit(X)
    assert_allclose(passes.transform(rows), dense.transform(X), atol=1e-6)
    assert_allclose(passes.reconstruct(rows), dense.reconstruct(X), atol=1e-6)


def test_the_start_is_pca(untrained):
    found = clone(PLAIN).fit(MATRIX).transform(MATRIX)
    assert_allclose(found, PCA(3).fit_transform(X), atol=1e-5)


def test_no_fit_forms_a_dense_matrix(monkeypatch):
    # A chunk has 1024 rows here, and the validation set as many.
    tall = sparse.random(10_000, 30, 0.2, format="csr", random_state=0)
    monkeypatch.setattr(blocks, "__defaults__", (300,))
    monkeypatch.setattr("skae._network.codec.CACHE_ENTRIES", 300)
    monkeypatch.setattr("skae._network.codec.LEAST_ROWS", 1)
    monkeypatch.setattr("skae._data.sparse_rows.MOST_ENTRIES", 3000)
    sizes = []
    toarray = sparse.csr_array.toarray

    def counted(self, *args, **kwargs):
        sizes.append(self.shape[0])
        return toarray(self, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_array, "toarray", counted)
    fitted = clone(PLAIN).set_params(max_iter=1).fit(sparse.csr_array(tall))
    fitted.transform(sparse.csr_array(tall))
    fitted.score(sparse.csr_array(tall))
    assert max(sizes) <= 1024
    assert sum(sizes) > 10_000


def test_head_and_detector_take_sparse_rows():
    y = (X.sum(axis=1) > 3).astype(int)
    head = skae.AutoencoderClassifier(PLAIN, early_stopping=True, max_iter=2, random_state=0)
    dense = clone(head).fit(X, y, sample_weight=WEIGHTS)
    head.fit(MATRIX, y, sample_weight=WEIGHTS)
    assert_allclose(head.predict_proba(MATRIX), dense.predict_proba(X), atol=1e-6)
    detector = skae.AutoencoderOutlierDetector(PLAIN, cv=2)
    dense = clone(detector).fit(X)
    detector.fit(sparse.csc_array(MATRIX))
    assert_allclose(detector.decision_function(MATRIX), dense.decision_function(X), atol=1e-4)
    assert_allclose(detector.feature_errors(MATRIX), dense.feature_errors(X), atol=1e-6)


def test_pairs_of_sparse_rows_are_refused():
    pairs = skae.DenoisingAutoencoder(3, corruption=None, **FAST)
    for one, other in ((MATRIX, MATRIX), (X, MATRIX), (MATRIX, X)):
        with pytest.raises(TypeError, match=r"pairs of sparse matrices .* Pass X\.toarray\(\)"):
            pairs.fit(one, other)
