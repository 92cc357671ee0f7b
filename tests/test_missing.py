"""Missing values in X: every kind of flat rows, from fit to scores, wherever the rows are."""

import pickle
import warnings

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import skae
from skae.onnx import to_onnx

X, Y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(X)
HOLES = np.random.default_rng(0).random(X.shape) < 0.3
INCOMPLETE = np.where(HOLES, np.nan, X)
NO_VALUE = np.full((1, X.shape[1]), np.nan)

SMALL = {"max_iter": 2, "batch_size": 64, "solver": "sgd", "random_state": 0}
PLAIN = skae.AutoencoderTransformer(3, hidden_layer_sizes=4, **SMALL)
KINDS = [
    PLAIN,
    skae.ContractiveAutoencoder(3, hidden_layer_sizes=4, **SMALL),
    skae.DenoisingAutoencoder(3, hidden_layer_sizes=4, **SMALL),
    skae.SparseAutoencoder(6, hidden_layer_sizes=4, **SMALL),
    skae.StackedAutoencoder(3, hidden_layer_sizes=4, layer_max_iter=2, **SMALL),
    skae.VariationalAutoencoder(3, hidden_layer_sizes=4, **SMALL),
]

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("module_without_xla"),
]


VARIANTS = [
    clone(PLAIN).set_params(n_components=0.6, whiten=True),
    clone(PLAIN).set_params(init="he", tied_weights=True),
    clone(PLAIN).set_params(standardize=False, code_activation="tanh"),
]


def fitted(estimator, X=INCOMPLETE):
    return clone(estimator).fit(X)


@pytest.fixture(scope="module")
def plain():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fitted(PLAIN)


@pytest.mark.parametrize(
    "kind",
    [PLAIN, *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])],
    ids=lambda kind: type(kind).__name__,
)
def test_a_day(kind):
    assert get_tags(kind).input_tags.allow_nan
    kind = fitted(kind)
    codes, rows = kind.transform(INCOMPLETE), kind.reconstruct(INCOMPLETE)
    assert np.isfinite(codes).all()
    assert_allclose(kind.inverse_transform(codes), rows, atol=1e-5)
    assert_allclose(kind.mean_, np.nanmean(INCOMPLETE, axis=0))
    assert kind.scale_ == pytest.approx(np.nanstd(INCOMPLETE - kind.mean_))
    assert_allclose(kind.transform(NO_VALUE), kind.transform(kind.mean_[np.newaxis]), atol=1e-5)
    errors = np.where(HOLES, np.nan, np.square(rows - X))
    assert_allclose(-kind.score_samples(INCOMPLETE), 13 * np.nanmean(errors, axis=1), rtol=1e-4)
    explained = 1 - np.nansum(errors) / np.nansum(np.square(INCOMPLETE - kind.mean_))
    assert kind.score(INCOMPLETE) == pytest.approx(explained, abs=1e-5)
    assert kind.reconstruction_err_ == pytest.approx(np.nanmean(errors), rel=1e-4)
    # Rows do not depend on each other.
    assert_allclose(kind.transform(INCOMPLETE[5:6]), codes[5:6], atol=1e-5)
    loaded = pickle.loads(pickle.dumps(kind))
    assert_array_equal(loaded.transform(INCOMPLETE), codes)
    assert np.isfinite(kind.partial_fit(INCOMPLETE[:70]).loss_)


@pytest.mark.parametrize("kind", [*KINDS[1:], *VARIANTS], ids=lambda kind: type(kind).__name__)
def test_a_day_without_training(kind, untrained):
    test_a_day(kind)


def test_the_start_reconstructs_what_is_missing_better_than_pca_of_means(untrained):
    start = fitted(PLAIN)
    rows = start.reconstruct(INCOMPLETE)
    filled = SimpleImputer().fit_transform(INCOMPLETE) - start.mean_
    axes = np.linalg.svd(filled, full_matrices=False)[2][:3]
    by_means = filled @ axes.T @ axes + start.mean_
    for part in (HOLES, ~HOLES):
        assert np.square(rows - X)[part].sum() < np.square(by_means - X)[part].sum()


def test_training_reconstructs_what_it_hides():
    random = clone(PLAIN).set_params(init="he", solver="adam", learning_rate_init=0.03)
    model = random.set_params(max_iter=40, early_stopping=False).fit(INCOMPLETE)
    left = np.square(model.reconstruct(INCOMPLETE) - X)[HOLES].mean()
    assert left < 0.8 * np.square(X - model.mean_)[HOLES].mean()


@pytest.mark.parametrize("marker", [-99, None, pd.NA])
def test_other_marks(untrained, marker):
    plain = fitted(PLAIN)
    marked = np.where(HOLES, -99, X) if isinstance(marker, int) else INCOMPLETE
    given = marked.copy()
    model = clone(PLAIN).set_params(missing_values=marker).fit(given)
    assert_array_equal(given, marked)
    assert_array_equal(model.transform(marked), plain.transform(INCOMPLETE))
    if isinstance(marker, int):
        with pytest.raises(ValueError, match="contains NaN"):
            model.transform(INCOMPLETE)
        detector = skae.AutoencoderOutlierDetector(model).fit(marked)
        assert_array_equal(np.isnan(detector.feature_errors(marked)), HOLES)


def test_nulls_of_data_frames_and_none(untrained):
    plain = fitted(PLAIN)
    codes = plain.transform(INCOMPLETE)
    frame = pd.DataFrame(INCOMPLETE, columns=[f"x{i}" for i in range(13)])
    for given in (frame.convert_dtypes(), pl.from_pandas(frame), np.where(HOLES, None, X)):
        assert_allclose(fitted(PLAIN, given).transform(given), codes, atol=1e-9)


def test_dask_and_memory_maps_give_the_same(plain, tmp_path):
    in_order = clone(PLAIN).set_params(shuffle=False)
    expected, lazy = fitted(in_order), da.from_array(INCOMPLETE, chunks=(60, 5))
    found = fitted(in_order, lazy)
    assert_allclose(found.transform(lazy).compute(), expected.transform(INCOMPLETE), atol=1e-9)
    assert found.score(lazy) == pytest.approx(expected.score(INCOMPLETE))
    np.save(tmp_path / "X.npy", INCOMPLETE)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert_array_equal(fitted(PLAIN, mapped).weights_[0], plain.weights_[0])


@pytest.mark.parametrize("kind", [PLAIN, VARIANTS[1]])
def test_columns_without_any_value_are_ignored_and_zero(kind):
    empty = INCOMPLETE.copy()
    empty[:, 2] = np.nan
    model = fitted(kind, empty)
    assert_array_equal(model.reconstruct(X)[:, 2], 0.0)
    moved = X.copy()
    moved[:, 2] = 7.0
    assert_array_equal(model.transform(moved), model.transform(X))


def test_complete_rows_in_fit_and_holes_later():
    model = fitted(PLAIN, X)
    assert model.factor_model_ is None
    filled = np.where(HOLES, model.mean_, X)
    assert_array_equal(model.transform(INCOMPLETE), model.transform(filled))
    assert np.isfinite(model.score(INCOMPLETE))
    model.partial_fit(INCOMPLETE)
    assert model.factor_model_ is not None
    assert np.isfinite(model.loss_)


def test_validation_sets_pairs_and_likelihoods(untrained):
    model = clone(PLAIN).fit(INCOMPLETE, X_val=X[:40])
    assert np.isfinite(model.validation_loss_curve_).all()
    pairs = skae.DenoisingAutoencoder(3, corruption=None, hidden_layer_sizes=4, **SMALL)
    assert np.isfinite(pairs.fit(INCOMPLETE, X).score(INCOMPLETE, X))
    assert np.isfinite(pairs.fit(X, INCOMPLETE).score(X, INCOMPLETE))
    variational = fitted(KINDS[-1])
    bound = variational.evidence_lower_bound(INCOMPLETE, random_state=0)
    assert np.isfinite(bound).all()
    assert variational.log_likelihood(INCOMPLETE, 5, random_state=0).mean() > bound.mean()


@pytest.mark.slow
def test_heads():
    small = {"max_iter": 3, "batch_size": 32, "pretrain": False, "random_state": 0}
    classifier = skae.AutoencoderClassifier(PLAIN, **small).fit(INCOMPLETE, Y)
    assert classifier.score(INCOMPLETE, Y) > 0.9
    assert classifier.transform(INCOMPLETE).shape == (len(X), 3)
    assert classifier.predict(NO_VALUE).shape == (1,)
    regressor = skae.AutoencoderRegressor(PLAIN, **small, early_stopping=True)
    regressor.fit(INCOMPLETE, Y, X_val=INCOMPLETE, y_val=Y)
    assert regressor.score(INCOMPLETE, Y) > 0.5


def test_outliers_with_missing_values_compare_with_others(untrained):
    strange = INCOMPLETE.copy()
    strange[0] = [9, -9] * 6 + [9]
    strange[1, :3] = 12, -12, 12
    strange[1, 3:] = np.nan
    detector = skae.AutoencoderOutlierDetector(PLAIN, random_state=0).fit(strange)
    assert_array_equal(detector.predict(strange[:2]), -1)
    assert (detector.predict(strange[2:]) == 1).mean() > 0.85
    errors = detector.feature_errors(strange)
    assert_array_equal(np.isnan(errors), np.isnan(strange))
    scores = detector.autoencoder_.score_samples(strange)
    assert_allclose(-scores, 13 * np.nanmean(errors, axis=1), rtol=1e-4)


@pytest.mark.parametrize(
    ("kind", "X", "match"),
    [
        (PLAIN, np.where(HOLES, np.inf, X), "contains infinity"),
        (PLAIN, np.where(HOLES, np.nan, np.inf), "contains infinity"),
        (PLAIN, np.full((30, 4), np.nan), "NaN alone: there is no value to learn from"),
        (clone(PLAIN).set_params(missing_values="?"), X, "'missing_values' parameter"),
        (skae.ConvolutionalAutoencoder(2, image_shape=(13, 1)), INCOMPLETE, "does not accept miss"),
        (skae.RecurrentAutoencoder(2, sequence_shape=(13, 1)), INCOMPLETE, "has NaN before its la"),
    ],
)
def test_refusals(kind, X, match):
    with pytest.raises(ValueError, match=match):
        kind.fit(X)


def test_exported_encoders_return_nan_for_incomplete_rows(plain):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(to_onnx(plain).SerializeToString())
    (codes,) = session.run(None, {"X": np.float32(INCOMPLETE)})
    incomplete = HOLES.any(axis=1)
    assert np.isnan(codes[incomplete]).all()
    assert_allclose(codes[~incomplete], plain.transform(X[~incomplete]), atol=1e-4)


@pytest.mark.parametrize("constant", [3.3, 1234.56789])
def test_a_feature_that_was_constant_may_vary_later(constant):
    # Means of equal values differ from them by rounding.
    X = np.column_stack([INCOMPLETE, np.full(len(INCOMPLETE), constant)])
    new = X.copy()
    new[:, -1] *= 1.1
    for kind in (PLAIN, clone(PLAIN).set_params(column_scaling=True)):
        assert np.abs(fitted(kind, X).transform(new)).max() < 1000
    imputer = skae.AutoencoderImputer(max_iter=1, random_state=0).fit(X)
    assert np.abs(imputer.transform(new)[:, :-1]).max() < 10
