"""A step with products in bfloat16 beside float32 and PyTorch's autocast, on wide networks."""

from functools import partial

import numpy as np
import peers
from report import TIMES, head, load_mnist, median_times, row

from skae import AutoencoderTransformer

# Widths of the encoder, and rows in a batch.
NETWORKS = (((784, 1000, 500, 250, 30), 256), ((784, 2000, 2000, 32), 512))
STEPS = 20
PEERS = {
    "bfloat16": partial(peers.skae, precision="bfloat16"),
    "float32": peers.skae,
    "torch bfloat16": partial(peers.torch, bfloat16=True),
}
# At most .8 times the step in float32, and .85 times PyTorch's; with AMX .6 times that in float32.
BARS = {"float32": 1.25, "torch bfloat16": 1.18}


def steps(X, widths, batch_size):
    """Compare the times of a step: what further epochs add to a fit of one epoch."""
    rows = X[: STEPS * batch_size]
    runs = {
        (name, epochs): partial(fit, rows, widths, batch_size, epochs, False)
        for name, fit in PEERS.items()
        for epochs in (1, 4)
    }
    times = median_times(runs, repeats=3)
    steps = {name: (times[name, 4] - times[name, 1]) / (3 * STEPS) for name in PEERS}
    label = f"{'-'.join(map(str, widths))}, batch {batch_size}"
    row(f"{label}: skae bfloat16", "", 1e3 * steps["bfloat16"], unit="ms a step")
    for name, bar in BARS.items():
        ratio = steps[name] / steps["bfloat16"]
        row(f"{label}: {name} / bfloat16", f">= {bar}", ratio, f"{1e3 * steps[name]:.1f} ms", TIMES)


def errors(train, test):
    """Compare the errors of fitted models on new samples."""
    for seed in (0, 1):
        found = {}
        for precision in ("float32", "bfloat16"):
            estimator = AutoencoderTransformer(
                30,
                hidden_layer_sizes=(300, 150),
                batch_size=150,
                learning_rate="cosine",
                max_iter=8,
                precision=precision,
                random_state=seed,
            ).fit(train)
            reconstructed = estimator.inverse_transform(estimator.transform(test))
            found[precision] = np.mean((reconstructed - test) ** 2)
        ratio = found["bfloat16"] / found["float32"]
        text = f"{found['float32']:.5f} in float32"
        row(f"error, 784-300-150-30, 8 epochs, seed {seed}", "<= 1.02", ratio, text)


if __name__ == "__main__":
    head("Products in bfloat16")
    train, test = load_mnist()
    for widths, batch_size in NETWORKS:
        steps(train, widths, batch_size)
    errors(train[:20000], test)
