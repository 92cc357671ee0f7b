"""
====================================================
Is AutoencoderTransformer better than PCA on digits?
====================================================

The same pipeline, a few codes and then a linear classifier, once with
:class:`~sklearn.decomposition.PCA` and once with :class:`~skae.AutoencoderTransformer` in its
place, compared by cross-validation: how much of the held-out images the codes keep, and how many
digits the classifier gets right from them.
"""

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
from skae.plotting import ComponentsCurveDisplay

X, y = load_digits(return_X_y=True)
reducers = {"AutoencoderTransformer": AutoencoderTransformer(random_state=0), "PCA": PCA()}
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

# %%
# Some folds could use a few more epochs than the default's, and say so.
warnings.simplefilter("ignore", ConvergenceWarning)
counts = (2, 4, 8, 16)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
kept = ComponentsCurveDisplay.from_estimator(reducers, X, n_components=counts, cv=3, ax=axes[0])
accuracy = ComponentsCurveDisplay.from_estimator(
    reducers, X, y, n_components=counts, predictor=classifier, cv=3, ax=axes[1]
)
axes[0].set_title("Variance kept on held-out images")
axes[1].set_title("Accuracy of a linear classifier")
fig.savefig(Path("digits_pca_vs_autoencoder.png"), dpi=120)

# %%
print(f"{'codes':>5} {'':24} {'variance kept':>14} {'accuracy':>9}")
for i, n_components in enumerate(counts):
    for name in reducers:
        means = kept.scores[name][i].mean(), accuracy.scores[name][i].mean()
        print("{:5} {:24} {:14.3f} {:9.3f}".format(n_components, name, *means))
print("The figure is in digits_pca_vs_autoencoder.png.")
