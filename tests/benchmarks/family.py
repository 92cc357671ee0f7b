"""Every kind's figures in one table: what, the bar, the measured value.

``python tests/benchmarks/family.py [denoising] [sparse] [stacked] [contractive] [variational]
[images] [sequences] [labels] [outliers]``; without names, all of them.
"""

import sys
import warnings
from functools import partial

import numpy as np
from family_images import images
from family_sequences import sequences
from outliers import outliers
from pretraining import labels
from report import MNIST, TIMES, head, load_mnist, median_times, row
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import skae

# The textbook trains by Adam at a constant rate and stops after a number of epochs.
BOOK = {
    "init": "he",
    "alpha": 0.0,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "early_stopping": False,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}


def mse(one, other):
    return float(np.mean((one - other) ** 2))


def denoising(train, test):
    book = {**BOOK, "hidden_layer_sizes": (300,), "activation": "relu", "code_activation": "relu",
            # From He's kernels noise this loud kills the relus, whatever the rate.
            "init": "pca", "learning_rate_init": 1e-3, "learning_rate": "cosine",
            "batch_size": 150, "max_iter": 10}  # fmt: skip
    noisy = skae.DenoisingAutoencoder(150, noise_level=1.0, **book).fit(train)
    error = noisy.loss_curve_[-1] * noisy.scale_**2
    row("denoising sigma 1, 300-150-300, 10 epochs: training error, noise on", "<= .0408",
        error)  # fmt: skip
    dropped = skae.DenoisingAutoencoder(150, corruption="dropout", noise_level=0.3, **book)
    error = mse(dropped.fit(train).reconstruct(train), train)
    row("denoising dropout .3, 10 epochs: training error, clean", "<= .0242", error)

    spoiled = test + 0.5 * np.random.default_rng(0).standard_normal(test.shape, np.float32)
    pca = PCA(256, random_state=0).fit(train)
    codes = pca.transform(spoiled)
    of_pca = {
        k: mse(codes[:, :k] @ pca.components_[:k] + pca.mean_, test)
        for k in (8, 16, 24, 32, 40, 48, 64, 96, 128, 256)
    }
    best = min(of_pca, key=of_pca.get)
    denoiser = skae.DenoisingAutoencoder(
        128, noise_level=0.5, hidden_layer_sizes=(512,), batch_size=128, max_iter=15,
        learning_rate="cosine", random_state=0,
    ).fit(train)  # fmt: skip
    error = mse(denoiser.reconstruct(spoiled), test)
    row("denoising sigma .5 on test digits: error against the clean ones, PCA's best / skae",
        ">= 2", of_pca[best] / error, f"{of_pca[best]:.4f}, {best} components / {error:.4f}",
        TIMES)  # fmt: skip
    for name, other in others_denoise(train, spoiled, test).items():
        row(f"the same by {name}: its error / skae's", ">= 1", other / error, f"{other:.4f}", TIMES)

    def fit(kind, **params):
        kind(
            150, hidden_layer_sizes=(300,), batch_size=150, max_iter=3, early_stopping=False,
            n_iter_no_change=np.inf, learning_rate="cosine", init="he", **params,
        ).fit(train)  # fmt: skip

    kinds = {"plain": partial(fit, skae.AutoencoderTransformer)}
    for name in ("gaussian", "dropout", "masking", "salt_and_pepper", "swap"):
        kinds[name] = partial(fit, skae.DenoisingAutoencoder, corruption=name)
    times = median_times(kinds)
    for name in list(kinds)[1:]:
        ratio = times[name] / times["plain"]
        row(f"a denoising step with {name} / a plain one", "<= 1.5", ratio, unit=TIMES)


def others_denoise(train, spoiled, test):
    """Return the errors of denoisers that can run here."""
    from sklearn.decomposition import KernelPCA

    some = np.random.default_rng(0).permutation(len(train))[:2000]
    noise = 0.5 * np.random.default_rng(1).standard_normal((2000, 784), np.float32)
    errors = {}
    for gamma in (0.005, 0.01):
        for components in (100, 400):
            kernel = KernelPCA(components, kernel="rbf", gamma=gamma, alpha=5e-3,
                               fit_inverse_transform=True).fit(train[some] + noise)  # fmt: skip
            back = kernel.inverse_transform(kernel.transform(spoiled[:1000]))
            errors[gamma, components] = mse(back, test[:1000])
    found = {"KernelPCA, best of 4 settings, 2,000 noisy training images": min(errors.values())}
    try:
        from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
    except ImportError:
        return found
    images, clean = spoiled[:1000].reshape(-1, 28, 28), test[:1000].reshape(-1, 28, 28)
    found["scikit-image's total variation, best of 3 weights"] = min(
        mse(np.stack([denoise_tv_chambolle(image, weight=w) for image in images]), clean)
        for w in (0.2, 0.4, 0.8)
    )
    found["scikit-image's non-local means"] = mse(
        np.stack([denoise_nl_means(image, 5, 11, h=0.4, sigma=0.5) for image in images]), clean
    )
    return found


def sparse(train, test):
    # The textbook adds its penalty to the error of pixels, skae to that of standardized values.
    for unit, weight in (("of skae", 0.2), ("of the textbook", 0.2 / 0.0672)):
        title = f"sparse, 1000 codes, target .1, weight .2 in units {unit}, 100 epochs"
        fitted = skae.SparseAutoencoder(
            1000, hidden_layer_sizes=(), sparsity_weight=weight, batch_size=1000, **BOOK
        )
        # An epoch at a call, to see the error after each.
        errors = []
        for epoch in range(100):
            rate = 0.005 * (1 + np.cos(np.pi * epoch / 100))
            fitted.set_params(learning_rate_init=rate).partial_fit(train)
            errors.append(fitted.reconstruction_err_)
        error, mean = mse(fitted.reconstruct(train), train), fitted.mean_activation_
        worst = max(errors[-20:])
        row(f"{title}: training error", "<= .0122", error)
        row(f"{title}: mean activation, distance from .1", "<= .02", abs(mean - 0.1), f"{mean:.3f}")
        row(f"{title}: worst error of the last 20 epochs", "<= .02", worst)
        row(f"{title}: share of active codes", "reported", fitted.active_share_)


def stacked(train, test):
    book = skae.StackedAutoencoder(
        150, hidden_layer_sizes=(300,), code_activation="elu", layer_max_iter=4, fine_tune=False,
        batch_size=150, **BOOK | {"alpha": 1e-4 * len(train)},
    ).fit(train)  # fmt: skip
    error = mse(book.reconstruct(test), test)
    row("stacked 300-150-300, 4 + 4 epochs, lr .01, L2 1e-4, no fine-tuning: test error",
        "<= .0098", error)  # fmt: skip
    for i, curve in enumerate(book.stage_loss_curves_):
        row(f"its stage {i + 1}: training error an epoch, as a share of the variance", "reported",
            ", ".join(f"{loss:.4f}" for loss in curve))  # fmt: skip
    tuned = skae.StackedAutoencoder(
        150, hidden_layer_sizes=(300,), layer_max_iter=4, max_iter=15, batch_size=128,
        learning_rate="cosine", random_state=0,
    ).fit(train)  # fmt: skip
    error = mse(tuned.reconstruct(test), test)
    row("stacked, init='pca', 4 + 4 epochs, then 15 of fine-tuning: test error",
        "<= .00342, PCA(150)'s", error)  # fmt: skip


def variational(train, test):
    fitted = skae.VariationalAutoencoder(
        20, hidden_layer_sizes=(500, 500), loss="binary_crossentropy", batch_size=128,
        max_iter=50, learning_rate="cosine", random_state=0,
    ).fit(train)  # fmt: skip
    nats = -fitted.evidence_lower_bound(test, random_state=0).mean()
    row("variational 784-500-500-20, 50 epochs: nats an image on the test set", "<= 104", nats)
    with np.load(MNIST) as data:
        classes = data["y_train"]
    judge = MLPClassifier((300,), early_stopping=True, random_state=0).fit(train, classes)
    drawn = fitted.sample(1000, random_state=0)
    for name, rows in (("drawn", drawn), ("real test", test[:1000])):
        sure = float(np.mean(judge.predict_proba(rows).max(axis=1) > 0.9))
        row(f"share of {name} digits that an MLPClassifier is > .9 sure of", "most", sure)
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(8, 16, figsize=(8, 4))
    for image, axis in zip(drawn, axes.flat, strict=False):
        axis.imshow(image.reshape(28, 28), cmap="gray_r")
        axis.set_axis_off()
    figure.savefig("variational_digits.png", dpi=120)


def contractive(train, test):
    """Compare Jacobians on held-out digits: those of scikit-learn, which take seconds."""
    X = load_digits().data
    train, test = train_test_split(X, random_state=0)
    fixed = {"tied_weights": True, "random_state": 0}
    plain = skae.AutoencoderTransformer(16, **fixed).fit(train)
    fitted = skae.ContractiveAutoencoder(16, contraction=0.003, **fixed).fit(train)
    norms = {}
    for name, one in (("plain", plain), ("contractive", fitted)):
        steps = one.scale_ * 1e-4 * np.eye(64)
        slopes = [(one.transform(test + s) - one.transform(test - s)) / 2e-4 for s in steps]
        norms[name] = float(np.square(np.divide(slopes, one.scale_)).sum(axis=(0, 2)).mean())
    row("squared norm of the Jacobian on held-out digits, contractive / plain", "< 1",
        norms["contractive"] / norms["plain"], f"{norms['contractive']:.2f}", TIMES)  # fmt: skip
    row("the same: variance explained on them", f"comparable: plain {plain.score(test):.3f}",
        fitted.score(test))  # fmt: skip


ON_MNIST = {f.__name__: f for f in (denoising, sparse, stacked, contractive, variational)}
OTHERS = {"images": images, "sequences": sequences, "labels": labels, "outliers": outliers}

if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("The family")
    for kind in sys.argv[1:] or (*ON_MNIST, *OTHERS):
        if kind in ON_MNIST:
            ON_MNIST[kind](*load_mnist())
        else:
            OTHERS[kind]()
