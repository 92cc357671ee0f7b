"""
=================================================
What do the codes of SparseAutoencoder stand for?
=================================================

Here for strokes, and for whole digits where these are simple. :class:`~skae.SparseAutoencoder`
has a hundred codes for the sixty-four pixels of a digit, but an image may use few of them. With
tied weights each code has one kernel, which is both what it looks for and what it draws.

An image is put together from the few codes that suit it. They keep more of it than as many
principal components, which are the same for all images; twice as many components keep more still.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import SparseAutoencoder
from skae.plotting import FeaturesDisplay, TopActivationsDisplay

X, X_test = train_test_split(load_digits().data / 16, random_state=0)
sparse = SparseAutoencoder(
    100,
    hidden_layer_sizes=(),
    penalty="l1",
    sparsity_weight=0.02,
    tied_weights=True,
    learning_rate="cosine",
    learning_rate_init=0.003,
    max_iter=100,
    random_state=0,
).fit(X)


# %%
# Compared with PCA by the number of codes that an image has: here those that are not zero, which
# differ from image to image, there all of them.
def kept(reducer):
    """Share of the variance of other images that their codes keep."""
    lost = (X_test - reducer.inverse_transform(reducer.transform(X_test))) ** 2
    return 1 - lost.sum() / ((X_test - X.mean(axis=0)) ** 2).sum()


n_used = np.count_nonzero(sparse.transform(X_test), axis=1).mean()
print(f"{'':20} {'codes an image':>14} {'variance kept':>13}")
print(f"{'SparseAutoencoder':20} {n_used:14.1f} {kept(sparse):13.3f}")
for n_components in (round(n_used), 2 * round(n_used)):
    pca = PCA(n_components).fit(X)
    print(f"{'PCA':20} {n_components:14} {kept(pca):13.3f}")

# %%
# The kernels of the codes that are used most, and the first principal components. Red and blue are
# opposite signs.
most_used = np.argsort(-sparse.transform(X).mean(axis=0))[:16]
display = FeaturesDisplay.from_estimator(sparse, units=most_used, n_columns=8)
display.figure_.suptitle("SparseAutoencoder")
display = FeaturesDisplay.from_estimator(PCA(16).fit(X), n_columns=8)
display.figure_.suptitle("PCA")

# %%
# The images that activate a code most share its strokes: they are mostly of one digit. The code's
# value stands above each.
TopActivationsDisplay.from_estimator(sparse, X_test, units=most_used[:5], cmap="gray_r")
plt.show()
