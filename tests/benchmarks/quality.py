"""Held-out explained variance of the default estimator beside PCA's, and MNIST's test error.

``python tests/benchmarks/quality.py [panel] [toy] [mnist]``
"""

import sys
import warnings

import numpy as np
from report import head, load_mnist, row
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer

SEEDS = (0, 1, 2)
MUCH_BETTER = {"digits, 2", "digits, 8", "swiss roll, 2"}
HALF_OF_THE_REST = {"s-curve, 2", "toy curve, 1"}


def toy_curve(n_rows=10_000):
    """Four functions of one hidden variable."""
    z = np.random.default_rng(0).uniform(-5, 5, n_rows)
    return np.c_[z**2, z**3, np.sin(z), np.exp(z)]


def panel():
    """Yield (name, X, n_components)."""
    digits = datasets.load_digits().data
    standardize = StandardScaler().fit_transform
    for k in (2, 8, 16):
        yield f"digits, {k}", digits, k
    yield "breast cancer, 3", standardize(datasets.load_breast_cancer().data), 3
    yield "wine, 3", standardize(datasets.load_wine().data), 3
    yield "diabetes, 3", standardize(datasets.load_diabetes().data), 3
    yield "iris, 2", datasets.load_iris().data, 2
    yield "swiss roll, 2", datasets.make_swiss_roll(2000, random_state=0)[0], 2
    yield "s-curve, 2", datasets.make_s_curve(2000, random_state=0)[0], 2
    low_rank = datasets.make_low_rank_matrix(1000, 100, effective_rank=10, random_state=0)
    yield "low-rank matrix, 5", low_rank, 5
    yield "friedman1's X, 3", datasets.make_friedman1(1000, random_state=0)[0], 3
    yield "isotropic normals, 5", np.random.default_rng(0).standard_normal((1000, 20)), 5
    yield "toy curve, 1", toy_curve(), 1


def explained(X, reconstruction, mean):
    return 1 - ((X - reconstruction) ** 2).sum() / ((X - mean) ** 2).sum()


def compare_with_pca():
    head("Explained variance on held-out rows: default estimator against PCA")
    for name, X, k in panel():
        of_pca, of_skae = [], []
        for seed in SEEDS:
            train, test = train_test_split(X, test_size=0.25, random_state=seed)
            pca = PCA(k).fit(train)
            back = pca.inverse_transform(pca.transform(test))
            of_pca.append(explained(test, back, pca.mean_))
            autoencoder = AutoencoderTransformer(k, random_state=seed).fit(train)
            of_skae.append(explained(test, autoencoder.reconstruct(test), pca.mean_))
        gain = np.subtract(of_skae, of_pca)
        if name in MUCH_BETTER:
            bar, least = "gain >= 0.10", gain.min()
        elif name in HALF_OF_THE_REST:
            bar, least = "gain >= 0.5 of what PCA leaves", (gain / np.subtract(1, of_pca)).min()
        else:
            bar, least = "gain >= -0.005", gain.min()
        values = ", ".join(f"{p:.3f} -> {a:.3f}" for p, a in zip(of_pca, of_skae, strict=True))
        row(name, bar, least, values)


def toy():
    head("The toy curve, one code, all 10,000 rows")
    X = toy_curve()
    for seed in range(10):
        back = AutoencoderTransformer(1, random_state=seed).fit(X).reconstruct(X)
        row(f"largest absolute error, seed {seed}", "<= 0.40", np.abs(X - back).max())


def mnist():
    head("MNIST, mean squared error per pixel on the test images")
    train, test = load_mnist()

    def mse(title, bar, n_components, **params):
        estimator = AutoencoderTransformer(n_components, random_state=0, **params).fit(train)
        error = np.mean((test - estimator.reconstruct(test)) ** 2)
        pca = PCA(n_components, random_state=0).fit(train)
        of_pca = np.mean((test - pca.inverse_transform(pca.transform(test))) ** 2)
        row(title, bar, error, f"PCA {of_pca:.5f}")

    batch = {"batch_size": 128, "learning_rate": "cosine"}
    mse("30 codes, (512, 256), 15 epochs", "<= .0080", 30, hidden_layer_sizes=(512, 256),
        max_iter=15, **batch)  # fmt: skip
    mse("150 codes, (300,), 15 epochs", "<= .00342", 150, hidden_layer_sizes=(300,),
        max_iter=15, **batch)  # fmt: skip
    mse("784-256-128-64 leaky relu, logistic output, he, 10 epochs", "reported", 64,
        hidden_layer_sizes=(256, 128), activation="leaky_relu", output_activation="logistic",
        init="he", max_iter=10, **batch)  # fmt: skip
    mse("784-512-64-16 logistic, 20 epochs", "reported", 16, hidden_layer_sizes=(512, 64),
        activation="logistic", code_activation="logistic", output_activation="logistic",
        init="glorot", max_iter=20, **batch)  # fmt: skip
    mse("30 codes, (512, 256), tied, 15 epochs", "reported", 30, hidden_layer_sizes=(512, 256),
        tied_weights=True, max_iter=15, **batch)  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    wanted = sys.argv[1:] or ("panel", "toy", "mnist")
    for name, run in (("panel", compare_with_pca), ("toy", toy), ("mnist", mnist)):
        if name in wanted:
            run()
