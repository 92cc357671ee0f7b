"""Published records on MNIST, the bars they set, and what skae reaches in which time.

``python tests/benchmarks/records.py [compression] [default_layers] [likelihood] [denoising]
[denoising_images] [variational_images] [noisy_only]``; without names, all of them, which takes more
than an hour on two quiet cores.
"""

import sys
import time
import warnings

import numpy as np
from report import MNIST, head, load_mnist, row
from scipy.ndimage import affine_transform
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.neural_network import MLPClassifier

from skae import AutoencoderTransformer, DenoisingAutoencoder, VariationalAutoencoder
from skae.networks import ConvolutionalNetwork

# All rows are trained on for a number of epochs that is given.
TO_THE_END = {
    "loss": "binary_crossentropy",
    "learning_rate": "cosine",
    "early_stopping": False,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
SIGMA = np.float32(0.5)
# Draws of codes that estimate a likelihood: few for all test rows, many for some of them.
FEW_DRAWS, N_DRAWS, N_ROWS = 50, 5000, 400


def squared_error(one, other):
    """Return the squared error of an image, summed over its pixels."""
    return float(np.square(one - other).sum(axis=1).mean())


def minutes_since(begin):
    """Return the minutes on two cores that a fit took, from the processor's time."""
    return (time.process_time() - begin) / 120


def distorted(images, rng):
    """Return images turned, slanted, stretched and moved a little, each in its own way."""
    pixels = np.empty((len(images), 28, 28), np.float32)
    for image, output in zip(images.reshape(-1, 28, 28), pixels, strict=True):
        to_source = np.eye(2) + rng.normal(scale=0.1, size=(2, 2))
        shift = rng.normal(13.5, 0.3, size=2) - 13.5 * to_source.sum(axis=1)
        affine_transform(image, to_source, shift, output=output)
    return pixels.reshape(-1, 784).clip(0, 1)


def compression(train, test):
    """784-1000-500-250-30 (Hinton and Salakhutdinov, 2006: 3.0; later 2.86 and 2.65)."""
    begin = time.process_time()
    rng = np.random.default_rng(0)
    rows = np.vstack([train, *(distorted(train, rng) for _ in range(3))])
    fitted = AutoencoderTransformer(
        30, hidden_layer_sizes=(1000, 500, 250), batch_size=256, learning_rate_init=0.002,
        max_iter=15, **TO_THE_END,
    ).fit(rows)  # fmt: skip
    minutes = minutes_since(begin)
    of_training = squared_error(train[:10_000], fitted.reconstruct(train[:10_000]))
    row("784-1000-500-250-30: squared error of a test image", "<= 2.4",
        squared_error(test, fitted.reconstruct(test)), f"training {of_training:.2f}")  # fmt: skip
    row("the same: minutes on two cores", "<= 20", minutes)


def default_layers(train, test):
    """784-128-64-30."""
    begin = time.process_time()
    fitted = AutoencoderTransformer(
        30, batch_size=128, learning_rate_init=0.003, max_iter=60, **TO_THE_END
    ).fit(train)
    minutes = minutes_since(begin)
    error = squared_error(test, fitted.reconstruct(test)) / 784
    row("30 codes, hidden layers by default: squared error of a test pixel", "<= .0050", error,
        f"{minutes:.1f} minutes on two cores")  # fmt: skip


def drawn_binary(images, rng):
    """Return pixels that are one with the probability that their gray level says."""
    return np.float32(rng.random(images.shape, np.float32) < images)


def variational_of(train, n_components, epochs, after_epoch=lambda epoch, fitted: None):
    """Return a fit on pixels that are drawn anew before each epoch."""
    rng = np.random.default_rng(0)
    fitted = VariationalAutoencoder(
        n_components, hidden_layer_sizes=(200, 200), loss="binary_crossentropy", batch_size=128,
        random_state=0,
    )  # fmt: skip
    for epoch in range(epochs):
        rate = 0.001 * (1 + np.cos(np.pi * epoch / epochs))
        fitted.set_params(learning_rate_init=rate).partial_fit(drawn_binary(train, rng))
        after_epoch(epoch, fitted)
    return fitted


def nats(fitted, images):
    """Return the estimated mean of minus the log-likelihood, and its standard error.

    Some rows by many draws tell what the few draws for all rows leave out.
    """
    all_rows = -fitted.log_likelihood(images, n_samples=FEW_DRAWS, random_state=0)
    some = slice(0, None, len(images) // N_ROWS)
    gains = fitted.log_likelihood(images[some], n_samples=N_DRAWS, random_state=1) + all_rows[some]
    error = np.sqrt(all_rows.var() / len(all_rows) + gains.var() / len(gains))
    return all_rows.mean() - gains.mean(), error


def likelihood(train, test):
    """784-200-200-50, one stochastic layer (Burda et al., 2016: 86.8, one draw in training)."""
    begin = time.process_time()
    fitted = variational_of(train, 50, 100)
    minutes = minutes_since(begin)
    ways = {"drawn, seed 0": drawn_binary(test, np.random.default_rng(0)),
            "gray level > 1/2": np.float32(test > 0.5)}  # fmt: skip
    for name, pixels in ways.items():
        value, error = nats(fitted, pixels)
        row(f"784-200-200-50, pixels {name}: nats of a test image, {N_DRAWS:,} draws", "<= 89",
            value, f"standard error {error:.2f}")  # fmt: skip
    row("the same: minutes on two cores", "<= 30", minutes)
    generated(train, test, fitted)


def generated(train, test, fitted):
    """Show a classifier new digits, drawn from standard normals and from what codes are like."""
    with np.load(MNIST) as data:
        digits = data["y_train"], data["y_test"]
    judge = MLPClassifier((300,), max_iter=12, random_state=0).fit(train, digits[0])
    beside = f"its accuracy on test digits is {judge.score(test, digits[1]):.4f}, its share of them"
    beside += f" {judged(judge, test)[0]:.3f}"
    codes = fitted.transform(drawn_binary(train[:20_000], np.random.default_rng(5)))
    mixture = GaussianMixture(20, reg_covar=0.05, max_iter=30, random_state=0).fit(codes)
    ways = {
        "a mixture of 20 normals for the codes": fitted.inverse_transform(
            np.float32(mixture.sample(1000)[0])
        ),
        "sample": fitted.sample(1000, random_state=0),
    }
    for name, images in ways.items():
        sure, of_each = judged(judge, images)
        row(f"share of 1,000 new digits that a classifier is surer than .9 of, drawn by {name}",
            ">= .7", sure, beside)  # fmt: skip
        row("the least frequent of the ten digits among them", ">= 50", of_each.min(), str(of_each))


def judged(judge, images):
    """Return the share that a classifier is surer than .9 of, and how many it has of each digit."""
    probabilities = judge.predict_proba(images)
    sure = float(np.mean(probabilities.max(axis=1) > 0.9))
    return sure, np.bincount(probabilities.argmax(axis=1), minlength=10)


def with_noise(images, seed):
    """Return pixels with normal noise of deviation `SIGMA`, not clipped."""
    return images + SIGMA * np.random.default_rng(seed).standard_normal(images.shape, np.float32)


def denoising(train, test):
    """Noise of standard deviation 1/2, trained on clean images."""
    begin = time.process_time()
    fitted = DenoisingAutoencoder(
        128, noise_level=0.5, hidden_layer_sizes=(1000,), batch_size=128,
        learning_rate_init=0.002, max_iter=20, **TO_THE_END,
    ).fit(train)  # fmt: skip
    minutes = minutes_since(begin)
    error = squared_error(test, fitted.reconstruct(with_noise(test, 0))) / 784
    row("noise of deviation .5, trained on clean images: squared error of a pixel", "<= .0110",
        error, f"{minutes:.1f} minutes on two cores")  # fmt: skip


def denoising_images(train, test):
    """Remove the same noise by convolutions without a dense code: it keeps them from copying."""
    network = ConvolutionalNetwork(
        filters=(32, 64, 64, 64), kernel_size=[5, 3, 3, 3], strides=[2, 2, 1, 1]
    )
    begin = time.process_time()
    fitted = DenoisingAutoencoder(
        None, network=network, noise_level=0.5, init="glorot", alpha=0.0, batch_size=64,
        learning_rate_init=0.003, max_iter=40, **TO_THE_END,
    ).fit(train)  # fmt: skip
    minutes = minutes_since(begin)
    error = squared_error(test, fitted.reconstruct(with_noise(test, 0))) / 784
    row("noise of deviation .5, convolutions: squared error of a pixel", "<= .0080", error,
        f"{minutes:.1f} minutes on two cores")  # fmt: skip


def variational_images(train, test):
    """Compare convolutions with dense layers: 20 codes of 10,000 images, the same time."""
    network = ConvolutionalNetwork(
        filters=(16, 32), kernel_size=3, strides=2, hidden_layer_sizes=256
    )
    fixed = {**TO_THE_END, "batch_size": 128}
    contenders = {
        "dense": VariationalAutoencoder(
            20, hidden_layer_sizes=(500, 500), learning_rate_init=0.001, max_iter=125, **fixed
        ),
        "convolutions": VariationalAutoencoder(
            20, network=network, learning_rate_init=0.002, max_iter=51, **fixed
        ),
    }
    bounds, texts = {}, []
    for name, fitted in contenders.items():
        begin = time.process_time()
        fitted.fit(train[:10_000])
        minutes = minutes_since(begin)
        bounds[name] = fitted.evidence_lower_bound(test, random_state=0).mean()
        texts.append(f"{name} {bounds[name]:.1f} in {minutes:.1f} minutes on two cores")
    row("variational, 20 codes of 10,000 images: nats of a test image gained by convolutions",
        "> 0", bounds["convolutions"] - bounds["dense"], "; ".join(texts))  # fmt: skip


def noisy_only(train, test):
    """Noise of standard deviation 1/2, trained without clean images, on 20,000 in 10 epochs."""
    clean, epochs, spoiled = train[:20_000], 10, with_noise(test, 0)
    fixed = {**TO_THE_END, "loss": "squared_error", "hidden_layer_sizes": (512,), "batch_size": 128}
    first, second = with_noise(clean, 1), with_noise(clean, 2)

    def report(name, fitted, restore=lambda fitted, rows: fitted.reconstruct(rows)):
        error = squared_error(test, restore(fitted, spoiled)) / 784
        row(f"noise .5, trained on {name}: squared error of a pixel", "reported", error)

    def noisier(n_components=128, **params):
        return DenoisingAutoencoder(n_components, **fixed | {"max_iter": epochs} | params)

    report("clean images, for comparison", noisier(noise_level=0.5).fit(clean))
    report("two noisy copies", noisier(corruption=None).fit(first, second))
    both = with_noise(train, 1), with_noise(train, 2)
    of_all = noisier(48, corruption=None, max_iter=4).fit(np.vstack(both), np.vstack(both[::-1]))
    report("two noisy copies of all images, both ways, 48 codes", of_all)
    recorrupted = noisier(corruption=None)
    rng, a = np.random.default_rng(5), np.float32(0.5)
    for epoch in range(epochs):
        noise = SIGMA * rng.standard_normal(first.shape, np.float32)
        rate = 0.0005 * (1 + np.cos(np.pi * epoch / epochs))
        recorrupted.set_params(learning_rate_init=rate)
        recorrupted.partial_fit(first + a * noise, first - noise / a)
    report("one noisy copy, recorrupted", recorrupted)
    plain = AutoencoderTransformer(32, max_iter=epochs, **fixed)
    report("one noisy copy by a plain autoencoder of 32 codes", plain.fit(first))
    report("one noisy copy with more noise", noisier(noise_level=0.5).fit(first))
    masked = noisier(64, corruption="masking", noise_level=0.25).fit(first)
    report("one noisy copy, masked: a blind spot", masked, from_the_others)


def from_the_others(fitted, rows, n_parts=4):
    """Restore each pixel from rows in which it, and every fourth one, is masked."""
    part = np.random.default_rng(0).permutation(rows.shape[1]) % n_parts
    restored = np.empty_like(rows)
    for i in range(n_parts):
        hit = part == i
        restored[:, hit] = fitted.reconstruct(np.where(hit, np.float32(0), rows))[:, hit]
    return restored


PARTS = {
    f.__name__: f
    for f in (
        compression, default_layers, likelihood, denoising, denoising_images, variational_images,
        noisy_only,
    )
}  # fmt: skip

if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Records on MNIST")
    for part in sys.argv[1:] or PARTS:
        PARTS[part](*load_mnist())
