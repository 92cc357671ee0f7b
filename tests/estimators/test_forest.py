"""Forests as autoencoders: both kinds of codes, mixed tables, clear errors."""

import pickle

import dask.array
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from skae import ForestAutoencoder
from tests.forest.test_table import mixed

KINDS = pytest.mark.parametrize("codes", ["spectral", "leaves"])


def forest(n_components=2, **params):
    return ForestAutoencoder(n_components, **{"n_estimators": 20, "random_state": 0} | params)


def related(n_samples=400, seed=0):
    """Return five columns that one hidden variable and a group tell."""
    rng = np.random.default_rng(seed)
    hidden, group = rng.uniform(size=n_samples), rng.integers(3, size=n_samples)
    return pd.DataFrame(
        {
            "group": np.array(["red", "green", "blue"])[group],
            "size": hidden + group,
            "weight": (hidden + group) ** 2,
            "is_large": hidden + group > 1.5,
            "rank": (10 * hidden).astype(int),
        }
    )


@KINDS
def test_two_codes_tell_a_table_with_two_hidden_variables(codes):
    model = forest(codes=codes).fit(related())
    assert model.score(related(seed=1)) > 0.85


def test_more_leaf_codes_reconstruct_better():
    X, X_test = train_test_split(load_iris().data, random_state=0)
    scores = [forest(k, codes="leaves").fit(X).score(X_test) for k in (1, 4, 16)]
    assert scores == sorted(scores)
    assert scores[-1] > 0.98


def test_leaf_codes_of_images():
    X, X_test = train_test_split(load_digits().data, random_state=0)
    model = forest(60, codes="leaves").fit(X)
    errors = ((model.reconstruct(X_test) - X_test) ** 2).mean()
    assert errors < 0.1 * X.var(axis=0).mean()


@KINDS
def test_frames_come_back_as_frames(codes):
    X = mixed()
    model = forest(3, codes=codes).fit(X)
    back = model.reconstruct(X)
    assert_array_equal(back.dtypes, X.dtypes)
    assert back.index.equals(X.index)
    model.set_output(transform="pandas")
    codes_of_X = model.transform(X)
    assert list(codes_of_X.columns) == list(model.get_feature_names_out())
    pd.testing.assert_frame_equal(model.inverse_transform(codes_of_X), back)
    X = pl.from_pandas(X.reset_index(drop=True))
    assert clone(model).fit(X).reconstruct(X).schema == X.schema


@KINDS
def test_arrays_come_back_as_arrays(codes):
    X = load_iris().data
    model = forest(codes=codes).fit(X)
    assert isinstance(model.reconstruct(X), np.ndarray)
    # Samples of an array whose names are known to be the same.
    frame = pd.DataFrame(X)
    assert_array_equal(model.transform(frame), model.transform(X))


@KINDS
def test_pickle_and_skops_keep_what_it_does(codes):
    X = related()
    model = forest(codes=codes).fit(X)
    loaded = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(loaded.reconstruct(X), model.reconstruct(X))
    model.fit(load_iris().data)
    stored = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=stored)
    assert not [name for name in types if name.startswith("skae._")]
    loaded = skops.io.loads(stored, trusted=types)
    assert_array_equal(loaded.transform(load_iris().data), model.transform(load_iris().data))


def test_codes_are_ordered_and_do_not_depend_on_the_run():
    X = load_iris().data
    model = forest(3, max_features=1).fit(X)
    assert (np.diff(model.eigenvalues_) <= 0).all()
    assert model.eigenvalues_[0] < 1
    codes = model.transform(X)
    assert_allclose((codes**2).mean(axis=0), model.eigenvalues_**2)
    again = forest(3, max_features=1, n_jobs=2).fit(X)
    assert_allclose(again.transform(X), codes, atol=1e-9)
    model.set_params(codes="leaves").fit(X)
    assert not hasattr(model, "eigenvalues_")


def test_one_tree_is_chosen_where_codes_are_few():
    rng = np.random.default_rng(0)
    groups = pd.DataFrame(rng.choice(["a", "b"], size=(400, 7)))
    groups.columns = list("abcdefg")
    assert len(forest(1).fit(groups).forest_.estimators_) == 1
    ball = rng.standard_normal((400, 3))
    assert len(forest(3).fit(ball).forest_.estimators_) == 20


def test_in_a_pipeline_and_a_search():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(forest(), LogisticRegression())
    assert pipeline.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
    search = GridSearchCV(forest(codes="leaves"), {"n_components": [1, 3]}, cv=3).fit(X)
    assert search.best_params_ == {"n_components": 3}


@KINDS
def test_samples_that_break_the_rules_score_lowest(codes):
    X, new = related(), related(40, seed=1)
    new.loc[:9, "weight"] = (new.loc[:9, "weight"] + 4.5) % 9
    scores = forest(codes=codes).fit(X).score_samples(new)
    assert roc_auc_score(np.arange(40) >= 10, scores) > 0.9


def test_a_category_that_training_did_not_have():
    X = related()
    new = X.head(3).assign(group="violet")
    back = forest(codes="leaves").fit(X).reconstruct(new)
    assert set(back["group"]) <= set(X["group"])


@KINDS
def test_a_single_column(codes):
    X = pd.DataFrame({"x": np.random.default_rng(0).uniform(size=60)})
    assert forest(1, codes=codes).fit(X[:50]).score(X[50:]) > 0.7


def test_constant_columns_and_samples():
    X = pd.DataFrame({"x": np.arange(50.0), "one": 1, "all": "same"})
    back = forest(codes="leaves").fit(X).reconstruct(X)
    assert (back["one"] == 1).all()
    assert (back["all"] == "same").all()
    for codes in ("spectral", "leaves"):
        equal = np.ones((50, 3))
        assert_allclose(forest(codes=codes).fit(equal).reconstruct(equal), equal)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"codes": "leaf"}, "'codes' parameter"),
        ({"max_features": 0}, "'max_features' parameter"),
        ({"n_components": 150}, r"n_components=150 must be less than n_samples=150"),
    ],
)
def test_bad_parameters(params, match):
    with pytest.raises(ValueError, match=match):
        forest(**params).fit(load_iris().data)


def test_bad_input():
    X = related()
    model = forest(codes="leaves")
    with pytest.raises(NotFittedError):
        model.transform(X)
    with pytest.raises(ValueError, match=r"columns \['size'\]. Impute"):
        model.fit(X.assign(size=np.nan))
    with pytest.raises(ValueError, match=r"with text\. Pass a data frame"):
        model.fit(X.to_numpy())
    with pytest.raises(TypeError, match=r"Pass X\.compute\(\)"):
        model.fit(dask.array.ones((30, 2)))
    with pytest.raises(ValueError, match="has 1 samples"):
        model.fit(X.head(1))
    model.fit(X)
    with pytest.raises(ValueError, match="feature names"):
        model.transform(X[X.columns[::-1]])
    with pytest.raises(ValueError, match="expects codes with n_components_=2 columns"):
        model.inverse_transform(np.ones((2, 3)))
    # A failed fit changes nothing.
    before = model.transform(X)
    with pytest.raises(ValueError, match="Impute"):
        model.fit(X.drop(columns="group").assign(size=np.nan))
    assert_array_equal(model.transform(X), before)
