"""Threads: eight of them give the results of one, and compile what they share once."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skae import (
    AutoencoderClassifier,
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    StackedAutoencoder,
)
from skae._tensorflow.program import program

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_THREADS = 8
X = np.random.default_rng(0).standard_normal((60, 4))
SMALL = {"hidden_layer_sizes": (), "max_iter": 3, "random_state": 0}
KINDS = [
    AutoencoderTransformer(**SMALL, whiten=True),
    AutoencoderTransformer(**SMALL | {"random_state": 1}),
    DenoisingAutoencoder(**SMALL),
    AutoencoderTransformer(**SMALL, early_stopping=False),
    StackedAutoencoder(**SMALL | {"hidden_layer_sizes": 3}, layer_max_iter=2),
    ConvolutionalAutoencoder(**SMALL, filters=2),
    AutoencoderClassifier(AutoencoderTransformer(**SMALL), max_iter=2, random_state=0),
    AutoencoderTransformer(**SMALL | {"solver": "sgd"}),
]


@pytest.fixture(autouse=True)
def switching_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def at_once(function, arguments):
    """Call a function in a thread for each argument, all let go together."""
    barrier = Barrier(len(arguments))

    def call(argument):
        barrier.wait()
        return function(argument)

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(call, arguments))


def results(fitted):
    return joblib.hash((fitted.weights_, fitted.loss_curve_, fitted.transform(X)))


def fit(kind):
    return results(clone(kind).fit(X, np.arange(60) % 2))


@pytest.mark.slow
def test_different_estimators():
    threaded = at_once(fit, KINDS)
    assert threaded == [fit(kind) for kind in KINDS]


def test_the_same_estimator():
    shared = clone(KINDS[0]).fit(X)
    alone = results(shared)

    def work(i):
        # Half of the threads only look at what the others fit.
        return {results(shared.fit(X) if i % 2 else shared) for _ in range(20)}

    assert at_once(work, range(N_THREADS)) == [{alone}] * N_THREADS


@dataclass(frozen=True)
class Counted:
    """A penalty of nothing, which counts how often a program is made of it."""

    def __call__(self, ops, step):
        traced.append(step)
        return 0.0


traced = []


class CountedAutoencoder(AutoencoderTransformer):
    def _plan(self, n_features, n_components):
        return self.network_plan(n_features, n_components, penalties=(Counted(),))


@pytest.mark.slow
def test_what_threads_share_is_compiled_once():
    kind = CountedAutoencoder(**SMALL)
    misses = program.cache_info().misses
    fits = at_once(fit, [kind] * N_THREADS)
    assert len(set(fits)) == 1
    assert program.cache_info().misses == misses + 1
    once = len(traced)
    fit(clone(kind).set_params(hidden_layer_sizes=2))
    assert len(traced) == 2 * once
