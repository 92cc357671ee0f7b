"""Stored estimators: pickles, versions in them, files of every release, loaded for ever."""

import copy
import pickle
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning

import skae
from skae._estimators import versions as _storage
from tests.estimators.test_base import X, assert_same_weights, make
from tests.stored.store import results

pytestmark = pytest.mark.usefixtures("untrained")

FILES = sorted((Path(__file__).parents[1] / "stored").glob("*.pkl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_release_has_stored_is_loaded(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        stored = pickle.loads(path.read_bytes())
    for estimator, expected in zip(stored["estimators"], stored["results"], strict=True):
        assert_allclose(results(estimator, stored["X"]), expected, rtol=1e-5, atol=1e-6)
        clone(estimator)  # it has every parameter, also those that came later


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


@pytest.mark.parametrize("name", ["_skae_version", "_sklearn_version"])
@pytest.mark.parametrize("stamp", ["garbage", "", 3, None, (1, 9)])
def test_what_is_no_version_is_refused(stored, name, stamp):
    with pytest.raises(ValueError, match=rf"stored with {name}=.*no version: the file is damaged"):
        pickle.loads(stored(**{name: stamp}))


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


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "params", [{}, {"whiten": True}, {"tied_weights": True}, {"linear_encoder": True}]
)
def test_pickle_joblib_deepcopy_and_clone(params, tmp_path):
    fitted = make(**params).fit(X)
    codes = fitted.transform(X)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), codes)
    assert_array_equal(copy.deepcopy(fitted).transform(X), codes)
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    for mode in (None, "r"):
        loaded = joblib.load(tmp_path / "fitted.joblib", mmap_mode=mode)
        assert_array_equal(loaded.transform(X), codes)
        assert_array_equal(loaded.inverse_transform(codes), fitted.inverse_transform(codes))
    unfitted = clone(fitted)
    assert not hasattr(unfitted, "weights_")
    assert not hasattr(unfitted, "encoder_coefs_")
    assert_same_weights(unfitted.fit(X), fitted)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_pickle_holds_little_more_than_the_weights():
    wide = np.random.default_rng(0).uniform(size=(60, 784))
    fitted = skae.AutoencoderTransformer(64, hidden_layer_sizes=(512,), max_iter=1).fit(wide)
    weights = sum(weight.nbytes for weight in fitted.weights_)
    assert fitted.components_.nbytes == 4 * 64 * 784
    assert len(pickle.dumps(fitted)) < weights + fitted.components_.nbytes + 16_000


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fit_holds_no_reference_to_x():
    rows = X.copy()
    before = sys.getrefcount(rows)
    fitted = make().fit(rows)
    assert sys.getrefcount(rows) == before
    assert fitted.n_features_in_ == 4
