"""
========================================
Do images need ConvolutionalAutoencoder?
========================================

Small ones do not. Digits of 8 x 8 pixels, put at a random place in a field of 12 x 12, are
described by ten codes. :class:`~skae.ConvolutionalAutoencoder` does much better than
:class:`~sklearn.decomposition.PCA`, but :class:`~skae.AutoencoderTransformer`, which does not use
the positions of pixels, does as well. Filters are shared by all positions and need fewer weights;
this matters more for larger images.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, ConvolutionalAutoencoder
from skae.plotting import FeaturesDisplay

rng = np.random.default_rng(0)
images = np.zeros((1797, 12, 12))
for field, digit in zip(images, load_digits().images / 16, strict=True):
    i, j = rng.integers(0, 5, 2)
    field[i : i + 8, j : j + 8] = digit
X, X_test = train_test_split(images.reshape(1797, -1), random_state=0)

# %%
# Ten codes each. Samples are flattened images, as everywhere in scikit-learn; arrays of images are
# accepted too.
shared = {"n_components": 10, "learning_rate": "cosine", "random_state": 0}
reducers = {
    "PCA": PCA(10),
    "Dense": AutoencoderTransformer(max_iter=100, **shared),
    "Convolutional, 16 + 32 filters": ConvolutionalAutoencoder(max_iter=40, **shared),
    "Convolutional, 32 + 64 filters": ConvolutionalAutoencoder(
        filters=(32, 64), max_iter=40, **shared
    ),
}
print(f"{'10 codes':30} {'weights':>8} {'test error':>11}")
rows = {"Original": X_test}
for name, reducer in reducers.items():
    reducer.fit(X)
    rows[name] = reducer.inverse_transform(reducer.transform(X_test))
    arrays = getattr(reducer, "weights_", None) or (reducer.components_, reducer.mean_)
    n_weights = sum(array.size for array in arrays)
    print(f"{name:30} {n_weights:8,} {np.mean((rows[name] - X_test) ** 2):11.4f}")

# %%
# Images not trained on, from the ten codes of each, with the test error.
fig, axes = plt.subplots(len(rows), 10, figsize=(9, 4.6), layout="constrained")
for axes_of_row, (name, some) in zip(axes, rows.items(), strict=True):
    label = name.replace(", ", ",\n")
    if name in reducers:
        label += f"\nMSE {np.mean((some - X_test) ** 2):.4f}"
    axes_of_row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, image in zip(axes_of_row, some, strict=False):
        ax.imshow(image.reshape(12, 12), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])

# %%
# The filters of the first convolution, of 3 x 3 pixels. Red pixels raise a unit's activation, blue
# ones lower it.
FeaturesDisplay.from_estimator(reducers["Convolutional, 16 + 32 filters"], n_columns=8)
plt.show()
