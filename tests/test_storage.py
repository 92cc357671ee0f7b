"""Stored estimators: versions in them, and files of every release that are loaded for ever."""

import copy
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import InconsistentVersionWarning

import skae
from skae import _storage
from tests.stored.store import results

FILES = sorted((Path(__file__).parent / "stored").glob("*.pkl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_release_has_stored_is_loaded(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        stored = pickle.loads(path.read_bytes())
    for estimator, expected in zip(stored["estimators"], stored["results"], strict=True):
        assert_allclose(results(estimator, stored["X"]), expected, rtol=1e-5, atol=1e-6)


def test_this_release_is_among_them_with_every_estimator():
    (path,) = [path for path in FILES if path.stem == f"skae-{skae.__version__}"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        estimators = pickle.loads(path.read_bytes())["estimators"]
    assert {type(each).__name__ for each in estimators} == set(skae.__all__) - {"__version__"}


@pytest.fixture
def stored(monkeypatch):
    """Store an estimator as other versions would."""
    X = np.random.default_rng(0).normal(size=(30, 4))
    fitted = skae.AutoencoderTransformer(
        2, hidden_layer_sizes=(), max_iter=1, learning_rate="cosine", solver="sgd"
    ).fit(X)

    def store(**versions):
        with monkeypatch.context() as patch:
            patch.setattr(_storage, "STAMPS", {**_storage.STAMPS, **versions})
            return pickle.dumps(fitted)

    return store


def test_a_newer_version_is_refused(stored):
    with pytest.raises(ValueError, match=r"stored by skae 99\.1\.0, which is newer than skae"):
        pickle.loads(stored(_skae_version="99.1.0"))


def test_an_older_version_is_taken_and_another_scikit_learn_warned_of(stored):
    assert pickle.loads(stored(_skae_version="0.0.1")).n_components_ == 2
    with pytest.warns(
        InconsistentVersionWarning, match=r"AutoencoderTransformer from version 1\.0"
    ):
        pickle.loads(stored(_sklearn_version="1.0"))


def test_stamps_are_no_attributes(stored):
    loaded = pickle.loads(stored())
    assert not set(_storage.STAMPS) & set(vars(loaded))
    again = copy.deepcopy(loaded)
    assert_array_equal(again.weights_[0], loaded.weights_[0])
