"""Searches by threads, by one worker and by two, and what a kept program saves a new process."""

import subprocess
import sys
import tempfile
import warnings

import joblib
import numpy as np
from distributed import Client, LocalCluster
from report import TIMES, head, median_times, row
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skae import AutoencoderTransformer

GRID = {"alpha": np.logspace(-3, 0, 8)}
FIRST_FIT = """
import time
from sklearn.datasets import load_digits
from skae import AutoencoderTransformer
import skae._tensorflow.trainer
X = load_digits().data
begin = time.perf_counter()
AutoencoderTransformer(5, max_iter=1, learning_rate="cosine").fit(X)
print(time.perf_counter() - begin)
"""


def search(n_jobs=None):
    """Search 8 strengths of the L2 term by 3 folds; a last fit would not be the workers'."""
    X = np.tile(load_digits().data, (4, 1))
    autoencoder = AutoencoderTransformer(
        8, hidden_layer_sizes=(64,), learning_rate="cosine", max_iter=15, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GridSearchCV(autoencoder, GRID, cv=3, n_jobs=n_jobs, refit=False).fit(X)


def by_workers(n):
    """Return a search by so many Dask workers, which stay warm."""
    cluster = LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0")
    client = Client(cluster, set_as_default=False)

    def run():
        with joblib.parallel_config(backend="dask", client=client):
            search()

    return run


def by_loky(n):
    def run():
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
            search(n_jobs=n)

    return run


def by_threads(estimator, n_jobs):
    """Return a search of 60 fits on digits, 30 epochs each."""
    X = load_digits().data / 16
    grid = {"learning_rate_init": np.logspace(-3.5, -2.5, 4), "alpha": [0.001, 0.02, 0.1]}

    def run():
        with warnings.catch_warnings(), joblib.parallel_config("skae", n_jobs=n_jobs):
            warnings.simplefilter("ignore", ConvergenceWarning)
            GridSearchCV(estimator, grid, cv=5, refit=False).fit(X)

    return run


def first_fit(**more):
    """Return the seconds of the first fit of a new process, imports left out."""
    import os

    ended = subprocess.run(
        [sys.executable, "-c", FIRST_FIT],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **more},
    )
    return float(ended.stdout)


if __name__ == "__main__":
    head("A search of 24 fits, warm")
    times = median_times({1: by_workers(1), 2: by_workers(2)}, 3)
    values = f"{times[1]:.1f} / {times[2]:.1f} s"
    row("one Dask worker of one thread / two", ">= 1.6", times[1] / times[2], values, TIMES)
    times = median_times({"process": search, "loky": by_loky(2)}, 3)
    values = (
        f"{times['process'] / times['loky']:.2f} ({times['process']:.1f} / {times['loky']:.1f} s)"
    )
    row("this process, all cores / n_jobs=2 by loky", "", values)
    head("A search of 60 fits, warm: n_jobs=1 / 2 threads by the backend skae")
    layers = {"(32,), batch 64": {"hidden_layer_sizes": (32,), "batch_size": 64}, "defaults": {}}
    for (what, params), bar in zip(layers.items(), (">= 4", ">= 2"), strict=True):
        estimator = AutoencoderTransformer(
            10, max_iter=30, n_iter_no_change=np.inf, random_state=0, **params
        )
        times = median_times({n: by_threads(estimator, n) for n in (1, 2)}, 3)
        row(what, bar, times[1] / times[2], f"{times[1]:.1f} / {times[2]:.1f} s", TIMES)
    head("The first fit of a process")
    with tempfile.TemporaryDirectory() as folder:
        first_fit(SKAE_PROGRAM_CACHE=folder)
        pairs = [
            (first_fit(SKAE_PROGRAM_CACHE="off"), first_fit(SKAE_PROGRAM_CACHE=folder))
            for _ in range(5)
        ]
    plain, cached = np.median(pairs, axis=0)
    values = f"{plain:.2f} / {cached:.2f} s"
    row("compiled / kept by an earlier process", "> 1", plain / cached, values, TIMES)
