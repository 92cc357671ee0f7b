"""
=================================================
Digits: is an autoencoder better than PCA for me?
=================================================

The same pipeline, a few codes and then a linear classifier, once with
:class:`~sklearn.decomposition.PCA` and once with :class:`~skae.AutoencoderTransformer` in its
place, compared by cross-validation: how much of the held-out images the codes keep, and how many
digits the classifier gets right from them.
"""

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer

X, y = load_digits(return_X_y=True)


def explained(pipeline, X, y):
    """Share of the variance of held-out images that their codes keep."""
    reducer = pipeline[0]
    unexplained = np.sum((X - reducer.inverse_transform(reducer.transform(X))) ** 2)
    return 1 - unexplained / np.sum((X - reducer.mean_) ** 2)


# %%
# Two hundred epochs are the default's most; some folds could use a few more, and say so.
warnings.simplefilter("ignore", ConvergenceWarning)
counts = (2, 4, 8, 16)
results = {}
for n_components in counts:
    for reducer in (PCA(n_components), AutoencoderTransformer(n_components, random_state=0)):
        pipeline = make_pipeline(reducer, StandardScaler(), LogisticRegression(max_iter=1000))
        scoring = {"explained": explained, "accuracy": "accuracy"}
        scores = cross_validate(pipeline, X, y, cv=3, scoring=scoring)
        results[type(reducer).__name__, n_components] = (
            scores["test_explained"].mean(),
            scores["test_accuracy"].mean(),
        )

print(f"{'codes':>5} {'':24} {'variance kept':>14} {'accuracy':>9}")
for (name, n_components), (kept, accuracy) in results.items():
    print(f"{n_components:5} {name:24} {kept:14.3f} {accuracy:9.3f}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
titles = ("Variance kept on held-out images", "Accuracy of a linear classifier")
for i, (ax, title) in enumerate(zip(axes, titles, strict=True)):
    for name, colour, marker in (("PCA", "C1", "s"), ("AutoencoderTransformer", "C0", "o")):
        values = [results[name, n][i] for n in counts]
        ax.plot(counts, values, color=colour, marker=marker, label=name)
    ax.set(title=title, xlabel="number of codes", xscale="log", ylim=(0, 1))
    ax.set_xticks(counts, counts)
    ax.minorticks_off()
    ax.grid(alpha=0.3)
axes[0].legend(loc="lower right")
fig.savefig(Path("digits_pca_vs_autoencoder.png"), dpi=120)
print("The figure is in digits_pca_vs_autoencoder.png.")
