"""
=========================================================
Can VariationalAutoencoder draw digits that nobody wrote?
=========================================================

:class:`~skae.VariationalAutoencoder` learns codes that are close to standard normals, so that
decoding random normals gives new samples. :class:`~sklearn.decomposition.PCA` can be used in the
same way, with normals of the variances of its components. But digits do not fill a plane, and
much of what is drawn there looks like no digit. The autoencoder's draws lie closer to real
digits, and leave less of them out; they are a little blurred, as decoders are that give a mean.

With the path of Keras' ``mnist.npz`` in the environment variable MNIST it draws larger digits.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances_argmin_min as nearest
from sklearn.model_selection import train_test_split

from skae import VariationalAutoencoder
from skae.datasets import load_mnist
from skae.plotting import ManifoldDisplay

path = os.environ.get("MNIST")
X = load_mnist(path).data[:10_000] if path else load_digits().data / 16
X, X_test = train_test_split(X, random_state=0)
variational = VariationalAutoencoder(
    8, loss="binary_crossentropy", learning_rate="cosine", max_iter=100, random_state=0
).fit(X)
pca = PCA(8).fit(X)
normals = np.random.default_rng(0).standard_normal((450, 8))
drawn = {
    "VariationalAutoencoder": variational.sample(450, random_state=0),
    "PCA": pca.inverse_transform(normals * np.sqrt(pca.explained_variance_)),
    "real images": X[:450],
}

# %%
# Two distances, on average: how far a drawn image is from the next of 450 real ones that were not
# trained on, and how far these are from the next drawn one. Other real images set the scale.
print(f"{'8 codes, 450 images':24} {'to a real image':>16} {'to a drawn one':>16}")
for name, images in drawn.items():
    there, back = nearest(images, X_test)[1].mean(), nearest(X_test, images)[1].mean()
    print(f"{name:24} {there:16.3f} {back:16.3f}")

# %%
# The first of them.
side = round(np.sqrt(X.shape[1]))
fig = plt.figure(figsize=(9, 5), layout="constrained")
for part, (name, images) in zip(fig.subfigures(3), drawn.items(), strict=True):
    part.suptitle(name)
    for ax, image in zip(part.subplots(2, 12).flat, images, strict=False):
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        ax.set_axis_off()

# %%
# With two codes the plane of the codes becomes a map of digits that change into each other.
two_codes = VariationalAutoencoder(
    2, loss="binary_crossentropy", learning_rate="cosine", max_iter=100, random_state=0
).fit(X)
ManifoldDisplay.from_estimator(two_codes, cmap="gray_r")
plt.show()
