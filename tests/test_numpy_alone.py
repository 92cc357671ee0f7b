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
from tests.stored.store import SMALL, THIS_RELEASE

BY_TENSORFLOW = ("ConvolutionalAutoencoder", "RecurrentAutoencoder")
# Python takes None there for a module that cannot be found.
ABSENT = """
import pickle, sys
sys.modules["tensorflow"] = sys.modules["keras"] = None

def said(function, *arguments):
    try:
        function(*arguments)
    except ModuleNotFoundError as error:
        return str(error)

with open({path!r}, "rb") as file:
    X, y, fitted = pickle.load(file)
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
    every["pipeline"] = make_pipeline(
        StandardScaler(), AutoencoderTransformer(2, **SMALL), LogisticRegression()
    ).fit(X, y)
    return X, y, every


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def without_tensorflow(fitted, tmp_path):
    """Run code in a process that has what is fitted and no TensorFlow; return what is in `out`."""
    (tmp_path / "fitted.pkl").write_bytes(pickle.dumps(fitted))

    def run(code):
        out = tmp_path / "out.pkl"
        begin = ABSENT.format(path=str(tmp_path / "fitted.pkl"))
        in_fresh_process(f"{begin}\n{code}\npickle.dump(out, open({str(out)!r}, 'wb'))")
        return pickle.loads(out.read_bytes())

    return run


def served(each, X):
    """Return all that an estimator makes of rows."""
    names = ("transform", "reconstruct", "predict", "predict_proba", "score_samples")
    out = [getattr(each, name)(X) for name in names if hasattr(each, name)]
    if hasattr(each, "inverse_transform"):
        out.append(each.inverse_transform(each.transform(X)))
    return out


def test_it_serves_the_same_numbers(fitted, without_tensorflow):
    X, _, every = fitted
    out = without_tensorflow(
        "from tests.test_numpy_alone import served\n"
        f"out = {{n: served(e, X) for n, e in fitted.items() if n not in {BY_TENSORFLOW}}}"
    )
    assert {*out, *BY_TENSORFLOW} == set(every)
    for name, found in out.items():
        for one, other in zip(found, served(every[name], X), strict=True):
            assert_allclose(one, other, rtol=1e-12, err_msg=name)


def test_what_needs_it_is_loaded_and_says_so(without_tensorflow):
    out = without_tensorflow(f"out = {{n: said(fitted[n].transform, X) for n in {BY_TENSORFLOW}}}")
    for message in out.values():
        assert "TensorFlow is not installed" in message
        assert "pip install tensorflow" in message


def test_fit_says_so_before_it_looks_at_x(without_tensorflow):
    out = without_tensorflow(
        "out = [said(each.fit, X, y) for each in fitted.values()]\n"
        "out += [said(fitted['AutoencoderTransformer'].fit, None)]\n"
        "out += [said(fitted['AutoencoderTransformer'].partial_fit, None)]\n"
    )
    assert len(out) > 12
    assert all("TensorFlow is not installed" in message for message in out)
