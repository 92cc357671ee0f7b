"""Importing, serving, a second fit, and how a fit's time grows."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from report import TIMES, head, median_times, row
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer
from skae.onnx import to_onnx

warnings.simplefilter("ignore", ConvergenceWarning)


def imports():
    code = """
import time, sklearn.decomposition
begin = time.perf_counter()
import skae
print(time.perf_counter() - begin)
"""

    def seconds():
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return float(out.stdout)

    seconds()
    extra = statistics.median(seconds() for _ in range(7))
    row("import skae after sklearn.decomposition", "<= 0.1 s", extra, unit="s")


def start():
    """Time processes that fit digits once with the defaults, beside one that imports TensorFlow.

    Both are counted beyond a process of scikit-learn alone, the fit without its training. The bars
    of 2.4 and 2.0 s are those of a machine where TensorFlow alone takes 3.3 s.
    """
    sklearn = "from sklearn.datasets import load_digits\nfrom sklearn.decomposition import PCA\n"
    digits = "X = load_digits().data\n"
    pca = "PCA(2).fit(X)\nimport time\nprint(0, 0, time.time())"
    tensorflow = "import tensorflow\n"
    # The training itself, which the second fit of a process is.
    fit = """
import time
from skae import AutoencoderTransformer
for i in range(N):
    begin = time.perf_counter(), time.process_time()
    AutoencoderTransformer(random_state=0).fit(X)
print(time.perf_counter() - begin[0], time.process_time() - begin[1], time.time())
"""
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            "sklearn": (sklearn + digits + pca, "off"),
            "tensorflow": (sklearn + digits + tensorflow + pca, "off"),
            "twice": (sklearn + digits + fit.replace("N", "2"), "off"),
            "compiled": (sklearn + digits + fit.replace("N", "1"), "off"),
            "kept": (sklearn + digits + fit.replace("N", "1"), folder),
        }
        seconds(*kinds["kept"])
        runs = [{name: seconds(*kind) for name, kind in kinds.items()} for _ in range(5)]
    # Wall time and processor time of whole processes and of the second fit; time to leave.
    mid = {name: np.median([run[name] for run in runs], axis=0) for name in kinds}
    training = mid["twice"][2:4]
    alone = mid["tensorflow"][0] - mid["sklearn"][0]
    for name, bar in (("compiled", 2.4), ("kept", 2.0)):
        wall, processor = mid[name][:2] - mid["sklearn"][:2]
        row(
            f"first fit on digits, programs {name} / `import tensorflow`",
            f"<= {bar / 3.3:.2f}",
            (wall - training[0]) / alone,
            f"{wall - training[0]:.1f} s of {alone:.1f} s, {processor - training[1]:.1f} s of "
            f"processor; with its training {wall:.1f} s",
            TIMES,
        )
        row(f"leaving the interpreter, programs {name}", "<= 0.5 s", mid[name][4], unit="s")


def seconds(code, cache):
    """Return wall and processor seconds of a new process, and what its last line says."""
    before, begin = os.times(), time.time()
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, "SKAE_PROGRAM_CACHE": cache},
    )
    after, end = os.times(), time.time()
    processor = sum(after[2:4]) - sum(before[2:4])
    *fit, done = map(float, ended.stdout.split())
    return end - begin, processor, *fit, end - done


def transform():
    import tensorflow as tf

    X = np.random.default_rng(0).random((60_000, 784), np.float32)
    fitted = AutoencoderTransformer(
        150, hidden_layer_sizes=(300,), init="he", max_iter=1, random_state=0
    ).fit(X)
    kernels = [tf.constant(kernel) for kernel in fitted.encoder_coefs_]
    biases = [tf.constant(bias) for bias in fitted.encoder_intercepts_]
    mean, scale = tf.constant(fitted.mean_, tf.float32), np.float32(fitted.scale_)

    @tf.function(jit_compile=True)
    def forward(rows):
        hidden = tf.nn.elu((rows - mean) / scale @ kernels[0] + biases[0])
        return (hidden @ kernels[1] + biases[1]) * scale

    assert np.allclose(forward(X).numpy(), fitted.transform(X), atol=1e-4)
    times = median_times(
        {"skae": lambda: fitted.transform(X), "tensorflow": lambda: forward(X).numpy()}, 7
    )
    ratio, seconds = times["skae"] / times["tensorflow"], f"{times['skae']:.3f} s"
    row("transform of 60,000 x 784 through (300, 150) / compiled TensorFlow", "<= 1.5",
        ratio, seconds, TIMES)  # fmt: skip


def small_network():
    """64-128-64-8 beside PCA and ONNX Runtime, which has as many threads."""
    import onnxruntime

    X = np.random.default_rng(0).random((100_000, 64), np.float32)
    fitted = AutoencoderTransformer(
        8, hidden_layer_sizes=(128, 64), init="he", max_iter=1, random_state=0
    ).fit(X[:2000])
    one, pca = X[:1], PCA(8).fit(X)
    times = median_times(
        {
            "skae": lambda: [fitted.transform(one) for _ in range(1000)],
            "PCA": lambda: [pca.transform(one) for _ in range(1000)],
        },
        7,
    )
    row("rows a second, one at a call, through 64-128-64-8", ">= 10000", 1000 / times["skae"],
        f"PCA {1000 / times['PCA']:,.0f}", "")  # fmt: skip

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count()))
    session = onnxruntime.InferenceSession(to_onnx(fitted).SerializeToString(), options)
    (name,) = (each.name for each in session.get_inputs())
    assert np.allclose(session.run(None, {name: X[:9]})[0], fitted.transform(X[:9]), atol=1e-4)
    times = median_times(
        {"skae": lambda: fitted.transform(X), "onnx": lambda: session.run(None, {name: X})}, 9
    )
    ratio, seconds = times["skae"] / times["onnx"], f"{times['skae']:.3f} s"
    row("transform of 100,000 rows through 64-128-64-8 / ONNX Runtime", "<= 1.1", ratio, seconds,
        TIMES)  # fmt: skip


def second_fit():
    rng = np.random.default_rng(0)
    settings = {"max_iter": 1, "random_state": 0}
    AutoencoderTransformer(5, **settings).fit(rng.standard_normal((1500, 20)))
    X = rng.standard_normal((1000, 20))
    other = {"random_state": 1, "learning_rate_init": 0.01, "alpha": 0.1}

    def fit(n_epochs):
        settings = {"max_iter": n_epochs, "n_iter_no_change": np.inf, **other}
        AutoencoderTransformer(5, **settings).fit(X)

    begin = time.perf_counter()
    fit(1)
    first = time.perf_counter() - begin
    times = median_times({n: lambda n=n: fit(n) for n in (1, 21)})
    steps = (times[21] - times[1]) / 20
    at_once = f"{1e3 * (first - steps):.0f} ms at once"
    row("second fit, 1000 x 20, one epoch, beyond its steps, median", "<= 50 ms",
        1e3 * (times[1] - steps), at_once, "ms")  # fmt: skip


def growth():
    rng = np.random.default_rng(0)
    for n in (10**3, 10**4, 10**5, 10**6):
        X = rng.standard_normal((n, 20), np.float32)

        def fit(n_epochs, X=X):
            AutoencoderTransformer(
                5, max_iter=n_epochs, n_iter_no_change=np.inf, random_state=0
            ).fit(X)

        times = median_times({k: lambda k=k: fit(k) for k in (1, 2, 4)}, 3)
        values = [1e6 * times[k] / n / k for k in times]
        each = ", ".join(f"{value:.2f}" for value in values)
        row(f"{n:,} x 20: a row and epoch, least of 1, 2 and 4 epochs", "flat", min(values), each,
            "us")  # fmt: skip


if __name__ == "__main__":
    head("Use")
    for measure in (imports, start, second_fit, transform, small_network, growth):
        if len(sys.argv) == 1 or measure.__name__ in sys.argv[1:]:
            measure()
