"""
=================================================
Does a linear AutoencoderTransformer perform PCA?
=================================================

Yes: an autoencoder without activations that minimizes the squared error finds the plane of the
first principal components [1]_. By default skae starts there; here it starts from random weights
instead, on points along an arc in three dimensions, and has to find the plane.

What it finds is the plane, not PCA's axes in it: other axes reconstruct as well. Whitened, so
that codes are uncorrelated and have unit variance, its codes are those of PCA but for a rotation
or a reflection.

.. [1] Baldi and Hornik, "Neural Networks and Principal Component Analysis: Learning from Examples
       Without Local Minima", Neural Networks 2, 1989.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import orthogonal_procrustes, subspace_angles
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae.datasets import make_curve3d
from skae.plotting import LatentSpaceDisplay, ReconstructionDisplay

X, t = make_curve3d(random_state=0)
pca = PCA(2, whiten=True).fit(X)
linear = AutoencoderTransformer(
    2,
    hidden_layer_sizes=(),
    init="glorot",
    whiten=True,
    alpha=0,
    batch_size=20,
    learning_rate="cosine",
    learning_rate_init=0.03,
    max_iter=300,
    early_stopping=False,
    n_iter_no_change=np.inf,
    random_state=2,
).fit(X)

# %%
# The decoder's kernel spans the plane of the reconstructions. Two planes are the same where both
# angles between them are zero.
reducers = {"PCA": pca, "Linear autoencoder": linear}
for name, reducer in reducers.items():
    error = np.mean((X - reducer.inverse_transform(reducer.transform(X))) ** 2)
    print(f"{name:18}  squared error {error:.6f}")
angles = np.degrees(subspace_angles(pca.components_.T, linear.decoder_coefs_[0].T))
print(f"largest angle between the planes: {angles.max():.3f} degrees")
codes, others = pca.transform(X), linear.transform(X)
rotation, _ = orthogonal_procrustes(others, codes)
print(f"largest difference of a code after a rotation: {abs(others @ rotation - codes).max():.4f}")

# %%
# The arc, and the plane that each of them puts it on.
fig, axes = plt.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
for ax, (name, reducer) in zip(axes, reducers.items(), strict=True):
    ReconstructionDisplay.from_estimator(reducer, X, ax=ax)
    ax.set_title(name)

# %%
# The same in the two codes; the color tells how far along the arc a point lies.
fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, (name, reducer) in zip(axes, reducers.items(), strict=True):
    LatentSpaceDisplay.from_estimator(reducer, X, t, y_name="angle on the arc (radians)", ax=ax)
    ax.set(title=name, aspect="equal")
plt.show()
