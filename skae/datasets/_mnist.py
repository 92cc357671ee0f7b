"""MNIST from a file at hand, or from OpenML."""

import os
import zipfile
import zlib
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from skae._estimators.words import one_of

SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KEYS = ("x_train", "y_train", "x_test", "y_test")
N_TRAIN = 60_000
DESCR = """\
MNIST: 70,000 images of handwritten digits of 28 x 28 pixels, 60,000 of them for training and
10,000 for testing, which were written by other people. Pixels lie between 0, the background, and
1, ink.

LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition",
Proceedings of the IEEE 86, 1998.
"""


@validate_params(
    {
        "path": [str, os.PathLike, None],
        "subset": [one_of(("train", "test", "all"))],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(path=None, *, subset="train", return_X_y=False):
    """Load MNIST, 70,000 images of handwritten digits (classification).

    ==============   =========================
    Classes                                 10
    Samples total    60,000 train, 10,000 test
    Dimensionality                         784
    Features            pixels between 0 and 1
    ==============   =========================

    They were collected to compare classifiers [1]_.

    Parameters
    ----------
    path : str or path-like, default=None
        The file ``mnist.npz`` of Keras, with the arrays x_train, y_train, x_test and y_test. None
        takes the file that Keras has downloaded before (``datasets/mnist.npz`` in the folder
        KERAS_HOME, or else ``~/.keras``). If there is none, MNIST comes from
        :func:`~sklearn.datasets.fetch_openml`, which needs network access at its first call, and
        pandas.

    subset : {'train', 'test', 'all'}, default='train'
        Which images: the 60,000 for training [2]_, the 10,000 for testing or both, in this order.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_samples, 784), dtype float32
            The flattened images, with pixels between 0 and 1.
        target : ndarray of shape (n_samples,)
            The digits.
        target_names : ndarray of shape (10,)
            The digits, once each.
        images : ndarray of shape (n_samples, 28, 28), dtype float32
            The images, a view of `data`.
        DESCR : str
            A short description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The first two of these.

    Raises
    ------
    OSError
        If `path` does not exist, or if no path is given, Keras has not downloaded the file and
        OpenML cannot be reached.
    ValueError
        If the file is not MNIST.

    See Also
    --------
    sklearn.datasets.load_digits : Smaller images, which come with scikit-learn.

    References
    ----------
    .. [1] LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proceedings of
       the IEEE 86, 1998.
    .. [2] Géron, "Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow", O'Reilly,
       2nd ed. 2019, chapter 3.

    Examples
    --------
    >>> from skae.datasets import load_mnist
    >>> X, y = load_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 784)
    """
    if path is not None:
        path = Path(path).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"path={str(path)!r}: there is no such file.")
        images, target = _read(path, subset)
    elif (cache := _keras_cache()).is_file():
        images, target = _read(cache, subset)
    else:
        images, target = _fetch(subset, cache)
    data = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    target = target.astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=np.arange(10),
        images=data.reshape(-1, 28, 28),
        DESCR=DESCR,
    )


def _keras_cache() -> Path:
    """Return where Keras keeps the file, whether it is there or not."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home).expanduser() / "datasets" / "mnist.npz"


def _read(path: Path, subset: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of an mnist.npz."""
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with path.open("rb") as file, np.load(file) as arrays:
            x_train, y_train, x_test, y_test = (arrays[key] for key in KEYS)
    # A text or an .npy, a zip of something else, a download that broke off.
    except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{str(path)!r} is not Keras' mnist.npz with the arrays {', '.join(KEYS)}: {error} "
            f"The file can be had from {SOURCE}."
        ) from error
    for images, target in ((x_train, y_train), (x_test, y_test)):
        if images.dtype != np.uint8 or images.shape != (*target.shape[:1], 28, 28):
            raise ValueError(
                f"{str(path)!r} is not MNIST: images are {images.dtype} of shape {images.shape} "
                f"with labels of shape {target.shape}, not uint8 of shape (n_samples, 28, 28) "
                f"with a label each."
            )
    if subset == "all":
        return np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    return (x_train, y_train) if subset == "train" else (x_test, y_test)


def _fetch(subset: str, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels from OpenML, which scikit-learn keeps in its data home."""
    try:
        mnist = fetch_openml("mnist_784", version=1, as_frame=False)
    except (ImportError, OSError) as error:
        raise OSError(
            f"MNIST is not at {str(cache)!r}, where Keras would keep it, and could not be had "
            f"from OpenML: {error}. Either download {SOURCE} to that place, or to any other and "
            "give its path to load_mnist, or call load_mnist once where there is a network."
        ) from error
    rows = {"train": slice(N_TRAIN), "test": slice(N_TRAIN, None), "all": slice(None)}[subset]
    return mnist.data[rows], mnist.target[rows]
