"""
==============================================================
Can one code of AutoencoderTransformer stand for four columns?
==============================================================

Where the columns are functions of one hidden variable, it can. Here they are its square, its cube,
its sine and its exponential, and the hidden variable is nowhere among them. The data are those of
an introductory article on autoencoders, whose network leaves a largest error of .8966.

:class:`~sklearn.decomposition.PCA` has only one straight line. The autoencoder finds one code
that reconstructs all four columns, also for held-out samples. It follows the sine least
well: errors are squared in the units of X, and beside a column that varies sixty times as much a
wave of height one counts little. A :class:`~sklearn.preprocessing.StandardScaler` before it would
make the columns count alike.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae.datasets import make_hidden_variable
from skae.plotting import ReconstructionDisplay

(X, _), (X_new, z) = (
    make_hidden_variable(random_state=0),
    make_hidden_variable(2000, random_state=1),
)
columns = ["$z^2$", "$z^3$", r"$\sin z$", "$e^z$"]
X, X_new = (pd.DataFrame(rows, columns=columns) for rows in (X, X_new))
reducers = {
    "PCA": PCA(1).fit(X),
    "AutoencoderTransformer": AutoencoderTransformer(1, random_state=0).fit(X),
}

# %%
# Errors on new samples.
print(f"{'standard deviations':24} {'':13}  {X.to_numpy().std(axis=0).round(2)}\n")
print(f"{'one code':24} {'variance kept':>13}  largest error in each column")
for name, reducer in reducers.items():
    errors = np.asarray(X_new - reducer.inverse_transform(reducer.transform(X_new)))
    kept = 1 - np.sum(errors**2) / np.sum((X_new - X.mean()).to_numpy() ** 2)
    print(f"{name:24} {kept:13.5f}  {abs(errors).max(axis=0).round(2)}")

# %%
# The article's figure is the largest error on the 10,000 samples trained on, in any column.
print(f"{'the article':24} {0.8966:.4f}")
for name, reducer in reducers.items():
    largest = abs(X - reducer.inverse_transform(reducer.transform(X))).to_numpy().max()
    print(f"{name:24} {largest:.4f}")

# %%
# Each feature over the hidden variable, which neither of the two has seen.
fig, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
for ax, (name, reducer) in zip(axes, reducers.items(), strict=True):
    ReconstructionDisplay.from_estimator(
        reducer, X_new, against=pd.Series(z, name="hidden variable $z$"), random_state=0, ax=ax
    )
    ax.set_title(f"{name}, one code")
plt.show()
