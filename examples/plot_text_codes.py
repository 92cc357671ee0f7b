"""
=======================
How is text compressed?
=======================

A bag of words has a column for each word, and nearly all of its entries are zero: it comes as a
sparse matrix. The usual method for these is :class:`~sklearn.decomposition.TruncatedSVD`; an
autoencoder takes them as they are, too. The texts are those that every Python has: the docstrings
of its own library. The label of a docstring is its package, which neither method sees.
"""

import ast
import sysconfig
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer

packages = ["asyncio", "email", "http", "logging", "multiprocessing", "tkinter", "unittest", "xml"]
texts, labels = [], []
for package in packages:
    for path in sorted(Path(sysconfig.get_path("stdlib"), package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                text = ast.get_docstring(node) or ""
                if len(text.split()) >= 10:
                    texts.append(text)
                    labels.append(package)
train, test, y, y_test = train_test_split(texts, labels, random_state=0, stratify=labels)
vectorizer = TfidfVectorizer(min_df=5, sublinear_tf=True, stop_words="english", dtype=np.float32)
X, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)
print(f"{X.shape[0]} docstrings, {X.shape[1]} words, {X.nnz / np.prod(X.shape):.1%} not zero")

# %%
# Both are judged on docstrings that they were not fitted on: by the share of the variance that is
# explained, and by a linear classifier of the codes.
variance = np.square(X_test - X_test.mean(axis=0)).sum()
scores, codes, fitted = {}, {}, {}
for n_codes in (2, 10):
    for kind in (TruncatedSVD, AutoencoderTransformer):
        reducer, name = kind(n_codes, random_state=0), kind.__name__
        Z, Z_test = reducer.fit_transform(X), reducer.transform(X_test)
        back = reducer.inverse_transform(Z_test)
        classifier = LogisticRegression(C=100, max_iter=2000).fit(Z, y)
        scores[name, n_codes] = {
            "variance explained": 1 - np.square(X_test - back).sum() / variance,
            "accuracy on codes": classifier.score(Z_test, y_test),
        }
        codes[name, n_codes], fitted[name, n_codes] = Z_test, reducer
scores = pd.DataFrame(scores).T.rename_axis(["method", "codes"])
print(scores.round(2))

# %%
# Two codes as a picture. TruncatedSVD does not center: its first axis is close to the mean of all
# texts, and the second one separates a single package. The codes of the autoencoder have several
# arms, each with words of its own.
fig, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
for ax, name in zip(axes, ["TruncatedSVD", "AutoencoderTransformer"], strict=True):
    for package in packages:
        of_package = codes[name, 2][np.array(y_test) == package]
        ax.scatter(*of_package.T, s=14, label=package)
    ax.set(title=name, xlabel="code 0", ylabel="code 1")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
plt.show()

# %%
# From ten codes back to words: those with the largest values in the reconstruction.
autoencoder = fitted["AutoencoderTransformer", 10]
vocabulary = vectorizer.get_feature_names_out()
for text, row in zip(test[:3], autoencoder.reconstruct(X_test[:3]), strict=True):
    print(text.splitlines()[0], "->", ", ".join(vocabulary[row.argsort()[:-6:-1]]))
