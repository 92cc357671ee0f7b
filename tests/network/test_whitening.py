"""Whitening: uncorrelated codes, unit variance, exact inverse."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skae._network.whitening import Moments

CODES = np.random.default_rng(0).standard_normal((200, 3)) @ np.array(
    [[2.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.1]]
) + [5.0, -1.0, 0.0]


def test_whitened_codes_are_uncorrelated_with_unit_variance():
    mean, matrix, inverse = Moments.of(CODES).whitening()
    white = (CODES - mean) @ matrix
    assert_allclose(np.cov(white.T), np.eye(3), atol=1e-10)
    assert_allclose(white @ inverse + mean, CODES)


@pytest.mark.parametrize("cut", [1, 50, 199])
def test_moments_can_be_pooled(cut):
    pooled = Moments.of(CODES[:cut]) + Moments.of(CODES[cut:])
    whole = Moments.of(CODES)
    assert pooled.n == whole.n
    assert_allclose(pooled.mean, whole.mean)
    assert_allclose(pooled.scatter, whole.scatter, atol=1e-10)


def test_decorrelated_codes_are_only_divided():
    mean, matrix, _ = Moments.of(
        np.diag([3.0, 2.0, 1.0]) - np.diag([3.0, 2.0, 1.0])[::-1]
    ).whitening()
    assert_allclose(mean, 0.0, atol=1e-12)
    assert np.isfinite(matrix).all()


def test_small_codes_are_whitened_too():
    spread = CODES * [1e4, 1.0, 0.1]
    mean, matrix, _ = Moments.of(spread).whitening()
    assert_allclose(np.cov(((spread - mean) @ matrix).T), np.eye(3), atol=1e-6)


def test_codes_without_variance_are_not_blown_up():
    mean, matrix, _ = Moments.of(np.full((50, 2), 0.1)).whitening()
    assert np.abs((0.1 + 1e-9 - mean) @ matrix).max() < 1e-6


@pytest.mark.parametrize("codes", [np.ones((5, 2)), np.ones((1, 2)), np.arange(10.0).reshape(5, 2)])
def test_codes_without_variance_stay_finite(codes):
    mean, matrix, inverse = Moments.of(codes).whitening()
    white = (codes - mean) @ matrix
    assert np.isfinite(white).all()
    assert_allclose(white @ inverse + mean, codes, atol=1e-6)
