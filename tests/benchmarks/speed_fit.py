"""A whole `fit` beside the same network in Keras, scikit-learn and PyTorch, all warm."""

from functools import partial
from itertools import pairwise

import numpy as np
import peers
from report import head, load_mnist, median_times, row
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
        times = median_times(
            {
                name: partial(getattr(peers, name), X, widths, batch_size, epochs, validated)
                for name in ("skae", *BARS[title])
            }
        )
        label = f"{title}, validation {'on' if validated else 'off'}"
        row(label, "", f"skae {times['skae']:.3f} s")
        for name, bar in BARS[title].items():
            ratio = times[name] / times["skae"]
            row(f"{label}: {name} / skae", f">= {bar}", f"{ratio:.1f} ({times[name]:.2f} s)")
        if widths[0] == 784:
            n_steps = -(-len(X) * (9 if validated else 10) // (10 * batch_size)) * epochs
            products = n_steps * matrix_products(widths, batch_size)
            row(
                f"{label}: skae / bare products",
                "<= 1.7",
                f"{times['skae'] / products:.2f} ({products:.2f} s)",
            )


def matrix_products(widths, batch_size):
    """Return the seconds that NumPy needs for a step's float32 matrix products alone."""
    rng = np.random.default_rng(0)
    sizes = (*widths, *widths[-2::-1])
    kernels = [rng.standard_normal(shape, np.float32) for shape in pairwise(sizes)]
    values = [rng.standard_normal((batch_size, size), np.float32) for size in sizes]

    def products():
        for _ in range(100):
            for i, kernel in enumerate(kernels):
                values[i] @ kernel
                values[i].T @ values[i + 1]
                if i:
                    values[i + 1] @ kernel.T

    return median_times({"products": products})["products"] / 100


if __name__ == "__main__":
    head("Fit")
    digits, mnist = BARS
    compare(digits, np.float32(load_digits().data / 16), (64, 32, 10), 32, 50)
    compare(mnist, load_mnist()[0], (784, 300, 150), 150, 3)
