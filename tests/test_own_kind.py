"""A kind of one's own: one short file, no other line of skae."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils._param_validation import InvalidParameterError

from skae import AutoencoderTransformer
from skae._tensorflow.program import program
from skae.base import Bottleneck
from tests import own_autoencoder
from tests.fresh import ROOT
from tests.learning import assert_learned
from tests.own_autoencoder import SmoothAutoencoder, Smoothness
from tests.sklearn_checks import checks_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = load_digits().data[:400]
FIXED = {"hidden_layer_sizes": (16,), "max_iter": 15, "random_state": 0}


def test_the_documented_example_is_this_one():
    path = Path(own_autoencoder.__file__)
    page = (ROOT / "docs" / "own_kind.md").read_text()
    shown = re.search(r"```{literalinclude} (.+)\n(?::.+\n)*:start-at: (.+)\n```", page)
    assert (ROOT / "docs" / shown[1]).resolve() == path
    # All of the file but its docstring.
    code = path.read_text().split('"""', 2)[2].lstrip()
    assert code.startswith(shown[2])


SMOOTH = SmoothAutoencoder(max_iter=3, hidden_layer_sizes=(), solver="sgd")


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), checks_of([SMOOTH], drawn=object))
def test_it_keeps_the_whole_contract(estimator, check):
    check(estimator)


def test_its_parameters_are_keyword_only_and_documented():
    assert SmoothAutoencoder(3, smoothness=0.5).get_params()["smoothness"] == 0.5
    with pytest.raises(TypeError, match="positional"):
        SmoothAutoencoder(3, (8,))
    assert "hidden_layer_sizes : int, array-like" in SmoothAutoencoder.__doc__
    with pytest.raises(InvalidParameterError, match="'spread' parameter of SmoothAutoencoder"):
        SmoothAutoencoder(spread=-1.0).fit(X)


def test_each_part_reaches_training(learning_seed):
    fixed = FIXED | {"random_state": learning_seed}

    def roughness(codes):
        return (np.diff(codes) ** 2).sum() / codes.var()

    plain = SmoothAutoencoder(4, smoothness=0.0, spread=0.0, **fixed).fit(X)
    smooth = SmoothAutoencoder(4, smoothness=1.0, spread=0.0, **fixed).fit(X)
    rough = roughness(plain.transform(X))
    assert_learned(roughness(smooth.transform(X)) / rough, below=0.9)
    noisy = SmoothAutoencoder(4, smoothness=0.0, spread=0.9, **fixed).fit(X)
    assert_learned(noisy.loss_curve_[0] / plain.loss_curve_[0], above=1.1)
    squared = AutoencoderTransformer(4, **fixed).fit(X)
    assert plain.loss_curve_[0] != squared.loss_curve_[0]


def test_it_is_deterministic_and_its_numbers_compile_nothing():
    own = SmoothAutoencoder(4, **FIXED)
    first = own.fit(X).weights_
    misses = program.cache_info().misses
    for one, other in zip(first, clone(own).fit(X).weights_, strict=True):
        assert_array_equal(one, other)
    clone(own).set_params(smoothness=0.7, spread=0.5).fit(X)
    assert program.cache_info().misses == misses


@pytest.mark.usefixtures("untrained")
def test_what_is_assigned_to_a_parameter_is_its_default():
    class Relu(SmoothAutoencoder):
        activation = "relu"
        n_components = 3
        more: float = 0.5

    assert Relu().get_params() == SmoothAutoencoder().get_params() | {
        "activation": "relu",
        "n_components": 3,
        "more": 0.5,
    }
    assert Relu(5, activation="tanh").get_params()["n_components"] == 5
    fitted = Relu(hidden_layer_sizes=(4,), max_iter=1, init="he").fit(X)
    assert fitted.network_.activation == "relu"
    assert fitted.n_components_ == 3


def test_its_bottleneck_may_differ():
    class Active(AutoencoderTransformer):
        def _plan(self, n_features, n_components):
            bottleneck = Bottleneck("relu", n_active=2)
            return self.network_plan(n_features, n_components, bottleneck=bottleneck)

    fitted = Active(6, hidden_layer_sizes=(), max_iter=1, random_state=0).fit(X)
    codes = fitted.transform(X)
    assert fitted.network_.code_activation == "relu"
    assert codes.min() == 0.0
    assert (codes > 0.0).sum(axis=1).max() == 2


@pytest.mark.slow
@pytest.mark.parametrize("strength", [1, np.float32(0.25), np.float64(0.75), True])
def test_what_a_field_for_floats_holds_compiles_nothing(strength):
    class Rough(AutoencoderTransformer):
        strength: float = 0.5

        def _plan(self, n_features, n_components):
            penalties = (Smoothness(self.strength),)
            return self.network_plan(n_features, n_components, penalties=penalties)

    fixed = {"hidden_layer_sizes": (5,), "max_iter": 2, "random_state": 0}
    first = Rough(3, **fixed).fit(X)
    misses = program.cache_info().misses
    other = Rough(3, strength=strength, **fixed).fit(X)
    assert program.cache_info().misses == misses
    assert first.loss_curve_ != other.loss_curve_


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_attributes_of_its_own_are_computed_from_an_array(method, monkeypatch):
    array = pytest.importorskip("dask.array")
    monkeypatch.setattr("skae._estimators.base.ERROR_ROWS", 150)

    class Remembering(AutoencoderTransformer):
        def _own_attributes(self, codec, X):
            return {"seen_": np.asarray(X[:, 0]), "kind_": type(X), "codes_": codec.encode(X)}

    own = Remembering(2, hidden_layer_sizes=(), max_iter=1, random_state=0)
    for given, seen in ((X, X), (array.from_array(X, chunks=(100, 64)), X[::3])):
        fitted = getattr(clone(own), method)(given)
        assert fitted.kind_ is np.ndarray
        assert_array_equal(fitted.seen_, seen[:, 0])
        assert_array_equal(fitted.codes_, fitted.transform(seen))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_plan_that_is_not_returned_is_asked_for(method):
    class Forgetful(SmoothAutoencoder):
        def _plan(self, n_features, n_components):
            super()._plan(n_features, n_components)

    with pytest.raises(TypeError, match=r"Forgetful\._plan returned None, .*self\.network_plan"):
        getattr(Forgetful(), method)(X)
