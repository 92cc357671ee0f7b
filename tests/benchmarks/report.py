"""Timing and a table: what was measured, the bar, the value."""

import statistics
import time
from pathlib import Path

import numpy as np

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"


def median_times(functions, repeats=5):
    """Return each function's median time in seconds, after one call that does not count.

    The functions take turns, so that a slow minute of the machine slows them all.
    """
    for function in functions.values():
        function()
    times = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def row(what, bar, value):
    """Print one row of a Markdown table."""
    print(f"| {what} | {bar} | {value} |", flush=True)


def head(title):
    """Print a title and the head of a Markdown table."""
    print(f"\n## {title}\n\n| what | bar | measured |\n|---|---|---|", flush=True)


def load_mnist():
    """Return MNIST's training and test images as float32 rows in [0, 1]."""
    if not MNIST.exists():
        raise SystemExit(f"this benchmark reads Keras' mnist.npz from {MNIST}")
    with np.load(MNIST) as data:
        images = (data[name].reshape(-1, 784) for name in ("x_train", "x_test"))
        return tuple(np.float32(pixels) / np.float32(255) for pixels in images)
