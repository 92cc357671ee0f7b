"""Few labels among many rows: AutoencoderClassifier and AutoencoderRegressor by their defaults.

``python tests/benchmarks/few_labels.py [digits] [classes] [targets] [mnist] [mnist100]``; without
names the first three. `mnist` takes five minutes, `mnist100` half an hour.

Tables are those of shared/data/tables. 70 % of the rows are there for training, columns are
standardized by all of these; the others are scored. The labeled rows of a class are the first
five of a shuffled order, those of a regression the first 20 or 50. Linear models see these alone.
"""

import sys
import time
import warnings

import numpy as np
from report import MNIST, head, load_mnist, row
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skae import AutoencoderClassifier, AutoencoderRegressor

TABLES = MNIST.parent / "tables"
SEEDS = range(5)


def tables(task):
    """Yield name, X and y of the tables of a task."""
    paths = sorted(TABLES.glob("*.npz"))
    if not paths:
        raise SystemExit(f"this benchmark reads the tables of {TABLES}")
    for path in paths:
        with np.load(path) as table:
            if table["task"] == task:
                yield path.stem, table["X"].astype(float), table["y"]


def halves(X, y, seed):
    """Return standardized training and test rows with their targets."""
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = np.split(order, [int(0.7 * len(X))])
    scaler = StandardScaler().fit(X[train])
    return scaler.transform(X[train]), y[train], scaler.transform(X[test]), y[test]


def digits():
    head("50 labels of digits' 1,347 training rows")
    X, y = load_digits(return_X_y=True)
    linear = LogisticRegression(max_iter=1000)
    scores = {"LogisticRegression": [], "SelfTrainingClassifier": [], "AutoencoderClassifier": []}
    for seed in SEEDS:
        X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=seed)
        some = np.where(np.arange(len(y_train)) < 50, y_train, -1)
        fitted = (
            linear.fit(X_train[:50], y_train[:50]),
            SelfTrainingClassifier(linear).fit(X_train, some),
            AutoencoderClassifier(random_state=seed).fit(X_train, some),
        )
        for name, model in zip(scores, fitted, strict=True):
            scores[name].append(model.score(X_test, y_test))
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    for name, values in scores.items():
        row(f"accuracy: {name}", "reported", means[name], ", ".join(f"{v:.3f}" for v in values))
    for peer in list(scores)[:2]:
        gain = means["AutoencoderClassifier"] - means[peer]
        row(f"gain over {peer}", ">= .03", gain)


def classes():
    head("5 labels a class: accuracy minus that of LogisticRegression")
    gains = []
    for name, X, y in tables("classification"):
        scores, seconds = [], 0.0
        for seed in SEEDS:
            X_train, y_train, X_test, y_test = halves(X, y, seed)
            labeled = np.concatenate([np.flatnonzero(y_train == c)[:5] for c in np.unique(y_train)])
            some = np.full(len(y_train), -1)
            _, some[labeled] = np.unique(y_train[labeled], return_inverse=True)
            named = np.searchsorted(np.unique(y_train), y_test)
            known = np.isin(y_test, y_train)
            linear = LogisticRegression(max_iter=1000).fit(X_train[labeled], some[labeled])
            self_taught = SelfTrainingClassifier(linear).fit(X_train, some)
            begin = time.perf_counter()
            model = AutoencoderClassifier(random_state=seed).fit(X_train, some)
            seconds = max(seconds, time.perf_counter() - begin)
            scores.append([
                each.score(X_test[known], named[known]) for each in (linear, self_taught, model)
            ])  # fmt: skip
        before, taught, after = np.mean(scores, axis=0)
        gains.append(after - before)
        text = f"{before:.3f} to {after:.3f}; self-training {taught:.3f}; {seconds:.0f} s at most"
        row(name, ">= -.02", gains[-1], text)
    row("mean", "reported", np.mean(gains))
    row("share of the tables above", ">= .5", np.mean(np.array(gains) > 0.0))


def targets():
    gains = []
    for n_labeled in (20, 50):
        head(f"{n_labeled} targets: R^2 minus that of Ridge")
        for name, X, y in tables("regression"):
            scores = []
            for seed in SEEDS:
                X_train, y_train, X_test, y_test = halves(X, y.astype(float), seed)
                linear = Ridge().fit(X_train[:n_labeled], y_train[:n_labeled])
                y_train[n_labeled:] = np.nan
                model = AutoencoderRegressor(random_state=seed).fit(X_train, y_train)
                scores.append([each.score(X_test, y_test) for each in (linear, model)])
            before, after = np.mean(scores, axis=0)
            gains.append(after - before)
            row(name, ">= -.02", gains[-1], f"{before:.3f} to {after:.3f}")
    head("Few targets, all tables")
    row("share of the settings above Ridge", ">= .5", np.mean(np.array(gains) > 0.0))


def images(n_labels, n_images, accuracy, minutes):
    """Fit MNIST with few labels by default parameters."""
    head(f"MNIST, {n_labels} labels of {n_images:,} images")
    (train, test), stored = load_mnist(), np.load(MNIST)
    chosen = np.random.default_rng(0).permutation(len(train))[:n_images]
    y = stored["y_train"][chosen].astype(int)
    X, labeled = train[chosen], np.arange(n_images) < n_labels
    if n_labels == 100:
        # Ten of each digit, as in the papers.
        ranks = np.empty(n_images, int)
        for digit in range(10):
            where = np.flatnonzero(y == digit)
            ranks[where] = np.arange(len(where))
        labeled = ranks < 10
    linear = LogisticRegression(max_iter=1000).fit(X[labeled], y[labeled])
    begin, used = time.perf_counter(), time.process_time()
    model = AutoencoderClassifier(random_state=0).fit(X, np.where(labeled, y, -1))
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    score = model.score(test, stored["y_test"])
    row("LogisticRegression", "reported", linear.score(test, stored["y_test"]))
    row("accuracy on the test set", f">= {accuracy}", score)
    row(
        "time",
        f"<= {minutes} minutes",
        seconds / 60,
        f"{used / 60:.1f} of processor time",
        "minutes",
    )


PARTS = {
    "digits": digits,
    "classes": classes,
    "targets": targets,
    "mnist": lambda: images(300, 20_000, 0.97, 5),
    "mnist100": lambda: images(100, 60_000, 0.98, 30),
}

if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", UserWarning)  # self-training may find nothing to label
    for part in sys.argv[1:] or ("digits", "classes", "targets"):
        PARTS[part]()
