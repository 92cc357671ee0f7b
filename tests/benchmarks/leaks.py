"""Resident memory over many fits of changing shapes, and over many transforms (Linux only)."""

import gc
import os
import warnings
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from memory import Growth
from report import head, row
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer, ConvolutionalAutoencoder
from skae._tensorflow.session import CACHE_SIZE

MB = 1 << 20
SMALL = {"hidden_layer_sizes": (), "solver": "sgd", "max_iter": 2, "random_state": 0}


def grown(calls, every):
    """Make calls; return the resident memory in MB after each `every` of them."""
    sizes = []
    for i, call in enumerate(calls, 1):
        call()
        if i % every == 0:
            gc.collect()
            sizes.append(Growth.resident() / MB)
    return sizes


def told(sizes):
    return ", ".join(f"{size:.0f}" for size in sizes)


def fits_of_changing_shapes():
    """Yield 500 fits, each with a program of its own: in any order, so that none are larger."""
    rng = np.random.default_rng(0)
    for shape in rng.permutation([*product(range(5, 15), range(2, 12), range(16, 21))]):
        n_columns, hidden, batch_size = map(int, shape)
        X = rng.standard_normal((200, n_columns))
        changed = SMALL | {"hidden_layer_sizes": hidden, "batch_size": batch_size}
        yield partial(AutoencoderTransformer(2, **changed).fit, X)


def fits_of_convolutions():
    """Yield 200 fits, each with a program and maps of its own."""
    rng = np.random.default_rng(0)
    for shape in rng.permutation([*product(range(6, 26), range(1, 11))]):
        n_columns, filters = map(int, shape)
        X = rng.standard_normal((40, n_columns))
        yield partial(ConvolutionalAutoencoder(2, **SMALL, filters=filters).fit, X)


def threads():
    return len(list(Path("/proc/self/task").iterdir()))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Resident memory in MB")
    X = np.random.default_rng(0).standard_normal((100, 10))
    fitted = AutoencoderTransformer(2, **SMALL).fit(X)
    images = ConvolutionalAutoencoder(2, **SMALL, filters=2).fit(X)
    before = threads()
    for name, estimator in (("NumPy", fitted), ("TensorFlow", images)):
        what = f"10,000 transforms by {name}, after each 2,000"
        row(what, "level", told(grown([partial(estimator.transform, X)] * 10_000, 2000)))
    sizes = grown(fits_of_changing_shapes(), 50)
    what = f"500 fits of changing shapes, {CACHE_SIZE} programs kept, after each 50"
    row(what, "level from 50 on", told(sizes))
    sizes = grown(fits_of_convolutions(), 25)
    what = "200 fits of convolutional networks of changing shapes, "
    what += f"{CACHE_SIZE} maps kept, after each 25"
    row(what, "level from 50 on", told(sizes))
    row("threads left behind by all of these", "0", threads() - before)
