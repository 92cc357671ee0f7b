"""ONNX: what onnxruntime computes is what NumPy computes."""

import sys

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from skl2onnx import to_onnx as pipeline_to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae._network.backend import ACTIVATIONS
from skae.onnx import to_onnx

X = np.random.default_rng(0).uniform(size=(50, 6)).astype(np.float32)
NEW = np.random.default_rng(1).uniform(size=(40, 6)).astype(np.float32)
SMALL = {"max_iter": 1, "init": "he", "random_state": 0, "hidden_layer_sizes": (5,)}
SMALL |= {"learning_rate": "cosine"}

pytestmark = pytest.mark.usefixtures("untrained")

KINDS = [
    skae.AutoencoderTransformer(2, whiten=True, **SMALL),
    skae.AutoencoderTransformer(2, output_activation="logistic", tied_weights=True, **SMALL),
    skae.AutoencoderTransformer(2, linear_encoder=True, whiten=True, **SMALL),
    skae.ContractiveAutoencoder(2, **SMALL),
    skae.DenoisingAutoencoder(2, loss="binary_crossentropy", **SMALL),
    skae.SparseAutoencoder(9, **SMALL),
    skae.SparseAutoencoder(9, penalty="topk", n_active=3, **SMALL),
    skae.StackedAutoencoder(2, layer_max_iter=1, **SMALL),
    skae.VariationalAutoencoder(2, **SMALL),
]


def run(model, rows):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: rows})[0]


def assert_same(estimator):
    codes = estimator.transform(NEW)
    assert_allclose(run(to_onnx(estimator), NEW), codes, rtol=1e-5, atol=1e-5)
    back = run(to_onnx(estimator, "decoder"), codes)
    assert_allclose(back, estimator.inverse_transform(codes), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_every_kind(kind):
    assert_same(kind.fit(X))


def test_categories_go_in_as_indicators_and_come_out_as_probabilities():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.uniform(size=(50, 2)), columns=["a", "b"])
    frame["kind"] = np.where(frame["a"] + 0.1 * rng.normal(size=50) > 0.5, "x", "y")
    fitted = skae.AutoencoderTransformer(2, **SMALL).fit(frame)
    kinds = frame[["kind"]].to_numpy() == fitted.categories_[-1]
    encoded = np.column_stack([frame[["a", "b"]], kinds]).astype(np.float32)
    codes = run(to_onnx(fitted), encoded)
    assert_allclose(codes, fitted.transform(frame), atol=1e-5)
    back = run(to_onnx(fitted, "decoder"), codes)
    assert_allclose(back[:, 2:].sum(axis=1), 1.0, rtol=1e-5)
    kept = fitted.inverse_transform(codes)
    assert_allclose(back[:, :2], kept[["a", "b"]], atol=1e-5)
    assert (fitted.categories_[-1][back[:, 2:].argmax(axis=1)] == kept["kind"]).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name):
    fitted = skae.AutoencoderTransformer(2, **SMALL).fit(X)
    # The same weights under another activation.
    fitted.network_ = type(fitted.network_)(**{**vars(fitted.network_), "activation": name})
    assert_same(fitted)


def test_inside_a_pipeline():
    y = (X[:, 0] > 0.5).astype(int)
    autoencoder = skae.AutoencoderTransformer(2, **SMALL)
    pipeline = make_pipeline(StandardScaler(), autoencoder, LogisticRegression()).fit(X, y)
    model = pipeline_to_onnx(pipeline, NEW[:1], options={"zipmap": False})
    session = onnxruntime.InferenceSession(model.SerializeToString())
    labels, chances = session.run(None, {session.get_inputs()[0].name: NEW})
    assert_allclose(labels, pipeline.predict(NEW))
    assert_allclose(chances, pipeline.predict_proba(NEW), atol=1e-5)


def test_what_is_not_converted():
    fitted = KINDS[0].fit(X)
    with pytest.raises(ValueError, match="part='both'"):
        to_onnx(fitted, "both")
    recurrent = skae.RecurrentAutoencoder(2, sequence_shape=(3, 2), **SMALL).fit(X)
    with pytest.raises(ValueError, match="RecurrentAutoencoder cannot be converted to ONNX"):
        to_onnx(recurrent)


def test_a_missing_onnx_is_named(monkeypatch):
    fitted = KINDS[0].fit(X)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'skae\[onnx\]'"):
        to_onnx(fitted)
