"""Where TensorFlow is not installed: what NumPy serves, and what the rest says."""

import pickle
import warnings

import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
from tests.fresh import in_fresh_process
from tests.programs import untrained
from tests.stored.store import SMALL, THIS_RELEASE

BY_TENSORFLOW = ("ConvolutionalAutoencoder", "RecurrentAutoencoder")
# Python takes None there for a module that cannot be found.
WITHOUT_TENSORFLOW = """
import pickle, sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from tests.test_numpy_alone import served

def said(function, *arguments):
    try:
        function(*arguments)
    except ModuleNotFoundError as error:
        return str(error)

with open({folder!r} + "/fitted.pkl", "rb") as file:
    X, y, fitted = pickle.load(file)
found = {{
    "served": {{n: served(e, X) for n, e in fitted.items() if n not in {by_tensorflow}}},
    "refused": {{n: said(fitted[n].transform, X) for n in {by_tensorflow}}},
    # A forest needs no TensorFlow.
    "unfitted": [said(e.fit, X, y) for n, e in fitted.items() if n != "ForestAutoencoder"],
}}
plain = fitted["AutoencoderTransformer"]
found["unfitted"] += [said(plain.fit, None), said(plain.partial_fit, None)]
with open({folder!r} + "/found.pkl", "wb") as file:
    pickle.dump(found, file)
"""


@pytest.fixture(scope="module")
def fitted():
    """Return rows, classes, and by name every stored kind and a pipeline fitted on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        stored = pickle.loads(THIS_RELEASE.read_bytes())
    X = stored["X"]
    y = (X[:, 0] > 0.5).astype(int)
    every = {type(each).__name__: each for each in stored["estimators"]}
    with untrained():
        every["pipeline"] = make_pipeline(
            StandardScaler(), AutoencoderTransformer(2, **SMALL), LogisticRegression()
        ).fit(X, y)
    return X, y, every


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def served(each, X):
    """Return all that an estimator makes of rows."""
    names = ("transform", "reconstruct", "predict", "predict_proba", "score_samples")
    out = [getattr(each, name)(X) for name in names if hasattr(each, name)]
    if hasattr(each, "inverse_transform"):
        out.append(each.inverse_transform(each.transform(X)))
    return out


@pytest.fixture(scope="module")
def found(fitted, tmp_path_factory):
    """Return what a process finds that has what is fitted and no TensorFlow."""
    folder = tmp_path_factory.mktemp("numpy_alone")
    (folder / "fitted.pkl").write_bytes(pickle.dumps(fitted))
    in_fresh_process(WITHOUT_TENSORFLOW.format(folder=str(folder), by_tensorflow=BY_TENSORFLOW))
    return pickle.loads((folder / "found.pkl").read_bytes())


def test_it_serves_the_same_numbers(fitted, found):
    X, _, every = fitted
    assert {*found["served"], *BY_TENSORFLOW} == set(every)
    for name, numbers in found["served"].items():
        for one, other in zip(numbers, served(every[name], X), strict=True):
            assert_allclose(one, other, rtol=1e-12, err_msg=name)


def test_what_needs_it_is_loaded_and_says_so(found):
    assert set(found["refused"]) == set(BY_TENSORFLOW)
    for message in found["refused"].values():
        assert "TensorFlow is not installed" in message
        assert "pip install tensorflow" in message


def test_fit_says_so_before_it_looks_at_x(found):
    assert len(found["unfitted"]) > 12
    assert all("TensorFlow is not installed" in message for message in found["unfitted"])
