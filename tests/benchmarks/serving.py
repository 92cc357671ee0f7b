"""A fitted pipeline served by NumPy where TensorFlow is not installed, beside Keras.

Builds two environments with the versions of the one that runs this (a few minutes, 2 GB in a
temporary folder): one with all that skae asks for, one with NumPy, SciPy and scikit-learn alone. In
the one without TensorFlow a pickled pipeline of a StandardScaler and an autoencoder is served, in
the other the autoencoder's encoder as a Keras model, which has less to do. Each process is started
several times, in turn, on one core: so replicas are run, and threads of two libraries are not what
is compared (Linux only).
"""

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
NUMPY_ALONE = ("numpy", "scipy", "scikit-learn")
REPEATS = 5
N_ROWS, N_COLUMNS = 100_000, 64
FILES = {"skae": "pipeline.pkl", "keras": "encoder.keras"}


def load(path):
    """Return by name the ways to get the codes of rows, the quickest to start with first."""
    if path.suffix == ".pkl":
        with path.open("rb") as file:
            return {"skae": pickle.load(file).transform}
    import keras

    model = keras.models.load_model(path)
    return {
        "model(x)": lambda X: model(X).numpy(),
        "predict": lambda X: model.predict(X, verbose=0),
        "predict, batches of 4096": lambda X: model.predict(X, batch_size=4096, verbose=0),
    }


def serve(path):
    """Print when the first row has its codes, then what was measured from there on."""
    ways = load(path)
    next(iter(ways.values()))(np.zeros((1, N_COLUMNS), np.float32))
    print("first", flush=True)
    measured = {"memory": resident()}
    X = np.random.default_rng(0).random((N_ROWS, N_COLUMNS), np.float32)
    for name, way in ways.items():
        measured[f"{name}: one row"] = rate(way, X[:1])
        measured[f"{name}: all rows"] = rate(way, X)
    print(json.dumps(measured))


def resident():
    """Return this process's resident memory in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def rate(way, X):
    """Return rows a second, by the median of calls for a second, 3 at least."""
    way(X)
    times = []
    while len(times) < 3 or sum(times) < 1.0:
        begin = time.perf_counter()
        way(X)
        times.append(time.perf_counter() - begin)
    return len(X) / statistics.median(times)


def environment(folder, *requirements):
    """Make an environment and return its interpreter and its size in MB."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    own = size(folder)
    pip = [python, "-m", "pip", "install", "--quiet"]
    for arguments in (requirements, ("--no-deps", str(ROOT))):
        subprocess.run([*pip, *arguments], check=True, stderr=subprocess.DEVNULL)
    return python, size(folder) - own


def size(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def served(python, path):
    """Start a server and return what it measures and the seconds to its first row."""
    begin = time.perf_counter()
    core = max(os.sched_getaffinity(0))
    command = ["taskset", "--cpu-list", str(core), python, __file__, path]
    # In the folder of the model, where the checkout is not in reach.
    with subprocess.Popen(
        command, cwd=path.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout.readline() == "first\n"
        seconds = time.perf_counter() - begin
        return {"start": seconds, **json.loads(process.stdout.readline())}


def store(folder):
    """Fit a pipeline and store it, and its encoder as a Keras model."""
    from sklearn.datasets import load_digits
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from skae import AutoencoderTransformer
    from skae.keras import to_keras

    autoencoder = AutoencoderTransformer(8, max_iter=5, learning_rate="cosine", random_state=0)
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(load_digits().data)
    (folder / FILES["skae"]).write_bytes(pickle.dumps(pipeline))
    to_keras(autoencoder).encoder.save(folder / FILES["keras"])


def main():
    from report import TIMES, head, row

    head(f"Serving: {N_COLUMNS} columns, hidden layers of 128 and 64, 8 codes, float32")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store(folder)
        pinned = {
            each: f"{each}=={version(each)}" for each in (*NUMPY_ALONE, "tensorflow", "keras")
        }
        pythons, sizes = {}, {}
        for which, names in (("skae", NUMPY_ALONE), ("keras", pinned)):
            found = environment(folder / which, *(pinned[each] for each in names))
            pythons[which], sizes[which] = found
        runs = {which: [] for which in FILES}
        for _ in range(REPEATS):
            for which, file in FILES.items():
                runs[which].append(served(pythons[which], folder / file))
    skae, keras = (
        {what: statistics.median(run[what] for run in runs[which]) for what in runs[which][0]}
        for which in FILES
    )

    def less(what, bar, ours, theirs, unit):
        row(f"{what}: Keras / skae", bar, theirs / ours, f"{theirs:.2f} / {ours:.2f} {unit}", TIMES)

    less("interpreter start to first row", ">= 2", skae["start"], keras["start"], "s")
    less("resident memory at the first row", ">= 2", skae["memory"], keras["memory"], "MB")
    less("installed packages", ">= 2", sizes["skae"], sizes["keras"], "MB")
    for many, label in (("one row", "1 row at a call"), ("all rows", f"{N_ROWS:,} rows at a call")):
        ours = skae.pop(f"skae: {many}")
        for what in [each for each in keras if each.endswith(many)]:
            speeds = f"{ours:,.0f} / {keras[what]:,.0f} rows a second"
            title = f"{label}: skae / Keras' {what.split(':')[0]}"
            row(title, ">= 1", ours / keras[what], speeds, TIMES)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(Path(sys.argv[1]))
    else:
        main()
