"""
=======================================================
What does one code of AutoencoderTransformer stand for?
=======================================================

It is a place along a curve. Decoding a range of codes draws that curve, as it draws a straight line
for :class:`~sklearn.decomposition.PCA`: each of the two replaces a point by one that lies on
it. On points close to a spiral of three quarters of a turn the curve learns the spiral, and the
code tells how far along it a point lies. A whole turn winds more than training from PCA unrolls:
there the code jumps from one arm to the other.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae.plotting import ReconstructionDisplay


def spiral(n_samples, rng):
    """Return points close to a spiral, and the angle at which each lies."""
    angle = np.pi * rng.uniform(1, 2.5, n_samples)
    X = np.c_[angle * np.cos(angle), angle * np.sin(angle)] / np.pi
    return X + rng.normal(scale=0.1, size=X.shape), angle


rng = np.random.default_rng(0)
X, _ = spiral(1000, rng)
X_new, angle = spiral(1000, rng)
reducers = {
    "PCA": PCA(1).fit(X),
    "AutoencoderTransformer": AutoencoderTransformer(1, random_state=0).fit(X),
}

# %%
# Points drawn anew. The rank correlation of the code with the angle is 1 where the code puts them
# in the order of the spiral.
codes = {name: reducer.transform(X_new) for name, reducer in reducers.items()}
print(f"{'one code':24} {'variance kept':>13} {'rank correlation with the angle':>32}")
for name, reducer in reducers.items():
    lost = np.sum((X_new - reducer.inverse_transform(codes[name])) ** 2)
    kept = 1 - lost / np.sum((X_new - X.mean(axis=0)) ** 2)
    rank = abs(spearmanr(codes[name][:, 0], angle).statistic)
    print(f"{name:24} {kept:13.3f} {rank:32.3f}")

# %%
# Two hundred of the points, tied to where they are put, and what a range of codes stands for.
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharex=True, sharey=True, layout="constrained")
for ax, (name, reducer) in zip(axes, reducers.items(), strict=True):
    ReconstructionDisplay.from_estimator(reducer, X_new, random_state=0, ax=ax)
    ax.set_title(name)
plt.show()
