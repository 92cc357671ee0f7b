"""
=======================================================
When does AutoencoderTransformer help LinearRegression?
=======================================================

Regression on all features, on the first ten, on codes of PCA and of an autoencoder, by
cross-validation. First on 900 independent features of which one determines the target: no
unsupervised reduction can help there, because that feature varies no more than any other. Then on
nonlinearly redundant features: forty measurements of a position on a curled sheet.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skae import AutoencoderTransformer
from skae.plotting import METHOD_COLORS

warnings.simplefilter("ignore", ConvergenceWarning)  # the default number of epochs is plenty here


def independent_columns():
    """900 normal columns; the target is made of the first."""
    np.random.seed(0)  # the article's own figures depend on this generator
    X = np.random.randn(1000, 900)
    return X, 2 * X[:, 0] + 1 + 0.1 * np.random.randn(1000)


def curled_sheet():
    """Forty noisy mixtures of a point on a curled sheet; the target is how far along it lies."""
    rng = np.random.default_rng(0)
    angle = np.pi * (1 + 1.5 * rng.uniform(size=2000))
    sheet = np.c_[angle * np.cos(angle), angle * np.sin(angle), 15 * rng.uniform(size=2000)]
    X = sheet @ rng.standard_normal((3, 40))
    return X + 0.05 * X.std() * rng.standard_normal(X.shape), angle


def compare(X, y, n_components):
    """Return the cross-validated R^2 of a linear regression on each set of features."""
    autoencoder = AutoencoderTransformer(n_components, random_state=0)
    reducers = {
        "all columns": "passthrough",
        "first ten columns": FunctionTransformer(lambda X: X[:, :10]),
        f"PCA({n_components})": PCA(n_components),
        f"AutoencoderTransformer({n_components})": autoencoder,
    }
    return {
        name: cross_val_score(make_pipeline(reducer, LinearRegression()), X, y)
        for name, reducer in reducers.items()
    }


# %%
# On independent features both reductions end near zero: what they keep is as good as chance.
# On the sheet two codes of the autoencoder unroll what a linear map cannot.
cases = {
    "900 independent columns": compare(*independent_columns(), n_components=10),
    "40 columns of a curled sheet": compare(*curled_sheet(), n_components=2),
}
for title, scores in cases.items():
    print(f"\n{title}: R^2 of five folds")
    for name, values in scores.items():
        print(f"  {name:26} {np.array2string(values, precision=3)}  mean {values.mean():.3f}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3), sharex=True, layout="constrained")
for ax, (title, scores) in zip(axes, cases.items(), strict=True):
    colors = [METHOD_COLORS.get(name.split("(")[0], "0.6") for name in scores]
    bars = ax.barh(list(scores), [values.mean() for values in scores.values()], color=colors)
    ax.bar_label(bars, fmt="%.3f", padding=3)
    ax.set(title=title, xlabel="cross-validated $R^2$", xlim=(0, 1.25), ylim=(3.5, -0.5))
plt.show()
