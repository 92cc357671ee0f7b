"""Tables become rows of numbers and indicators, and rows tables of the same columns and dtypes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from polars.testing import assert_frame_equal

from skae._data.table import Table, categorical_mask, columns_of


def mixed(n_samples=60, seed=0):
    """Return a data frame with every kind of column."""
    rng = np.random.default_rng(seed)
    levels = rng.choice(["low", "high"], n_samples)
    return pd.DataFrame(
        {
            "text": rng.choice(["a", "b", "c"], n_samples),
            "level": pd.Categorical(levels, categories=["high", "low", "unused"]),
            "grade": pd.Categorical(rng.choice([1, 5, 9], n_samples)),
            "flag": rng.uniform(size=n_samples) > 0.5,
            "count": rng.integers(9, size=n_samples).astype("int16"),
            "wide": rng.normal(1e6, 1e3, size=n_samples),
            "narrow": rng.normal(size=n_samples).astype("float32"),
            "nullable": pd.array(rng.integers(5, size=n_samples), dtype="Int64"),
        },
        index=np.arange(n_samples) + 100,
    )


def table_of(X, chosen="from_dtype"):
    return Table(X, categorical_mask(X, chosen))


def test_rows_hold_numbers_and_an_indicator_for_each_category():
    X = pd.DataFrame({"x": [1.5, 2.0, 3.0], "text": ["b", "a", "b"], "n": [1, 2, 3]})
    table = table_of(X)
    assert table.categories == ((1, 3),)
    assert_array_equal(table.rows(X), [[1.5, 0, 1, 1], [2, 1, 0, 2], [3, 0, 1, 3]])


def test_frames_come_back_with_dtypes_and_index():
    X = mixed()
    table = table_of(X)
    pd.testing.assert_frame_equal(table.table(table.rows(X), X.index), X)
    assert table.is_categorical.tolist() == [True] * 4 + [False] * 4
    X = pl.from_pandas(X.reset_index(drop=True))
    back = table_of(X).table(table_of(X).rows(X))
    assert back.schema == X.schema
    assert_frame_equal(back, X, check_exact=True, categorical_as_str=True)


def test_names_may_repeat_and_categories_may_be_taken_for_numbers():
    X = pd.DataFrame([[1.5, 1], [2.5, 2]], columns=["x", "x"])
    assert table_of(X).table(np.array([[1.0, 2.4]])).to_numpy().tolist() == [[1.0, 2.0]]
    X = pd.DataFrame({"n": pd.Categorical([1, 5])})
    assert table_of(X, None).table(np.array([[2.8]]))["n"].tolist() == [3]


def test_the_nearest_category_and_whole_numbers_come_back():
    X = pd.DataFrame({"text": ["b", "a"], "n": np.array([1, 255], "uint8")})
    back = table_of(X).table(np.array([[0.4, 0.6, 7.6], [0.6, 0.4, 300.0]]))
    assert back["text"].tolist() == ["b", "a"]
    assert back["n"].tolist() == [8, 255]


@pytest.mark.parametrize("no_category", [0.0, np.nan])
def test_without_an_indicator_a_category_is_missing(no_category):
    X = mixed()[["text", "level", "grade", "wide"]]
    table = table_of(X)
    rows = table.rows(X)
    rows[3, :-1] = no_category
    back = table.table(rows, X.index)
    assert back.iloc[3, :-1].isna().all()
    others = [i for i in range(len(X)) if i != 3]
    pd.testing.assert_frame_equal(back.iloc[others], X.iloc[others])
    polars = pl.DataFrame({"text": ["a", "b"], "flag": [True, False]})
    rows = np.array([[no_category] * 4, [0.0, 1.0, 1.0, 0.0]])
    assert table_of(polars).table(rows).rows() == [(None, None), ("b", False)]


def test_arrays_come_back_as_arrays():
    X = np.array([[1.5, 3.0], [2.0, 5.0], [2.5, 3.0]])
    table = table_of(X, [1])
    assert table.rows(X).shape == (3, 3)
    assert_array_equal(table.table(table.rows(X)), X)
    X = np.array([[1.5, "a"], [2.0, "b"]], dtype=object)
    assert_array_equal(table_of(X, [1]).table(table_of(X, [1]).rows(X)), X)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, "unknown"])
def test_missing_and_unknown_categories_have_no_indicator(missing):
    table = table_of(pd.DataFrame({"text": ["a", "b", "a"]}))
    rows = table.rows(pd.DataFrame({"text": np.array(["b", missing], dtype=object)}))
    assert_array_equal(rows, [[0, 1], [np.nan, np.nan]])
    table = table_of(np.array([["a"], ["b"]], dtype=object), [0])
    assert_array_equal(table.rows(np.array([["b"], [missing]], dtype=object)), rows)


def test_missing_numbers_are_nan():
    X = pd.DataFrame(
        {"x": [1.0, np.nan], "n": pd.array([None, 3], dtype="Int64"), "kind": ["a", "b"]}
    )
    expected = [[1, np.nan, 1, 0], [np.nan, 3, 0, 1]]
    assert_array_equal(table_of(X).rows(X), expected)
    frame = pl.from_pandas(X)
    assert_array_equal(table_of(frame).rows(frame), expected)
    filled = X.fillna({"x": -1.0, "n": -1})
    assert_array_equal(table_of(X).rows(filled, -1.0), expected)
    with pytest.raises(ValueError, match=r"NaN or infinity in the columns \['x', 'n'\]"):
        table_of(X).rows(X, None)


def test_categories_are_chosen_as_in_gradient_boosting():
    X = pd.DataFrame({"x": [1.0, 2.0], "kind": pd.Categorical(["a", "b"]), "n": [1, 2]})
    for chosen in (["kind", "n"], [1, 2], [False, True, True]):
        assert categorical_mask(X, chosen).tolist() == [False, True, True]
    assert categorical_mask(X, "from_dtype").tolist() == [False, True, False]
    for chosen in (None, []):
        assert not categorical_mask(X, chosen).any()
    # Objects may be numbers.
    assert not categorical_mask(X[["x"]].astype(object), "from_dtype").any()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (["z"], r"\['z'\]: \['z'\] are no features of X, which has \['x', 'n'\]"),
        ([2], "integers from 0 to 1"),
        ([-1], "integers from 0 to 1"),
        ([True], "mask of 1 entries for 2 features"),
        ([0.5], "must be 'from_dtype', None, or an array-like"),
    ],
)
def test_wrong_choices_are_refused(chosen, words):
    with pytest.raises(ValueError, match=f"categorical_features=.*{words}"):
        categorical_mask(pd.DataFrame({"x": [1.0], "n": [1]}), chosen)


def test_names_need_names():
    with pytest.raises(ValueError, match="X has no feature names"):
        categorical_mask(np.zeros((2, 2)), ["x"])


def test_a_name_of_each_sample_is_no_category():
    X = pd.DataFrame({"id": [f"sample {i}" for i in range(300)]})
    with pytest.raises(ValueError, match=r"Column 'id' of X has 300 categories.*1 to 255"):
        table_of(X)


def test_text_among_numbers_is_refused():
    X = np.array([[1.5, "a"], [2.0, "b"]], dtype=object)
    table = Table(X, np.array([True, False]))
    with pytest.raises(ValueError, match=r"Column 1 of X holds no numbers.*categorical_features"):
        table.rows(X)


def test_complex_numbers_are_refused():
    X = pd.DataFrame({"text": ["a", "b"], "wave": [1j, 2.0]})
    with pytest.raises(ValueError, match="Complex data not supported: column 'wave'"):
        columns_of(X, np.array([True, False]), takes_missing=True)
