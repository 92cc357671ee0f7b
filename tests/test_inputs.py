"""X that scikit-learn would misread, or that arithmetic cannot hold: every method says so."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import get_tags

import skae
from tests.programs import untrained

X = np.random.default_rng(0).uniform(size=(60, 5))
Y = X[:, 0] > 0.5
SMALL = {"solver": "sgd", "learning_rate": "cosine", "max_iter": 1, "batch_size": 10}
SMALL |= {"hidden_layer_sizes": (), "random_state": 0}
PLAIN = skae.AutoencoderTransformer(2, **SMALL)
ESTIMATORS = [
    skae.AutoencoderTransformer(2, **SMALL | {"hidden_layer_sizes": 3, "activation": "identity"}),
    skae.SparseAutoencoder(4, penalty="topk", n_active=2, **SMALL),
    skae.VariationalAutoencoder(2, loss="binary_crossentropy", **SMALL),
    skae.AutoencoderClassifier(PLAIN, freeze=True),
    skae.AutoencoderRegressor(PLAIN, freeze=True),
    skae.AutoencoderOutlierDetector(PLAIN),
]
# What takes rows of X, once it is fitted.
METHODS = ["transform", "reconstruct", "score", "score_samples", "hidden_activations", "predict"]
METHODS += ["decision_function", "predict_proba", "feature_errors", "evidence_lower_bound"]
METHODS += ["log_likelihood"]


@pytest.fixture(scope="module", params=ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def fitted(request):
    with untrained():
        return clone(request.param).fit(X, Y)


def refusals(fitted, rows):
    """Return what each method of a fitted estimator says to these rows."""
    said = {}
    with warnings.catch_warnings():
        # That values lie outside [0, 1], too.
        warnings.simplefilter("ignore", UserWarning)
        for name in filter(lambda name: hasattr(fitted, name), METHODS):
            labels = (Y,) if name == "score" and hasattr(fitted, "predict") else ()
            with pytest.raises((ValueError, TypeError)) as refusal:
                getattr(fitted, name)(rows, *labels)
            said[name] = str(refusal.value)
    assert len(said) >= 3
    return said


def without_hidden_layers(said):
    """Leave out what has no hidden layers to show."""
    return {name: text for name, text in said.items() if "has 0 hidden layers" not in text}


def test_masked_values_are_no_values(fitted):
    rows = np.ma.array(X, mask=X > 0.9)
    for text in without_hidden_layers(refusals(fitted, rows)).values():
        assert "its values are masked" in text
        assert "X.filled(np.nan)" in text
    with pytest.raises(ValueError, match="are masked"):
        clone(fitted).fit(rows, Y)


def test_an_array_without_a_masked_value_is_an_array(fitted):
    method = fitted.transform if hasattr(fitted, "transform") else fitted.score_samples
    np.testing.assert_array_equal(method(np.ma.array(X)), method(X))


def test_sparse_rows_are_read_as_dense_ones(fitted):
    assert get_tags(fitted).input_tags.sparse
    rows = sparse.csc_array(X)
    for name in ("transform", "score_samples", "reconstruct", "predict_proba", "feature_errors"):
        if hasattr(fitted, name):
            method = getattr(fitted, name)
            np.testing.assert_allclose(method(rows), method(X), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_too_large_for_the_arithmetic_are_named(fitted, dtype):
    rows = X.astype(dtype)
    rows[[3, 7], 2] = 0.5 * np.finfo(dtype).max
    for text in without_hidden_layers(refusals(fitted, rows)).values():
        assert "not finite for 2 of 60 samples" in text
        assert "(column 2), which is too large" in text


def test_codes_too_large_are_named():
    fitted = clone(PLAIN).fit(X)
    with pytest.raises(ValueError, match=r"not finite for 1 of 1 samples.*\(column 1\)"):
        fitted.inverse_transform(np.float32([[0.0, 3e38]]))
    masked = np.ma.array(fitted.transform(X), mask=[[True, False]] * len(X))
    with pytest.raises(ValueError, match="60 of its values are masked"):
        fitted.inverse_transform(masked)


@pytest.mark.parametrize(
    "method", ["score", "score_samples", "evidence_lower_bound", "log_likelihood"]
)
@pytest.mark.parametrize("fitted", [ESTIMATORS[2]], ids=[""], indirect=True)
def test_values_that_a_logistic_output_cannot_reach_are_warned_of(fitted, method):
    with pytest.warns(UserWarning, match=r"from .* to 2, but .* values in \[0, 1\] only"):
        getattr(fitted, method)(np.vstack([X, np.full(5, 2.0)]))
    getattr(fitted, method)(X)


@pytest.mark.usefixtures("untrained")
def test_what_rounds_to_one_is_one():
    scaled = X[:60] - X[:60].min()
    scaled /= scaled.max()
    scaled[0, 0] = 1.0 + 2e-16
    params = {"loss": "binary_crossentropy", "learning_rate": "cosine", "max_iter": 1}
    model = skae.AutoencoderTransformer(2, hidden_layer_sizes=(), **params).fit(scaled)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.score(scaled)


@pytest.mark.usefixtures("untrained")
def test_an_array_after_a_data_frame_is_warned_of():
    fitted = clone(PLAIN).fit(pd.DataFrame(X, columns=list("abcde")))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        fitted.transform(X)
