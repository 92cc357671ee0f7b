"""The imputer: what it fills, what it leaves alone, and how uncertain it is."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skae import AutoencoderImputer
from skae._training import averaging
from tests.learning import assert_learned

X = load_wine().data
HOLES = np.random.default_rng(0).random(X.shape) < 0.3
INCOMPLETE = np.where(HOLES, np.nan, X)
SCALE = X.std(axis=0)
SMALL = AutoencoderImputer(8, max_iter=2, random_state=0)

pytestmark = pytest.mark.usefixtures("module_without_xla")


def curved(n, rng):
    """Rows on a curve, with noise: linear imputation cannot know them."""
    z = rng.uniform(-2, 2, (n, 1))
    clean = np.hstack([z, z**2, np.sin(2 * z), np.cos(2 * z), z**3 - z, np.abs(z)])
    return clean + 0.05 * rng.standard_normal(clean.shape)


def error(filled, X, holes, scale=SCALE):
    return np.sqrt(np.square((filled - X) / scale)[holes].mean())


@pytest.fixture(scope="module")
def small():
    return clone(SMALL).fit(INCOMPLETE)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_observed_values_stay_bit_for_bit(dtype, small):
    given = INCOMPLETE.astype(dtype)
    before = given.copy()
    filled = small.transform(given)
    assert filled.dtype == dtype
    assert_array_equal(given, before)
    assert_array_equal(filled[~HOLES], given[~HOLES])
    assert np.isfinite(filled).all()
    # Rows do not depend on each other, and complete rows are returned as they are.
    assert_allclose(small.transform(given[7:8])[0], filled[7], rtol=1e-4)
    assert_array_equal(small.transform(X), X)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("step", "share"), [(1, 0.8), (4, 0.85)])
def test_few_rows_are_imputed_better_than_by_scikit_learn(step, share):
    given, holes, complete = INCOMPLETE[::step], HOLES[::step], X[::step]
    imputer = clone(SMALL).fit(given)
    filled = imputer.transform(given)
    # Fewer than 60 rows cannot tell whether a network helps.
    assert (imputer.network_ is None) == (len(given) < 60)
    iterative = IterativeImputer(random_state=0).fit_transform(given)
    of_means = SimpleImputer().fit_transform(given)
    assert error(filled, complete, holes) < error(iterative, complete, holes)
    assert error(filled, complete, holes) < share * error(of_means, complete, holes)


def test_networks_learn_what_is_not_linear(learning_seed):
    rng = np.random.default_rng(learning_seed)
    known, new = curved(1000, rng), curved(500, rng)
    hidden = rng.random(new.shape) < 0.3
    incomplete = np.where(rng.random(known.shape) < 0.3, np.nan, known)
    imputer = AutoencoderImputer((64, 64), max_iter=80, random_state=learning_seed)
    imputer.set_params(validation_fraction=0.3).fit(incomplete)
    # Each holds out 300 rows, and together at least 400.
    assert len(imputer.weights_) == len(imputer.factor_models_) == 2
    assert len(imputer.validation_loss_curve_) == imputer.n_iter_
    given = np.where(hidden, np.nan, new)
    of_networks = error(imputer.transform(given), new, hidden, known.std(axis=0))
    linear = error(imputer.factor_model_.filled(given), new, hidden, known.std(axis=0))
    assert_learned(of_networks / linear, below=0.85)
    # 90 % intervals of multiple imputations.
    drawn = imputer.sample(given, 100, random_state=0)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0, method="weibull")
    assert_learned(((low <= new) & (new <= high))[hidden].mean(), above=0.85, below=0.95)


def test_weights_are_means_over_epochs(monkeypatch):
    imputer = AutoencoderImputer(8, max_iter=10, random_state=0)
    weights = clone(imputer).fit(INCOMPLETE).weights_[0]
    # With so large a power the mean is that of the last epoch alone.
    monkeypatch.setattr(averaging, "POWER", 1e9)
    last = clone(imputer).fit(INCOMPLETE).weights_[0]
    assert any((mean != each).any() for mean, each in zip(weights, last, strict=True))


def test_noise_is_imputed_by_its_mean(learning_seed):
    """Nothing can be learned, and nothing is added to the linear imputation, or next to nothing."""
    rng = np.random.default_rng(learning_seed)
    noise = rng.standard_normal((100, 5)) ** 3
    hidden = rng.random(noise.shape) < 0.2
    given = np.where(hidden, np.nan, noise)
    imputer = AutoencoderImputer(16, max_iter=20, random_state=learning_seed).fit(given)
    scale = noise.std(axis=0)
    of_means = error(SimpleImputer().fit_transform(given), noise, hidden, scale)
    of_imputer = error(imputer.transform(given), noise, hidden, scale)
    assert_learned(of_imputer / of_means, below=1.1)


def test_one_extreme_value_is_not_followed_by_others(small):
    # Alcohol: 14.8 at most. Linear models would fill proline and others beyond all observed values.
    extreme = np.full((1, X.shape[1]), np.nan)
    extreme[0, 0] = 1000.0
    linear = small.factor_model_.filled(extreme)[0, 1:]
    lowest, highest = np.nanmin(INCOMPLETE, axis=0), np.nanmax(INCOMPLETE, axis=0)
    assert np.any((linear < lowest[1:]) | (linear > highest[1:]))
    assert_array_equal([small.data_min_, small.data_max_], [lowest, highest])
    filled = small.transform(np.vstack([extreme, INCOMPLETE]))
    assert filled[0, 0] == 1000.0
    assert np.all((filled >= lowest) & (filled <= highest), where=np.isnan([*extreme, *INCOMPLETE]))


def test_holes_where_fit_had_none():
    imputer = clone(SMALL).fit(X)
    assert error(imputer.transform(INCOMPLETE), X, HOLES) < 0.9
    no_value = imputer.transform(np.full((1, 13), np.nan))
    assert_allclose(no_value[0], X.mean(axis=0), rtol=0.05)


def test_samples_differ_where_values_are_missing_alone(small):
    drawn = small.sample(INCOMPLETE[:20], 5, random_state=0)
    assert drawn.shape == (5, 20, 13)
    assert_array_equal(np.ptp(drawn, axis=0) > 0.0, HOLES[:20])
    assert_array_equal(small.sample(INCOMPLETE[:20], 5, random_state=0), drawn)
    with pytest.raises(ValueError, match="n=0 must be at least 1"):
        small.sample(X, 0)


@pytest.mark.parametrize("marker", [-1, None, pd.NA])
def test_marks_of_missing_values(small, marker):
    marked = np.where(HOLES, -1, X) if isinstance(marker, int) else INCOMPLETE
    filled = clone(small).set_params(missing_values=marker).fit_transform(marked)
    assert_array_equal(filled, small.transform(INCOMPLETE))


def test_data_frames(small):
    names = [f"x{i}" for i in range(13)]
    frame = pd.DataFrame(INCOMPLETE, columns=names, index=range(5, len(X) + 5))
    imputer = clone(SMALL).set_output(transform="pandas").set_params(add_indicator=True)
    filled = imputer.fit_transform(frame.convert_dtypes())
    assert_allclose(filled[names], small.transform(INCOMPLETE))
    assert_array_equal(filled.index, frame.index)
    assert list(filled.columns[13:]) == [f"missingindicator_{name}" for name in names]
    assert_array_equal(filled.columns, imputer.get_feature_names_out())
    assert_array_equal(filled.iloc[:, 13:], HOLES)
    nulls = pl.from_pandas(frame)
    assert_allclose(clone(SMALL).fit_transform(nulls), small.transform(INCOMPLETE))


def test_features_without_any_value():
    empty = INCOMPLETE.copy()
    empty[:, 2] = np.nan
    imputer = clone(SMALL).fit(empty)
    assert imputer.transform(X).shape == imputer.sample(X)[0].shape == (178, 12)
    assert "x2" not in imputer.get_feature_names_out()
    kept = clone(SMALL).set_params(keep_empty_features=True).fit(empty)
    assert_array_equal(kept.transform(empty)[:, 2], 0.0)
    assert_array_equal(kept.transform(X)[:, 2], X[:, 2])
    assert_array_equal(np.delete(kept.transform(empty), 2, axis=1), imputer.transform(empty))
    assert len(kept.get_feature_names_out()) == 13
    with pytest.raises(ValueError, match="contains NaN alone"):
        clone(SMALL).fit(np.full((20, 3), np.nan))


def test_few_rows_and_one_column():
    for part in (INCOMPLETE[:10], INCOMPLETE[:, :1], INCOMPLETE[:40, :2]):
        imputer = clone(SMALL).fit(part)
        assert imputer.validation_loss_curve_ == []
        assert np.isfinite(imputer.transform(part)).all()
        assert np.isfinite(imputer.sample(part, 2)).all()


def test_pickles_and_repeats(small):
    filled = small.transform(INCOMPLETE)
    assert_array_equal(pickle.loads(pickle.dumps(small)).transform(INCOMPLETE), filled)
    assert_array_equal(clone(small).fit_transform(INCOMPLETE), filled)


def test_in_a_pipeline():
    y = X[:, 12]
    model = make_pipeline(SMALL, Ridge())
    assert (
        cross_val_score(
            model, INCOMPLETE[:, :12], y, cv=KFold(2, shuffle=True, random_state=0)
        ).min()
        > 0.0
    )


def test_values_that_overflow_are_refused():
    with pytest.raises(ValueError, match=r"X is too large: it reaches 1e.200"):
        AutoencoderImputer().fit([[1e200, np.nan], [2.0, 3.0], [-1e200, 4.0]])
