"""scikit-learn's callbacks: an epoch is a task, bars nest, scores are monitored, fits stop."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderClassifier, AutoencoderTransformer, StackedAutoencoder

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Maximum number of epochs"),
    pytest.mark.usefixtures("module_without_xla"),
]

X, y = load_iris(return_X_y=True)


class Recorder:
    """Writes down which hook was called, on which task, with what."""

    max_propagation_depth = None

    def __init__(self, stop_after=np.inf, fail_at=None):
        self.hooks, self.scores = [], []
        self.stop_after, self.fail_at = stop_after, fail_at

    def _call(self, hook, task):
        self.hooks.append((hook, task))
        if hook == self.fail_at:
            raise RuntimeError(f"failed at {hook}")

    def setup(self, estimator, context):
        self._call("setup", context.task_name)

    def teardown(self, estimator, context):
        self._call("teardown", context.task_name)

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self._call("begin", context.task_name)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self._call("end", context.task_name)
        self.scores.append(fitted_estimator.score(X))
        return context.task_name == "epoch" and len(self.scores) >= self.stop_after

    def count(self, hook, task):
        return self.hooks.count((hook, task))


def make(**params):
    defaults = {"hidden_layer_sizes": (8,), "max_iter": 6, "random_state": 0}
    return AutoencoderTransformer(2, **defaults | params)


def test_an_epoch_is_a_task():
    recorder = Recorder()
    fitted = make().set_callbacks(recorder).fit(X)
    assert recorder.hooks[:2] == [("setup", "fit"), ("begin", "fit")]
    assert recorder.hooks[-2:] == [("end", "fit"), ("teardown", "fit")]
    assert recorder.count("begin", "epoch") == recorder.count("end", "epoch") == 6
    assert recorder.scores[-1] == fitted.score(X)


def test_partial_fit_is_one_task():
    recorder = Recorder()
    passes = make().set_callbacks(recorder).partial_fit(X).partial_fit(X)
    assert recorder.count("setup", "fit") == recorder.count("teardown", "fit") == 2
    assert recorder.scores[-1] == passes.score(X)


def test_callbacks_change_nothing():
    watched = make().set_callbacks(Recorder()).fit(X)
    for one, other in zip(watched.weights_, make().fit(X).weights_, strict=True):
        assert_array_equal(one, other)


def test_a_callback_stops_the_fit():
    assert make(max_iter=50).set_callbacks(Recorder(stop_after=3)).fit(X).n_iter_ == 3


@pytest.mark.parametrize("hook", ["setup", "begin", "end", "teardown"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_failing_callback_is_torn_down_and_leaves_no_half_fit(hook, method):
    recorder = Recorder(fail_at=hook)
    estimator = make().set_callbacks(recorder)
    with pytest.raises(RuntimeError, match=f"failed at {hook}"):
        getattr(estimator, method)(X)
    assert recorder.count("teardown", "fit") == 1
    assert not hasattr(estimator, "_callback_fit_ctx")
    if hook != "teardown":
        assert not hasattr(estimator, "n_features_in_")
        assert not hasattr(estimator, "weights_")


@pytest.mark.parametrize("target", [None, y])
def test_scoring_monitor(target):
    monitor = callback.ScoringMonitor(scoring={"score": lambda model, X, y: model.score(X, y)})
    fitted = make().set_callbacks(monitor).fit(X, target)
    log = monitor.get_logs().data
    scores = [entry["score"] for entry in log if entry["task_name"] == "epoch"]
    assert len(scores) == 6
    assert scores[-1] == pytest.approx(fitted.score(X))


class LabelRecorder(Recorder):
    """Scores by labels too."""

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self._call("end", context.task_name)
        self.scores.append(fitted_estimator.score(X, y))
        return context.task_name == "epoch" and len(self.scores) >= self.stop_after


def test_a_classifier_tells_of_the_epochs_of_its_joint_training():
    recorder = LabelRecorder(stop_after=2)
    classifier = AutoencoderClassifier(make(max_iter=1), max_iter=5, random_state=0)
    fitted = classifier.set_callbacks(recorder).fit(X, y)
    assert fitted.n_iter_ == recorder.count("begin", "epoch") == recorder.count("end", "epoch") == 2
    assert recorder.scores[-1] == fitted.score(X, y)


def test_clones_share_callbacks():
    recorder = Recorder()
    clone(make().set_callbacks(recorder)).fit(X)
    assert recorder.count("setup", "fit") == 1


def test_progress_bars_nest(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    pipeline = make_pipeline(StandardScaler(), make(max_iter=3))
    grid = {"autoencodertransformer__n_components": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2).set_callbacks(
        callback.ProgressBar(max_propagation_depth=None)
    )
    search.fit(X)
    printed = capsys.readouterr().out
    assert "GridSearchCV" in printed
    assert "AutoencoderTransformer" in printed
    assert set(search.cv_results_["param_autoencodertransformer__n_components"]) == {1, 2}


def stacked(**params):
    return StackedAutoencoder(2, hidden_layer_sizes=(8,), layer_max_iter=3, max_iter=6, **params)


def test_the_epochs_of_a_layer_are_tasks_too():
    recorder = Recorder()
    fitted = stacked().set_callbacks(recorder).fit(X)
    assert recorder.count("end", "epoch") == 3 + 3 + 6
    assert recorder.scores[-1] == fitted.score(X)


@pytest.mark.parametrize(("stop_after", "n_epochs"), [(2, [2]), (4, [3, 1]), (8, [3, 3])])
def test_stopping_in_a_layer_ends_the_fit(stop_after, n_epochs):
    fitted = stacked().set_callbacks(Recorder(stop_after=stop_after)).fit(X)
    assert [len(curve) for curve in fitted.stage_loss_curves_] == n_epochs
    assert fitted.n_iter_ == (2 if stop_after == 8 else 0)
    assert np.isfinite(fitted.transform(X)).all()
