"""Tables become numbers of equal weight, and numbers tables of the same columns and dtypes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from polars.testing import assert_frame_equal

from skae._forest.table import EvenTable
from tests.data.test_table import mixed


def test_every_column_has_variance_1():
    X = mixed()
    table = EvenTable(X)
    numbers = table.encode(X)
    parts = np.split(numbers, table.ends[:-1], axis=1)
    assert_allclose([part.var(axis=0).sum() for part in parts], 1.0)


def test_pandas_comes_back_with_dtypes_and_index():
    X = mixed()
    table = EvenTable(X)
    back = table.decode(table.encode(X), X.index)
    pd.testing.assert_frame_equal(back, X, check_exact=False)


def test_polars_comes_back_with_its_schema():
    X = pl.from_pandas(mixed().reset_index(drop=True))
    table = EvenTable(X)
    back = table.decode(table.encode(X))
    assert back.schema == X.schema
    assert_frame_equal(
        back.drop("wide", "narrow"), X.drop("wide", "narrow"), categorical_as_str=True
    )


def test_an_array_comes_back_as_an_array():
    X = np.random.default_rng(0).integers(5, size=(20, 3)) / 2
    table = EvenTable(X)
    assert_allclose(table.decode(table.encode(X)), X)


def test_numbers_stay_in_the_range_of_the_training_samples():
    X = np.array([[0.0], [1.0]])
    assert_allclose(EvenTable(X).decode(np.array([[-9.0], [9.0]])), X)


def test_an_unknown_category_is_none():
    X = pd.DataFrame({"text": ["a", "b", "a"]})
    assert_allclose(EvenTable(X).encode(pd.DataFrame({"text": ["c"]})), 0.0)


def test_score_is_the_mean_of_accuracy_and_of_r2():
    X = pd.DataFrame({"text": ["a", "b", "a", "b"], "x": [0.0, 1.0, 2.0, 3.0]})
    other = X.assign(text=["a", "b", "a", "a"], x=[0.0, 1.0, 2.0, 2.0])
    assert EvenTable(X).score(X, other) == pytest.approx((0.75 + (1 - 1 / 5)) / 2)
    # Worse than the mean counts as nothing.
    assert EvenTable(X).score(X, X.assign(x=-X["x"])) == pytest.approx(0.5)


@pytest.mark.parametrize("missing", [None, np.nan])
def test_missing_values_are_refused_by_column(missing):
    X = pd.DataFrame({"fine": [1.0, 2.0], "text": ["a", missing], "x": [1.0, np.inf]})
    with pytest.raises(ValueError, match=r"NaN or infinity in the columns \['text', 'x'\]"):
        EvenTable(X)
    with pytest.raises(ValueError, match=r"\['text'\]"):
        EvenTable(pl.DataFrame({"fine": [1.0, 2.0], "text": ["a", None]}))


def test_dates_and_overflow_are_refused():
    with pytest.raises(ValueError, match=r"'day' of X has the dtype datetime64.*days since"):
        EvenTable(pd.DataFrame({"day": pd.date_range("2020-01-01", periods=3)}))
    with pytest.raises(ValueError, match=r"reaches 1e\+300 in size.*Divide X"):
        EvenTable(np.array([[1e300], [-1e300]]))
