"""Held-out explained variance on real tables: skae beside PCA, a plain network, skae as it was.

``python tests/benchmarks/tables.py [panel] [few_rows] [linear]``

Codes are a tenth and a quarter of the columns, 2 where there are fewer than 8. Columns are
standardized by the training rows. What skae explained before its start was judged on rows that the
start had not seen is kept in results/tables_before.json, as ``--before`` has written it.
"""

import json
import os
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from report import head, row
from sklearn.datasets import load_linnerud
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer

HERE = Path(__file__).parent
TABLES = Path(os.environ.get("TABLES", HERE.parents[2] / "shared" / "data" / "tables"))
BEFORE = HERE / "results" / "tables_before.json"
SEEDS = (0, 1, 2)
# A loss against PCA, and a difference from the plain network, that count.
LOSS, CLEAR = 0.005, 0.01


def tables():
    """Yield (name, X, y, task)."""
    paths = sorted(TABLES.glob("*.npz"))
    if not paths:
        raise SystemExit("this benchmark reads tables, X and y; set TABLES to their folder")
    for path in paths:
        with np.load(path) as table:
            yield path.stem, table["X"].astype(float), table["y"], str(table["task"])


def numbers_of_codes(n_features):
    if n_features < 8:
        return [2]
    return sorted({max(1, round(share * n_features)) for share in (0.1, 0.25)})


def settings():
    """Yield (what, X, n_components)."""
    for name, X, *_ in tables():
        for k in numbers_of_codes(X.shape[1]):
            yield f"{name}, {k}", X, k


def split(X, seed, **size):
    """Return training and test rows, standardized by the former."""
    train, test = train_test_split(X, random_state=seed, **(size or {"test_size": 0.25}))
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def explained(train, test, back):
    return 1 - ((test - back) ** 2).sum() / ((test - train.mean(axis=0)) ** 2).sum()


def of_pca(train, test, k, seed):
    pca = PCA(k, random_state=seed).fit(train)
    return explained(train, test, pca.inverse_transform(pca.transform(test)))


def of_skae(train, test, k, seed):
    autoencoder = AutoencoderTransformer(k, random_state=seed).fit(train)
    return explained(train, test, autoencoder.reconstruct(test))


class PlainAutoencoder:
    """Dense layers with ReLU, linear codes, He start, Adam, early stopping: nothing else.

    Parameters
    ----------
    k : int
        Number of codes.
    hidden : tuple of int
        Widths of the encoder's hidden layers, which the decoder mirrors.
    """

    def __init__(self, k, hidden, seed, epochs=200, patience=20, batch=32, rate=1e-3):
        self.k, self.hidden, self.rng = k, hidden, np.random.default_rng(seed)
        self.epochs, self.patience, self.batch, self.rate = epochs, patience, batch, rate

    def _layers(self, weights):
        at, layers = 0, []
        for n_in, n_out in zip(self.widths[:-1], self.widths[1:], strict=True):
            kernel = weights[at : at + n_in * n_out].reshape(n_in, n_out)
            at += n_in * n_out
            layers.append((kernel, weights[at : at + n_out]))
            at += n_out
        return layers

    def _forward(self, rows):
        outputs = [rows]
        for (kernel, bias), has_relu in zip(self.layers, self.has_relu, strict=True):
            rows = rows @ kernel + bias
            if has_relu:
                np.maximum(rows, 0, out=rows)
            outputs.append(rows)
        return outputs

    def _backward(self, outputs, gradients):
        slope = (outputs[-1] - outputs[0]) * (2 / outputs[0].size)
        for i in reversed(range(len(self.layers))):
            if self.has_relu[i]:
                slope *= outputs[i + 1] > 0
            kernel, bias = gradients[i]
            np.matmul(outputs[i].T, slope, out=kernel)
            slope.sum(axis=0, out=bias)
            slope = slope @ self.layers[i][0].T

    def loss(self, rows):
        return np.mean((self.predict(rows) - rows) ** 2)

    def predict(self, rows):
        return self._forward(rows.astype(np.float32))[-1]

    def fit(self, train, validation):
        train = train.astype(np.float32)
        n_features, back = train.shape[1], self.hidden[::-1]
        self.widths = (n_features, *self.hidden, self.k, *back, n_features)
        self.has_relu = [True] * len(back) + [False] + [True] * len(back) + [False]
        size = sum((a + 1) * b for a, b in zip(self.widths[:-1], self.widths[1:], strict=True))
        weights, gradient, first, second = np.zeros((4, size), np.float32)
        self.layers, gradients = self._layers(weights), self._layers(gradient)
        for kernel, _ in self.layers:
            kernel[...] = self.rng.standard_normal(kernel.shape) * np.sqrt(2 / len(kernel))
        self.best, best, since, step = np.inf, weights.copy(), 0, 0
        for _ in range(self.epochs):
            order = self.rng.permutation(len(train))
            for begin in range(0, len(train), self.batch):
                self._backward(self._forward(train[order[begin : begin + self.batch]]), gradients)
                step += 1
                first += 0.1 * (gradient - first)
                second += 0.001 * (gradient**2 - second)
                rate = self.rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                weights -= rate * first / (np.sqrt(second) + 1e-7)
            loss = self.loss(validation)
            since += 1
            if loss < self.best:
                self.best, best, since = loss, weights.copy(), 0
            if since == self.patience:
                break
        weights[:] = best
        return self


def of_plain(train, test, k, seed):
    """Return what the better of two sizes explains, by a validation set of a tenth."""
    rows, validation = train_test_split(train, test_size=0.1, random_state=seed)
    sizes = [
        PlainAutoencoder(k, hidden, seed).fit(rows, validation) for hidden in ((64,), (128, 64))
    ]
    return explained(train, test, min(sizes, key=lambda plain: plain.best).predict(test))


def timed(function, *arguments):
    """Return what a function returns, and its processor time."""
    begin = time.process_time()
    return function(*arguments), time.process_time() - begin


def share(which, of):
    return f"{np.sum(which)} of {len(of)}"


def panel():
    """Print a row for each table and number of codes, then the bars over all of them."""
    before = json.loads(BEFORE.read_text())
    head("Explained variance on held-out rows of three splits: skae, before, PCA, a plain network")
    fits, means, seconds = [], [], []
    for what, X, k in settings():
        parts = [split(X, seed) for seed in SEEDS]
        given = [(*part, k, seed) for part, seed in zip(parts, SEEDS, strict=True)]
        ours, times = zip(*(timed(of_skae, *each) for each in given), strict=True)
        pca, plain = [[f(*each) for each in given] for f in (of_pca, of_plain)]
        earlier = before["explained"][what]
        fits += zip(ours, earlier, pca, strict=True)
        means.append(np.mean([ours, earlier, pca, plain], axis=1))
        seconds.append((sum(times), sum(before["processor_seconds"][what])))
        values = " {:.3f}, was {:.3f}, PCA {:.3f}, plain {:.3f}".format(*means[-1])
        lost = np.min(np.subtract(ours, pca))
        row(what, f"gain over PCA >= -{LOSS}", lost, f"least of three;{values}")
    head("All tables")
    ours, earlier, pca, plain = np.transpose(means)
    gains, gains_before = ours - pca, earlier - pca
    worst = min(one - of_pca for one, _, of_pca in fits)
    row("least gain of a fit over PCA", f">= -{LOSS}", worst)
    median, was = np.median(gains), np.median(gains_before)
    row("median gain over PCA", f">= {was + 0.02:.4f}, .02 above that before", median, f"{was:.4f}")
    row("mean gain over PCA", "reported", gains.mean(), f"before {gains_before.mean():.4f}")
    worse, better = ours < plain - CLEAR, ours > plain
    row("below the plain network by .01", "<= .05 of them", worse.mean(), share(worse, worse))
    row("above the plain network", ">= .5 of them", better.mean(), share(better, better))
    row("below what skae was, by .005", "reported", share(ours < earlier - LOSS, ours))
    now, then = np.transpose(seconds)
    row("processor time of all fits: now / before", "<= 3", now.sum() / then.sum())


def few_rows():
    """Fit 15 rows of linnerud, and 12 to 40 rows of each table."""
    head("Few rows: least and mean gain over PCA in explained variance, held out")
    X = load_linnerud().data

    def gain(train, test, k, seed):
        return of_skae(train, test, k, seed) - of_pca(train, test, k, seed)

    gains = [gain(*split(X, seed), 1, seed) for seed in range(10)]
    row("linnerud, 1 code, ten splits", f">= -{LOSS}", min(gains), f"mean {np.mean(gains):.4f}")
    for n_rows in (12, 20, 40):
        gains = {name: gain(*split(X, 0, train_size=n_rows), 2, 0) for name, X, *_ in tables()}
        least = min(gains, key=gains.get)
        lost = np.sum(np.array(list(gains.values())) < -LOSS)
        values = f"{least}; mean {np.mean(list(gains.values())):.4f}, {lost} lost more than {LOSS}"
        row(f"{n_rows} rows of each table, 2 codes", f">= -{LOSS}", gains[least], values)


def linear():
    """Print what Ridge, and neighbors, make of PCA's codes and of skae's."""
    head("R^2 of Ridge (and of 10 neighbors) on codes of regression tables, mean of three splits")
    reducers = {
        "PCA": PCA,
        "autoencoder": AutoencoderTransformer,
        "linear_encoder=True": partial(AutoencoderTransformer, linear_encoder=True),
    }
    models = (Ridge(), make_pipeline(StandardScaler(), KNeighborsRegressor(10)))
    for name, X, y, task in tables():
        if task != "regression":
            continue
        for k in numbers_of_codes(X.shape[1]):
            found = {of: [] for of in reducers}
            for seed in SEEDS:
                known, asked = train_test_split(y, random_state=seed, test_size=0.25)
                train, test = split(X, seed)
                for of, reducer in reducers.items():
                    codes = reducer(k, random_state=seed).fit(train).transform
                    found[of].append(
                        [m.fit(codes(train), known).score(codes(test), asked) for m in models]
                    )
            means = {of: np.mean(each, axis=0) for of, each in found.items()}
            text = ", ".join(f"{of} {r:.3f} ({n:.3f})" for of, (r, n) in means.items())
            row(f"{name}, {k}", "reported", text)


def measured_before():
    """Keep what the skae at hand explains, to compare later ones with."""
    explains, seconds = {}, {}
    for what, X, k in settings():
        fits = [timed(of_skae, *split(X, seed), k, seed) for seed in SEEDS]
        explains[what] = [round(share, 5) for share, _ in fits]
        seconds[what] = [round(time, 2) for _, time in fits]
        print(what, explains[what], seconds[what], flush=True)
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout
    kept = {"commit": commit.strip(), "explained": explains, "processor_seconds": seconds}
    BEFORE.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    if sys.argv[1:] == ["--before"]:
        measured_before()
    else:
        wanted = sys.argv[1:] or ("panel", "few_rows", "linear")
        for name, run in (("panel", panel), ("few_rows", few_rows), ("linear", linear)):
            if name in wanted:
                run()
