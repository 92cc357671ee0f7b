"""Recurrent autoencoders: error and speed beside PCA and Keras.

``python tests/benchmarks/family_sequences.py``, some ten minutes on two cores.
"""

import warnings

import numpy as np
from report import TIMES, head, median_times, row
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skae import RecurrentAutoencoder

BATCH_SIZE, N_BATCHES, EPOCHS = 64, 32, 6
# Steps, values in a step, units, cell, how many times as fast as Keras.
NETWORKS = [(50, 1, 64, "lstm", 2.5), (50, 1, 32, "lstm", 2.5), (20, 4, 64, "lstm", 2.5),
            (50, 1, 64, "gru", 2)]  # fmt: skip


def sines(n_rows=2000, n_steps=50, noise=0.1):
    """Noisy sines of random frequency and phase."""
    rng = np.random.default_rng(0)
    frequency, phase = rng.uniform(1, 3, (n_rows, 1)), rng.uniform(0, 2 * np.pi, (n_rows, 1))
    clean = np.sin(frequency * np.linspace(0, 2 * np.pi, n_steps) + phase)
    return clean + rng.normal(scale=noise, size=clean.shape)


def by_keras(n_steps, n_values, n_units, cell):
    """Return the network of one recurrent layer each way and 3 codes, compiled."""
    import keras

    recurrent = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    model = keras.Sequential(
        [
            keras.Input((n_steps, n_values)),
            recurrent(n_units),
            keras.layers.Dense(3),
            keras.layers.RepeatVector(n_steps),
            recurrent(n_units, return_sequences=True),
            keras.layers.TimeDistributed(keras.layers.Dense(n_values)),
        ]
    )
    model.compile("adam", "mse")
    return model


def compare_speed(n_steps, n_values, n_units, cell, bar):
    shape = n_steps, n_values
    X = np.random.default_rng(0).standard_normal((BATCH_SIZE * N_BATCHES, *shape), np.float32)
    model = by_keras(*shape, n_units, cell)
    recurrent = RecurrentAutoencoder(
        3,
        sequence_shape=shape,
        hidden_layer_sizes=n_units,
        cell=cell,
        init="glorot",
        alpha=0.0,
        learning_rate="constant",
        batch_size=BATCH_SIZE,
        max_iter=EPOCHS,
        n_iter_no_change=np.inf,
        early_stopping=False,
        random_state=0,
    )
    options = {"batch_size": BATCH_SIZE, "epochs": EPOCHS, "verbose": 0}
    times = median_times(
        {"skae": lambda: recurrent.fit(X), "keras": lambda: model.fit(X, X, **options)}
    )
    ratio = times["keras"] / times["skae"]
    skae, keras = (1000 * times[name] / (EPOCHS * N_BATCHES) for name in ("skae", "keras"))
    row(f"{cell}, {n_steps} x {n_values}, {n_units} units, batch 64: a step, keras / skae",
        f">= {bar}", ratio, f"{keras:.1f} ms / {skae:.1f} ms", TIMES)  # fmt: skip


def compare_with_pca():
    train, test = train_test_split(sines(), test_size=0.25, random_state=0)
    for n_components in (2, 3, 4):
        pca = PCA(n_components).fit(train)
        of_pca = np.mean((test - pca.inverse_transform(pca.transform(test))) ** 2)
        fitted = RecurrentAutoencoder(n_components, random_state=0).fit(train)
        error = np.mean((test - fitted.reconstruct(test)) ** 2)
        row(f"recurrent, noisy sines 2000 x 50, {n_components} codes: test error / PCA's",
            "<= 0.5", error / of_pca, f"{error:.4f} / {of_pca:.4f}", TIMES)  # fmt: skip


def sequences():
    for network in NETWORKS:
        compare_speed(*network)
    compare_with_pca()


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Recurrent")
    sequences()
