"""
==================================
Which of these images is no digit?
==================================

TEXT
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from skae import AutoencoderOutlierDetector, AutoencoderTransformer
from skae.datasets import load_mnist

path = os.environ.get("MNIST")
if path:
    data = "MNIST"
    X, X_test = load_mnist(path).data[:10_000], load_mnist(path, subset="test").data[:2000]
else:
    data = "scikit-learn's digits"
    X, X_test = train_test_split(load_digits().data / 16, random_state=0)
rng = np.random.default_rng(0)
images = {
    "digit": X_test,
    "noise": rng.uniform(size=X_test.shape),
    "shuffled": rng.permuted(X_test, axis=1),
    "inverted": 1 - X_test,
}

# %%
# Both have 16 codes, and neither has seen anything but digits.
autoencoder = AutoencoderTransformer(16, learning_rate="cosine", max_iter=30)
detector = AutoencoderOutlierDetector(autoencoder, random_state=0).fit(X)
pca = PCA(16).fit(X)


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
        column[0].set_title(f"{verdict:.0f}", fontsize="small")
        for ax, image in zip(column, pair, strict=True):
            ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(color="C3" if verdict < 0 else "0.7", linewidth=2)
    for ax, label in zip(axes[:, 0], ("image", "reconstruction"), strict=True):
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
plt.show()
