"""Objects made for one fit or one call are not kept without a bound."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from skae import AutoencoderTransformer
from skae._tensorflow.program import program
from skae._tensorflow.serve import _compiled
from skae._tensorflow.session import CACHE_SIZE, Program, locked_cache

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).standard_normal((20, 4))


def make(**params):
    return AutoencoderTransformer(2, hidden_layer_sizes=(), solver="sgd", max_iter=1, **params)


@pytest.mark.slow
def test_transforms_leave_nothing_behind():
    fitted = make().fit(X)
    fitted.transform(X)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(10_000):
            fitted.transform(X)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A byte a call would be more.
    assert after - before < 10_000


def test_a_batch_size_counts_among_the_programs_kept():
    before = program.cache_info()
    for batch_size in (2, 4):
        make(batch_size=batch_size).fit(X[:, :3])
    after = program.cache_info()
    assert after.misses == before.misses + 2
    assert after.currsize <= after.maxsize == _compiled.cache_info().maxsize == CACHE_SIZE


def test_what_is_dropped_is_closed(monkeypatch):
    monkeypatch.setattr("skae._tensorflow.session.CACHE_SIZE", 2)
    sessions = []

    class Session(tf.compat.v1.Session):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            sessions.append(weakref.ref(self))

    monkeypatch.setattr(tf.compat.v1, "Session", Session)

    @locked_cache
    def times(factor):
        return Program(lambda x: x * factor, (tf.TensorSpec((), tf.float32),), on_xla=True)

    assert [times(float(factor))(2.0) for factor in range(4)] == [0.0, 2.0, 4.0, 6.0]
    assert [session() is None for session in sessions] == [True, True, False, False]
