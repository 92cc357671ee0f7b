"""GridSearchCV on digits beside a minimal Keras wrapper, in a fresh process and in a warm one."""

import subprocess
import sys
import time
import warnings

import numpy as np
from report import TIMES, head, median_times, row
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

warnings.simplefilter("ignore", ConvergenceWarning)


def search(which):
    """Search 2 widths x 2 learning rates by 3 folds, 20 epochs each."""
    X = np.float32(load_digits().data / 16)
    if which == "keras":
        from keras_wrapper import KerasAutoencoder

        estimator = KerasAutoencoder(10)
        grid = {"width": [32, 48], "learning_rate": [1e-3, 3e-3]}
    else:
        from skae import AutoencoderTransformer

        estimator = AutoencoderTransformer(
            10,
            activation="relu",
            init="glorot",
            learning_rate="constant",
            batch_size=32,
            max_iter=20,
            n_iter_no_change=np.inf,
            early_stopping=False,
            random_state=0,
        )
        grid = {"hidden_layer_sizes": [(32,), (48,)], "learning_rate_init": [1e-3, 3e-3]}
    return GridSearchCV(estimator, grid, cv=3).fit(X)


def fresh(which):
    """Return the seconds of a new process that does nothing else."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, __file__, which], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def compared(what, bar, keras, skae):
    row(f"{what}: keras / skae", bar, keras / skae, f"{keras:.1f} s / {skae:.2f} s", TIMES)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        search(sys.argv[1])
        sys.exit()
    head("GridSearchCV on digits: 2 widths x 2 rates x 3 folds, 20 epochs")
    times = {which: np.median([fresh(which) for _ in range(3)]) for which in ("keras", "skae")}
    compared("fresh process, imports included", ">= 4", **times)
    times = median_times({which: lambda which=which: search(which) for which in times}, 3)
    compared("warm process", ">= 10", **times)
