"""Outliers in twelve real tables, found by detectors with their default settings.

``python tests/benchmarks/outlier_tables.py [seeds]``; without an argument the seeds are 0, 1 and 2.

The tables are sets of ADBench (Han et al., NeurIPS 2022) in ../shared/data/outliers. Two settings:

- contaminated: a detector is fitted on all rows, outliers included, and scores the same rows;
- clean: it is fitted on half of the inliers, drawn by the seed, and scores all other rows.

The figure is the ROC AUC of the scores. Nothing is scaled or tuned: every detector is its library's
default, seeded; PCA has the components that hold 70 % of the variance, and its error is the squared
error of the reconstruction. `contamination='auto'` is measured by the same fits: which share of
the inliers that a clean fit has not seen it calls outliers, and which share of all rows after a
contaminated one.
"""

import sys
import time
import warnings

import numpy as np
from report import MNIST, head, row
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from skae import AutoencoderOutlierDetector

TABLES = MNIST.parent / "outliers"
SETTINGS = ("contaminated", "clean")
SKAE, FOREST = "AutoencoderOutlierDetector", "IsolationForest"
BARS = {"contaminated": 0.825, "clean": 0.89}


def tables():
    """Yield the name, the rows and which of these are outliers."""
    paths = sorted(TABLES.glob("*.npz"))
    if not paths:
        raise SystemExit(f"this benchmark reads tables of {TABLES}, where there are none")
    for path in paths:
        with np.load(path) as data:
            yield path.stem, data["X"], data["y"] == 1


def rows_of(setting, X, is_outlier, seed):
    """Return the rows to fit on, those to score, and which of the latter are outliers."""
    if setting == "contaminated":
        return X, X, is_outlier
    inliers = np.random.default_rng(seed).permutation(np.flatnonzero(~is_outlier))
    known, unseen = np.split(inliers, [len(inliers) // 2])
    others = np.concatenate([unseen, np.flatnonzero(is_outlier)])
    return X[known], X[others], is_outlier[others]


def errors_of_pca(train, test, seed):
    pca = PCA(0.7, svd_solver="full").fit(train)
    return ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum(axis=1)


def local_outlier_factors(train, test, seed):
    if test is train:
        return -LocalOutlierFactor().fit(train).negative_outlier_factor_
    return -LocalOutlierFactor(novelty=True).fit(train).score_samples(test)


def of_forest(train, test, seed):
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


OTHERS = {
    "PCA's error": errors_of_pca,
    "LocalOutlierFactor": local_outlier_factors,
    FOREST: of_forest,
}


def measured(seeds):
    """Return areas by setting, detector and table, shares by setting and table, and seconds."""
    areas = {setting: {} for setting in SETTINGS}
    shares = {setting: {} for setting in SETTINGS}
    seconds = {}
    # Importing TensorFlow is no part of a fit.
    AutoencoderOutlierDetector(max_iter=1).fit(np.eye(100))
    for name, X, is_outlier in tables():
        for setting in SETTINGS:
            for seed in seeds:
                train, test, outlying = rows_of(setting, X, is_outlier, seed)
                begin = time.process_time()
                detector = AutoencoderOutlierDetector(random_state=seed).fit(train)
                scores = {SKAE: -detector.score_samples(test)}
                seconds.setdefault(name, []).append(time.process_time() - begin)
                found = scores[SKAE] > -detector.offset_
                share = found.mean() if setting == "contaminated" else found[~outlying].mean()
                shares[setting].setdefault(name, []).append(share)
                scores |= {other: of(train, test, seed) for other, of in OTHERS.items()}
                for each, values in scores.items():
                    of_sets = areas[setting].setdefault(each, {})
                    of_sets.setdefault(name, []).append(roc_auc_score(outlying, values))
    return areas, shares, seconds


def by_set(of_sets):
    return ", ".join(f"{name} {np.mean(values):.3f}" for name, values in of_sets.items())


def mean(of_sets):
    return np.mean([np.mean(values) for values in of_sets.values()])


def outlier_tables(seeds):
    areas, shares, seconds = measured(seeds)
    truth = {name: is_outlier.mean() for name, _, is_outlier in tables()}
    for setting in SETTINGS:
        head(f"Outliers in {len(truth)} tables, {setting}: ROC AUC, mean over seeds {seeds}")
        for name, of_sets in areas[setting].items():
            bar = f">= {BARS[setting]}" if name == SKAE else "reported"
            row(f"{setting}: {name}", bar, mean(of_sets), by_set(of_sets))
        if setting == "contaminated":
            ours, forest = (mean(areas[setting][name]) for name in (SKAE, FOREST))
            row(f"contaminated: {SKAE} above {FOREST}", "> 0", ours - forest)
    head("contamination='auto'")
    clean = shares["clean"]
    row("share of unseen inliers called outliers", "<= 0.05", mean(clean), by_set(clean))
    within = {
        name: 0.5 <= np.mean(values) / truth[name] <= 2.0
        for name, values in shares["contaminated"].items()
    }
    text = ", ".join(
        f"{name} {np.mean(values):.3f} of {truth[name]:.3f}"
        for name, values in shares["contaminated"].items()
    )
    row("tables with at least half and at most twice as many found", ">= 8", sum(within.values()),
        text)  # fmt: skip
    head("Processor time of a fit and its scores")
    slowest = max(np.max(values) for values in seconds.values())
    row("slowest, in seconds", "<= 10", slowest, by_set(seconds))


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    outlier_tables([int(seed) for seed in sys.argv[1:]] or [0, 1, 2])
