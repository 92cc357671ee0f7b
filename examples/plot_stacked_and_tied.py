"""
===========================================
Do tied weights or StackedAutoencoder help?
===========================================

Less than one might think: the same network, with layers of 100, 50 and 16 units and their mirror,
is trained on digits in three ways. As a whole; as a whole with the decoder's kernels tied to the
encoder's, which halves the number of weights; and one layer at a time with
:class:`~skae.StackedAutoencoder`, before and after the whole is fine-tuned.

Tied weights do almost as well as twice their number. Layers trained alone do worse than
:class:`~sklearn.decomposition.PCA`, since no layer knows what those above need. Fine-tuning makes
up for most of it; today a network of this depth is simply trained as a whole.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, StackedAutoencoder
from skae.plotting import METHOD_COLORS

X, X_test = train_test_split(load_digits().data / 16, random_state=0)
shared = {
    "n_components": 16,
    "hidden_layer_sizes": (100, 50),
    "learning_rate": "cosine",
    "max_iter": 60,
    "random_state": 0,
}
reducers = {
    "PCA": PCA(16),
    "As a whole": AutoencoderTransformer(**shared),
    "Tied weights": AutoencoderTransformer(tied_weights=True, **shared),
    "Layers alone": StackedAutoencoder(fine_tune=False, layer_max_iter=30, **shared),
    "Then fine-tuned": StackedAutoencoder(layer_max_iter=30, **shared),
}


# %%
# The mean squared error of a pixel between 0 and 1, on images trained on and on others.
def error(reducer, X):
    """Mean squared error of a pixel."""
    return np.mean((X - reducer.inverse_transform(reducer.transform(X))) ** 2)


table = {}
print(f"{'16 codes':16} {'weights':>8} {'train error':>12} {'test error':>11}")
for name, reducer in reducers.items():
    reducer.fit(X)
    arrays = getattr(reducer, "weights_", None) or (reducer.components_, reducer.mean_)
    n_weights = sum(array.size for array in arrays)
    table[name] = n_weights, error(reducer, X), error(reducer, X_test)
    print("{:16} {:8,} {:12.4f} {:11.4f}".format(name, *table[name]))

# %%
fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
colors = [METHOD_COLORS[type(reducer).__name__] for reducer in reducers.values()]
bars = ax.barh(list(table), [row[2] for row in table.values()], color=colors)
ax.bar_label(bars, fmt="%.4f", padding=3)
ax.set(xlabel="test error (mean squared error of a pixel), 16 codes", xlim=(0, 0.026))
ax.invert_yaxis()

# %%
# The same images from the codes of each.
rows = {"Original": X_test[:10]}
rows |= {name: r.inverse_transform(r.transform(X_test[:10])) for name, r in reducers.items()}
fig, axes = plt.subplots(len(rows), 10, figsize=(8, 4.6), layout="constrained")
for axes_of_row, (name, images) in zip(axes, rows.items(), strict=True):
    label = f"{name}\nMSE {table[name][2]:.4f}" if name in table else name
    axes_of_row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, image in zip(axes_of_row, images, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
plt.show()
