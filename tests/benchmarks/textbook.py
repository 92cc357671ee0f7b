"""Programs of a textbook's chapter on autoencoders and of articles, beside the same in Keras.

``python tests/benchmarks/textbook.py [PROGRAMS] [--images N] [--seeds N]``

Both see MNIST as it is, pixels from 0 to 1, with the same layers, losses, penalties, rates, batches
and epochs: `standardize=False`. Errors are squared errors of a pixel of clean test images, or, of
the variational program, minus the evidence lower bound of a test image in nats; medians over the
seeds. The chapter is that of A. Geron, "Hands-On Machine Learning with Scikit-Learn and
TensorFlow", 2017; the last two programs are the usual first examples of articles.
"""

import argparse
import warnings

import keras
import numpy as np
from keras import layers
from report import head, load_mnist, row
from sklearn.exceptions import ConvergenceWarning

from skae import (
    AutoencoderTransformer,
    DenoisingAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)

RATE, BATCH = 0.01, 150
CHAPTER = {
    "standardize": False,
    "init": "he",
    "alpha": 0.0,
    "batch_size": BATCH,
    "learning_rate": "constant",
    "learning_rate_init": RATE,
    "early_stopping": False,
    "n_iter_no_change": np.inf,
}


def dense(units, activation, l2=0.0):
    """Return a layer as the chapter's `partial` of a dense layer."""
    regularizer = keras.regularizers.L2(l2) if l2 else None
    return layers.Dense(
        units, activation, kernel_initializer="he_normal", kernel_regularizer=regularizer
    )


def trained(model, X, y, epochs, loss="mse", rate=RATE, batch=BATCH):
    """Return a Keras model after some epochs."""
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(X, y, batch, epochs, verbose=0)
    return model


def predicted(model, X):
    """Return what a Keras model makes of X."""
    return model.predict(X, batch_size=1000, verbose=0)


def errors(images, *reconstructions):
    """Return the squared error of a pixel, for Keras and for skae."""
    return [float(np.square(images - each).mean()) for each in reconstructions]


def stack(hidden, activation, l2=0.0):
    """Return the chapter's symmetric stack of layers with a linear output."""
    widths = (*hidden, *hidden[-2::-1])
    hidden_layers = [dense(width, activation, l2) for width in widths]
    return keras.Sequential([*hidden_layers, dense(784, None, l2)])


def stacked_l2(X, test, seed, l2=1e-4, epochs=5):
    """784-300-150-300-784 with L2 regularization."""
    model = trained(stack((300, 150), "elu", l2), X, X, epochs)
    ours = AutoencoderTransformer(
        150, hidden_layer_sizes=(300,), code_activation="elu", random_state=seed,
        max_iter=epochs, **CHAPTER | {"alpha": 2 * l2 * len(X)},
    ).fit(X)  # fmt: skip
    return errors(test, predicted(model, test), ours.reconstruct(test))


def strong_l2(X, test, seed):
    """784-300-150-300-784 with ten times the L2 regularization, 8 epochs."""
    return stacked_l2(X, test, seed, 1e-3, 8)


class Transposed(layers.Layer):
    """The transpose of a dense layer, with a bias of its own."""

    def __init__(self, of, activation=None):
        super().__init__()
        self.of, self.activation = of, keras.activations.get(activation)

    def build(self, shape):
        self.bias = self.add_weight(shape=(self.of.kernel.shape[0],), initializer="zeros")

    def call(self, rows):
        product = keras.ops.matmul(rows, keras.ops.transpose(self.of.kernel))
        return self.activation(product + self.bias)


def tied(X, test, seed, l2=5e-4, epochs=5):
    """Tied weights with L2 regularization."""
    first, second = dense(300, "elu", l2), dense(150, "elu", l2)
    model = keras.Sequential([first, second, Transposed(second, "elu"), Transposed(first)])
    model = trained(model, X, X, epochs)
    ours = AutoencoderTransformer(
        150, hidden_layer_sizes=(300,), code_activation="elu", tied_weights=True, max_iter=epochs,
        random_state=seed, **CHAPTER | {"alpha": 2 * l2 * len(X)},
    ).fit(X)  # fmt: skip
    return errors(test, predicted(model, test), ours.reconstruct(test))


def phases(X, test, seed, epochs=4):
    """One layer at a time, 4 + 4 epochs, without training the whole afterwards."""
    outer = trained(keras.Sequential([dense(300, "elu"), dense(784, None)]), X, X, epochs)
    hidden = predicted(keras.Sequential(outer.layers[:1]), X)
    inner = keras.Sequential([dense(150, "elu"), dense(300, "elu")])
    inner = trained(inner, hidden, hidden, epochs)
    model = keras.Sequential([outer.layers[0], *inner.layers, outer.layers[1]])
    ours = StackedAutoencoder(
        150, hidden_layer_sizes=(300,), code_activation="elu", layer_max_iter=epochs,
        fine_tune=False, random_state=seed, **CHAPTER,
    ).fit(X)  # fmt: skip
    return errors(test, predicted(model, test), ours.reconstruct(test))


def denoising(noise, X, test, seed, epochs=10, **corruption):
    """Train with noise on the inputs; judge on clean images."""
    model = trained(keras.Sequential([noise, *stack((300, 150), "relu").layers]), X, X, epochs)
    ours = DenoisingAutoencoder(
        150, hidden_layer_sizes=(300,), activation="relu", code_activation="relu",
        max_iter=epochs, random_state=seed, **CHAPTER, **corruption,
    ).fit(X)  # fmt: skip
    return errors(test, predicted(model, test), ours.reconstruct(test))


def gaussian(X, test, seed):
    """Gaussian noise of deviation 1 on the inputs, ReLU."""
    return denoising(layers.GaussianNoise(1.0), X, test, seed, noise_level=1.0)


def dropout(X, test, seed):
    """Dropout of .3 on the inputs, ReLU."""
    return denoising(layers.Dropout(0.3), X, test, seed, corruption="dropout", noise_level=0.3)


class Sparsity(keras.regularizers.Regularizer):
    """Divergence of the units' mean activations from .1, summed, times .2."""

    def __call__(self, activations):
        means, ops = keras.ops.mean(activations, axis=0), keras.ops
        means = ops.clip(means, 1e-6, 1.0 - 1e-6)
        off = 0.9 * ops.log(0.9 / (1.0 - means))
        # Keras divides penalties of activities by the batch size.
        rows = ops.cast(ops.shape(activations)[0], "float32")
        return 0.2 * rows * ops.sum(0.1 * ops.log(0.1 / means) + off)


def sparse(X, test, seed, loss="squared_error", epochs=12):
    """1,000 sigmoid codes with a divergence penalty, squared error, batches of 1,000."""
    by_logits = loss == "binary_crossentropy"
    codes = layers.Dense(
        1000, "sigmoid", kernel_initializer="he_normal", activity_regularizer=Sparsity()
    )
    model = keras.Sequential([codes, dense(784, "sigmoid" if by_logits else None)])
    model = trained(model, X, X, epochs, loss if by_logits else "mse", batch=1000)
    ours = SparseAutoencoder(
        1000, hidden_layer_sizes=(), loss=loss, max_iter=epochs, random_state=seed,
        **CHAPTER | {"batch_size": 1000},
    ).fit(X)  # fmt: skip
    return errors(test, predicted(model, test), ours.reconstruct(test))


def sparse_crossentropy(X, test, seed):
    """1,000 sigmoid codes with a divergence penalty, cross-entropy."""
    return sparse(X, test, seed, "binary_crossentropy")


class Sampling(layers.Layer):
    """Draws codes from their means and log-variances, and adds their divergence to the loss."""

    def call(self, both):
        means, spread = keras.ops.split(both, 2, axis=-1)
        nats = 0.5 * (keras.ops.square(means) + keras.ops.exp(spread) - 1.0 - spread)
        self.add_loss(keras.ops.mean(keras.ops.sum(nats, axis=-1)))
        return means + keras.ops.exp(0.5 * spread) * keras.random.normal(keras.ops.shape(means))


def variational(X, test, seed, epochs=5):
    """784-500-500-20 variational, ELU, Adam at .001; the bound after 5 of 50 epochs, in nats."""
    encoder = keras.Sequential([dense(500, "elu"), dense(500, "elu"), dense(40, None)])
    decoder = keras.Sequential([dense(500, "elu"), dense(500, "elu"), dense(784, "sigmoid")])

    def nats(target, output):
        return 784.0 * keras.losses.binary_crossentropy(target, output)

    model = keras.Sequential([encoder, Sampling(), decoder])
    model = trained(model, X, X, epochs, nats, rate=0.001)
    ours = VariationalAutoencoder(
        20, hidden_layer_sizes=(500, 500), loss="binary_crossentropy", random_state=seed,
        max_iter=epochs, **CHAPTER | {"learning_rate_init": 0.001},
    ).fit(X)  # fmt: skip
    theirs = float(model.evaluate(test, test, 1000, verbose=0))
    return theirs, -float(ours.evidence_lower_bound(test, random_state=seed).mean())


def usual(widths, activation, X, test, seed, epochs=10):
    """Train as articles do: Glorot's kernels, sigmoid outputs, Adam at .001, batches of 256."""
    by_keras = layers.LeakyReLU(negative_slope=0.2) if activation == "leaky_relu" else activation
    inner = [layers.Dense(width, by_keras) for width in (*widths, *widths[-2::-1])]
    model = keras.Sequential([*inner, layers.Dense(784, "sigmoid")])
    model = trained(model, X, X, epochs, rate=0.001, batch=256)
    *hidden, n_components = widths
    ours = AutoencoderTransformer(
        n_components, hidden_layer_sizes=hidden, activation=activation, code_activation=activation,
        output_activation="logistic", max_iter=epochs, random_state=seed,
        **CHAPTER | {"init": "glorot", "learning_rate_init": 0.001, "batch_size": 256},
    ).fit(X)  # fmt: skip
    return errors(test, predicted(model, test), ours.reconstruct(test))


def article(X, test, seed):
    """784-256-128-64, leaky ReLU."""
    return usual((256, 128, 64), "leaky_relu", X, test, seed)


def article_16(X, test, seed):
    """784-512-64-16, ReLU."""
    return usual((512, 64, 16), "relu", X, test, seed)


PROGRAMS = {
    each.__name__: each
    for each in (
        stacked_l2, strong_l2, tied, phases, gaussian, dropout, sparse, sparse_crossentropy,
        variational, article, article_16,
    )
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs="*", choices=[*PROGRAMS, []], default=[])
    parser.add_argument("--images", type=int, default=55_000)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    train, test = load_mnist()
    train = train[: asked.images]
    head(f"Textbook programs on {asked.images:,} images: error of skae over that of Keras")
    for name in asked.programs or PROGRAMS:
        found = []
        for seed in range(asked.seeds):
            keras.utils.set_random_seed(seed)
            found.append(PROGRAMS[name](train, test, seed))
        theirs, ours = np.median(found, axis=0)
        text = f"{PROGRAMS[name].__doc__.rstrip('.')}: Keras {theirs:.4f}, skae {ours:.4f}"
        row(name, "<= 1.05", ours / theirs, text)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main()
