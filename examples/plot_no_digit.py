"""
==================================
Which of these images is no digit?
==================================

An :class:`~skae.AutoencoderOutlierDetector` has seen nothing but digits. It is asked about new
ones, and about three sorts of images that an introduction to autoencoders tries: noise, digits
whose pixels are shuffled, and inverted ones. It names nearly all of these three. Of real digits,
written by other people than those trained on, it calls one in ten no digit, on MNIST one in thirty.
The reconstructions show why it finds the others: they look like parts of digits.

The question is easy: errors of :class:`~sklearn.decomposition.PCA` tell these images apart nearly
as well. With the path of Keras' ``mnist.npz`` in the environment variable MNIST digits are larger.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from skae import AutoencoderOutlierDetector, AutoencoderTransformer
from skae.datasets import load_mnist

path = os.environ.get("MNIST")
data = "MNIST" if path else "scikit-learn's digits"
X = load_mnist(path, subset="all").data if path else load_digits().data / 16
X, X_test = np.split(X, [6 * len(X) // 7])  # as MNIST is split
rng = np.random.default_rng(0)
images = {
    "digit": X_test,
    "noise": rng.uniform(size=X_test.shape),
    "shuffled": rng.permuted(X_test, axis=1),
    "inverted": 1 - X_test,
}

# %%
# Both have 16 codes.
autoencoder = AutoencoderTransformer(16, learning_rate="cosine", max_iter=30)
detector = AutoencoderOutlierDetector(autoencoder, random_state=0).fit(X[:10_000])
pca = PCA(16).fit(X[:10_000])


def pca_error(X):
    """Squared error of each image's reconstruction from its components."""
    return np.sum((X - pca.inverse_transform(pca.transform(X))) ** 2, axis=1)


scores = {name: detector.decision_function(some) for name, some in images.items()}
is_odd = np.repeat([False, True], len(X_test))
print(f"{data:24} {'called no digit':>15} {'ROC AUC':>8} {'of PCA':>7}")
for name, some in images.items():
    of_pca = roc_auc_score(is_odd, np.r_[pca_error(X_test), pca_error(some)])
    auc = roc_auc_score(is_odd, -np.r_[scores["digit"], scores[name]])
    print(f"{name:24} {np.mean(scores[name] < 0):15.1%} {auc:8.3f} {of_pca:7.3f}")


# %%
# Images of all four sorts in random order, and the digits that it doubts most: each with its score
# and what the network makes of it, in red where the verdict is "no digit".
side = round(np.sqrt(X.shape[1]))
mixed = rng.permutation(12) % 4, rng.integers(len(X_test), size=12)
doubted = np.zeros(12, int), np.argsort(scores["digit"])[:12]
for title, rows in {"Which is no digit?": mixed, "The most doubtful digits": doubted}.items():
    some, verdicts = (np.stack(list(all_.values()))[rows] for all_ in (images, scores))
    fig, axes = plt.subplots(2, 12, figsize=(9, 2), layout="constrained")
    fig.suptitle(f"{title} ({data})")
    again = detector.autoencoder_.reconstruct(some)
    for column, *pair, verdict in zip(axes.T, some, again, verdicts, strict=True):
        column[0].set_title(f"{verdict:.1f}", fontsize="small")
        for ax, image in zip(column, pair, strict=True):
            ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(color="C3" if verdict < 0 else "0.7", linewidth=2)
    for ax, label in zip(axes[:, 0], ("image", "reconstruction"), strict=True):
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
plt.show()
