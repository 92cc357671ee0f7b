"""The stages of a fit: when training leaves its initialization."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skae import AutoencoderTransformer
from skae._data.batches import Feed
from skae._estimators import parameters
from skae._training import schedule, stages
from skae._training.epochs import History
from skae._training.schedule import Snapshot


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize(
    ("n_rows", "of_text", "leaves"), [(80, True, True), (80, False, False), (40, True, False)]
)
def test_only_beside_categories_any_gain_is_enough(n_rows, of_text, leaves, monkeypatch):
    monkeypatch.setattr(schedule, "is_significant_gain", lambda *_: False)
    z = np.random.default_rng(0).uniform(-2, 2, n_rows)
    X = pd.DataFrame({"a": z, "b": z**2, "c": np.sin(3 * z), "d": z > 0})
    X = X.astype({"d": "str" if of_text else "float"})
    fitted = AutoencoderTransformer(1, column_scaling=True, max_iter=12, random_state=0).fit(X)
    assert min(fitted.validation_loss_curve_) < fitted.validation_loss_curve_[0]
    assert (fitted.best_iter_ > 0) == leaves


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.usefixtures("without_xla")
class TestLastSteps:
    X = np.random.default_rng(0).normal(size=(64, 1)) ** np.arange(1, 4)

    @pytest.fixture(autouse=True)
    def fed(self, monkeypatch):
        """Record the rows of each training; the validated one is short."""
        monkeypatch.setattr(parameters, "MOST_EPOCHS", 12)
        monkeypatch.setattr(parameters, "MOST_STEPS_OF_COLUMNS", 1)
        monkeypatch.setattr(schedule, "is_significant_gain", lambda *_: True)
        fed, honest = [], Feed.__iter__
        monkeypatch.setattr(Feed, "__iter__", lambda feed: fed.append(feed.rows) or honest(feed))
        return fed

    def test_they_train_on_all_samples(self, fed):
        fitted = AutoencoderTransformer(1, column_scaling=True, random_state=0).fit(self.X)
        validated, last = fed
        assert len(validated) < len(self.X)
        assert_array_equal(last, np.arange(len(self.X)))
        assert fitted.best_iter_ > 0
        assert fitted.best_validation_loss_ == min(fitted.validation_loss_curve_)

    @pytest.mark.parametrize(
        ("params", "X_val"),
        [
            ({"column_scaling": False}, None),
            ({"max_iter": 12}, None),
            ({"warm_start": True}, None),
            ({"ordered": True, "n_iter_no_change": 2}, None),
            ({"early_stopping": False}, None),
            ({"learning_rate_init": 1e-12}, None),  # the initialization is kept
            ({}, X[::2]),
        ],
    )
    def test_there_are_none(self, params, X_val, fed):
        params = {"column_scaling": True, "random_state": 0, **params}
        AutoencoderTransformer(1, **params).fit(self.X, X_val=X_val)
        assert len(fed) == 1


def test_ctrl_c_in_the_last_steps_leaves_the_weights_that_validation_chose(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "run_last_steps", interrupted)
    history = History(kept := Snapshot(3, (np.ones(2),), np.zeros(20)))
    stages._train_on_all(None, history, None, None)
    assert history.kept is kept
    assert history.interrupted
