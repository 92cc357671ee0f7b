"""Before 1.9 scikit-learn has no callbacks: fits are the same, `set_callbacks` says why not."""

import runpy
import sys

import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris

import skae
from tests.fresh import ROOT

pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of epochs")


@pytest.fixture
def without(monkeypatch):
    """Return the estimator as scikit-learn 1.8 would have it, whatever scikit-learn is here."""
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    mixin = runpy.run_path(ROOT / "skae" / "_estimators" / "callbacks.py")["CallbackSupportMixin"]

    class Without(mixin, skae.AutoencoderTransformer):
        pass

    return Without(2, hidden_layer_sizes=(8,), max_iter=3, random_state=0)


def test_fits_are_the_same(without):
    X = load_iris().data
    usual = skae.AutoencoderTransformer(**without.get_params())
    for method in ("fit", "partial_fit"):
        ours, theirs = (getattr(each, method)(X) for each in (without, usual))
        for one, other in zip(ours.weights_, theirs.weights_, strict=True):
            assert_array_equal(one, other)


def test_set_callbacks_says_what_it_needs(without):
    assert not hasattr(without, "set_callbacks")
    with pytest.raises(AttributeError, match=r"from scikit-learn 1\.9 on; .* verbose=True"):
        without.set_callbacks(print)
