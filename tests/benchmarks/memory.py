"""Resident memory of fit and transform on data larger than what they may take (Linux only)."""

import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np
from report import head, row
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer

GB = 1 << 30
# Of 200 million values.
NO_COPY = "< 0.75 GB, a copy in float32"


class Growth:
    """Peak growth of the process's own pages, those of mapped files left out."""

    def __enter__(self):
        self.before = self.peak = self.resident()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self.thread.join()

    @staticmethod
    def resident():
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    def watch(self):
        while not self.ended.wait(0.01):
            self.peak = max(self.peak, self.resident())

    @property
    def gigabytes(self):
        return (self.peak - self.before) / GB


def mapped(folder, n_rows=1_000_000, n_columns=1000):
    """Write 4 GB of float32 with some structure and return them as a memory map."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((5, n_columns), np.float32)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n_rows, n_columns))
    for begin in range(0, n_rows, 10_000):
        rows = rng.standard_normal((10_000, 5), np.float32) @ mixing
        X[begin : begin + 10_000] = rows + rng.standard_normal(rows.shape, np.float32)
    X.flush()
    return np.load(folder / "X.npy", mmap_mode="r")


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Memory beyond the data's own")
    settings = {"max_iter": 1, "batch_size": 512, "random_state": 0}
    AutoencoderTransformer(5, **settings).fit(np.random.default_rng(0).random((600, 1000)))
    with tempfile.TemporaryDirectory() as folder:
        X = mapped(Path(folder))
        with Growth() as growth:
            fitted = AutoencoderTransformer(5, **settings).fit(X)
        score = f"score {fitted.score(X):.3f}"
        row("fit on a 4 GB float32 memory map", "< 1 GB", growth.gigabytes, score, "GB")
        with Growth() as growth:
            for begin in range(0, len(X), 100_000):
                fitted.transform(X[begin : begin + 100_000])
        row("transform of it in blocks of 100,000 rows", "< 1 GB", growth.gigabytes, unit="GB")
        with Growth() as growth:
            fitted.transform(X)
        row("transform of it at once (codes: 0.02 GB)", "< 1 GB", growth.gigabytes, unit="GB")
        del X
    X = np.random.default_rng(0).standard_normal((200_000, 1000))
    with Growth() as growth:
        AutoencoderTransformer(5, **settings).fit(X)
    row("fit on 1.5 GB of float64 in memory", NO_COPY, growth.gigabytes, unit="GB")
    wide = X.reshape(20_000, 10_000)
    with Growth() as growth:
        AutoencoderTransformer(5, **settings).fit(wide)
    row("fit on the same as 20,000 x 10,000", NO_COPY, growth.gigabytes, unit="GB")
