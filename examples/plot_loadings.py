"""
==================================================
What does each code of AutoencoderTransformer say?
==================================================

The rows of `components_` of :class:`~sklearn.decomposition.PCA` are its loadings: by how much each
feature changes with a component. An autoencoder has them too. A decoder with hidden layers has
another derivative at each sample; `components_` is the mean of them over the training samples, and
`local_components` returns those of single samples. The wines here are described by 13 chemical
measurements.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
from skae.plotting import LoadingsDisplay

X = load_wine(as_frame=True).data
reducers = {
    name: make_pipeline(StandardScaler().set_output(transform="pandas"), reducer).fit(X)
    for name, reducer in {
        "PCA": PCA(2),
        "AutoencoderTransformer": AutoencoderTransformer(2, random_state=0),
    }.items()
}

# %%
# The largest loadings of both: the codes began as the components, and have kept their meaning.
fig = plt.figure(figsize=(8, 6.4), layout="constrained")
for part, (name, reducer) in zip(fig.subfigures(2, 1), reducers.items(), strict=True):
    part.suptitle(name)
    LoadingsDisplay.from_estimator(reducer, features=7, ax=part.subplots())
plt.show()

components = [reducer[-1].components_ for reducer in reducers.values()]
cosines = [
    abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(*components, strict=True)
]
print("cosine of the angles between loadings of both:", np.round(cosines, 2))

# %%
# Given samples, the display draws curves in place of mean slopes: the decoded features while one
# code changes and the other stays at its mean. Those of PCA would be straight lines.
LoadingsDisplay.from_estimator(reducers["AutoencoderTransformer"], X, features=6)
plt.show()

# %%
# How much loadings differ between samples is how nonlinear the decoder is: here the deviation of
# the loadings of single samples from their mean, relative to it. It is 0 for PCA.
scaler, autoencoder = reducers["AutoencoderTransformer"]
local = autoencoder.local_components(scaler.transform(X))
deviations = local - autoencoder.components_
bend = np.sqrt((deviations**2).sum(axis=2).mean(axis=0) / (autoencoder.components_**2).sum(axis=1))
print("relative deviation of the loadings of single wines:", bend.round(2))
