"""An epoch over a memory-mapped file, and over Parquet files (Linux, as root).

Beside it stand reading and training alone.

``python tests/benchmarks/from_disk.py [GB]``: the size of the memory-mapped file, 4 by default.

The system's cache of files is emptied before each measurement, so that an epoch reads the disk.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from memory import Growth
from report import TIMES, head, row
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer
from skae._data.mapped_rows import LARGE_BYTES
from skae._tensorflow.trainer import ProgramTrainer

GB, N_FEATURES = 1 << 30, 784


def emptied_cache():
    """Empty the system's cache of files."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError as error:
        raise SystemExit(f"only root empties the cache of files ({error})") from None


def written(path, n_rows, n_features):
    """Write rows of few hidden variables to a file, and return its memory map."""
    rng = np.random.default_rng(0)
    hidden, axes = rng.standard_normal((10_000, 10)), rng.standard_normal((10, n_features))
    block = np.tanh(0.3 * hidden @ axes).astype(np.float32)
    shape = (n_rows, n_features)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for i in range(0, n_rows, len(block)):
        X[i : i + len(block)] = np.roll(block, i, axis=1)[: n_rows - i]
    X.flush()
    return np.load(path, mmap_mode="r")


def seconds_of_reading(X):
    """Return the seconds that it takes to read a file once in its order."""
    emptied_cache()
    begin = time.perf_counter()
    for i in range(0, len(X), 10_000):
        np.array(X[i : i + 10_000])
    return time.perf_counter() - begin


def seconds_of_an_epoch(X, n_epochs=1):
    """Return the mean seconds of an epoch, initialization left out."""
    seconds, epoch = [], ProgramTrainer.epoch

    def timed(self, rate):
        begin = time.perf_counter()
        loss = epoch(self, rate)
        seconds.append(time.perf_counter() - begin)
        emptied_cache()
        return loss

    ProgramTrainer.epoch = timed
    try:
        AutoencoderTransformer(
            10,
            hidden_layer_sizes=(64,),
            batch_size=512,
            max_iter=1 + n_epochs,
            init="glorot",
            early_stopping=False,
            learning_rate="constant",
            random_state=0,
        ).fit(X)
    finally:
        ProgramTrainer.epoch = epoch
    # The first epoch compiles, and may find the file in the cache.
    return np.mean(seconds[1:])


def compare(X, reading, computing):
    """Report an epoch over X beside the seconds of reading it and of training on it in memory."""
    with Growth() as growth:
        epoch = seconds_of_an_epoch(X)
    ratio = epoch / max(reading, computing)
    text = f"{epoch:.1f} s; reading {reading:.1f} s, training on rows in memory {computing:.1f} s"
    row("an epoch / the longer of reading and training alone", "<= 1.5", ratio, text, TIMES)
    row("memory of its own besides", "", (growth.peak - growth.before) / GB, unit="GB")


def from_parquet(n_rows, n_files):
    """Train on Parquet files by Dask's threads."""
    import dask.dataframe as dd
    import pandas as pd

    head(f"An epoch over {n_files} Parquet files of {n_rows:,} rows and {N_FEATURES} columns")
    with tempfile.TemporaryDirectory() as folder:
        X = written(Path(folder) / "X.npy", n_rows, N_FEATURES)
        names = [f"x{j}" for j in range(N_FEATURES)]
        for i in range(n_files):
            part = pd.DataFrame(np.roll(X, i, axis=1), columns=names)
            part.to_parquet(f"{folder}/{i:03}.parquet")
        frame = dd.read_parquet(f"{folder}/*.parquet")
        emptied_cache()
        begin = time.perf_counter()
        frame.map_partitions(lambda part: part.to_numpy().sum(), meta=(None, "f4")).compute()
        reading = time.perf_counter() - begin
        part = frame.partitions[0].compute().to_numpy()
        compare(frame, reading, seconds_of_an_epoch(part, 2) * n_files)


def from_disk(n_bytes):
    head(f"An epoch over a file of {n_bytes / GB:.1f} GB, {N_FEATURES} columns, 64 hidden units")
    with tempfile.TemporaryDirectory() as folder:
        X = written(Path(folder) / "X.npy", n_bytes // (4 * N_FEATURES), N_FEATURES)
        reading = seconds_of_reading(X)
        part = np.array(X[: LARGE_BYTES // (4 * N_FEATURES)])
        compare(X, reading, seconds_of_an_epoch(part, 2) * len(X) / len(part))


def by_rows():
    """Draw a straight line through two numbers of rows, and hold a third against it."""
    head("An epoch over 20 columns, by the number of rows")
    sizes, seconds = (1_000_000, 10_000_000, 40_000_000), []
    for n_rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            X = written(Path(folder) / "X.npy", n_rows, 20)
            seconds.append(seconds_of_an_epoch(X))
            row(f"{n_rows:,} rows, {X.nbytes / GB:.1f} GB", "", seconds[-1], unit="s")
    slope, start = np.polyfit(sizes[:2], seconds[:2], 1)
    row("the third / what the line through the first two says", "<= 1.25",
        seconds[2] / (start + slope * sizes[2]), unit=TIMES)  # fmt: skip
    row("100,000,000 rows, by that line", "", start + slope * 1e8, unit="s")


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    from_disk(int(float(sys.argv[1]) * GB) if len(sys.argv) > 1 else 4 * GB)
    from_parquet(10_000, 64)
    by_rows()
