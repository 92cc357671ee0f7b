"""
===================================================
How stable are the codes of ContractiveAutoencoder?
===================================================

:class:`~skae.ContractiveAutoencoder` learns codes that change little with the sample: it penalizes
the derivative of the codes by the features. Here noise of increasing strength is added to digits.
The figure shows how far their codes move, relative to the distances between codes.

Codes do move less with a stronger penalty, and the figure shows the cost: they explain
less of the images. The gain is largest for small noise, which is where a derivative counts. A
:class:`~skae.DenoisingAutoencoder`, which has seen noise in training, comes close to the strong
penalty without that price.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, ContractiveAutoencoder, DenoisingAutoencoder
from skae.plotting import METHOD_COLORS

X, X_test = train_test_split(load_digits().data / 16, random_state=0)
shared = {"n_components": 8, "learning_rate": "cosine", "max_iter": 60, "random_state": 0}
reducers = {
    "PCA": PCA(8),
    "plain": AutoencoderTransformer(tied_weights=True, **shared),
    "contraction 0.01": ContractiveAutoencoder(contraction=0.01, **shared),
    "contraction 0.1": ContractiveAutoencoder(contraction=0.1, **shared),
    "denoising": DenoisingAutoencoder(noise_level=0.2, **shared),
}


# %%
# The distance is measured on images not trained on, as a share of the codes' own spread: codes
# that are merely small gain nothing.
def kept(reducer):
    """Share of the variance of other images that their codes keep."""
    lost = (X_test - reducer.inverse_transform(reducer.transform(X_test))) ** 2
    return 1 - lost.sum() / ((X_test - X.mean(axis=0)) ** 2).sum()


def moved(reducer, noise):
    """Mean distance by which noise moves the codes, as a share of their spread."""
    codes = reducer.transform(X_test)
    spoiled = X_test + np.random.default_rng(0).normal(scale=noise, size=X_test.shape)
    distances = np.linalg.norm(reducer.transform(spoiled) - codes, axis=1)
    return distances.mean() / np.sqrt(codes.var(axis=0).sum())


strengths = (0.05, 0.1, 0.2, 0.4)
print(f"{'8 codes':17} variance kept, then moved by noise of {strengths}")
movements = {}
for name, reducer in reducers.items():
    reducer.fit(X)
    movements[name] = [moved(reducer, noise) for noise in strengths]
    print(f"{name:17} {kept(reducer):13.3f}  {np.round(movements[name], 3)}")

# %%
# The same, divided by the noise: PCA is linear, and its codes move in proportion.
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
styles = {
    "PCA": ("--s", "PCA"),
    "plain": ("-o", "AutoencoderTransformer"),
    "contraction 0.01": ("-^", "ContractiveAutoencoder"),
    "contraction 0.1": (":v", "ContractiveAutoencoder"),
    "denoising": ("-.D", "DenoisingAutoencoder"),
}
for name, (style, method) in styles.items():
    kw = {"color": METHOD_COLORS[method], "label": name}
    left.plot(strengths, np.divide(movements[name], strengths), style, **kw)
    right.plot(kept(reducers[name]), movements[name][1], style[-1], markersize=9, **kw)
left.set(xlabel="noise (standard deviation; pixels lie in [0, 1])", ylim=(0, 1.8))
left.set_ylabel("distance moved / noise")
right.set(xlabel="variance kept", ylabel="distance moved by noise of 0.1", ylim=(0, 0.18))
right.legend()
plt.show()
