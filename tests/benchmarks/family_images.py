"""Convolutional autoencoders: error and speed beside PCA and Keras.

``python tests/benchmarks/family_images.py``, some ten minutes on two cores.
"""

import warnings

import numpy as np
from report import TIMES, head, load_mnist, median_times, row
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skae import ConvolutionalAutoencoder

# Three 5 x 5 convolutions of 4, 4 and 1 filters, and their transposes back: no dense code. Without
# padding this is an article's network, whose codes are images of 16 x 16 pixels.
BATCH_SIZE, FILTERS, KERNEL_SIZE = 128, (4, 4, 1), 5
# Of the comparison with Keras: enough epochs for the passes at the end of a fit to count little.
N_BATCHES, EPOCHS = 32, 12
SEEDS = (0, 1, 2)
# Networks whose steps are compared with those of Keras.
STEPS = {
    "4-4-1": {},
    "4-4-1, valid": {"padding": "valid"},
    "16-32, strides of 2": {"filters": (16, 32), "kernel_size": 3, "strides": 2},
    "16-8-8, pooling of 2": {"filters": (16, 8, 8), "kernel_size": 3, "pooling": 2},
}


def without_dense_code(epochs, **params):
    article = {"filters": FILTERS, "kernel_size": KERNEL_SIZE, "strides": 1}
    rates = {"learning_rate": "constant", "learning_rate_init": 0.001}
    return ConvolutionalAutoencoder(
        None,
        image_shape=(28, 28),
        loss="binary_crossentropy",
        init="glorot",
        alpha=0.0,
        batch_size=BATCH_SIZE,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        early_stopping=False,
        random_state=0,
        **article | rates | params,
    )


def by_keras(padding="same", filters=FILTERS, kernel_size=KERNEL_SIZE, strides=1, pooling=1):
    """Return the same network with relu, compiled."""
    from keras import Input, Sequential, layers

    options = {"kernel_size": kernel_size, "strides": strides, "padding": padding}
    model = Sequential([Input((28, 28, 1))])
    # Sizes before each pooling, which the way back returns to.
    sizes = []
    hidden = ["relu"] * (len(filters) - 1)
    for n_filters, activation in zip(filters, [*hidden, None], strict=True):
        model.add(layers.Conv2D(n_filters, activation=activation, **options))
        sizes.append(model.output_shape[1])
        if pooling > 1:
            model.add(layers.MaxPooling2D(pooling, padding="same"))
    back = [*filters[-2::-1], 1]
    for n_filters, activation in zip(back, [*hidden, "sigmoid"], strict=True):
        size = sizes.pop()
        if pooling > 1:
            model.add(layers.UpSampling2D(pooling))
            model.add(layers.Cropping2D(((0, model.output_shape[1] - size),) * 2))
        model.add(layers.Conv2DTranspose(n_filters, activation=activation, **options))
    model.compile("adam", "binary_crossentropy")
    return model


def crossentropy(X, reconstruction):
    p = np.clip(reconstruction, 1e-7, 1 - 1e-7).astype(np.float64)
    return -np.mean(X * np.log(p) + (1 - X) * np.log1p(-p))


def better_than_pca(name, train, test, n_components, bar, **params):
    pca = PCA(n_components, random_state=0).fit(train)
    of_pca = np.mean((test - pca.inverse_transform(pca.transform(test))) ** 2)
    errors = []
    for seed in SEEDS if len(train) < 10_000 else SEEDS[:1]:
        kind = ConvolutionalAutoencoder(n_components, random_state=seed, **params)
        errors.append(np.mean((test - kind.fit(train).reconstruct(test)) ** 2))
    values = ", ".join(f"{each:.5f}" for each in errors)
    row(f"convolutional, {name}, {n_components} codes: greatest test error / PCA's", f"<= {bar}",
        max(errors) / of_pca, f"{values}; PCA {of_pca:.5f}", TIMES)  # fmt: skip


def images():
    train, test = load_mnist()
    for activation in ("relu", "elu"):
        fitted = without_dense_code(2, activation=activation).fit(train)
        value = crossentropy(test, fitted.reconstruct(test))
        row(f"convolutional 4-4-1, {activation}, 2 epochs: test cross-entropy", "<= .0813", value)

    article = {"padding": "valid", "learning_rate": "cosine", "learning_rate_init": 0.003}
    fitted = without_dense_code(6, **article).fit(train)
    row("convolutional 4-4-1, valid: 16 x 16 codes, 6 epochs: test cross-entropy", "<= .0813",
        crossentropy(test, fitted.reconstruct(test)))  # fmt: skip

    some = train[: N_BATCHES * BATCH_SIZE]
    as_images = some.reshape(-1, 28, 28, 1)
    options = {"batch_size": BATCH_SIZE, "epochs": EPOCHS, "verbose": 0}
    for name, params in STEPS.items():
        model = by_keras(**params)
        times = median_times(
            {
                "skae": lambda params=params: without_dense_code(
                    EPOCHS, activation="relu", **params
                ).fit(some),
                "keras": lambda model=model: model.fit(as_images, as_images, **options),
            }
        )
        ratio = times["keras"] / times["skae"]
        skae, keras = (1000 * times[name] / (EPOCHS * N_BATCHES) for name in ("skae", "keras"))
        row(f"convolutional {name}, batch 128: a step, keras / skae", ">= 2", ratio,
            f"{keras:.0f} ms / {skae:.0f} ms", TIMES)  # fmt: skip

    digits = train_test_split(load_digits().data, test_size=0.25, random_state=0)
    for n_components in (2, 8, 16):
        better_than_pca("digits", *digits, n_components, 0.8)
    quick = {"batch_size": BATCH_SIZE, "max_iter": 5, "learning_rate": "cosine"}
    for n_components in (2, 30):
        better_than_pca("MNIST, 5 epochs", train, test, n_components, 0.9, **quick)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Convolutional")
    images()
