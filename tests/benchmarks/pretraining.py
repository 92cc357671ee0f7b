"""Few labels among many images: pretraining on all of them beside training on the few."""

import sys
import warnings

import numpy as np
from report import MNIST, head, load_mnist, row
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.semi_supervised import SelfTrainingClassifier

import skae

N_IMAGES, N_LABELS = 20_000, 500
# One hidden layer of 500 relus under a softmax, pretrained to clean noisy images.
WIDTH = 500
PRETRAINED = skae.DenoisingAutoencoder(
    WIDTH,
    hidden_layer_sizes=(),
    code_activation="relu",
    noise_level=1.0,
    loss="binary_crossentropy",
    init="he",
    batch_size=128,
    learning_rate="cosine",
    learning_rate_init=3e-3,
    max_iter=15,
)


def labeled(seed):
    """Return 20,000 images of which 500 have labels, and the test set."""
    (train, test), labels = load_mnist(), np.load(MNIST)
    chosen = np.random.default_rng(seed).permutation(len(train))[:N_IMAGES]
    y = labels["y_train"][chosen].astype(int)
    y[N_LABELS:] = -1
    return train[chosen], y, test, labels["y_test"]


def few():
    logistic = LogisticRegression(max_iter=100)
    # As many epochs as the pretrained network has, and until its loss stalls.
    scratch = MLPClassifier((WIDTH,), max_iter=200)
    contenders = {
        "AutoencoderClassifier": skae.AutoencoderClassifier(PRETRAINED),
        "the same, frozen": skae.AutoencoderClassifier(PRETRAINED, freeze=True),
        "the same network from scratch": scratch,
        "LogisticRegression": logistic,
        "SelfTrainingClassifier(LogisticRegression)": SelfTrainingClassifier(logistic),
    }
    scores = {name: [] for name in contenders}
    for seed in range(5):
        X, y, test, y_test = labeled(seed)
        for name, contender in contenders.items():
            model = clone(contender)
            if "random_state" in model.get_params(deep=False):
                model.set_params(random_state=seed)
            rows = slice(None) if "Auto" in name or "frozen" in name or "Self" in name else y >= 0
            scores[name].append(model.fit(X[rows], y[rows]).score(test, y_test))
            print(f"seed {seed}, {name}: {scores[name][-1]:.4f}", file=sys.stderr, flush=True)
    mean = {name: float(np.mean(values)) for name, values in scores.items()}
    gain = mean["AutoencoderClassifier"] - mean["the same network from scratch"]
    title = f"{N_LABELS} labels among {N_IMAGES} images, mean accuracy of 5 seeds"
    for name, values in scores.items():
        each = ", ".join(f"{value:.3f}" for value in values)
        row(f"{title}: {name}", "reported", mean[name], each)
    row(f"{title}: gain of pretraining", ">= .02", gain)


def many():
    (train, test), labels = load_mnist(), np.load(MNIST)
    X, y = train[:N_IMAGES], labels["y_train"][:N_IMAGES].astype(int)
    book = skae.StackedAutoencoder(
        150, hidden_layer_sizes=(300,), code_activation="elu", layer_max_iter=4, fine_tune=False,
        batch_size=150, learning_rate="cosine",
    )  # fmt: skip
    for name, autoencoder in (("300-150, stacked", book), ("500, denoising", PRETRAINED)):
        model = skae.AutoencoderClassifier(
            autoencoder, max_iter=4, learning_rate_init=1e-3, random_state=0
        )
        score = model.fit(X, y).score(test, labels["y_test"])
        row(f"20000 labels, 4 epochs, accuracy: {name}", ">= .95", score)


def labels():
    many()
    few()


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Few labels among many images of MNIST")
    labels()
