"""A whole `fit` beside the same network in Keras, scikit-learn and PyTorch, all warm."""

from functools import partial
from itertools import pairwise

import numpy as np
import peers
from report import TIMES, head, load_mnist, median_times, row
from sklearn.datasets import load_digits

BARS = {
    "digits 64-32-10-32-64, batch 32, 50 epochs": {"keras": 15, "sklearn_mlp": 3, "torch": 4},
    "MNIST 784-300-150-300-784, batch 150, 3 epochs": {
        "keras": 2.5,
        "sklearn_mlp": 1.8,
        "torch": 1.0,
    },
}


def compare(title, X, widths, batch_size, epochs):
    for validated in (False, True):
        runs = {
            name: partial(getattr(peers, name), X, widths, batch_size, epochs, validated)
            for name in ("skae", *BARS[title])
        }
        n_rows = len(X) * (9 if validated else 10) // 10
        n_steps = -(-n_rows // batch_size) * epochs
        runs["bare products"] = partial(matrix_products, widths, batch_size, n_steps)
        times = median_times(runs)
        label = f"{title}, validation {'on' if validated else 'off'}"
        row(f"{label}: skae", "", times["skae"], unit="s")
        for name, bar in BARS[title].items():
            ratio = times[name] / times["skae"]
            row(f"{label}: {name} / skae", f">= {bar}", ratio, f"{times[name]:.2f} s", TIMES)
        if widths[0] == 784:
            ratio = times["skae"] / times["bare products"]
            seconds = times["bare products"]
            row(f"{label}: skae / bare products", "<= 1.7", ratio, f"{seconds:.2f} s", TIMES)


def matrix_products(widths, batch_size, n_steps):
    """Compute the float32 matrix products of so many steps by NumPy, and nothing else."""
    rng = np.random.default_rng(0)
    sizes = (*widths, *widths[-2::-1])
    kernels = [rng.standard_normal(shape, np.float32) for shape in pairwise(sizes)]
    values = [rng.standard_normal((batch_size, size), np.float32) for size in sizes]
    for _ in range(n_steps):
        for i, kernel in enumerate(kernels):
            values[i] @ kernel
            values[i].T @ values[i + 1]
            if i:
                values[i + 1] @ kernel.T


if __name__ == "__main__":
    head("Fit")
    digits, mnist = BARS
    compare(digits, np.float32(load_digits().data / 16), (64, 32, 10), 32, 50)
    compare(mnist, load_mnist()[0], (784, 300, 150), 150, 3)
