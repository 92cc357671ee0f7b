"""The counterparts of scikit-learn's `decomposition/tests/test_pca.py`, in its order.

Most of these fits keep their initialization, which is PCA. Left out is what has no meaning here:
choices of `svd_solver`, `get_covariance`, likelihoods (`score` is a share of the variance), and
Minka's 'mle'. What is tested elsewhere: `fit_transform`, whitened codes and `n_components` as a
share after training (`estimators/test_plain.py`), `n_components=None`
(`estimators/test_words.py`), exact and randomized axes (`data/test_pca.py`), dtypes and names
(`estimators/test_fitted.py`), the spectrum of digits (`estimators/test_ordered.py`).
"""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.datasets import load_iris, make_classification, make_low_rank_matrix
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer

pytestmark = pytest.mark.usefixtures("untrained")

IRIS = load_iris().data


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def kept(n_components=2, **params):
    """Return an autoencoder that stays PCA under the fixture `untrained`."""
    params = {"max_iter": 1, "learning_rate": "cosine", "random_state": 0, **params}
    return AutoencoderTransformer(n_components, **params)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("density", [0.01, 0.3])
def test_pca_sparse(container, density):
    X = container(sparse.random(200, 60, density, random_state=0)).multiply(np.arange(1, 61))
    new = container(sparse.random(50, 60, density, random_state=1))
    of_sparse, of_dense = kept(3, ordered=True).fit(X), kept(3, ordered=True).fit(X.toarray())
    for name in ("components_", "explained_variance_", "singular_values_", "mean_"):
        assert_allclose(getattr(of_sparse, name), getattr(of_dense, name), rtol=1e-5, atol=1e-6)
    assert of_sparse.n_samples_seen_ == of_dense.n_samples_seen_ == 200
    assert_allclose(of_sparse.transform(new), of_dense.transform(new.toarray()), atol=1e-5)
    assert_allclose(of_sparse.fit_transform(X), of_sparse.transform(X), atol=1e-10)


def test_no_empty_slice_warning():
    X = np.random.RandomState(0).uniform(-1, 1, size=(10, 12))
    assert kept(10).fit(X).transform(X).shape == (10, 10)  # warnings are errors


@pytest.fixture(scope="module")
def of_low_rank():
    X = normal(100, 50) * np.linspace(10.0, 1.0, 50) @ normal(50, 80, seed=1)
    X[:, :50] *= 3
    return X


def test_whitening(of_low_rank):
    before = of_low_rank.copy()
    white = kept(30, whiten=True)
    codes = white.fit_transform(of_low_rank)
    assert_array_equal(of_low_rank, before)
    assert_allclose(codes, white.transform(of_low_rank), rtol=1e-10)
    assert_allclose(codes.std(ddof=1, axis=0), 1, rtol=1e-6)
    assert_allclose(codes.mean(axis=0), 0, atol=1e-6)
    plain = kept(30).fit(of_low_rank).transform(of_low_rank)
    assert plain.std(axis=0).std() > 50


@pytest.mark.parametrize("shape", [(100, 30), (30, 100)], ids=["tall", "wide"])
@pytest.mark.parametrize("rank", [None, 15])
@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pca_solver_equivalence(shape, rank, whiten, dtype):
    n_samples, n_features = shape
    if rank is None:
        # Fewer components than its rank: the last ones of a full rank are decided by rounding.
        X = make_low_rank_matrix(n_samples + 10, n_features, tail_strength=0.5, random_state=0)
    else:
        X = normal(n_samples + 10, rank) @ normal(rank, n_features, seed=1)
    X, new = np.split(X.astype(dtype), [n_samples])
    ours, pca = kept(10, whiten=whiten).fit(X), PCA(10, whiten=whiten, svd_solver="full").fit(X)
    codes = ours.transform(new)
    assert codes.dtype == dtype
    assert_allclose(codes, pca.transform(new), atol=2e-3)
    back = ours.inverse_transform(codes)
    assert back.dtype == dtype
    assert_allclose(back, pca.inverse_transform(pca.transform(new)), atol=2e-3)


SHAPES = {
    "tall": normal(100, 80),
    "correlated": make_classification(100, 80, n_informative=78, random_state=0)[0],
    "wide": normal(10, 100),
}


@pytest.mark.parametrize("X", SHAPES.values(), ids=SHAPES)
def test_pca_explained_variance_empirical(X):
    ours = kept(2, ordered=True)
    codes = ours.fit_transform(X)
    assert_allclose(ours.explained_variance_, codes.var(axis=0, ddof=1), rtol=1e-5)
    largest = np.linalg.eigvalsh(np.cov(X, rowvar=False))[:-3:-1]
    assert_allclose(ours.explained_variance_, largest, rtol=1e-5)


def test_pca_singular_values():
    ours = kept(3, ordered=True)
    X = normal(100, 110)
    codes = ours.fit_transform(X)
    assert_allclose(np.square(ours.singular_values_).sum(), np.square(codes).sum(), rtol=1e-5)
    assert_allclose(ours.singular_values_, np.linalg.norm(codes, axis=0), rtol=1e-5)
    # Set the singular values, and see what comes back.
    codes *= [3.142, 2.718, 1.0] / np.linalg.norm(codes, axis=0)
    ours.fit(codes @ ours.components_)
    assert_allclose(ours.singular_values_, [3.142, 2.718, 1.0], rtol=1e-5)


def test_pca_check_projection():
    X = 0.1 * normal(100, 3)
    X[:10] += [3, 4, 5]
    (code,) = kept().fit(X).transform(0.1 * normal(1, 3, seed=1) + [3, 4, 5])
    assert abs(code[0]) / np.linalg.norm(code) > 0.995


def test_pca_check_projection_list():
    codes = kept(1).fit_transform([[1.0, 0.0], [0.0, 1.0]])
    assert codes.shape == (2, 1)
    assert_allclose([codes.mean(), codes.std()], [0, 0.5**0.5], atol=1e-6)


@pytest.mark.parametrize("whiten", [False, True])
def test_pca_inverse(whiten):
    X = normal(50, 3) * [1, 1e-5, 1] + [5, 4, 3]
    ours = kept(whiten=whiten).fit(X)
    assert_allclose(ours.inverse_transform(ours.transform(X)), X, rtol=5e-5)


@pytest.mark.parametrize("n_components", [0, -1, 1.0, 2.5, "mle", "3", [2]])
def test_pca_validation(n_components):
    with pytest.raises(ValueError, match="'n_components' parameter of AutoencoderTransformer must"):
        kept(n_components).fit(IRIS)


@pytest.mark.parametrize("X", [np.eye(3)[:2], np.eye(3)[:, :2]])
def test_more_codes_than_rank_are_allowed(X):
    # An error in PCA: here a layer may have any number of units.
    assert kept(5).fit(X).transform(X).shape == (len(X), 5)


def test_mle_redundant_data():
    X = make_classification(
        n_features=20,
        n_informative=1,
        n_redundant=1,
        n_repeated=18,
        n_clusters_per_class=1,
        random_state=42,
    )[0]
    assert kept("auto", ordered=True).fit(X).n_components_ == 1


def test_mle_simple_case():
    X = normal(400, 10)
    X[:, -1] = X[:, :-1].mean(axis=1)
    assert kept("auto", ordered=True).fit(X).n_components_ == 9


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(
    ("X", "share", "n_codes"),
    [(IRIS, 0.95, 2), (IRIS, 0.01, 1), (np.random.RandomState(0).rand(5, 20), 0.5, 2)],
)
def test_infer_dim_by_explained_variance(X, share, n_codes, ordered):
    ours = kept(share, ordered=ordered).fit(X)
    assert (ours.n_components, ours.n_components_) == (share, n_codes)


def test_pca_n_components_mostly_explained_variance_ratio():
    # As many codes as needed to explain more than the share (scikit-learn's issue 15669).
    share = PCA().fit(IRIS).explained_variance_ratio_.cumsum()[-2]
    assert kept(share).fit(IRIS).n_components_ == 4


def test_pca_score():
    X = 0.1 * normal(300, 3) + [3, 4, 5]
    ours, pca = kept().fit(X), PCA(2).fit(X)
    score = ours.score(X)
    assert score == pytest.approx(pca.explained_variance_ratio_.sum())
    assert kept(whiten=True).fit(X).score(X) == pytest.approx(score)
    others = 0.2 * normal(300, 3, seed=1) + [3, 4, 5]
    assert ours.score_samples(X).mean() > ours.score_samples(others).mean()


def test_pca_sanity_noise_variance():
    ours, pca = kept(2).fit(IRIS), PCA(2).fit(IRIS)
    # PCA divides by the degrees of freedom and by the directions left out.
    expected = pca.noise_variance_ * (149 / 150) * (2 / 4)
    assert ours.reconstruction_err_ == pytest.approx(expected)
    assert (kept(2, ordered=True).fit(IRIS).explained_variance_ > ours.reconstruction_err_).all()


@pytest.mark.parametrize("shape", [(100, 3), (3, 100)])
def test_pca_zero_noise_variance_edge_cases(shape):
    X = 0.1 * normal(*shape)
    ours = kept(3).fit(X)
    assert ours.reconstruction_err_ == pytest.approx(0, abs=1e-12)
    assert ours.score(X) == pytest.approx(1)


def test_pca_deterministic_output():
    X = np.random.RandomState(0).rand(10, 10)
    rng = np.random.RandomState(1)
    first, *others = (kept(random_state=rng).fit_transform(X)[0] for _ in range(5))
    for other in others:
        assert_allclose(other, first, atol=1e-6)


@pytest.mark.parametrize("X", [*SHAPES.values(), IRIS], ids=[*SHAPES, "iris"])
def test_the_largest_loading_is_positive_as_by_svd_flip(X):
    components = kept(4).fit(X).components_
    largest = np.abs(components).argmax(axis=1)
    assert (components[range(4), largest] > 0).all()
    assert_allclose(components, PCA(4, svd_solver="full").fit(X).components_, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_pca_int_dtype_upcast_to_double(dtype):
    X = np.random.RandomState(0).randint(0, 1000, (100, 4))
    ours = kept(3).fit(X.astype(dtype))
    assert ours.transform(X.astype(dtype)).dtype == np.float64
    assert ours.components_.dtype == np.float32  # in the precision of the weights
    assert_allclose(ours.components_, PCA(3).fit(X).components_, atol=1e-4)


@pytest.mark.parametrize("X", [*SHAPES.values()], ids=[*SHAPES])
def test_variance_correctness(X):
    ours = kept(4, ordered=True).fit(X)
    total = ours.explained_variance_ / ours.explained_variance_ratio_
    assert_allclose(total, X.var(axis=0, ddof=1).sum(), rtol=1e-6)


class OfAnotherLibrary(Sequence):
    """An array of a library that follows the array API standard; only its namespace counts here."""

    def __array_namespace__(self, api_version=None):
        return np

    shape, dtype, ndim = IRIS.shape, IRIS.dtype, 2

    def __array__(self, dtype=None, copy=None):
        return IRIS.astype(dtype or float)

    def __len__(self):
        return len(IRIS)

    def __getitem__(self, i):
        return IRIS[i]


def test_pca_array_api_compliance():
    """Arrays of other libraries are converted; dispatch to these libraries is refused."""
    ours = kept().fit(OfAnotherLibrary())
    codes = ours.transform(OfAnotherLibrary())
    assert type(codes) is np.ndarray
    with config_context(array_api_dispatch=True):
        assert_array_equal(ours.transform(IRIS), codes)
        for method in (kept().fit, ours.transform, ours.inverse_transform, ours.score):
            with pytest.raises(TypeError, match=r"X is a .*OfAnotherLibrary.*np\.asarray\(X\)"):
                method(OfAnotherLibrary())
