"""
======================================================
Can AutoencoderTransformer replace PCA in my pipeline?
======================================================

Yes: it is one step of a :class:`~sklearn.pipeline.Pipeline`, replaced by ``set_params``. Here it
is done in a pipeline that tells malignant from benign tumours by two codes of thirty
measurements; cross-validation, feature names, data frames and pickles still work.

Two codes of the autoencoder explain more of the measurements than two principal components. The
classifier does not profit: the additional information is not about the tumor, and the two
embeddings look alike, because the first code is similar to that of PCA.
"""

import pickle

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
from skae.plotting import LatentSpaceDisplay

data = load_breast_cancer(as_frame=True)
X, y = data.data, data.target.map(dict(enumerate(data.target_names))).rename("tumour")
pipeline = Pipeline(
    [("scale", StandardScaler()), ("reduce", PCA(2)), ("classify", LogisticRegression())]
)


def kept(pipeline, X, y):
    """Share of the variance of held-out rows that their codes keep."""
    X, reducer = pipeline[0].transform(X), pipeline[1]
    lost = (X - reducer.inverse_transform(reducer.transform(X))) ** 2
    return 1 - lost.sum() / ((X - reducer.mean_) ** 2).sum()


# %%
# The same pipeline, cross-validated with the one reducer and then with the other.
fitted = {}
print(f"{'five folds':24} {'variance kept':>13} {'accuracy':>9}")
for reducer in (PCA(2), AutoencoderTransformer(2, random_state=0)):
    name = type(reducer).__name__
    pipeline.set_params(reduce=reducer)
    scores = cross_validate(pipeline, X, y, scoring={"kept": kept, "accuracy": "accuracy"})
    print(f"{name:24} {scores['test_kept'].mean():13.3f} {scores['test_accuracy'].mean():9.3f}")
    fitted[name] = clone(pipeline[:-1]).fit(X)

# %%
# Codes have names, come as a data frame on request, and are the same after the
# pipeline was pickled. Loading and using it needs no TensorFlow.
pipeline.set_output(transform="pandas").fit(X, y)
codes = pipeline[:-1].transform(X)
print(f"\n{codes.head(3).round(2)}")
loaded = pickle.loads(pickle.dumps(pipeline))
print("The pickle predicts the same:", (loaded.predict(X) == pipeline.predict(X)).all())

# %%
# The two kinds of tumours in two codes.
fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, (name, reducer) in zip(axes, fitted.items(), strict=True):
    LatentSpaceDisplay.from_estimator(reducer, X, y, ax=ax, s=12)
    ax.set_title(name)
plt.show()
