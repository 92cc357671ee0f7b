"""
=============================================================
Can codes be as readable as PCA's, and the way back curved?
=============================================================

Yes: ``linear_encoder=True`` makes each code a weighted sum of the features, as those of
:class:`~sklearn.decomposition.PCA` are. Only the decoder is nonlinear. What stands behind the codes
in a pipeline sees a linear map whose weights can be read, and the reconstruction is nearly as good
as with nonlinear codes. The data are digits in eight codes.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer
from skae.plotting import METHOD_COLORS

X, X_test = train_test_split(load_digits().data, random_state=0)
reducers = {
    "PCA": PCA(8).fit(X),
    "linear codes": AutoencoderTransformer(8, linear_encoder=True, random_state=0).fit(X),
    "nonlinear codes": AutoencoderTransformer(8, random_state=0).fit(X),
}


def kept(reducer):
    """Return the share of the variance of held-out samples that eight codes keep."""
    lost = np.square(X_test - reducer.inverse_transform(reducer.transform(X_test))).sum()
    return 1 - lost / np.square(X_test - reducer.mean_).sum()


for name, reducer in reducers.items():
    print(f"variance kept, {name:16} {kept(reducer):.2f}")

# %%
# The map is one matrix, `encoder_coefs_[0]`, but for a constant: its columns beside the components
# of PCA, from which training began. Red pixels raise a code, blue ones lower it.
pca, linear = reducers["PCA"], reducers["linear codes"]
W = linear.encoder_coefs_[0]
products = (X_test - linear.mean_) @ W + linear.scale_ * linear.encoder_intercepts_[0]
print("codes are linear:", np.allclose(linear.transform(X_test), products))

fig, axes = plt.subplots(2, 8, figsize=(9, 2.6), layout="constrained")
for label, weights, places in (("PCA", pca.components_, axes[0]), ("linear\ncodes", W.T, axes[1])):
    for ax, image in zip(places, weights, strict=True):
        most = abs(image).max()
        ax.imshow(image.reshape(8, 8), cmap="RdBu_r", vmin=-most, vmax=most)
        ax.set(xticks=[], yticks=[])
    places[0].set_ylabel(label, rotation=0, ha="right", va="center")
plt.show()

# %%
# What the first code stands for, from its 1st to its 99th percentile, the other codes at zero: the
# four pixels that change most. PCA's lines leave the range of the pixels, 0 to 16.
fig, axes = plt.subplots(1, 4, figsize=(9, 2.6), sharex=True, sharey=True, layout="constrained")
along = np.zeros((100, 8))
along[:, 0] = np.linspace(*np.percentile(linear.transform(X)[:, 0], [1, 99]), 100)
decoded = {"PCA": pca, "AutoencoderTransformer": linear}
decoded = {name: reducer.inverse_transform(along) for name, reducer in decoded.items()}
pixels = np.ptp(decoded["AutoencoderTransformer"], axis=0).argsort()[:-5:-1]
for ax, pixel in zip(axes, pixels, strict=True):
    for name, rows in decoded.items():
        ax.plot(along[:, 0], rows[:, pixel], color=METHOD_COLORS[name], label=name)
    ax.set(title=f"pixel {pixel // 8}, {pixel % 8}", xlabel="first code")
    ax.axhspan(0, 16, color="0.94", zorder=0)
axes[0].set_ylabel("decoded")
axes[1].legend(fontsize="small")
plt.show()
