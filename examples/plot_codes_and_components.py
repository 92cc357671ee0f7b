"""
==========================================================
How many components are the codes of a deep network worth?
==========================================================

Two to three times as many, where the codes are few. Two networks of introductory articles squeeze
digits into codes: 784-512-64-16, here with the defaults of :class:`~skae.AutoencoderTransformer`,
and 784-256-128-64 as in an article's Keras, with leaky ReLU, a logistic output and Adam. Their
errors are compared with those of all numbers of components of :class:`~sklearn.decomposition.PCA`.

With the path of Keras' ``mnist.npz`` in the environment variable MNIST the digits are those of the
articles. Smaller digits get a quarter of the codes; their errors cannot be compared with Keras'.
"""

import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer
from skae.datasets import load_mnist
from skae.plotting import METHOD_COLORS, ReconstructionDisplay

path = os.environ.get("MNIST")
data = "MNIST" if path else "scikit-learn's digits"
X = load_mnist(path, subset="all").data if path else load_digits().data / 16
X, _, X_test = np.split(X, [11 * len(X) // 14, 6 * len(X) // 7])  # of MNIST 55,000 and 10,000
n_pixels = X.shape[1]
few, more = (16, 64) if path else (4, 16)
shared = {"max_iter": 20 if path else 100, "random_state": 0}
networks = {
    f"{n_pixels}-512-64-{few}": AutoencoderTransformer(
        few, hidden_layer_sizes=(512, 64), learning_rate="cosine", **shared
    ),
    f"{n_pixels}-256-128-{more}": AutoencoderTransformer(
        more,
        hidden_layer_sizes=(256, 128),
        activation="leaky_relu",
        code_activation="leaky_relu",
        output_activation="logistic",
        standardize=False,
        init="glorot",
        alpha=0.0,
        batch_size=256 if path else 32,
        learning_rate="constant",
        early_stopping=False,
        **shared,
    ),
}

# %%
# The error of PCA is the variance of the components that it leaves out.
warnings.simplefilter("ignore", ConvergenceWarning)  # the article's epochs are few
left_out = np.mean(PCA().fit(X).transform(X_test) ** 2, axis=0)
pca_errors = left_out[::-1].cumsum()[::-1] / n_pixels
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(pca_errors[: 3 * more], color=METHOD_COLORS["PCA"], label="PCA")
worth = {}
print(f"{data:22} {'codes':>5} {'error':>8} {'of PCA':>8} {'worth components':>17}")
for (name, network), marker in zip(networks.items(), "os", strict=True):
    k, error = network.n_components, np.mean((X_test - network.fit(X).reconstruct(X_test)) ** 2)
    worth[name] = np.argmax(pca_errors <= error)
    print(f"{name:22} {k:5} {error:8.5f} {pca_errors[k]:8.5f} {worth[name]:17}")
    ax.plot(k, error, marker, color=METHOD_COLORS["AutoencoderTransformer"], label=name)
    ax.hlines(error, k, worth[name], color="0.7", zorder=0)
print("On MNIST an article's 784-256-128-64 has .00572 in Keras, and 16 components have .02686.")
ax.set(xlabel="codes or components", ylabel="test error of a pixel (MSE)", yscale="log", title=data)
ax.legend()

# %%
# Images that neither network was trained on, their codes and what is reconstructed from these.
for name, network in networks.items():
    display = ReconstructionDisplay.from_estimator(network, X_test, random_state=0, cmap="gray_r")
    display.figure_.suptitle(f"{name}, {data}")
plt.show()
