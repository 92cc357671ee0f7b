"""How alike are the codes of two seeds? Ordered codes, codes without an order, and PCA's.

``python tests/benchmarks/seeds.py``

A quarter of the rows is held out; tables are standardized by the others. Autoencoders see the same
training rows with three seeds, which draw validation set, batches and weights. PCA has no seed: it
is fitted to two halves of the training rows, three times, and autoencoders beside it. The i-th code
of a fit is compared with the i-th of another one, by their correlation on the held-out rows; `same
sign` is the share of the codes whose correlation is positive.
"""

import warnings
from itertools import combinations

import numpy as np
from report import head, row
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from tables import split, tables

from skae import AutoencoderTransformer

N_CODES = 8
SEEDS = (0, 1, 2)
NAMES = ("segment", "cardiotoc", "faults", "letter", "wine_white")


def data():
    """Yield name, training and held-out rows."""
    yield "digits", *train_test_split(load_digits().data / 16, random_state=0, test_size=0.25)
    for name, X, *_ in tables():
        if name in NAMES:
            yield name, *split(X, 0)


def correlations(codes, others):
    """Return the correlation of each code with that of another fit."""
    codes, others = ((each - each.mean(axis=0)) / each.std(axis=0) for each in (codes, others))
    return (codes * others).mean(axis=0)


def of_halves(reducer, train, test):
    """Return the codes of held-out rows by fits to two halves, for each of three divisions."""
    for seed in SEEDS:
        halves = train_test_split(train, random_state=seed, test_size=0.5)
        yield tuple(clone(reducer).fit(half).transform(test) for half in halves)


def of_seeds(reducer, train, test):
    """Return the codes of held-out rows by fits with two seeds, for each pair of three."""
    fits = [clone(reducer).set_params(random_state=s).fit(train) for s in SEEDS]
    return combinations([each.transform(test) for each in fits], 2)


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    head(f"mean absolute correlation of {N_CODES} codes of two fits")
    for name, train, test in data():
        ordered = AutoencoderTransformer(N_CODES, ordered=True, random_state=0)
        plain, drawn = (clone(ordered).set_params(ordered=False, init=i) for i in ("pca", "he"))
        pairs_by_method = {
            "ordered=True, two seeds": of_seeds(ordered, train, test),
            "ordered=False, two seeds": of_seeds(plain, train, test),
            "init='he', two seeds": of_seeds(drawn, train, test),
            "PCA, two halves": of_halves(PCA(N_CODES), train, test),
            "ordered=True, two halves": of_halves(ordered, train, test),
            "ordered=False, two halves": of_halves(plain, train, test),
        }
        for method, pairs in pairs_by_method.items():
            found = np.array([correlations(*pair) for pair in pairs])
            text = f"first {abs(found[:, 0]).mean():.2f}, same sign {(found > 0).mean():.2f}"
            row(f"{name}, {method}", "", abs(found).mean(), text)


if __name__ == "__main__":
    main()
