"""The loop over epochs, with a trainer of prescribed losses."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skae._training.epochs import run_epochs
from skae._training.options import Hooks, StartPolicy, TrainingOptions
from skae._training.protocols import MeanLoss


class Trainer:
    """Plays back training losses; the weights are the number of epochs done."""

    def __init__(self, losses):
        self.left = iter(losses)
        self.rates = []
        self.weights = (0,)

    def epoch(self, rate):
        self.rates.append(rate)
        loss = next(self.left)
        if loss == "Ctrl-C":
            raise KeyboardInterrupt
        self.weights = (self.weights[0] + 1,)
        return MeanLoss(loss, {"reconstruction": 0.75 * loss, "l2": 0.25 * loss})

    def loss(self):
        return MeanLoss(9.0, {"reconstruction": 9.0})


def run(
    losses,
    name="constant",
    keeps_start=False,
    patience=2,
    stop_at=None,
    validation=None,
    **options,
):
    ended = []

    def end_epoch(task, history):
        ended.append(history.kept.epoch)
        return len(ended) == stop_at

    trainer = Trainer(losses)
    options = TrainingOptions(
        batch_size=1,
        shuffle=False,
        learning_rate=name,
        learning_rate_init=0.1,
        max_iter=len(losses),
        tol=0.0,
        patience=patience,
        warns=True,
        **{"verbose": False, **options},
    )
    hooks = Hooks(lambda: None, end_epoch, lambda: None)
    history = run_epochs(
        trainer, validation, options, StartPolicy(keeps_start), hooks, None, lambda *_: None
    )
    return history, trainer


def test_a_stall_ends_a_constant_rate():
    history, _ = run([5.0, 4.0, 4.1, 4.2, 1.0])
    assert history.loss_curve == [5.0, 4.0, 4.1, 4.2]
    assert history.kept.weights == (2,)


def test_a_stall_cuts_an_adaptive_rate():
    _, trainer = run([5.0, 5.0, 5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0], "adaptive")
    assert trainer.rates == pytest.approx([0.1] * 3 + [0.02] * 3 + [0.004] * 2)


class Validator:
    """Losses of 40 samples: noise around this mean of each epoch."""

    effective_size = None

    def __init__(self, means):
        self.means = means

    def losses(self, weights):
        noise = np.random.default_rng(weights[0]).normal(size=40)
        return self.means[weights[0]] + 0.1 * (noise - noise.mean()), {}


FALLING, RESTING = np.linspace(5.0, 4.0, 12).tolist(), [5.0] * 12


@pytest.mark.parametrize(
    ("losses", "then", "waits", "n_epochs"),
    [
        (FALLING, 1.01, True, 12),  # no gain yet, and no loss that could not be chance
        (FALLING, 1.01, False, 4),
        (FALLING, 1.3, True, 4),  # overfitting
        (RESTING, 1.01, True, 4),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_may_wait_while_training_goes_on(losses, then, waits, n_epochs):
    validation = Validator([9.0, 1.0] + [then] * 11)
    history, _ = run(losses, patience=3, waits=waits, validation=validation)
    assert len(history.loss_curve) == n_epochs
    assert history.kept.epoch == 1


@pytest.mark.parametrize("name", ["constant", "adaptive"])
def test_running_out_of_epochs_warns(name):
    with pytest.warns(ConvergenceWarning, match=r"max_iter=2.*Raise max_iter"):
        run([5.0, 4.0], name)


@pytest.mark.parametrize("patience", [100, np.inf])
def test_a_loss_that_stands_still_does_not_warn(patience):
    assert len(run([5.0, 4.0, *[3.0] * 30], patience=patience)[0].loss_curve) == 32


@pytest.mark.parametrize("name", ["cosine", "exponential"])
def test_a_planned_end_does_not_warn(name):
    assert len(run([5.0, 4.0], name)[0].loss_curve) == 2


def test_a_callback_stops_the_fit_without_warning():
    history, _ = run([5.0, 4.0, 3.0], stop_at=2)
    assert history.loss_curve == [5.0, 4.0]


def test_not_finite_in_the_first_epoch_is_an_error():
    with pytest.raises(ValueError, match=r"not finite in epoch 1.*learning_rate_init.*scale X"):
        run([np.nan, 1.0], keeps_start=True)


def test_not_finite_later_keeps_the_best_weights():
    with pytest.warns(ConvergenceWarning, match=r"epoch 3.*learning_rate_init.*epoch 2 are kept"):
        history, _ = run([5.0, 4.0, np.inf])
    assert history.kept.weights == (2,)
    assert history.loss_curve == [5.0, 4.0]


def test_ctrl_c_keeps_the_best_weights():
    history, _ = run([5.0, 4.0, "Ctrl-C"])
    assert history.interrupted
    assert history.kept.weights == (2,)


def test_ctrl_c_before_the_first_epoch_keeps_initial_weights():
    history, _ = run(["Ctrl-C"], keeps_start=True)
    assert history.interrupted
    assert history.kept.epoch == 0
    with pytest.raises(KeyboardInterrupt):
        run(["Ctrl-C"])


def test_verbose_prints_a_line_an_epoch(capsys):
    run([5.0, 4.0, 4.0, 4.0], verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Iteration 1, loss = 5.00000000 (reconstruction 3.75000000, l2 1.25000000)"
    assert len(lines) == 5
    assert "did not fall" in lines[-1]
