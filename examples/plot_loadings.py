"""
==================================================
What does each code of AutoencoderTransformer say?
==================================================

The rows of `components_` of :class:`~sklearn.decomposition.PCA` are its loadings: by how much each
feature changes with a component. An autoencoder has them too. Its decoder has another derivative at
each sample; `components_` is the mean over the training samples, and `local_components` returns
those of single samples. The data are 30 measurements of cell nuclei of tumors.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
from skae.plotting import LoadingsDisplay

X = load_breast_cancer(as_frame=True).data
scaler = StandardScaler().set_output(transform="pandas")
pca = make_pipeline(scaler, PCA(3)).fit(X)
autoencoder = make_pipeline(scaler, AutoencoderTransformer(3, random_state=0)).fit(X)

# %%
# The largest loadings of both. Training began with the components, and the codes still have much
# of their meaning: the first is the size of the nuclei and how dented they are.
fig = plt.figure(figsize=(9, 6.4), layout="constrained")
for part, reducer in zip(fig.subfigures(2, 1), (pca, autoencoder), strict=True):
    part.suptitle(type(reducer[-1]).__name__)
    LoadingsDisplay.from_estimator(reducer, components=[0, 1], features=7, ax=part.subplots())
plt.show()

loadings = [reducer[-1].components_ for reducer in (pca, autoencoder)]
units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in loadings]
cosines = abs((units[0] * units[1]).sum(axis=1))
print("cosines of the angles between the loadings of both:", cosines.round(2))

# %%
# Loadings are slopes. Given samples, the display draws whole curves: decoded features while one
# code changes and the others stay at their means. Those of PCA would be straight lines.
LoadingsDisplay.from_estimator(
    autoencoder,
    X,
    components=[0, 1],
    features=["mean radius", "mean area", "area error", "mean concavity", "mean smoothness"],
)
plt.show()

# %%
# How far are single samples from the mean loadings? The root mean square of the difference,
# relative to the loadings, is 0 for PCA.
local = autoencoder[-1].local_components(scaler.transform(X))
squares = np.square(local - loadings[1]).sum(axis=2).mean(axis=0)
bends = np.sqrt(squares / np.square(loadings[1]).sum(axis=1))
print("relative differences of the loadings of single samples:", bends.round(2))
