"""Timing and a table: what was measured, the bar, the value."""

import json
import os
import re
import statistics
import time
from pathlib import Path

import numpy as np

MNIST = Path(os.environ.get("MNIST", Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"))
# The unit of a ratio to a peer that was measured in the same run: such rows are compared with
# those of earlier runs, because a slow machine slows both.
TIMES = "times"


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


def met(value, bar):
    """Return whether a value keeps a bar such as '>= 4' or '<= .01, of PCA'; None without one."""
    found = re.search(r"([<>])=? *(-?[\d.]*\d)", bar)
    if found is None:
        return None
    sign, limit = found[1], float(found[2])
    return bool(value >= limit if sign == ">" else value <= limit)


def shown(value, unit=""):
    """Return a number as a table shows it."""
    digits = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{digits} {unit}".strip()


def row(what, bar, value, text="", unit=""):
    """Print one row of a Markdown table, and keep it for `run.py`.

    Parameters
    ----------
    what : str
    bar : str
        What the value should be, in its unit: one that has '<= 5' or '> 1.5' in it is checked.
    value : float or str
        A str where nothing is measured that a bar could be held against.
    text : str
        What else is to be seen beside the value.
    unit : str
        `TIMES` for a ratio to a peer.
    """
    if isinstance(value, str):
        value, text = None, value
    kept = None if value is None else met(value, bar)
    cells = [text] if value is None else [shown(value, unit), text and f"({text})"]
    cells.append({True: "ok", False: "MISSED", None: ""}[kept])
    print(f"| {what} | {bar} | {' '.join(filter(None, cells))} |", flush=True)
    record(
        what=what,
        bar=bar,
        value=None if value is None else float(value),
        text=text,
        unit=unit,
        met=kept,
    )


def head(title):
    """Print a title and the head of a Markdown table."""
    print(f"\n## {title}\n\n| what | bar | measured |\n|---|---|---|", flush=True)
    record(title=title)


def record(**entry):
    """Append an entry to the file that `run.py` reads, where it has started this script."""
    path = os.environ.get("BENCHMARK_RECORDS")
    if path:
        with open(path, "a") as file:
            file.write(json.dumps(entry) + "\n")


def load_mnist():
    """Return MNIST's training and test images as float32 rows in [0, 1]."""
    if not MNIST.exists():
        raise SystemExit("this benchmark reads Keras' mnist.npz; set MNIST to the file's path")
    with np.load(MNIST) as data:
        images = (data[name].reshape(-1, 784) for name in ("x_train", "x_test"))
        return tuple(np.float32(pixels) / np.float32(255) for pixels in images)
