"""The same fits with each supported minor version of TensorFlow, in fresh environments.

``python tests/benchmarks/versions.py``: needs a package index, and some 4 GB of disk for a while.
Small fits suffered elsewhere under XLA's newer runtime.
"""

import statistics
import subprocess
import tempfile
import venv
from pathlib import Path

from report import TIMES, head, row

ROOT = Path(__file__).parents[2]
# From the oldest that pyproject.toml allows to the newest.
VERSIONS = ("2.20", "2.21")
FITS = """
import time, warnings
from sklearn.datasets import load_digits
from skae import AutoencoderTransformer
warnings.simplefilter("ignore")
X = load_digits().data / 16
for layers in ((32,), "auto"):
    seconds = []
    for seed in range(6):
        model = AutoencoderTransformer(
            10, hidden_layer_sizes=layers, max_iter=30, n_iter_no_change=30, random_state=seed
        )
        begin = time.perf_counter()
        model.fit(X)
        seconds.append(time.perf_counter() - begin)
    print(*seconds)
"""


def environment(version, folder):
    """Return the interpreter of a new environment with this version of TensorFlow."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = [python, "-m", "pip", "install", "-q", str(ROOT), f"tensorflow=={version}.*"]
    subprocess.run(command, check=True)
    return python


def seconds(python):
    """Return the median seconds of warm fits, by layers."""
    done = subprocess.run([python, "-c", FITS], capture_output=True, text=True, check=True)
    return [statistics.median(map(float, line.split()[1:])) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    head("TensorFlow's versions: 30 epochs on digits")
    with tempfile.TemporaryDirectory() as folder:
        pythons = {each: environment(each, Path(folder) / each) for each in VERSIONS}
        # In turns, because machines are noisy.
        runs = [{name: seconds(python) for name, python in pythons.items()} for _ in range(3)]
    for i, layers in enumerate(("(32,)", "default layers")):
        times = {name: statistics.median(run[name][i] for run in runs) for name in VERSIONS}
        fastest = min(times.values())
        for name, time in times.items():
            what = f"{layers}, TensorFlow {name} / the fastest"
            row(what, "<= 1.25", time / fastest, f"{time:.3f} s", TIMES)
