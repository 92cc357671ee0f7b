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
# The same images from the codes of each.
fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 3.6), width_ratios=(2, 3), layout="constrained"
)
bars = left.barh(list(table), [row[2] for row in table.values()], color=["C1"] + 4 * ["C0"])
left.bar_label(bars, fmt="%.4f", padding=3)
left.set(xlabel="test error", xlim=(0, 0.026))
left.invert_yaxis()
right.set_axis_off()
grid = right.get_subplotspec().subgridspec(len(reducers) + 1, 10)
shown = X_test[:10]
rows = {"Original": shown}
rows |= {name: r.inverse_transform(r.transform(shown)) for name, r in reducers.items()}
for i, (name, images) in enumerate(rows.items()):
    for j, image in enumerate(images):
        ax = fig.add_subplot(grid[i, j], xticks=[], yticks=[])
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        if j == 0:
            ax.set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()
