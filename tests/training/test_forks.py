"""Processes that are forked, spawned or started by joblib either fit or raise an error at once."""

import json
import os

import pytest

from tests.fresh import in_fresh_process

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
]

# A hang is a failure.
SECONDS = 120
START = """
import json, os, warnings
from multiprocessing import get_context
from threading import Thread
import joblib, numpy as np
from skae import AutoencoderTransformer, ConvolutionalAutoencoder
from skae.keras import to_keras

warnings.simplefilter("ignore")
X = np.random.default_rng(0).standard_normal((60, 4))
dense = AutoencoderTransformer(2, hidden_layer_sizes=(), max_iter=2, random_state=0)
convolutional = ConvolutionalAutoencoder(2, filters=2, max_iter=1, random_state=0)


def outcome(function, *arguments):
    try:
        result = function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return result if isinstance(result, str) else joblib.hash(getattr(result, "weights_", result))


def in_fork(function, *arguments):
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, outcome(function, *arguments).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        return pipe.read()
"""
REFUSED = "RuntimeError: This process was forked from one in which TensorFlow had run."


def test_processes_fit_or_refuse_to():
    """One process and its children, since each start of TensorFlow takes seconds."""
    code = """
fits, serves, refused = {}, {}, {}
fits["forked before TensorFlow was imported"] = in_fork(dense.fit, X)
import tensorflow as tf

def after_work_of_ones_own():
    tf.zeros(3)
    return in_fork(dense.fit, X)

fits["forked before TensorFlow was at work"] = in_fork(dense.fit, X)
refused["someone else's TensorFlow was at work"] = in_fork(after_work_of_ones_own)
fits["the parent"] = outcome(dense.fit, X)
serves["the parent"] = outcome(dense.transform, X)
serves["forked"] = in_fork(dense.transform, X)
refused["fit"] = in_fork(dense.fit, X)
refused["partial_fit"] = in_fork(dense.partial_fit, X)
refused["a child's child"] = in_fork(in_fork, dense.fit, X)
refused["to_keras"] = in_fork(to_keras, dense)
busy = AutoencoderTransformer(2, hidden_layer_sizes=(), max_iter=2000, n_iter_no_change=np.inf)
thread = Thread(target=busy.fit, args=(X,))
thread.start()
refused["fit of what a thread of the parent fits"] = in_fork(busy.fit, X)
thread.join()
refused["convolutions"] = in_fork(convolutional.fit(X).transform, X)
with get_context("fork").Pool(1) as pool:
    serves["forked pool"] = pool.apply(outcome, (dense.transform, X))
    refused["forked pool"] = pool.apply(outcome, (dense.fit, X))
with get_context("spawn").Pool(1) as pool:
    fits["spawned"] = joblib.hash(pool.apply(dense.fit, (X,)).weights_)
for backend in ("loky", "threading"):
    with joblib.parallel_config(backend=backend, n_jobs=2):
        fitted = joblib.Parallel()(joblib.delayed(dense.fit)(X) for _ in range(2))
    fits |= {f"{backend} {i}": joblib.hash(each.weights_) for i, each in enumerate(fitted)}
fits["the parent again"] = outcome(dense.fit, X)
print(json.dumps([fits, serves, refused]))
"""
    fits, serves, refused = json.loads(in_fresh_process(START + code, SECONDS).splitlines()[-1])
    assert fits == dict.fromkeys(fits, fits["the parent"])
    assert serves == dict.fromkeys(serves, serves["the parent"])
    assert {what: said[: len(REFUSED)] for what, said in refused.items()} == dict.fromkeys(
        refused, REFUSED
    )
