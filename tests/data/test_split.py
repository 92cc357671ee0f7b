"""Split into a training set and a validation set."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skae._data.rows import ArrayRows
from skae._data.split import Split, train_validation_rows


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
