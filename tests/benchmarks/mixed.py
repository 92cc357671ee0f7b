"""Mixed tables by a network: held-out reconstruction beside the way by hand and published methods.

``python tests/benchmarks/mixed.py [names of tables]``

Tables, bootstraps and score are those of "Autoencoding Random Forests" (NeurIPS 2025), see
`forests.py`. By hand means one-hot indicators, `StandardScaler`, and the largest indicator on the
way back.
"""

import sys
import time

import numpy as np
import pandas as pd
from forests import MIXED, SHARES, score, tables
from report import head, row
from sklearn.decomposition import PCA
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skae import AutoencoderTransformer

METHODS = ("native", "by hand", "PCA")


class ByHand:
    """A transformer on one-hot indicators and standardized numbers, and the way back."""

    def __init__(self, model):
        self.model = model

    def fit(self, table):
        self.numbers = list(table.select_dtypes("number"))
        self.others = [name for name in table if name not in self.numbers]
        if self.numbers:
            self.scaler = StandardScaler().fit(table[self.numbers])
        one_hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
        self.one_hot = one_hot.fit(table[self.others]) if self.others else None
        self.model.fit(self.encoded(table))
        return self

    def encoded(self, table):
        parts = [self.scaler.transform(table[self.numbers])] if self.numbers else []
        parts += [self.one_hot.transform(table[self.others])] if self.others else []
        return np.hstack(parts)

    def reconstruct(self, table):
        back = self.model.inverse_transform(self.model.transform(self.encoded(table)))
        at, columns = len(self.numbers), {}
        if self.numbers:
            numbers = self.scaler.inverse_transform(back[:, :at])
            columns.update(zip(self.numbers, numbers.T, strict=True))
        for name, categories in zip(
            self.others, self.one_hot.categories_ if self.others else (), strict=True
        ):
            indicators = back[:, at : at + len(categories)]
            columns[name] = categories[indicators.argmax(axis=1)]
            at += len(categories)
        return pd.DataFrame(columns, index=table.index)


def of_method(method, n_codes):
    """Return an estimator."""
    if method == "native":
        # The tables without categories are standardized by hand, too.
        return AutoencoderTransformer(n_codes, column_scaling=True, random_state=0)
    if method == "PCA":
        return ByHand(PCA(n_codes))
    return ByHand(AutoencoderTransformer(n_codes, random_state=0))


def measured(method, n_codes, table, rows):
    """Return the score of a method on what a bootstrap leaves out, and its processor time."""
    # Whole numbers come back as whole numbers, whose rounding the published score would count.
    table = table.astype(dict.fromkeys(table.select_dtypes("int"), float))
    begin = time.process_time()
    model = of_method(method, n_codes).fit(table.iloc[rows])
    seconds = time.process_time() - begin
    test = table.drop(index=np.unique(rows))
    return score(test, model.reconstruct(test)), seconds


def panel(names):
    published = pd.read_csv(MIXED / "published.csv")
    published["share_of_columns"] = published["share_of_columns"].round(2)
    found = {(share, method): [] for share in SHARES for method in METHODS}
    head("Mixed tables: held-out score of the network, by hand, one-hot PCA, published methods")
    for name, table, bootstraps in tables():
        if names and name not in names:
            continue
        for share in SHARES:
            n_codes = max(1, round(share * table.shape[1]))
            of_share = published[
                (published["dataset"] == name) & (published["share_of_columns"] == share)
            ]
            others = dict(zip(of_share["method"], of_share["mean"], strict=True))
            texts = [f"{method} {mean:.3f}" for method, mean in others.items()]
            for method in METHODS:
                runs = [measured(method, n_codes, table, rows) for rows in bootstraps]
                value, seconds = np.mean(runs, axis=0)
                found[share, method].append((value, seconds))
                texts.insert(0, f"{method} {value:.3f} in {seconds:.1f} s")
            least = max(found[share, "PCA"][-1][0] - 0.01, 0.0)
            what = f"{name}, {len(table)} x {table.shape[1]}, {share:.0%}, codes: {n_codes}"
            bar = f">= {least:.3f}, .01 below PCA"
            row(what, bar, found[share, "native"][-1][0], "; ".join(texts))
    head("Mixed tables: mean over the tables")
    for share, bar in zip(SHARES, (0.68, 0.79, 0.94), strict=True):
        of_method = {method: np.transpose(found[share, method]) for method in METHODS}
        native, by_hand = of_method["native"], of_method["by hand"]
        text = "; ".join(f"{method} {of_method[method][0].mean():.3f}" for method in METHODS[1:])
        row(f"{share:.0%} of the columns", f">= {bar}", native[0].mean(), text)
        higher, n_tables = np.sum(native[0] > by_hand[0]), native.shape[1]
        row(f"{share:.0%}: tables above by hand", f">= 9 of {n_tables}", higher)
        ratio = native[1].sum() / by_hand[1].sum()
        row(f"{share:.0%}: processor time over by hand", "<= 1.5", ratio)


if __name__ == "__main__":
    panel(sys.argv[1:])
