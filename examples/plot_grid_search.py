"""
=====================================================
How do I tune AutoencoderTransformer by GridSearchCV?
=====================================================

:class:`~sklearn.model_selection.GridSearchCV` answers as for any other transformer. The score of an
autoencoder is the share of the variance of held-out samples that its codes explain, so
a search needs no scorer. Training is compiled once for each architecture: other values of
``alpha``, folds and seeds cost no further compilation.

More codes always explain more; the predictor after them decides how many are enough. Progress
bars are scikit-learn's own callbacks, and need the package rich.
"""

import os

import matplotlib.pyplot as plt
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split

from skae import AutoencoderTransformer
from skae.plotting import METHOD_COLORS

X, X_test = train_test_split(load_digits().data / 16, random_state=0)
autoencoder = AutoencoderTransformer(8, learning_rate="cosine", max_iter=30, random_state=0)

os.environ.setdefault("COLUMNS", "110")  # room for names and bars where output is no terminal

# %%
# Bars nest: the search, its fits and their epochs. Here two candidates and two folds.
small = GridSearchCV(autoencoder, {"alpha": [0.02, 20.0]}, cv=2)
small.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X)

# %%
# For the search itself the outermost bar is enough. PCA is scored on the same folds.
grid = {
    "n_components": [4, 16],
    "hidden_layer_sizes": [(32,), (128,)],
    "alpha": [0.002, 0.2, 20.0],
}
search = GridSearchCV(autoencoder, grid, cv=3).set_callbacks(ProgressBar(max_propagation_depth=0))
search.fit(X)


def kept(reducer, X, y=None):
    """Share of the variance that the codes of these rows keep."""
    lost = (X - reducer.inverse_transform(reducer.transform(X))) ** 2
    return 1 - lost.sum() / ((X - reducer.mean_) ** 2).sum()


pca = {n: cross_val_score(PCA(n), X, scoring=kept, cv=3).mean() for n in grid["n_components"]}
print("best:", search.best_params_)
print(
    f"it keeps {search.score(X_test):.3f} of other images' variance, PCA with as many codes", end=""
)
print(f" {kept(PCA(search.best_params_['n_components']).fit(X), X_test):.3f}")

# %%
# The mean of the three folds.
results, blue = search.cv_results_, METHOD_COLORS["AutoencoderTransformer"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, n_components in zip(axes, grid["n_components"], strict=True):
    for sizes, style in zip(grid["hidden_layer_sizes"], ("^:", "o-"), strict=True):
        wanted = {"n_components": n_components, "hidden_layer_sizes": sizes}
        rows = [i for i, each in enumerate(results["params"]) if wanted.items() <= each.items()]
        scores = results["mean_test_score"][rows]
        label = f"AutoencoderTransformer, {sizes[0]} hidden units"
        ax.plot(grid["alpha"], scores, style, color=blue, label=label)
    ax.axhline(pca[n_components], color=METHOD_COLORS["PCA"], linestyle="--", label="PCA")
    ax.set(title=f"{n_components} codes", xlabel="alpha (strength of the L2 penalty)", xscale="log")
    ax.set_ylabel("variance kept, held-out images")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()
