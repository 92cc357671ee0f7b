"""
=====================================================
When is a forest a better autoencoder than a network?
=====================================================

With few codes, and where columns depend on each other by rules. A table of orders has columns of
text and of numbers. A :class:`~skae.ForestAutoencoder` takes it as it is and gives a data frame
back, and so does a network; PCA needs indicators of the categories, and columns of one scale.
Measurements of cells depend on each other almost linearly: with enough codes, a network is better.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer, ForestAutoencoder

rng = np.random.default_rng(0)
product, region, quantity = rng.integers([[0], [0], [1]], [[6], [4], [6]], size=(3, 2000))
is_fast = rng.uniform(size=2000) < 0.3
orders = pd.DataFrame(
    {
        "product": np.array(["pen", "book", "lamp", "chair", "desk", "bed"])[product],
        "region": np.array(["north", "east", "south", "abroad"])[region],
        "delivery": np.where(is_fast, "express", "normal"),
        "quantity": quantity,
        "weight": np.array([0.2, 0.4, 1, 3, 8, 15])[product] * quantity,
        "shipping": (region + 3) * np.where(is_fast, 2.5, 1) * rng.normal(1, 0.02, size=2000),
        "price": np.array([2, 15, 40, 90, 300, 500])[product] * quantity,
    }
)
tables = {"orders": orders, "cells": load_breast_cancer(as_frame=True).data}

# %%
# Two numbers for each order, and the data frame that they give back.
X, X_test = train_test_split(orders, random_state=0)
forest = ForestAutoencoder(2, random_state=0).fit(X)
few = X_test.head(3)
print(few, forest.transform(few), forest.reconstruct(few).round(1), sep="\n\n")


# %%
# The same numbers of codes for all. A score is the mean over the columns of :math:`R^2`, or of
# accuracy for text, on samples that were not trained on.
def by_pca(n_codes, X, X_test):
    both = pd.get_dummies(pd.concat([X, X_test]), prefix_sep="=", dtype=float)
    scaled = make_pipeline(StandardScaler(), PCA(n_codes)).fit(both[: len(X)])
    back = scaled.inverse_transform(scaled.transform(both[len(X) :]))
    back = pd.DataFrame(back, columns=both.columns)
    for name in X.columns.difference(back.columns):
        back[name] = back.filter(regex=f"^{name}=").idxmax(axis=1).str.removeprefix(f"{name}=")
    return back


def score(X, back):
    text = set(X.select_dtypes(exclude="number"))
    return np.mean([(accuracy_score if c in text else r2_score)(X[c], back[c]) for c in X])


fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, (name, table) in zip(axes, tables.items(), strict=True):
    X, X_test = train_test_split(table, random_state=0)
    scores = pd.DataFrame(index=pd.Index([1, 2, 4, 6], name="number of codes"))
    for k in scores.index:
        for kind in ("leaves", "spectral"):
            forest = ForestAutoencoder(k, codes=kind, random_state=0).fit(X)
            scores.loc[k, f"forest, {kind}"] = score(X_test, forest.reconstruct(X_test))
        network = AutoencoderTransformer(k, column_scaling=True, random_state=0).fit(X)
        scores.loc[k, type(network).__name__] = score(X_test, network.reconstruct(X_test))
        scores.loc[k, "PCA"] = score(X_test, by_pca(k, X, X_test))
    scores.plot(ax=ax, marker="o", title=name, ylabel="mean score of the columns", ylim=(0, 1.05))
    print(f"{name}\n{scores.round(2)}\n")
plt.show()
