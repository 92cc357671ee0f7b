"""Forests: held-out reconstruction of mixed tables beside published methods, and of MNIST.

``python tests/benchmarks/forests.py [tables] [mnist]``

Tables, bootstraps and published scores are those of "Autoencoding Random Forests" (NeurIPS 2025).
Codes are a tenth, a fifth and half of the columns. The score is the mean over the columns of R^2
for numbers, at least 0, and of accuracy for text, on the rows that a bootstrap leaves out; here
the mean of `N_BOOTSTRAPS`. Leaf codes of MNIST compare with "AutoEncoder by Forest" (AAAI 2018).
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from report import head, load_mnist, row

from skae import ForestAutoencoder

HERE = Path(__file__).parent
MIXED = Path(os.environ.get("MIXED", HERE.parents[2] / "shared" / "data" / "mixed"))
N_BOOTSTRAPS = 2
SHARES = (0.1, 0.2, 0.5)
KINDS = ("spectral", "leaves")
# Training images: trees of all 60,000 take gigabytes.
N_IMAGES = 10_000


def tables():
    """Yield (name, table, row numbers of bootstraps)."""
    paths = sorted(MIXED.glob("*.csv.gz"))
    if not paths:
        raise SystemExit("this benchmark reads mixed tables; set MIXED to their folder")
    for path in paths:
        name = path.name.removesuffix(".csv.gz")
        with np.load(MIXED / f"{name}_bootstraps.npz") as file:
            yield name, pd.read_csv(path), file["rows"][:N_BOOTSTRAPS]


def score(X, back):
    """Return the mean over the columns of R^2, at least 0, and accuracy."""
    found = []
    for name in X:
        values, others = X[name].to_numpy(), back[name].to_numpy()
        if pd.api.types.is_numeric_dtype(X[name]):
            total = ((values - values.mean()) ** 2).sum()
            rest = ((values - others) ** 2).sum()
            found.append(max(0.0, 1.0 - rest / total) if total > 0 else 0.0)
        else:
            found.append(np.mean(values == others))
    return np.mean(found)


def of_kind(codes, n_codes, table, bootstraps):
    """Return the mean score of a kind of codes, and the processor time of a fit."""
    scores, begin = [], time.process_time()
    for rows in bootstraps:
        forest = ForestAutoencoder(n_codes, codes=codes, random_state=0).fit(table.iloc[rows])
        test = table.drop(index=np.unique(rows))
        scores.append(score(test, forest.reconstruct(test)))
    return np.mean(scores), (time.process_time() - begin) / len(bootstraps)


def panel():
    published = pd.read_csv(MIXED / "published.csv")
    published["share_of_columns"] = published["share_of_columns"].round(2)
    found = {(share, kind): [] for share in SHARES for kind in (*KINDS, "rfae")}
    head("Mixed tables: held-out score of leaf codes, beside spectral codes and published methods")
    for name, table, bootstraps in tables():
        of_table = published[published["dataset"] == name]
        for share in SHARES:
            n_codes = max(1, round(share * table.shape[1]))
            of_share = of_table[of_table["share_of_columns"] == share]
            others = dict(zip(of_share["method"], of_share["mean"], strict=True))
            found[share, "rfae"].append(others["rfae"])
            texts = [f"{method} {mean:.3f}" for method, mean in others.items()]
            for kind in KINDS:
                value, seconds = of_kind(kind, n_codes, table, bootstraps)
                found[share, kind].append(value)
                texts.insert(0, f"{kind} {value:.3f} in {seconds:.1f} s")
            what = f"{name}, {len(table)} x {table.shape[1]}, {share:.0%}, codes: {n_codes}"
            bar = f">= {others['rfae']:.3f}, the published forest"
            row(what, bar, found[share, "leaves"][-1], "; ".join(texts))
    head("Mixed tables: mean over the tables")
    for share in SHARES:
        bar = f">= {np.mean(found[share, 'rfae']):.3f}, the published forest"
        for kind in KINDS:
            lower = np.sum(np.less(found[share, kind], found[share, "rfae"]))
            text = f"below it on {lower} of {len(found[share, kind])} tables"
            row(f"{kind} codes, {share:.0%} of the columns", bar, np.mean(found[share, kind]), text)


def mnist():
    train, test = (images * 255 for images in load_mnist())
    train, test = train[:N_IMAGES], test[:1000]
    head(f"Leaf codes of MNIST, {N_IMAGES} training images: squared error in squared grey levels")
    before = np.inf
    for n_trees in (100, 200, 500):
        begin = time.process_time()
        forest = ForestAutoencoder(n_trees, codes="leaves", random_state=0).fit(train)
        error = np.mean((forest.reconstruct(test) - test) ** 2)
        text = f"{time.process_time() - begin:.0f} s"
        bar = "<= 30, published 27.4" if n_trees == 500 else f"< {before:.4g}, fewer trees"
        row(f"{n_trees} trees", "reported" if before == np.inf else bar, error, text)
        before = error


if __name__ == "__main__":
    wanted = sys.argv[1:] or ("tables", "mnist")
    for name, run in (("tables", panel), ("mnist", mnist)):
        if name in wanted:
            run()
