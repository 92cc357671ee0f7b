"""Sample weights: what is refused, how they are scaled, quantiles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae._data.weights import (
    checked_weights,
    effective_size,
    mean_and_deviation,
    relative,
    weighted_quantiles,
)

RNG = np.random.default_rng(0)
VALUES, COUNTS = RNG.standard_normal(30), RNG.integers(1, 5, 30)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1.0, -1.0, 1.0], "Negative values in data passed to `sample_weight`"),
        ([1.0, np.nan, 1.0], "Input sample_weight contains NaN"),
        ([1.0, np.inf, 1.0], "Input sample_weight contains infinity"),
        ([1.0, 1.0], r"sample_weight\.shape == \(2,\), expected \(3,\)"),
        (np.ones((3, 1)), "sample_weight: Sample weights must be 1D"),
        ([0.0, 0.0, 0.0], "sample_weight: .* at least one non-zero number"),
        ([1e308, 1e308, 1.0], "sample_weight is too large: its sum overflows"),
        (["a", "b", "c"], "sample_weight: could not convert string to float"),
    ],
)
def test_invalid_weights_are_refused_by_name(given, words):
    with pytest.raises(ValueError, match=words):
        checked_weights(given, 3)


def test_only_weights_below_one_are_scaled():
    assert checked_weights(None, 3) is None
    assert checked_weights([1, 1, 1], 3) is None
    given = np.array([0.0, 0.1, 0.3])
    assert_allclose(checked_weights(given, 3), [0.0, 0.5, 1.5])
    assert_array_equal(given, [0.0, 0.1, 0.3])
    assert_array_equal(checked_weights([0, 2, 5], 3), [0, 2, 5])
    assert_array_equal(checked_weights(3, 2), [3, 3])


def test_relative_weights_are_never_rounded_to_zero():
    weights = relative(np.array([1e-300, 1.0, 2.0])).astype(np.float32)
    assert weights[0] > 0.0
    assert weights.mean() == 1.0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.37, 0.5, 1.0])
def test_a_quantile_is_that_of_repeated_values(share):
    repeated = np.repeat(VALUES, COUNTS)
    weights = COUNTS.astype(float)
    assert_allclose(weighted_quantiles(VALUES, share, weights), np.quantile(repeated, share))
    assert weighted_quantiles(VALUES, share) == np.quantile(VALUES, share)


def test_moments_are_those_of_repeated_rows():
    rows, repeated = VALUES.reshape(-1, 3), np.repeat(VALUES.reshape(-1, 3), COUNTS[:10], axis=0)
    mean, deviation = mean_and_deviation(rows, COUNTS[:10])
    assert_allclose(mean, repeated.mean(axis=0))
    assert_allclose(deviation, repeated.std(axis=0))


def test_unequal_weights_tell_less():
    assert effective_size(np.full(7, 3.0)) == pytest.approx(7.0)
    assert effective_size(np.array([100.0, 1.0, 1.0])) < 1.1
