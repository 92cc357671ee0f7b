"""A layer of one's own: trained, served by NumPy, exported, without a line of skae."""

import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skae._network.backend import NUMPY
from skae._tensorflow.backend import TENSORFLOW, on_xla
from skae._tensorflow.program import program
from skae.base import Dense, Layer
from skae.keras import to_keras
from skae.onnx import to_onnx
from tests import own_layer
from tests.fresh import ROOT, in_fresh_process
from tests.learning import assert_learned
from tests.own_layer import FourierAutoencoder, FourierFeatures

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = load_digits().data[:400]
FIXED = {"n_components": 4, "hidden_layer_sizes": (16,), "max_iter": 5, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return FourierAutoencoder(**FIXED).fit(X)


def test_the_documented_example_is_this_one():
    page = (ROOT / "docs" / "own_kind.md").read_text()
    shown = re.findall(r"```{literalinclude} (.+)\n(?::.+\n)*:start-at: (.+)\n```", page)[1]
    path = Path(own_layer.__file__)
    assert (ROOT / "docs" / shown[0]).resolve() == path
    assert path.read_text().split('"""', 2)[2].lstrip().startswith(shown[1])


def test_it_starts_as_pca():
    start = FourierAutoencoder(**FIXED | {"max_iter": 1, "learning_rate_init": 1e-9}).fit(X)
    assert_allclose(np.abs(start.transform(X)), np.abs(PCA(4).fit_transform(X)), atol=1e-2)


def test_training_learns_more_than_pca(learning_seed):
    own = FourierAutoencoder(**FIXED | {"max_iter": 60, "random_state": learning_seed}).fit(X)
    assert_learned(own.score(X) - PCA(4).fit(X).explained_variance_ratio_.sum(), above=0.1)


def test_numpy_serves_what_training_computed(fitted):
    network, weights = fitted.network_, fitted.weights_
    assert NUMPY.computes(network)
    assert on_xla(network)
    rows = np.float32(X[:5])
    layer, kernel, bias = network.encoder[0], weights[0][:, :], fitted.encoder_intercepts_[0]
    expected = TENSORFLOW.apply(layer, kernel, bias, rows).numpy()
    assert_allclose(NUMPY.apply(layer, kernel, bias, rows), expected, atol=1e-4)
    assert fitted.hidden_activations(X).shape == (400, 16)


def test_its_starting_weights_are_its_own(fitted):
    start = clone(fitted).set_params(max_iter=1, learning_rate_init=1e-9).fit(X)
    bias = start.encoder_intercepts_[0]
    assert 0.0 <= bias.min() < 1.0
    assert 5.0 < bias.max() <= 2.0 * np.pi
    assert_array_equal(start.encoder_intercepts_[1], 0.0)


def test_its_numbers_compile_nothing(fitted):
    misses = program.cache_info().misses
    other = clone(fitted).set_params(bandwidth=2.0).fit(X)
    assert program.cache_info().misses == misses
    assert other.loss_curve_ != fitted.loss_curve_


def test_a_fresh_process_serves_it_without_tensorflow(fitted, tmp_path):
    (tmp_path / "own.pkl").write_bytes(pickle.dumps((fitted, X[:5])))
    code = f"""
import pickle, sys
fitted, X = pickle.load(open({str(tmp_path / "own.pkl")!r}, "rb"))
print("tensorflow" in sys.modules, abs(fitted.transform(X)).sum())
"""
    printed = in_fresh_process(code).split()
    assert printed[0] == "False"
    assert float(printed[1]) == pytest.approx(np.abs(fitted.transform(X[:5])).sum())


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_it_is_exported_to_onnx(fitted, part):
    reference = pytest.importorskip("onnx.reference")
    codes = fitted.transform(X[:5])
    given, expected = (X[:5], codes) if part == "encoder" else (codes, fitted.reconstruct(X[:5]))
    name = "X" if part == "encoder" else "codes"
    run = reference.ReferenceEvaluator(to_onnx(fitted, part)).run
    assert_allclose(run(None, {name: np.float32(given)})[0], expected, rtol=1e-3, atol=1e-3)


@dataclass(frozen=True)
class Stacking(FourierFeatures):
    """A layer by an operation that ONNX lacks."""

    def forward(self, ops, kernel, bias, rows):
        return ops.expm1(rows @ kernel + bias)


@dataclass(frozen=True)
class Unfinished(Layer):
    """A layer that no backend computes."""

    n_in: int
    n_out: int

    @property
    def kernel_shape(self):
        return self.n_in, self.n_out


def made_of(layer_class, **parameters):
    class Own(FourierAutoencoder):
        def _layers(self, widths):
            first, *others = super()._layers(widths)
            return layer_class(first.n_in, first.n_out, *parameters.values()), *others

    return Own(**FIXED)


@pytest.mark.slow
def test_what_a_format_lacks_is_named(fitted):
    with pytest.raises(ValueError, match=r"FourierFeatures cannot be converted to Keras"):
        to_keras(fitted)
    stacked = made_of(Stacking, bandwidth=1.0).fit(X / 16)
    with pytest.raises(ValueError, match=r"uses ops\.expm1, which cannot be converted to ONNX"):
        to_onnx(stacked)


def test_a_layer_that_computes_nothing_is_refused():
    with pytest.raises(TypeError, match=r"Unfinished must define forward\("):
        made_of(Unfinished).fit(X)


def test_a_kernel_of_another_shape_is_refused():
    @dataclass(frozen=True)
    class Narrow(FourierFeatures):
        def initial_weights(self, draw, rng):
            return np.zeros((self.n_in, 1)), np.zeros(self.n_out)

    with pytest.raises(ValueError, match=r"Narrow.*\(64, 1\).*\(64, 16\)"):
        made_of(Narrow, bandwidth=1.0).fit(X)


def test_layers_are_public_and_equal_by_value():
    assert FourierFeatures(3, 2, 1.0) == FourierFeatures(3, 2, 1.0)
    assert Layer.__module__ == Dense.__module__ == "skae.base"
