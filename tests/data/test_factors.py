"""Factor analysis of incomplete rows: what it fills, whatever is missing, and how it is read."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae._data.factors import FactorModel, FilledRows, factor_model
from skae._data.pca import center, principal_axes
from skae._data.rows import ArrayRows

RNG = np.random.default_rng(0)
# Ten columns in different units that depend on two factors.
UNITS = np.geomspace(0.1, 100, 10)
X = RNG.normal(size=(400, 2)) @ RNG.normal(size=(2, 10)) + 0.2 * RNG.normal(size=(400, 10)) + 3
X *= UNITS
HOLES = RNG.random(X.shape) < 0.3
INCOMPLETE = np.where(HOLES, np.nan, X)


def fitted(incomplete):
    X = ArrayRows(incomplete, has_missing=True)
    return factor_model(X, np.arange(len(incomplete)), center(X), np.random.default_rng(0))


def error(filled, holes=HOLES, scale=UNITS):
    """Return the root mean square error of filled entries."""
    return np.sqrt(np.mean(((filled - X) / scale)[holes] ** 2))


def test_missing_entries_follow_from_the_others():
    model = fitted(INCOMPLETE)
    filled = model.filled(INCOMPLETE)
    assert_array_equal(filled[~HOLES], X[~HOLES])
    by_means = FactorModel.of_means(X.mean(axis=0)).filled(INCOMPLETE)
    # The noise alone is .2.
    assert error(filled) < 0.4 < 0.8 < error(by_means)
    assert model.loadings.shape == (10, 2)
    assert model.missing_share == pytest.approx(HOLES.mean())
    assert_allclose(np.sqrt(model.noise) / UNITS, 0.2, rtol=0.25)


def test_complete_rows_are_not_copied_and_empty_rows_get_the_means():
    model = fitted(INCOMPLETE)
    assert model.filled(X) is X
    rows = np.vstack([X[:1], np.full((1, 10), np.nan)])
    assert_array_equal(model.filled(rows)[0], X[0])
    assert_allclose(model.filled(rows)[1], np.nanmean(INCOMPLETE, axis=0))


def test_what_is_missing_may_depend_on_other_columns():
    holes = np.zeros_like(HOLES)
    other = np.abs(np.corrcoef(X.T)[5, :5]).argmax()
    holes[:, 5] = X[:, other] > np.median(X[:, other])
    incomplete = np.where(holes, np.nan, X)
    model, true = fitted(incomplete), X[:, 5].mean()
    assert error(model.filled(incomplete), holes) < 0.4
    assert abs(model.mean[5] - true) < 0.2 * abs(np.nanmean(incomplete[:, 5]) - true)


def test_columns_that_tell_nothing_of_each_other_are_filled_with_their_means():
    noise = RNG.normal(size=(24, 12))
    holes = RNG.random(noise.shape) < 0.5
    filled = fitted(np.where(holes, np.nan, noise)).filled(np.where(holes, np.nan, noise))
    means = np.nanmean(np.where(holes, np.nan, noise), axis=0)
    worse = np.square(filled - noise)[holes].mean() / np.square(means - noise)[holes].mean()
    assert worse < 1.1


def test_columns_and_blocks_of_filled_rows_agree():
    rows = INCOMPLETE[:30].copy()
    rows[4] = np.nan
    model = fitted(INCOMPLETE)
    filled = FilledRows(ArrayRows(rows, has_missing=True), model)
    assert_allclose(filled.columns(slice(2, 7)), model.filled(rows)[:, 2:7])
    assert_allclose(filled.total(lambda block: block.sum(axis=0)), model.filled(rows).sum(axis=0))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_pca_of_filled_rows_is_better_than_that_of_means(share):
    holes = RNG.random(X.shape) < share
    rows, mean = np.where(holes, np.nan, X / UNITS), (X / UNITS).mean(axis=0)
    train, new = ArrayRows(rows[:300], has_missing=True), rows[300:]
    model = fitted(rows[:300])

    def left(axes, filled):
        projected = (filled - mean) @ axes.directions @ axes.directions.T + mean
        return np.square(projected - X[300:] / UNITS)[holes[300:]].mean()

    by_means = left(principal_axes(train, mean, 2, RNG), np.where(np.isnan(new), mean, new))
    by_factors = left(principal_axes(FilledRows(train, model), mean, 2, RNG), model.filled(new))
    assert by_factors < 0.5 * by_means


def test_a_weight_is_a_number_of_rows():
    counts = RNG.integers(1, 4, len(X))
    weighted = ArrayRows(INCOMPLETE, has_missing=True, weights=counts.astype(float))
    repeated = ArrayRows(np.repeat(INCOMPLETE, counts, axis=0), has_missing=True)
    models = [
        factor_model(X, np.arange(len(X)), center(X), np.random.default_rng(0))
        for X in (weighted, repeated)
    ]
    for found, expected in zip(*models, strict=True):
        assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_the_indicators_of_a_category_are_hidden_together():
    model = fitted(INCOMPLETE)._replace(categories=((1, 4),))
    hidden = np.isnan(model.hidden(np.random.default_rng(0), X))
    assert_array_equal(hidden[:, 1:4].all(axis=1), hidden[:, 1:4].any(axis=1))
    assert (hidden[:, 0] != hidden[:, 1]).any()
    assert hidden.mean() == pytest.approx(0.5 * model.missing_share, rel=0.2)
