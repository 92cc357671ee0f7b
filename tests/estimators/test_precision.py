"""The parameter `precision`."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits

import skae
from skae._estimators import precision
from skae.networks import ConvolutionalNetwork

X = load_digits().data[:300]
FIXED = {"max_iter": 8, "learning_rate": "cosine", "random_state": 0, "hidden_layer_sizes": (16,)}
FIXED |= {"init": "he", "learning_rate_init": 0.01}
NO_GAIN = "precision='bfloat16' makes this fit no faster"


@pytest.mark.slow
@pytest.mark.filterwarnings(f"ignore:{NO_GAIN}", "ignore:Maximum number of epochs")
@pytest.mark.parametrize(
    "estimator",
    [
        skae.AutoencoderTransformer(4, **FIXED),
        skae.StackedAutoencoder(4, layer_max_iter=3, **FIXED),
        skae.SparseAutoencoder(20, **FIXED),
        skae.ContractiveAutoencoder(4, **FIXED),
        skae.VariationalAutoencoder(4, **FIXED),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_error_is_that_of_float32(estimator):
    in_float32 = clone(estimator).fit(X)
    fitted = clone(estimator).set_params(precision="bfloat16").fit(X)
    ratio = fitted.reconstruction_err_ / in_float32.reconstruction_err_
    assert 0.98 < ratio < 1.02
    assert any((a != b).any() for a, b in zip(fitted.weights_, in_float32.weights_, strict=True))
    assert {weight.dtype for weight in fitted.weights_} == {np.dtype("f4")}
    stored = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(stored.transform(X), fitted.transform(X))
    assert stored.precision == "bfloat16"


@pytest.mark.filterwarnings("ignore:Maximum number of epochs")
def test_the_same_seed_gives_the_same_weights():
    weights = []
    for _ in range(2):
        estimator = skae.AutoencoderTransformer(4, precision="bfloat16", **FIXED)
        # Once a fit, with a network this small, whatever the processor.
        with pytest.warns(UserWarning, match=NO_GAIN) as found:
            weights.append(estimator.fit(X).weights_)
        assert sum(NO_GAIN in str(each.message) for each in found) == 1
    for a, b in zip(*weights, strict=True):
        assert_array_equal(a, b)
    assert {weight.dtype for weight in weights[0]} == {np.dtype("f4")}


def test_partial_fit_warns_once_and_after_a_change():
    def warned(estimator):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            estimator.partial_fit(X[:100])
        return any(NO_GAIN in str(each.message) for each in found)

    for estimator in (
        skae.AutoencoderTransformer(4, precision="bfloat16", **FIXED),
        skae.AutoencoderTransformer(4, **FIXED).partial_fit(X).set_params(precision="bfloat16"),
    ):
        assert [warned(estimator), warned(estimator)] == [True, False]


def test_a_cluster_refuses_it():
    pytest.importorskip("distributed")
    from skae.distributed import fit

    estimator = skae.AutoencoderTransformer(4, precision="bfloat16")
    with pytest.raises(ValueError, match=r"trains in float32 only, got precision='bfloat16'"):
        fit(estimator, X, client=object())


def test_other_layers_are_refused():
    estimator = skae.AutoencoderTransformer(
        4, network=ConvolutionalNetwork(filters=4), precision="bfloat16"
    )
    with pytest.raises(ValueError, match=r"precision='bfloat16' is for dense layers only.*float32"):
        estimator.fit(X.reshape(-1, 8, 8))
    assert "precision" not in skae.ConvolutionalAutoencoder().get_params()
    assert "precision" not in skae.RecurrentAutoencoder().get_params()


def plan_of(widths, **parameters):
    estimator = skae.AutoencoderTransformer(8, hidden_layer_sizes=widths, **parameters)
    return estimator._plan(784, 8)


def test_warns_where_nothing_is_gained(monkeypatch):
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: True)
    with pytest.warns(UserWarning, match=rf"{NO_GAIN}.*too small.*Set precision='float32'"):
        precision.warn_of_no_gain(plan_of(16, precision="bfloat16"), 64)
    wide = plan_of((1000, 500), precision="bfloat16")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        precision.warn_of_no_gain(wide, 256)
        precision.warn_of_no_gain(plan_of(16), 64)
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: False)
    with pytest.warns(UserWarning, match=rf"{NO_GAIN}.*this processor"):
        precision.warn_of_no_gain(wide, 256)


@pytest.mark.parametrize(
    ("text", "is_fast"),
    [
        ("processor: 0\nflags\t\t: fpu avx512f avx512_bf16\n", True),
        ("processor: 0\nflags\t\t: fpu avx2\n", False),
        ("Features\t: fp asimd bf16\n", True),
    ],
)
def test_reads_the_features_of_the_processor(monkeypatch, text, is_fast):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setattr(precision.Path, "read_text", lambda *_, **__: text)
    assert precision.has_fast_bfloat16.__wrapped__() is is_fast
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert not precision.has_fast_bfloat16.__wrapped__()
