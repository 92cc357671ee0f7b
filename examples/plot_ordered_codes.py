"""
==================================================
How many codes do I need, and can one fit tell me?
==================================================

Yes, with ``ordered=True``: the first codes alone reconstruct samples, as the first components of
:class:`~sklearn.decomposition.PCA` do. One fit then has a spectrum, `explained_variance_ratio_`,
and any number of codes: `inverse_transform` takes the first ones, and `truncated` returns the
autoencoder that has no others.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold, train_test_split

from skae import AutoencoderTransformer
from skae.plotting import METHOD_COLORS, ComponentsCurveDisplay

X = load_digits().data
X_train, X_test = train_test_split(X, random_state=0)
pca = PCA(16).fit(X_train)
autoencoder = AutoencoderTransformer(16, ordered=True, random_state=0).fit(X_train)

# %%
# On the left, the curve on held-out images by cross-validation. PCA is fitted for each number of
# components, the autoencoder once in each fold. On the right, the spectra of training images: the
# first codes explain more than the first components, the later ones less, because less is left.
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
ComponentsCurveDisplay.from_estimator(
    {"PCA": PCA(), "AutoencoderTransformer": autoencoder},
    X,
    n_components=(1, 2, 4, 8, 12, 16),
    cv=KFold(3, shuffle=True, random_state=0),
    ax=axes[0],
)
for reducer, place in ((pca, -0.2), (autoencoder, 0.2)):
    name = type(reducer).__name__
    ratio = reducer.explained_variance_ratio_
    axes[1].bar(np.arange(1, 17) + place, ratio, 0.4, color=METHOD_COLORS[name], label=name)
axes[1].set(xlabel="code or component", ylabel="explained_variance_ratio_")
axes[1].legend()
plt.show()

# %%
# How many are needed for a share of the variance? With ``n_components=0.8`` and ``ordered=True`` a
# fit ends with this number.
for reducer in (pca, autoencoder):
    shares = reducer.explained_variance_ratio_.cumsum()
    n_codes = np.argmax(shares > 0.8) + 1
    print(f"{type(reducer).__name__:22} explains 80 % with the first {n_codes} of 16")

# %%
# Held-out images, decoded from the first 1, 2, 4, 8 and 16 codes of the one fit.
numbers = (1, 2, 4, 8, 16)
codes = autoencoder.transform(X_test[:8])
rows = [autoencoder.inverse_transform(codes[:, :k]) for k in numbers] + [X_test[:8]]
fig, axes = plt.subplots(6, 8, figsize=(7, 5.4), layout="constrained")
for i, (images, label) in enumerate(zip(rows, [*map(str, numbers), "image"], strict=True)):
    for ax, image in zip(axes[i], images, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    axes[i, 0].set_ylabel(label, rotation=0, ha="right", va="center")
fig.supylabel("codes")
plt.show()

# %%
# A truncated autoencoder shares the weights of the whole one and is an estimator of its own.
short = autoencoder.truncated(4)
print("share of held-out images' variance with 4 codes:", round(short.score(X_test), 2))
