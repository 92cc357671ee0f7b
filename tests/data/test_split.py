"""Split into a training set and a validation set."""

import numpy as np
import pytest

from skae._data.split import train_validation_rows


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
