"""Learning rates, and the rule for the weights to keep."""

import numpy as np
import pytest

from skae._training.options import TrainingOptions
from skae._training.schedule import Monitor, Schedule, Snapshot, is_significant_gain, still_falls


def test_rates():
    constant = Schedule("constant", 0.1, 10)
    assert [constant.rate(epoch) for epoch in (1, 10)] == [0.1, 0.1]
    exponential = Schedule("exponential", 0.1, 10)
    assert exponential.rate(1) == 0.1
    assert exponential.rate(11) == pytest.approx(0.001)
    cosine = Schedule("cosine", 0.1, 10)
    assert cosine.rate(1) == 0.1
    assert cosine.rate(6) == pytest.approx(0.05)
    assert cosine.rate(11) == pytest.approx(0.0, abs=1e-9)


def test_only_adaptive_is_cut_and_not_for_ever():
    assert not Schedule("constant", 0.1, 10).cut()
    adaptive = Schedule("adaptive", 0.1, 10)
    rates = []
    while adaptive.cut():
        rates.append(adaptive.rate(1))
    assert rates == pytest.approx([0.02, 0.004])


def watched(losses, patience=2, tol=0.1, **start):
    monitor = Monitor(tol, patience, **start)
    stalls = [monitor.update(i, f"w{i}", np.array([loss])) for i, loss in enumerate(losses, 1)]
    return monitor, stalls


def test_best_weights_are_kept_and_stalls_counted():
    monitor, stalls = watched([5.0, 4.0, 3.95, 3.97, 3.0])
    assert stalls == [False, False, False, True, False]
    assert monitor.kept.epoch == 5
    assert watched([5.0, 4.0, 3.95, 3.97])[0].kept.weights == "w3"


def test_infinite_patience_never_stalls():
    assert not any(watched([1.0] * 50, patience=np.inf)[1])


def test_initial_weights_are_kept_unless_beaten():
    start = Snapshot(0, "start", np.array([4.5]))
    assert watched([5.0, 4.6], start=start)[0].kept.weights == "start"
    assert watched([5.0, 4.4], start=start)[0].kept.weights == "w2"


@pytest.mark.parametrize(("n_rows", "kept"), [(14, 0), (15, 1)])
def test_few_samples_are_never_significant(n_rows, kept):
    monitor = Monitor(
        0.0, 10, Snapshot(0, "start", np.full(n_rows, 10.0)), requires_significant_gain=True
    )
    monitor.update(1, "w1", np.arange(n_rows) / n_rows)
    assert monitor.kept.epoch == kept


@pytest.mark.parametrize(("n_rows", "errors"), [(15, 1.46), (30, 1.28), (150, 1.10), (9000, 1.01)])
@pytest.mark.parametrize("kept", [0, 1])
def test_pca_is_left_only_for_a_significant_gain(n_rows, errors, kept):
    # Most gain alike, and one row so much that it makes the mean's standard error 1.
    gains = np.zeros(n_rows)
    gains[0] = n_rows
    gains += errors + (0.01 if kept else -0.01) - gains.mean()
    before = np.full(n_rows, 10.0)
    after = before - gains
    monitor = Monitor(0.0, 10, Snapshot(0, "start", before), requires_significant_gain=True)
    monitor.update(1, "w1", after)
    assert monitor.kept.epoch == kept
    untrusting = Monitor(0.0, 10, Snapshot(0, "start", before))
    untrusting.update(1, "w1", after)
    assert untrusting.kept.epoch == 1


def test_a_mean_dominated_by_few_samples_is_not_significant():
    gains = np.repeat([-0.01, 50.0], [90, 10])
    assert not is_significant_gain(gains)
    assert is_significant_gain(np.abs(gains))
    assert not is_significant_gain(np.ones(4))  # too few to prove anything
    assert is_significant_gain(np.array([0.1]))
    assert not is_significant_gain(np.array([0.0]))


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], False),
        ([1.0], False),  # nothing to compare with
        ([5.0, 4.0], True),
        ([5.0, 5.0, 5.0], False),
        (np.linspace(2, 1, 40), True),
        (np.r_[np.linspace(2, 1, 40), np.ones(20)], False),
        (1.0 + 0.1 * RNG.standard_normal(60), False),
        (np.linspace(2, 1, 60) + 0.01 * RNG.standard_normal(60), True),
        (np.linspace(1, 2, 40), False),
        (np.linspace(1.001, 1, 40), False),  # by less than tol
    ],
)
@pytest.mark.parametrize("patience", [10, np.inf])
def test_whether_a_loss_still_falls(losses, expected, patience):
    assert still_falls(list(losses), 1e-3, patience) is expected


def test_a_function_returns_the_rate_of_an_epoch_counted_from_zero():
    schedule = Schedule([0.3, 0.2, 0.1].__getitem__, 9.0, 3)
    assert [schedule.rate(epoch) for epoch in (1, 2, 3)] == [0.3, 0.2, 0.1]
    assert not schedule.cut()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda epoch: 0.1 if epoch < 7 else -0.1, r"returned -0\.1 for epoch 7"),
        (lambda epoch: np.inf, "returned inf for epoch 0"),
        (lambda epoch: None, "For epoch 0 it raised TypeError"),
        (lambda epoch, rate: rate, "must take the epoch, an int counted from 0"),
    ],
)
def test_a_wrong_rate_is_found_before_training(function, words):
    with pytest.raises(ValueError, match=rf"learning_rate=<function.*{words}"):
        TrainingOptions(1, False, function, 0.1, 8, 0.0, 10, True, False)
