"""
===============================================
How many units of SparseAutoencoder are active?
===============================================

The chapter's answer is a penalty: the Kullback-Leibler divergence of each unit's mean activation
from .1. Both programs of A. Géron, "Hands-On Machine Learning with Scikit-Learn and TensorFlow",
2017, chapter 15, are repeated here, one with the squared error and one with cross-entropy. The
units reach the target, but as a mean over images: most images activate few units and some images
many, and most activations are small. In :doc:`plot_sparse_features` most codes are zero.

With the path of Keras' ``mnist.npz`` in the environment variable MNIST the images and the thousand
units are those of the chapter. Errors of smaller digits cannot be compared with those of Keras.
"""

import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skae import SparseAutoencoder
from skae.datasets import load_mnist
from skae.plotting import METHOD_COLORS

path = os.environ.get("MNIST")
data = "MNIST" if path else "scikit-learn's digits"
X = load_mnist(path, subset="all").data if path else load_digits().data / 16
X, _, X_test = np.split(X, [11 * len(X) // 14, 6 * len(X) // 7])  # of MNIST 55,000 and 10,000

n_units = 1000 if path else 100
chapter = {
    "n_components": n_units,
    "hidden_layer_sizes": (),
    "standardize": False,
    "init": "he",
    "alpha": 0.0,
    "batch_size": 1000 if path else 200,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "max_iter": 12 if path else 300,
    "early_stopping": False,
    "random_state": 0,
}
networks = {
    "squared error": SparseAutoencoder(**chapter),
    "cross-entropy": SparseAutoencoder(loss="binary_crossentropy", **chapter),
}

# %%
# A unit counts as active above twice the target.
warnings.simplefilter("ignore", ConvergenceWarning)  # more epochs would lower the loss
codes, active = {}, {}
print(f"{data:22} {'test error':>10} {'Keras, MNIST':>13} {'mean activation':>16} {'active':>7}")
for (name, network), keras in zip(networks.items(), (0.0247, 0.0133), strict=True):
    codes[name] = network.fit(X).transform(X_test)
    active[name] = np.mean(codes[name] > 0.2, axis=1)
    error = np.mean((network.inverse_transform(codes[name]) - X_test) ** 2)
    means = codes[name].mean(), active[name].mean()
    print(f"{name:22} {error:10.4f} {keras:13.4f} {means[0]:16.3f} {means[1]:7.1%}")

# %%
# All activations, the means of units over the images, and the shares of units active in an image.
color = METHOD_COLORS["SparseAutoencoder"]
fig, axes = plt.subplots(len(codes), 3, figsize=(9, 5), sharex="col", layout="constrained")
fig.suptitle(f"{n_units} units, {data}")
for row, (name, values) in zip(axes, codes.items(), strict=True):
    shown = values.ravel(), values.mean(axis=0), active[name]
    for ax, numbers, end in zip(row, shown, (1, 0.3, 1), strict=True):
        kw = {"weights": np.full(len(numbers), 1 / len(numbers)), "color": color}
        ax.hist(numbers, bins=np.linspace(0, end, 41), **kw)
    row[1].axvline(0.1, color="0.3", linestyle="--")
    row[0].set_ylabel(f"{name}\nshare")
labels = ("activation", "mean activation of a unit", "share of units active in an image")
for ax, label in zip(axes[-1], labels, strict=True):
    ax.set_xlabel(label)
plt.show()
