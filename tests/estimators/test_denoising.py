"""Denoising: what each corruption does, and that it cleans."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils._param_validation import InvalidParameterError

from skae import AutoencoderTransformer, DenoisingAutoencoder
from skae._data.rows import ArrayRows
from skae._estimators.denoising import CORRUPTIONS
from tests.learning import assert_learned

X = load_digits().data
SHARES = sorted(set(CORRUPTIONS) - {"gaussian"})


def spoiled(name, level, rows=None):
    rows = np.random.default_rng(1).uniform(1, 2, (400, 50)) if rows is None else rows
    return rows, CORRUPTIONS[name](level)(np.random.default_rng(0), rows.copy())


def test_gaussian_noise_has_its_deviation_in_the_units_of_the_rows():
    clean, noisy = spoiled("gaussian", 3.0)
    noise = noisy - clean
    assert noise.mean() == pytest.approx(0.0, abs=0.1)
    assert noise.std() == pytest.approx(3.0, rel=0.02)


@pytest.mark.usefixtures("untrained")
def test_the_estimator_spoils_rows_as_in_training():
    denoiser = DenoisingAutoencoder(
        2, corruption="masking", noise_level=0.5, hidden_layer_sizes=(), solver="sgd", max_iter=1
    ).set_params(learning_rate="cosine")
    with pytest.raises(NotFittedError):
        denoiser.corrupt(X)
    denoiser.fit(X)
    before = X.copy()
    masked = denoiser.corrupt(X, random_state=0)
    assert_array_equal(X, before)
    assert set(np.unique(masked[X > 0] / X[X > 0])) == {0.0, 1.0}
    assert_array_equal(masked, denoiser.corrupt(X, random_state=0))
    assert not np.array_equal(masked, denoiser.corrupt(X, random_state=1))
    with pytest.raises(ValueError, match="features"):
        denoiser.corrupt(X[:, :5])
    with pytest.raises(ValueError, match=r"noise_level=1.5 .*\[0, 1\)"):
        denoiser.set_params(noise_level=1.5).corrupt(X)


@pytest.mark.parametrize("name", SHARES)
def test_so_many_values_change(name):
    clean, noisy = spoiled(name, 0.3)
    if name == "dropout":
        noisy *= 0.7  # what was kept has grown
    assert np.mean(~np.isclose(clean, noisy)) == pytest.approx(0.3, abs=0.02)


def test_masked_values_are_zero_and_dropout_keeps_the_mean():
    clean, masked = spoiled("masking", 0.25)
    hit = masked == 0
    assert_array_equal(masked[~hit], clean[~hit])
    clean, dropped = spoiled("dropout", 0.25)
    hit = dropped == 0
    assert_allclose(dropped[~hit], clean[~hit] / 0.75)
    assert dropped.mean() == pytest.approx(clean.mean(), rel=0.02)


def test_salt_and_pepper_are_the_extremes_of_a_column():
    clean, noisy = spoiled("salt_and_pepper", 0.4)
    hit = clean != noisy
    low, high = (np.broadcast_to(f(axis=0), clean.shape) for f in (clean.min, clean.max))
    assert ((noisy == low) | (noisy == high))[hit].all()
    assert np.mean(noisy == high) == pytest.approx(0.2, abs=0.03)


def test_swapped_values_come_from_their_column():
    clean, noisy = spoiled("swap", 0.5)
    for column in range(5):
        assert set(noisy[:, column]) <= set(clean[:, column])
    alone, same = spoiled("swap", 0.5, np.ones((1, 4)))
    assert_array_equal(alone, same)


@pytest.mark.parametrize("name", SHARES)
def test_categories_change_as_a_whole(name):
    rng = np.random.default_rng(0)
    letters, flags = rng.integers(3, size=4000), rng.integers(2, size=4000)
    clean = np.column_stack([letters + 1.0, np.eye(3)[letters], np.eye(2)[flags]])
    noisy = CORRUPTIONS[name](0.4, ((1, 4), (4, 6)))(np.random.default_rng(1), clean.copy())
    if name == "dropout":
        noisy *= 0.6  # what was kept has grown
    for part, n in ((slice(1, 4), 3), (slice(4, 6), 2)):
        indicators = noisy[:, part]
        changed = ~np.isclose(indicators, clean[:, part]).all(axis=1)
        if name in ("masking", "dropout"):
            expected, so_many = 0.4, 0.0
        else:  # another category
            expected, so_many = 0.4 * (n - 1) / n, 1.0
        assert np.mean(changed) == pytest.approx(expected, abs=0.03)
        assert_allclose(indicators[changed].sum(axis=1), so_many)
        assert_allclose(indicators[changed].max(axis=1), so_many)
    # One variable changes without another one.
    numbers, others = (~np.isclose(noisy, clean))[:, [0, 4]].T
    assert np.mean(numbers & others) < 0.25


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_rows_keep_their_dtype_and_no_noise_changes_nothing(name):
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    clean, noisy = spoiled(name, 0.0, rows)
    assert noisy.dtype == np.float32
    assert_array_equal(clean, noisy)


@pytest.mark.slow
def test_it_cleans_better_than_pca_with_any_number_of_components(learning_seed):
    train, test = train_test_split(X, random_state=0)
    noisy = test + np.random.default_rng(0).normal(scale=6.0, size=test.shape)
    denoiser = DenoisingAutoencoder(32, noise_level=6.0, max_iter=60, random_state=learning_seed)
    denoiser.set_params(learning_rate="cosine").fit(train)
    error = np.mean((denoiser.reconstruct(noisy) - test) ** 2)
    of_pca = []
    for k in range(2, 40, 4):
        pca = PCA(k).fit(train)
        of_pca.append(np.mean((pca.inverse_transform(pca.transform(noisy)) - test) ** 2))
    assert_learned(error / min(of_pca), below=0.85)
    # What it gives for noisy rows is what it makes of their codes: no noise of its own.
    assert_array_equal(denoiser.reconstruct(noisy), denoiser.reconstruct(noisy))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != "gaussian")) for name in CORRUPTIONS],
)
def test_noise_reaches_training_and_comes_from_the_seed(name, learning_seed):
    fixed = {"hidden_layer_sizes": (16,), "max_iter": 3, "learning_rate": "cosine"}
    fixed["random_state"] = learning_seed
    noisy = DenoisingAutoencoder(4, corruption=name, noise_level=0.6, **fixed)
    plain = AutoencoderTransformer(4, **fixed).fit(X)
    first = noisy.fit(X).loss_curve_
    assert_learned(first[0], above=plain.loss_curve_[0])
    assert first == noisy.fit(X).loss_curve_
    assert first != noisy.set_params(random_state=learning_seed + 1).fit(X).loss_curve_


@pytest.mark.parametrize("name", SHARES)
def test_a_share_above_one_is_refused(name):
    with pytest.raises(ValueError, match=rf"noise_level=1.5 .*corruption='{name}'.*\[0, 1\)"):
        DenoisingAutoencoder(corruption=name, noise_level=1.5).fit(X)


QUICK = {"hidden_layer_sizes": (), "solver": "sgd", "learning_rate": "cosine", "max_iter": 3}
# Noise that no corruption has: everything is darker, with a shadow.
DARK = 0.5 * X + 0.3 * np.roll(X, 3, axis=1)


def paired(**params):
    return DenoisingAutoencoder(16, corruption=None, random_state=0, **QUICK | params)


def test_pairs_teach_what_clean_rows_are():
    fitted = paired(max_iter=10).fit(DARK[:1500], X[:1500])
    assert_allclose(fitted.mean_, X[:1500].mean(axis=0))
    error = ((fitted.reconstruct(DARK[:1500]) - X[:1500]) ** 2).mean()
    assert fitted.reconstruction_err_ == pytest.approx(error)
    rest = X[1500:]
    unexplained = ((fitted.reconstruct(DARK[1500:]) - rest) ** 2).sum()
    share = 1 - unexplained / ((rest - fitted.mean_) ** 2).sum()
    assert fitted.score(DARK[1500:], rest) == pytest.approx(share)
    assert fitted.validation_loss_curve_[-1] < 0.9 * fitted.validation_loss_curve_[0]
    clean = DenoisingAutoencoder(16, random_state=0, **QUICK).fit(X[:1500])
    assert share > clean.score(DARK[1500:], rest) + 0.1


def test_two_noisy_copies_teach_as_much_as_clean_rows(learning_seed):
    rng = np.random.default_rng(0)
    first, second = (X + rng.normal(scale=4.0, size=X.shape) for _ in range(2))
    denoiser = paired(max_iter=20).set_params(random_state=learning_seed)

    def error(taught):
        restored = denoiser.fit(first[:1500], taught[:1500]).reconstruct(first[1500:])
        return ((restored - X[1500:]) ** 2).mean()

    assert_learned(error(second) / error(X), below=1.1)
    assert_learned(error(second) / error(first), below=0.97)


def test_the_start_on_pairs_is_pca_of_the_clean_rows():
    start = paired(learning_rate_init=1e-30, max_iter=1).fit(DARK, X)
    pca = PCA(16).fit(X)
    assert_allclose(start.reconstruct(DARK), pca.inverse_transform(pca.transform(DARK)), atol=1e-3)


def test_equal_pairs_are_an_autoencoder_of_clean_rows():
    plain = AutoencoderTransformer(16, random_state=0, **QUICK).fit(X)
    for rows in (X, X.astype(np.float32)):
        same = paired().fit(rows, X)
        assert_allclose(same.loss_curve_, plain.loss_curve_, rtol=1e-5)
        assert_allclose(same.validation_loss_curve_, plain.validation_loss_curve_, rtol=1e-5)


def test_pairs_in_passes_with_whitening_and_a_checkpoint(tmp_path):
    passed = paired(whiten=True).partial_fit(DARK, X)
    assert_allclose(np.cov(passed.transform(DARK).T), np.eye(16), atol=1e-3)
    first = passed.score(DARK, X)
    assert passed.partial_fit(DARK, X).score(DARK, X) > first
    estimator = paired()
    clean = estimator._paired(ArrayRows(DARK), X, training=True)
    other = estimator._paired(ArrayRows(DARK), X + 1, training=True)
    assert estimator._fingerprint(clean, warm=False) != estimator._fingerprint(other, warm=False)
    fits = [paired(checkpoint=tmp_path).fit(DARK, X).loss_curve_ for _ in range(2)]
    assert fits[0] == fits[1]


def test_pairs_pass_through_pipelines_and_searches():
    search = GridSearchCV(paired(max_iter=1), {"alpha": [0.0, 1.0]}, cv=2).fit(DARK, X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    both = make_pipeline(FunctionTransformer(), paired(max_iter=1)).fit(DARK, X)
    assert both.score(DARK, X) == both[-1].score(DARK, X)


@pytest.mark.parametrize("y", [None, np.zeros(len(X)), X[:, :5], X[:-1]])
def test_without_a_corruption_pairs_are_asked_for(y):
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=r"corruption=None learns from pairs: .*\(1797, 64\)"):
            getattr(paired(), method)(X, y)


def test_pairs_and_a_corruption_are_refused_and_labels_are_not():
    denoiser = DenoisingAutoencoder(2, **QUICK)
    for clean in (X, X.tolist()):
        with pytest.raises(ValueError, match="corruption='gaussian' the samples in X are the"):
            denoiser.fit(DARK, clean)
    labeled = denoiser.set_params(max_iter=1, random_state=0).fit(X, np.arange(len(X)))
    # What is restored from noisy rows can be scored all the same.
    assert labeled.score(DARK, X) != labeled.score(DARK) == labeled.score(DARK, X[:, 0])
    with pytest.raises(ValueError, match="Input y contains infinity"):
        paired().fit(X, np.where(X > 15, np.inf, X))
    labeled.set_params(corruption=None)
    assert not hasattr(labeled, "corrupt")
    with pytest.raises(AttributeError, match="'corrupt'") as error:
        labeled.corrupt(X)
    assert "no noise to corrupt samples with" in str(error.value.__cause__)


def test_what_cannot_be_the_clean_rows_is_no_pair():
    ragged = [[1.0, 2.0]] + [[1.0]] * 4
    noisy, rows = DenoisingAutoencoder(), ArrayRows(X[:5])
    for training in (True, False):
        assert noisy._paired(rows, ragged, training) is rows
        with pytest.raises(ValueError, match=r"\(5, 64\)\. Got y of rows that differ in length"):
            paired()._paired(rows, ragged, training)


def test_collections_of_dask_are_never_pairs():
    pytest.importorskip("dask")
    from dask import array, dataframe

    from skae._data.dask_rows import DaskRows

    clean = X[:5]
    frame = dataframe.from_pandas(pd.DataFrame(clean), npartitions=2)
    labels, blocks = frame[0], array.from_array(clean, chunks=(2, 64))
    rows, lazy = ArrayRows(clean), DaskRows(blocks)
    noisy = DenoisingAutoencoder()
    for training in (True, False):
        assert noisy._paired(rows, labels, training) is rows
        for X_given, y in [(rows, frame), (rows, labels), (rows, blocks), (lazy, clean)]:
            with pytest.raises(ValueError, match="pairs of dask collections are not supp"):
                paired()._paired(X_given, y, training)
    for X_given, y in [(rows, frame), (rows, blocks), (lazy, clean)]:
        with pytest.raises(ValueError, match="pairs of dask collections are not supp"):
            noisy._paired(X_given, y)
    # Without clean rows a dask X is scored as any X is.
    fitted = paired(max_iter=1).fit(DARK, X)
    score = fitted.score(array.from_array(X, chunks=(600, 64)))
    assert score == pytest.approx(fitted.score(X))
    with pytest.raises(ValueError, match="pairs of dask collections are not supp"):
        paired()._paired(lazy, None, training=True)


def test_negative_noise_is_refused():
    with pytest.raises(InvalidParameterError, match="'noise_level' parameter"):
        DenoisingAutoencoder(noise_level=-1.0).fit(X)


@pytest.mark.usefixtures("without_xla")
def test_a_fit_on_pairs_that_came_to_nothing_is_kept_and_warned_of():
    noisy, clean = X[:60] + 1.0, X[:60]
    dead = DenoisingAutoencoder(
        2, corruption=None, init="he", activation="relu", hidden_layer_sizes=(8,), solver="sgd",
        learning_rate_init=1e-12, early_stopping=False, max_iter=12, random_state=0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning, match="no better than the mean"):
        dead.fit(noisy, clean)
    assert dead.score(noisy, clean) < 0.1


def test_clean_rows_with_their_columns_in_another_order_are_refused():
    frame = pd.DataFrame(X[:40, :4], columns=list("abcd"))
    denoiser = DenoisingAutoencoder(2, corruption=None)
    with pytest.raises(ValueError, match="in the same order"):
        denoiser.fit(frame + 1.0, frame[list("dcba")])


@pytest.mark.usefixtures("without_xla")
def test_pairs_are_validated_by_pairs():
    clean, other = X[:60], X[60:100]
    denoiser = DenoisingAutoencoder(2, corruption=None, hidden_layer_sizes=(), max_iter=1)
    denoiser.fit(clean + 1.0, clean, X_val=other + 1.0, y_val=other)
    error = np.mean((denoiser.reconstruct(other + 1.0) - other) ** 2) / denoiser.scale_**2
    assert denoiser.best_validation_loss_ == pytest.approx(error, rel=1e-5)
    with pytest.raises(ValueError, match="X_val is provided, but y_val was not"):
        denoiser.fit(clean, clean, X_val=other)
    with pytest.raises(ValueError, match=r"X_val: .*of the same shape"):
        denoiser.fit(clean, clean, X_val=other, y_val=other[:3])
