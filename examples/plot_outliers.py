"""
=========================================================
Can AutoencoderOutlierDetector tell which entry is wrong?
=========================================================

An entry can lie in the usual range of its feature and still not fit the rest of its sample. An
:class:`~skae.AutoencoderOutlierDetector` is trained on sound rows of measurements of tumours and
then sees others, half of which have one wrong entry: a value that one row in twenty has, at the
end of the column that is further from the true one. It finds many of these rows, and
``feature_errors`` mostly names the column.

Columns here depend on each other almost linearly, and :class:`~sklearn.decomposition.PCA` does
nearly as well.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderOutlierDetector, AutoencoderTransformer

data = load_breast_cancer()
X, X_test = train_test_split(data.data, test_size=200, random_state=0)
rng = np.random.default_rng(0)
rows, columns = np.arange(100), rng.integers(X.shape[1], size=100)
low, high = np.quantile(X, [0.05, 0.95], axis=0)[:, columns]
is_large = X_test[rows, columns] > np.median(X, axis=0)[columns]
X_test[rows, columns] = np.where(is_large, low, high)
is_wrong = np.arange(200) < 100
scaler = StandardScaler().fit(X)
X, X_test = scaler.transform(X), scaler.transform(X_test)

# %%
# Ten codes, for autoencoder and PCA alike. How well rows are told apart, as the area under the
# ROC curve, and how often the column with the largest error is the one with the wrong entry.
detector = AutoencoderOutlierDetector(AutoencoderTransformer(10), random_state=0).fit(X)
pca = PCA(10).fit(X)
errors = {
    "largest entry": X_test**2,
    "PCA": (X_test - pca.inverse_transform(pca.transform(X_test))) ** 2,
    "AutoencoderOutlierDetector": detector.feature_errors(X_test),
}
print(f"{'':27} {'ROC AUC':>8} {'column named':>13}")
for name, by_column in errors.items():
    score = by_column.max(axis=1) if name == "largest entry" else by_column.sum(axis=1)
    named = np.mean(by_column[rows].argmax(axis=1) == columns)
    print(f"{name:27} {roc_auc_score(is_wrong, score):8.3f} {named:13.0%}")
for other in (IsolationForest(random_state=0), LocalOutlierFactor(novelty=True)):
    auc = roc_auc_score(is_wrong, -other.fit(X).score_samples(X_test))
    print(f"{type(other).__name__:27} {auc:8.3f}")

# %%
# Rows with a wrong entry, which is circled, and the errors by column.
fig, ax = plt.subplots(figsize=(9, 4.8), layout="constrained")
some = rows[:12]
image = ax.imshow(
    np.sqrt(errors["AutoencoderOutlierDetector"][some]), cmap="viridis", aspect="auto"
)
ax.plot(columns[some], some, "o", markersize=14, markerfacecolor="none", markeredgecolor="white")
ax.set_xticks(range(len(data.feature_names)), data.feature_names, rotation=90, fontsize="small")
ax.set(yticks=some, ylabel="row", title="Reconstruction errors; circles mark the wrong entries")
fig.colorbar(image, label="error, in standard deviations")
plt.show()
