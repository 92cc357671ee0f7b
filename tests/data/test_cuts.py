"""How many of its ordered codes the decoder sees of each row."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae._data.cuts import FULL_SHARE, cut_shares, drawn_sizes, validated_sizes


@pytest.mark.parametrize("n", [1, 2, 9, 10, 16, 300])
def test_validation_has_the_shares_of_training(n):
    shares, (sizes, validated) = cut_shares(n), validated_sizes(n)
    assert shares.sum() == pytest.approx(1.0)
    assert validated.sum() == pytest.approx(1.0)
    assert validated[-1] == shares[-1] >= FULL_SHARE
    assert 1 <= sizes[0] <= 1 + n // 100
    assert sizes[-1] == n
    assert (np.diff(sizes) > 0).all()
    assert len(sizes) == len(validated) <= 9
    if n < 10:
        assert_array_equal(sizes, np.arange(1, n + 1))
        assert_array_equal(validated, shares)
    # A loss that is a line in the number of codes is nearly the same.
    assert validated @ sizes == pytest.approx(shares @ np.arange(1, n + 1), rel=0.02)


def test_sizes_are_drawn_by_their_shares():
    shares = cut_shares(5)
    drawn = drawn_sizes(np.random.default_rng(0), shares, (100, 200))
    assert drawn.dtype == np.float32
    assert_allclose(np.bincount(drawn.ravel().astype(int))[1:] / 20_000, shares, atol=0.01)
