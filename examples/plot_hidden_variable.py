"""
==============================================================
Can one code of AutoencoderTransformer stand for four columns?
==============================================================

Where the columns are functions of one hidden variable, it can. Here they are its square, its cube,
its sine and its exponential, and the hidden variable is nowhere among them.

:class:`~sklearn.decomposition.PCA` has one straight line to offer. The autoencoder finds one code
that gives all four columns back, for rows that it has not seen too. It follows the sine least
well: errors are squared in the units of X, and beside a column that varies sixty times as much a
wave of height one counts little. A :class:`~sklearn.preprocessing.StandardScaler` before it would
make the columns count alike.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae.datasets import make_hidden_variable

X, _ = make_hidden_variable(random_state=0)
X_new, z_new = make_hidden_variable(2000, random_state=1)
reducers = {
    "PCA": PCA(1).fit(X),
    "AutoencoderTransformer": AutoencoderTransformer(1, random_state=0).fit(X),
}

# %%
# Errors on rows drawn anew.
print(f"{'standard deviations':24} {'':13}  {X.std(axis=0).round(2)}\n")
print(f"{'one code':24} {'variance kept':>13}  largest error in each column")
reconstructions = {}
for name, reducer in reducers.items():
    reconstructions[name] = reducer.inverse_transform(reducer.transform(X_new))
    errors = X_new - reconstructions[name]
    kept = 1 - np.sum(errors**2) / np.sum((X_new - X.mean(axis=0)) ** 2)
    print(f"{name:24} {kept:13.5f}  {abs(errors).max(axis=0).round(2)}")

# %%
# Each column over the hidden variable, which neither of the two has seen.
order = np.argsort(z_new)
fig, axes = plt.subplots(2, 2, figsize=(9, 5.5), sharex=True, layout="constrained")
titles = ["$z^2$", "$z^3$", r"$\sin z$", "$e^z$"]
for column, (ax, title) in enumerate(zip(axes.flat, titles, strict=True)):
    ax.plot(z_new[order], X_new[order, column], "0.75", linewidth=6, label="data")
    for (name, rows), style in zip(reconstructions.items(), ("C1--", "C0-"), strict=True):
        ax.plot(z_new[order], rows[order, column], style, label=f"{name}, one code")
    ax.set_title(title)
for ax in axes[1]:
    ax.set_xlabel("hidden variable $z$")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()
