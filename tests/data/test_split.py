"""Split into a training set and a validation set."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skae._data.rows import ArrayRows
from skae._data.split import Split, copies_among, train_validation_rows


@pytest.mark.parametrize(
    ("n", "fraction", "expected"),
    [
        (405, 0.1, 41),
        (150, 0.1, 30),
        (150, 0.3, 45),
        (30, 0.1, 7),
        (20, 0.99, 19),
        (8, 0.1, 2),
        (7, 0.1, 0),
        (150, 0.0, 0),
    ],
)
def test_size_of_the_validation_set(n, fraction, expected):
    rows, aside = train_validation_rows(n, fraction, np.random.default_rng(0))
    assert len(aside) == expected
    assert np.array_equal(np.sort(np.concatenate([rows, aside])), np.arange(n))


def test_a_given_validation_set_leaves_all_rows_for_training():
    X, X_val = ArrayRows(np.zeros((5, 2))), ArrayRows(np.ones((3, 2)))
    split = Split.given(X, X_val)
    assert_array_equal(split.training, np.arange(5))
    held_out, rows = split.held_out()
    assert_array_equal(held_out.take(rows), np.ones((3, 2)))


def test_copies_are_trained_on_or_held_out_once():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))[rng.integers(200, size=200)]
    copies = copies_among(ArrayRows(X))
    assert copies.max() + 1 == len(np.unique(X, axis=0))
    rows, aside = train_validation_rows(200, 0.25, rng, copies=copies)
    assert not set(copies[rows]) & set(copies[aside])
    assert len(set(copies[aside])) == len(aside) == pytest.approx((copies.max() + 1) / 4, abs=1)
    assert set(copies) == set(copies[rows]) | set(copies[aside])


def test_rows_that_repeat_by_nature_are_no_copies():
    rng = np.random.default_rng(0)
    assert copies_among(ArrayRows(rng.integers(2, size=(200, 3)).astype(float))) is None
    assert copies_among(ArrayRows(rng.normal(size=(200, 3)))) is None
