"""Digits of a class never seen, found by detectors with their default settings.

``python tests/benchmarks/outliers.py``; PyOD takes part where it is installed.

Each of the ten classes in turn is the outlying one. Detectors are fitted on 75 % of the rows of the
other nine, drawn in equal shares from each, and score the other 25 % together with all rows of the
class left out; the figure is the ROC AUC of their scores. All see the same raw pixels. Nothing is
tuned: every detector is its library's default, with PCA as the exception, which has as many
components as skae's detector has codes in the same split. Its row "best" is for information: the
number of components, one for all classes, whose mean on the test rows is greatest.

skae's default share of the variance was chosen on other splits of these data (seed 0).
"""

import warnings
from functools import partial

import numpy as np
from report import head, row
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from skae import AutoencoderOutlierDetector

SEEDS = (1, 2)


def tasks():
    """Yield (seed, training rows, test rows, which of these are outliers)."""
    X, y = load_digits(return_X_y=True)
    for seed in SEEDS:
        for left_out in range(10):
            usual = y != left_out
            train, test = train_test_split(
                X[usual], test_size=0.25, random_state=seed, stratify=y[usual]
            )
            is_outlier = np.repeat([False, True], [len(test), len(X) - usual.sum()])
            yield seed, train, np.vstack([test, X[~usual]]), is_outlier


def errors_of_pca(n_components, seed, train, test):
    pca = PCA(n_components, random_state=seed).fit(train)
    return ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum(axis=1)


def errors_of_skae_and_pca(seed, train, test):
    """Return skae's and PCA's errors with as many codes, and how many these are."""
    detector = AutoencoderOutlierDetector(random_state=seed).fit(train)
    n_codes = detector.autoencoder_.n_components_
    return -detector.score_samples(test), errors_of_pca(n_codes, seed, train, test), n_codes


def opposite_scores(detector_of, seed, train, test):
    return -detector_of(seed).fit(train).score_samples(test)


def errors_of_pyod(detector, seed, train, test):
    return detector(verbose=0, random_state=seed).fit(train).decision_function(test)


def areas(errors):
    """Return the ROC AUC of each task."""
    return [
        roc_auc_score(is_outlier, errors(seed, train, test))
        for seed, train, test, is_outlier in tasks()
    ]


def line(what, bar, of_tasks, more=""):
    title = f"digits of a class never seen, mean ROC AUC: {what}"
    row(title, bar, np.mean(of_tasks), f"least {np.min(of_tasks):.3f}{more}")


def outliers():
    others = {
        "IsolationForest": lambda seed: IsolationForest(random_state=seed),
        "LocalOutlierFactor(novelty=True)": lambda seed: LocalOutlierFactor(novelty=True),
        "OneClassSVM": lambda seed: OneClassSVM(),
    }
    for name, detector_of in others.items():
        line(name, "reported", areas(partial(opposite_scores, detector_of)))
    of_pca = {k: areas(partial(errors_of_pca, k)) for k in range(1, 41)}
    best = max(of_pca, key=lambda k: np.mean(of_pca[k]))
    line("PCA, best of 1 to 40 components", "reported", of_pca[best], f", {best} components")

    of_skae, of_pca, n_codes = [], [], []
    for seed, train, test, is_outlier in tasks():
        skae_errors, pca_errors, n = errors_of_skae_and_pca(seed, train, test)
        of_skae.append(roc_auc_score(is_outlier, skae_errors))
        of_pca.append(roc_auc_score(is_outlier, pca_errors))
        n_codes.append(n)
    codes = f", {min(n_codes)} to {max(n_codes)}"
    line("PCA, as many components as skae has codes", "reported", of_pca, codes)
    bars = {"PCA": np.mean(of_pca)}
    try:
        from pyod.models.auto_encoder import AutoEncoder
    except ImportError:
        row("PyOD's AutoEncoder", "reported", "skipped: PyOD or its PyTorch is not installed")
    else:
        of_pyod = areas(partial(errors_of_pyod, AutoEncoder))
        line("PyOD's AutoEncoder", "reported", of_pyod)
        bars["PyOD"] = np.mean(of_pyod)
    bar = f">= {max(bars.values()):.4f}, the best of {' and '.join(bars)}"
    line("AutoencoderOutlierDetector", bar, of_skae)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Digits with one class never seen: ROC AUC, mean over classes and splits")
    outliers()
