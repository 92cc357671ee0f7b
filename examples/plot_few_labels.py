"""
==================================================
Do rows without labels help AutoencoderClassifier?
==================================================

Here they do. :class:`~skae.AutoencoderClassifier` learns from all rows where the images of digits
lie, from the labeled ones which digit is which; -1 marks the others. Its predictions are to
change little from an image to what is near it, so that a label spreads over a cluster of images.
:class:`~sklearn.semi_supervised.SelfTrainingClassifier` labels images by its own predictions:
with few labels it teaches itself its mistakes.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import SelfTrainingClassifier

from skae import AutoencoderClassifier
from skae.plotting import METHOD_COLORS

warnings.simplefilter("ignore", UserWarning)  # self-training may find nothing more to label
X, y = load_digits(return_X_y=True)
counts, seeds = (20, 50, 100, 200), range(10, 13)
logistic = LogisticRegression(max_iter=1000)
classifiers = {
    "LogisticRegression": logistic,
    "SelfTrainingClassifier": SelfTrainingClassifier(logistic),
    "AutoencoderClassifier": AutoencoderClassifier(),
}

# %%
# Accuracy on images that no classifier has seen in any way; each seed splits anew and picks other
# rows to be labeled.
accuracies = {name: np.empty((len(counts), len(seeds))) for name in classifiers}
for seed in seeds:
    X_train, X_test, y_train, y_test = train_test_split(
        X / 16, y, test_size=0.3, stratify=y, random_state=seed
    )
    order = np.random.default_rng(seed).permutation(len(y_train))
    for i, n_labels in enumerate(counts):
        labeled = order[:n_labels]
        y_some = np.where(np.isin(np.arange(len(y_train)), labeled), y_train, -1)
        for name, classifier in classifiers.items():
            rows = labeled if name == "LogisticRegression" else order
            if isinstance(classifier, AutoencoderClassifier):
                classifier.set_params(random_state=seed)
            classifier.fit(X_train[rows], y_some[rows])
            accuracies[name][i, seeds.index(seed)] = classifier.score(X_test, y_test)

print(f"{'labels':24}" + "".join(f"{n:>15}" for n in counts))
for name, values in accuracies.items():
    print(f"{name:24}" + "".join(f"{v.mean():7.3f} +- {v.std():.3f}" for v in values))

# %%
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), style in zip(accuracies.items(), ("s--", "^:", "o-"), strict=True):
    kw = {"color": METHOD_COLORS[name], "fmt": style, "capsize": 3, "label": name}
    ax.errorbar(counts, values.mean(axis=1), values.std(axis=1), **kw)
ax.set(xlabel="labeled images", ylabel="accuracy on other images", xscale="log", ylim=(0.2, 1))
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend()
plt.show()
