"""Sequences of unequal lengths: padded, checked, and cut to their lengths again."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skae._data.sequences import check_ends, padded, unpadded

NAN = np.nan
LISTS = [[[1, 2], [3, 4]], [[5, 6]]]


def test_lists_become_one_array_with_nan_after_the_end():
    expected = [[[1, 2], [3, 4]], [[5, 6], [NAN, NAN]]]
    assert_array_equal(padded(LISTS, None), expected)
    assert padded([np.float32([[1.0]]), np.zeros((2, 1), np.float32)], None).dtype == np.float32
    longer = padded(LISTS, (3, 2))
    assert_array_equal(longer[:, :2], expected)
    assert np.isnan(longer[:, 2]).all()
    assert_array_equal(padded([[1, 2, 3], [4]], None), [[1, 2, 3], [4, NAN, NAN]])
    # Flat sequences of two values in each step.
    assert padded([[1, 2, 3, 4], [5, 6]], (3, 2)).shape == (2, 6)


def test_arrays_are_padded_to_the_length_of_fit():
    X = np.zeros((4, 2, 3))
    assert padded(X, None) is not None
    assert_array_equal(padded(X, (2, 3)), X)
    assert np.isnan(padded(X, (5, 3))[:, 2:]).all()
    flat = np.zeros((4, 6))
    assert padded(flat, (5, 3)) is flat


@pytest.mark.parametrize(
    ("X", "shape", "message"),
    [
        (LISTS, (1, 2), "length 2, longer than those that were fitted"),
        ([[[1, 2]], [[1, 2, 3]]], None, r"shapes \(1, 2\) and \(1, 3\)"),
        ([[[1, 2]], [1, 2]], None, r"shapes \(1, 2\) and \(2,\)"),
        ([[[1, 2], [3]]], None, "steps of a sequence in X have unequal lengths"),
    ],
)
def test_what_is_no_sequence_is_refused(X, shape, message):
    with pytest.raises(ValueError, match=message):
        padded(X, shape)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1, NAN, NAN, NAN], "sample 1 has NaN before its last values, at step 0"),
        ([NAN, NAN, 1, 2], "sample 1 has NaN before its last values, at step 0"),
        ([NAN, NAN, NAN, NAN], "sample 1 has NaN and no values"),
    ],
)
def test_nan_stands_for_the_end_alone(row, message):
    with pytest.raises(ValueError, match=message):
        check_ends(np.array([[1, 2, NAN, NAN], row]), 2)
    check_ends(np.array([[1, 2, NAN, NAN], [1, 2, 3, 4]]), 2)


def test_rows_get_the_lengths_of_the_sequences():
    rows = np.arange(8.0).reshape(2, 4)
    cut = unpadded(rows, LISTS)
    assert_array_equal(cut[0], [[0, 1], [2, 3]])
    assert_array_equal(cut[1], [[4, 5]])
    assert_array_equal(unpadded(rows, np.array([[[1.0, 2]], [[3, NAN]]])), [[[0, 1]], [[4, NAN]]])
    assert_array_equal(unpadded(rows, [[[9.0, 9]], [[9, 9]]]), [[[0, 1]], [[4, 5]]])
