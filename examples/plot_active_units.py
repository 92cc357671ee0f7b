"""
===============================================
How many units of SparseAutoencoder are active?
===============================================

"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import SparseAutoencoder
from skae.datasets import load_mnist

path = os.environ.get("MNIST")
if path:
    data = "MNIST"
    X, X_test = load_mnist(path).data[:55_000], load_mnist(path, subset="test").data
else:
    data = "scikit-learn's digits"
    X, X_test = train_test_split(load_digits().data / 16, random_state=0)

shared = {
    "n_components": 1000 if path else 100,
    "hidden_layer_sizes": (),
    "sparsity_target": 0.1,
    "sparsity_weight": 0.2,
    "standardize": False,
    "init": "he",
    "alpha": 0.0,
    "batch_size": 1000 if path else 200,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "max_iter": 12 if path else 300,
    "early_stopping": False,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
networks = {
    "squared error": SparseAutoencoder(**shared),
    "cross-entropy": SparseAutoencoder(loss="binary_crossentropy", **shared),
    "no penalty": SparseAutoencoder(**shared | {"sparsity_weight": 0.0}),
}

# %%
codes = {}
print(f"{'loss':16} {'test error':>10} {'mean activation':>16} {'active':>8}")
for name, network in networks.items():
    codes[name] = network.fit(X).transform(X_test)
    error = np.mean((network.inverse_transform(codes[name]) - X_test) ** 2)
    n_active = np.mean(np.sum(codes[name] > 0.5, axis=1))
    print(f"{name:16} {error:10.4f} {codes[name].mean():16.3f} {n_active:8.1f}")

# %%
fig, axes = plt.subplots(2, len(codes), figsize=(9, 5), sharey="row", layout="constrained")
fig.suptitle(data)
for (top, bottom), (name, values) in zip(axes.T, codes.items(), strict=True):
    bins = {"bins": np.linspace(0, 1, 41)}
    top.hist(values.ravel(), weights=np.full(values.size, 1 / values.size), **bins)
    top.set(title=name, xlabel="activation")
    bottom.hist(values.mean(axis=0), weights=np.full(values.shape[1], 1 / values.shape[1]), **bins)
    bottom.axvline(0.1, color="C1", linestyle="--")
    bottom.set(xlabel="mean activation of a unit")
axes[0, 0].set_ylabel("share of activations")
axes[1, 0].set_ylabel("share of units")
plt.show()
