"""MNIST from Keras' file, from OpenML, and when neither can be had."""

import os
from urllib.error import URLError

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.utils import Bunch

from skae.datasets import _mnist, load_mnist
from tests.fresh import ROOT

MNIST = ROOT.parent / "shared" / "data" / "mnist.npz"


def small(rng):
    """Return a few images as Keras' arrays."""
    return {
        "x_train": rng.integers(0, 256, (6, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, 6, np.uint8),
        "x_test": rng.integers(0, 256, (3, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, 3, np.uint8),
    }


@pytest.fixture
def arrays():
    return small(np.random.default_rng(0))


@pytest.fixture
def path(arrays, tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    """Keras has downloaded nothing."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets" / "mnist.npz"


def test_subsets(path, arrays):
    train, test = load_mnist(path), load_mnist(str(path), subset="test")
    both = load_mnist(path, subset="all")
    assert train.data.shape == (6, 784)
    assert train.data.dtype == np.float32
    assert train.target.dtype == np.int64
    assert_array_equal(train.data, np.float32(arrays["x_train"].reshape(6, 784)) / 255)
    assert_array_equal(test.target, arrays["y_test"])
    assert_array_equal(both.data, np.concatenate([train.data, test.data]))
    assert_array_equal(both.target, np.concatenate([train.target, test.target]))


def test_what_a_bunch_holds(path):
    mnist = load_mnist(path)
    assert set(mnist) == {"data", "target", "target_names", "images", "DESCR"}
    assert mnist.images.shape == (6, 28, 28)
    assert np.shares_memory(mnist.images, mnist.data)
    assert "handwritten" in mnist.DESCR
    X, y = load_mnist(path, return_X_y=True)
    assert_array_equal(X, mnist.data)
    assert_array_equal(y, mnist.target)


@pytest.mark.skipif(not MNIST.is_file(), reason="MNIST is not here")
def test_mnist_itself():
    X, y = load_mnist(MNIST, subset="test", return_X_y=True)
    assert X.shape == (10_000, 784)
    assert X.min() == 0
    assert X.max() == 1
    assert_array_equal(np.bincount(y), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])


class TestWithoutAPath:
    def test_keras_cache_is_read(self, path, no_cache, monkeypatch):
        no_cache.parent.mkdir(parents=True)
        os.replace(path, no_cache)
        monkeypatch.setattr(_mnist, "fetch_openml", None)
        assert load_mnist().data.shape == (6, 784)

    def test_keras_cache_is_in_the_home_folder(self, monkeypatch, tmp_path):
        monkeypatch.delenv("KERAS_HOME", raising=False)
        monkeypatch.setattr(_mnist.Path, "home", lambda: tmp_path)
        assert _mnist._keras_cache() == tmp_path / ".keras" / "datasets" / "mnist.npz"

    @pytest.mark.parametrize(
        ("subset", "rows"), [("train", slice(6)), ("test", slice(6, None)), ("all", slice(None))]
    )
    def test_openml_is_asked_last(self, arrays, no_cache, monkeypatch, subset, rows):
        images = np.concatenate([arrays["x_train"], arrays["x_test"]]).reshape(9, 784)
        target = np.concatenate([arrays["y_train"], arrays["y_test"]])
        asked = []

        def fetch_openml(name, **kwargs):
            asked.append((name, kwargs))
            return Bunch(data=images.astype(float), target=target.astype(str).astype(object))

        monkeypatch.setattr(_mnist, "fetch_openml", fetch_openml)
        monkeypatch.setattr(_mnist, "N_TRAIN", 6)
        mnist = load_mnist(subset=subset)
        assert asked == [("mnist_784", {"version": 1, "as_frame": False})]
        assert_array_equal(mnist.data, np.float32(images[rows]) / 255)
        assert_array_equal(mnist.target, target[rows])
        assert mnist.data.dtype == np.float32

    @pytest.mark.parametrize("error", [URLError("no network"), ImportError("no pandas")])
    def test_no_way_to_it_names_the_ways_out(self, no_cache, monkeypatch, error):
        def fetch_openml(*args, **kwargs):
            raise error

        monkeypatch.setattr(_mnist, "fetch_openml", fetch_openml)
        with pytest.raises(OSError, match="could not be had from OpenML") as raised:
            load_mnist()
        for part in (str(no_cache), str(error), "https://", "give its path"):
            assert part in str(raised.value)


class TestWrongFiles:
    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            load_mnist(tmp_path / "mnist.npz")

    def test_no_archive(self, tmp_path):
        (tmp_path / "text").write_text("digits")
        (tmp_path / "empty").touch()
        (tmp_path / "broken").write_bytes(b"PK\x03\x04 and then nothing")
        np.save(tmp_path / "array.npy", np.zeros(3))
        for name in ("text", "empty", "broken", "array.npy"):
            with pytest.raises(ValueError, match=rf"{name}' is not Keras' mnist.npz"):
                load_mnist(tmp_path / name)

    def test_other_arrays(self, path, arrays):
        np.savez(path, x_train=arrays["x_train"])
        with pytest.raises(ValueError, match="y_train"):
            load_mnist(path)

    @pytest.mark.parametrize("x_test", [np.zeros((3, 28, 28)), np.zeros((3, 32, 32), np.uint8)])
    def test_other_images(self, path, arrays, x_test):
        np.savez(path, **arrays | {"x_test": x_test})
        with pytest.raises(ValueError, match=r"is not MNIST: images are"):
            load_mnist(path)

    def test_parameters_are_checked(self):
        with pytest.raises(ValueError, match="'subset' parameter of load_mnist"):
            load_mnist(subset="both")
        with pytest.raises(ValueError, match="'path' parameter of load_mnist"):
            load_mnist(path=3)
