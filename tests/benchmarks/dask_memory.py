"""Memory of every process while 20 GB, made block by block, are fitted and transformed by Dask."""

import sys
import threading
import time
import warnings

import numpy as np
import psutil
from dask import array
from distributed import Client, LocalCluster
from report import head, row
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer

GB = 1 << 30
N_COLUMNS, BLOCK_ROWS = 1000, 8000


class Peaks:
    """The largest resident memory of this process and of each of its children."""

    def __enter__(self):
        self.peaks = {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.began = time.perf_counter()
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.seconds = time.perf_counter() - self.began
        self.ended.set()
        self.thread.join()

    def watch(self):
        me = psutil.Process()
        while not self.ended.wait(0.05):
            for process in [me, *me.children(recursive=True)]:
                try:
                    now = process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                self.peaks[process.pid] = max(now, self.peaks.get(process.pid, 0))

    def row(self, what):
        """Print the largest of all, and whose it was."""
        mine = self.peaks.pop(psutil.Process().pid)
        others = max(self.peaks.values(), default=0)
        text = (
            f"this process {mine / GB:.2f}, the largest other {others / GB:.2f}, "
            f"{self.seconds:.0f} s"
        )
        row(what, "each < 2 GB", max(mine, others) / GB, text, "GB")


def made(block_info):
    """Return one block: five hidden variables and noise."""
    location = block_info[None]["array-location"][0]
    rng = np.random.default_rng(location[0])
    mixing = np.random.default_rng(0).standard_normal((5, N_COLUMNS))
    X = rng.standard_normal((location[1] - location[0], 5)) @ mixing
    X += rng.random(X.shape)
    return X


def blocks(n_bytes):
    """Return an array of so many bytes that exists nowhere as a whole."""
    n_blocks = round(n_bytes / (8 * N_COLUMNS * BLOCK_ROWS))
    chunks = ((BLOCK_ROWS,) * n_blocks, (N_COLUMNS,))
    return array.map_blocks(made, chunks=chunks, dtype=float, meta=np.empty((0, 0)))


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    size = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    head(f"Dask: {size:g} GB, made block by block, on two workers")
    settings = {"hidden_layer_sizes": (64,), "batch_size": 1024, "max_iter": 1, "random_state": 0}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster),
    ):
        X = blocks(size * GB)
        with Peaks() as peaks:
            fitted = AutoencoderTransformer(5, **settings).fit(X)
        peaks.row(f"fit on {X.shape[0]} x {X.shape[1]}, one epoch")
        with Peaks() as peaks:
            deviation = fitted.transform(X).std(axis=0).compute()
        peaks.row(f"transform, reduced to five deviations: {deviation.round(1)}")
        with Peaks() as peaks:
            score = fitted.score(X)
        peaks.row(f"score: {score:.4f}")
