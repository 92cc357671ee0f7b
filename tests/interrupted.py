"""A program that gets Ctrl-C during fits of its own and of scikit-learn's: see test_interrupts.py.

It prints what went wrong in each case as JSON. Its fits are those of a main module, which
a test's are not.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from contextlib import contextmanager
from functools import partial

import numpy as np
from joblib import Parallel, delayed, parallel_config
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    AutoencoderClassifier,
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    StackedAutoencoder,
)

X = np.random.default_rng(0).standard_normal((60, 5)) @ np.diag([3.0, 2, 1, 1, 1])
y = np.arange(60) % 2
FAST = {"hidden_layer_sizes": (4,), "solver": "sgd", "random_state": 0, "max_iter": 6}
# One batch size for all, so that one network is compiled once.
FAST = {**FAST, "learning_rate": "cosine", "n_iter_no_change": np.inf, "batch_size": 16}


def plain(**params):
    return AutoencoderTransformer(2, **{**FAST, **params})


def classifier():
    return AutoencoderClassifier(plain(), batch_size=16, random_state=0)


def press():
    os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def pressed(*epochs):
    """Press Ctrl-C at the end of these epochs, counted over all fits; yield their number."""
    from skae._training.schedule import Monitor

    update, count = Monitor.update, [0]

    def and_press(self, *args):
        count[0] += 1
        if count[0] in epochs:
            press()
        return update(self, *args)

    Monitor.update = and_press
    try:
        yield count
    finally:
        Monitor.update = update


@contextmanager
def warned(times=1):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told = [w for w in caught if "interrupted by user; the best weights" in str(w.message)]
    assert len(told) == times, [str(w.message) for w in caught]


@contextmanager
def raising():
    try:
        yield
    except KeyboardInterrupt:
        return
    raise AssertionError("no KeyboardInterrupt")


def same(a, b):
    return all(map(np.array_equal, a.weights_, b.weights_))


def the_program_itself():
    with pressed(2), warned():
        fitted = plain().fit(X)
    assert fitted.n_iter_ == 2
    assert np.isfinite(fitted.transform(X)).all()


def a_transform_after_it():
    with pressed(2), warned():
        codes = plain().fit_transform(X)
    assert codes.shape == (60, 2)


def a_library_in_between():
    estimator = plain()
    with pressed(2), warned(), raising():
        minimize_scalar(lambda alpha: -estimator.set_params(alpha=alpha**2).fit(X).score(X))
    assert estimator.n_iter_ == 2


def a_pipeline():
    pipeline = make_pipeline(StandardScaler(), plain())
    with pressed(2), warned(), raising():
        pipeline.fit(X)
    assert pipeline[-1].n_iter_ == 2


def a_search():
    search = GridSearchCV(plain(), {"alpha": [0.0, 1.0]}, cv=2)
    with pressed(2) as epochs, warned(), raising():
        search.fit(X)
    assert epochs == [2]
    assert not hasattr(search, "cv_results_")


def a_search_that_scores_errors():
    """Ctrl-C comes right before an error that the search would count as a score."""
    pipeline = make_pipeline(plain(learning_rate_init=1e30))
    with pressed(1) as epochs, raising():
        # The loss is not finite: the epoch is not looked at, unless this is patched.
        from skae._training import epochs as _epochs

        finite, _epochs.all_finite = _epochs.all_finite, lambda *_: (press(), False)[1]
        try:
            cross_val_score(pipeline, X, cv=3, error_score=np.nan)
        finally:
            _epochs.all_finite = finite
    assert epochs == [0]


def a_search_in_threads():
    """Python gives Ctrl-C to the main thread, which waits for the others."""
    before = set(threading.enumerate())
    with warned(0), raising(), parallel_config("threading"):
        threading.Timer(0.3, press).start()
        slow = plain(max_iter=3000)
        Parallel(n_jobs=2)(delayed(clone(slow).fit)(X) for _ in range(4))
    # What has begun goes on, and would count as epochs of the next case.
    while set(threading.enumerate()) - before:
        time.sleep(0.05)


def warnings_as_errors():
    with pressed(2), warnings.catch_warnings(), raising():
        warnings.simplefilter("error")
        cross_val_score(plain(), X, cv=2, error_score=np.nan)


def a_classifier_while_it_is_pretrained():
    with pressed(2), warned(2):
        fitted = classifier().fit(X, y)
    assert fitted.autoencoder_.n_iter_ == 2
    assert fitted.loss_curve_ == []
    assert fitted.predict(X).shape == (60,)


def a_classifier_while_it_is_fine_tuned():
    with pressed(8), warned():
        fitted = classifier().fit(X, y)
    assert (fitted.autoencoder_.n_iter_, fitted.n_iter_) == (6, 2)


def a_classifier_in_a_search():
    with pressed(8) as epochs, warned(), raising():
        cross_val_score(classifier(), X, y, cv=2)
    assert epochs == [8]


def a_detector():
    with pressed(2), warned(2):
        fitted = AutoencoderOutlierDetector(plain()).fit(X)
    assert fitted.autoencoder_.n_iter_ == 2
    assert fitted.predict(X).shape == (60,)


def a_detector_with_cv():
    detector = AutoencoderOutlierDetector(plain(), cv=2).fit(X)
    before = detector.autoencoder_
    for epoch in (2, 8):
        with pressed(epoch) as epochs, warned(), raising():
            detector.fit(X)
        assert epochs == [epoch]
    assert detector.autoencoder_ is before


def a_checkpoint_goes_on():
    with tempfile.TemporaryDirectory() as folder:
        for kind, when in [
            (AutoencoderTransformer, 2),
            (partial(StackedAutoencoder, layer_max_iter=3), 2),
            (partial(StackedAutoencoder, layer_max_iter=3), 5),
        ]:
            with pressed(when), warned():
                kind(2, **FAST, checkpoint=folder).fit(X)
            with pressed() as epochs:
                resumed = kind(2, **FAST, checkpoint=folder).fit(X)
            n_epochs = sum(map(len, getattr(resumed, "stage_loss_curves_", []))) + resumed.n_iter_
            assert epochs == [n_epochs - when], (kind, epochs)
            assert same(resumed, kind(2, **FAST).fit(X)), kind
            assert not os.listdir(folder)


def a_pass_is_undone():
    passes = plain().partial_fit(X)
    before = passes.weights_
    from skae._tensorflow.trainer import ProgramTrainer

    run = ProgramTrainer._run

    def and_press(self, *args):
        press()
        return run(self, *args)

    ProgramTrainer._run = and_press
    try:
        with warned(0), raising():
            passes.partial_fit(X)
        with warned(0), raising():
            plain().partial_fit(X)
    finally:
        ProgramTrainer._run = run
    assert passes.weights_ is before
    assert passes.n_iter_ == 1
    assert passes.partial_fit(X).n_iter_ == 2


def a_second_one_does_not_wait():
    from skae._training.model import Model

    codec, estimator = Model.codec, plain()

    def and_press(*args):
        press()
        raise AssertionError("the second one waited")

    Model.codec = and_press
    try:
        with pressed(2), warned(0), raising():
            estimator.fit(X)
    finally:
        Model.codec = codec
    assert not hasattr(estimator, "weights_")


def it_comes_while_a_program_is_compiled():
    from skae._tensorflow import first_call, session

    traced, first_call.SLOW_SECONDS = session._traced, 0.2

    done = threading.Event()

    def slow(*args, **kwargs):
        done.wait(60)

    session._traced = slow
    printed = []
    _train = sys.modules["skae._tensorflow.trainer"]
    _train.print = printed.append
    try:
        for early_stopping in (True, False):
            threading.Timer(0.6, press).start()
            begun = time.monotonic()
            estimator = plain(hidden_layer_sizes=(3 + early_stopping, 3), verbose=True)
            with warned():
                estimator.set_params(early_stopping=early_stopping).fit(X)
            assert time.monotonic() - begun < 10
            assert estimator.best_iter_ == 0
            assert np.isfinite(estimator.transform(X)).all()
    finally:
        session._traced = traced
        done.set()
        del _train.print
    assert [line.split(".")[0] for line in printed] == [
        "Compiling the training program of 6 layers"
    ] * 2


def a_program_with_a_handler_of_its_own():
    noted = []
    before = signal.signal(signal.SIGINT, lambda *_: noted.append("Ctrl-C"))
    try:
        with pressed(2), warned(0):
            assert plain().fit(X).n_iter_ == 6
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with pressed(2), warned(0):
            assert plain().fit(X).n_iter_ == 6
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == ["Ctrl-C"]


CASES = [
    the_program_itself,
    a_transform_after_it,
    a_library_in_between,
    a_pipeline,
    a_search,
    a_search_that_scores_errors,
    a_search_in_threads,
    warnings_as_errors,
    a_classifier_while_it_is_pretrained,
    a_classifier_while_it_is_fine_tuned,
    a_classifier_in_a_search,
    a_detector,
    a_detector_with_cv,
    a_checkpoint_goes_on,
    a_pass_is_undone,
    a_second_one_does_not_wait,
    it_comes_while_a_program_is_compiled,
    a_program_with_a_handler_of_its_own,
]


def main():
    failures = {}
    for case in CASES:
        begun = time.monotonic()
        try:
            case()
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
            failures[case.__name__] = ""
        except BaseException:
            failures[case.__name__] = traceback.format_exc()
        print(f"{case.__name__}: {time.monotonic() - begun:.1f} s", file=sys.stderr)
    print(json.dumps(failures))


if __name__ == "__main__":
    main()
