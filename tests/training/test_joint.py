"""Joint training: contents of a batch, length of an adversarial step, tiny data sets."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae import AutoencoderClassifier, AutoencoderRegressor, AutoencoderTransformer
from skae._data.rows import ArrayRows
from skae._training.joint import MIN_STEPS, JointFeed, step_lengths
from skae._training.model import Model

RNG = np.random.default_rng(0)


def feed(X, n_labeled, sizes, lengths=None):
    labeled = np.arange(n_labeled)
    return JointFeed(
        ArrayRows(X),
        np.arange(len(X)),
        labeled,
        np.eye(n_labeled, dtype=np.float32),
        np.zeros(X.shape[1]),
        1.0,
        sizes,
        np.ones(len(X), np.float32) if lengths is None else lengths,
        np.random.default_rng(0),
    )


def test_an_epoch_draws_all_rows_and_all_labels():
    X = np.arange(400.0)[:, np.newaxis]
    batches = feed(X, 30, (4, 32))
    assert batches.epoch_steps == 13
    chunk = next(iter(batches))
    n = chunk.n_steps
    assert n == 13
    assert chunk.ends_epoch
    labeled, others = chunk.batches.inputs[:n, :4, 0], chunk.batches.inputs[:n, 4:, 0]
    assert set(labeled.ravel()) == set(range(30))
    assert set(others.ravel()) == set(range(400))
    assert_array_equal(chunk.batches.targets[:n, :4].argmax(axis=2), labeled)
    assert feed(X[:50], 2, (2, 32)).epoch_steps == MIN_STEPS


def test_directions_are_as_long_as_steps():
    X = RNG.standard_normal((60, 5))
    lengths = RNG.uniform(1.0, 2.0, 60).astype(np.float32)
    batches = next(iter(feed(X, 4, (4, 8), lengths))).batches
    found = np.linalg.norm(batches.normals[0], axis=1)
    of_rows = [lengths[np.abs(X - row).sum(axis=1).argmin()] for row in batches.inputs[0]]
    assert_allclose(found, of_rows, rtol=1e-5)


def model(n_features, scale=1.0):
    plan = AutoencoderTransformer(1)._planned(n_features, 1)
    return Model(plan, (), np.zeros(n_features), scale)


def test_a_step_ends_at_the_nearest_row_or_earlier():
    # Pairs of rows 1 apart, far from one another, and a row that is there twice.
    X = 100.0 * RNG.standard_normal((40, 3))
    beside = X + np.array([1.0, 0.0, 0.0])
    X = np.vstack([X, beside, [[0.0, 999.0, 0.0]] * 2])
    rows = ArrayRows(X)
    lengths = step_lengths(rows, model(3), np.random.default_rng(0))
    assert_allclose(lengths[:80], 1.0, rtol=1e-3)
    assert 1.0 < lengths[80] == lengths[81] < 100.0
    assert_allclose(
        step_lengths(rows, model(3, 10.0), np.random.default_rng(0)), lengths / 10.0, rtol=1e-3
    )
    equal = ArrayRows(np.ones((5, 3)))
    assert (step_lengths(equal, model(3), np.random.default_rng(0)) == 0.0).all()


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_four_rows_are_enough():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [0.1, 1.0], [1.0, 0.1]])
    classifier = AutoencoderClassifier(max_iter=1, random_state=0).fit(X, [0, 1, -1, -1])
    assert classifier.predict(X).tolist() == [0, 1, 0, 1]
    regressor = AutoencoderRegressor(max_iter=1, random_state=0).fit(X, [1.0, 2.0, np.nan, np.nan])
    assert np.isfinite(regressor.predict(X)).all()
    assert np.isfinite(classifier.loss_curve_ + regressor.loss_curve_).all()
