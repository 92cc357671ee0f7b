"""
=======================================
Do sequences need RecurrentAutoencoder?
=======================================

Noisy sines of random frequency and phase: two numbers say all about one, but none of them enters
linearly, so that two principal components keep little. A
:class:`~skae.RecurrentAutoencoder` reads such a time series step by step and reconstructs it from
two codes, mostly without the noise.

It is not the only one that can. All sequences here are equally long and begin at the same
time, and then :class:`~skae.AutoencoderTransformer`, to which steps are columns like any others,
does as well and trains faster. The advantage of the recurrent network is its size: it uses the same
weights at every step, so longer sequences need no more of them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer, RecurrentAutoencoder
from skae.plotting import METHOD_COLORS


def sines(n_samples, rng):
    """Return noisy sines of random frequency and phase, and the same without noise."""
    frequency = rng.uniform(1, 3, (n_samples, 1))
    phase = rng.uniform(0, 2 * np.pi, (n_samples, 1))
    clean = np.sin(frequency * np.linspace(0, 2 * np.pi, 40) + phase)
    return clean + rng.normal(scale=0.2, size=clean.shape), clean


rng = np.random.default_rng(0)
X, _ = sines(1500, rng)
X_new, clean = sines(500, rng)

# %%
# Two codes each, and the error against sines without noise on sequences not seen in training.
# The variance of the noise is 0.04, that of the sines 0.5.
recurrent = RecurrentAutoencoder(
    2,
    hidden_layer_sizes=32,
    learning_rate="cosine",
    learning_rate_init=0.01,
    max_iter=60,
    random_state=0,
)
dense = AutoencoderTransformer(2, learning_rate="cosine", random_state=0)
reconstructions = {}
print(f"{'two codes':24} {'error':>7} {'weights':>8}")
for reducer in (PCA(2), dense, recurrent):
    name = type(reducer).__name__
    reconstructions[name] = reducer.fit(X).inverse_transform(reducer.transform(X_new))
    error = np.mean((reconstructions[name] - clean) ** 2)
    arrays = getattr(reducer, "weights_", None) or (reducer.components_, reducer.mean_)
    weights = sum(array.size for array in arrays)
    print(f"{name:24} {error:7.4f} {weights:8,}")

# %%
# The first sequences, the sines below their noise and what two codes tell of them.
fig, axes = plt.subplots(2, 3, figsize=(10, 4.5), sharex=True, sharey=True, layout="constrained")
styles = {"PCA": "--", "AutoencoderTransformer": ":", "RecurrentAutoencoder": "-"}
for i, ax in enumerate(axes.flat):
    ax.plot(X_new[i], ".", color="0.6", markersize=4, label="noisy sequence")
    ax.plot(clean[i], color="0.85", linewidth=6, zorder=0, label="without noise")
    for name, style in styles.items():
        ax.plot(reconstructions[name][i], style, color=METHOD_COLORS[name], label=name)
for ax in axes[1]:
    ax.set_xlabel("step")
for ax in axes[:, 0]:
    ax.set_ylabel("value")
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=5)
plt.show()
