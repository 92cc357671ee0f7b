"""Estimators converted by skl2onnx predict the same in onnxruntime as in NumPy."""

import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx import to_onnx
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
import skae.onnx
from skae.keras import from_keras, to_keras

X = np.random.default_rng(0).uniform(size=(50, 6))
NEW = np.random.default_rng(1).uniform(size=(40, 6)).astype(np.float32)
SMALL = {"max_iter": 1, "learning_rate": "cosine", "init": "he", "hidden_layer_sizes": ()}
AUTOENCODER = skae.AutoencoderTransformer(2, random_state=0, **SMALL)
THREE = np.arange(50) % 3
TARGETS = np.column_stack([X[:, 0] * 100 + 7, -X[:, 1]])
LABELS = {
    "ints": THREE + 3,
    "two ints": THREE // 2,
    "strings": np.array(["ä", "b", "cc"])[THREE],
    "two strings": np.array(["no", "yes"])[THREE // 2],
    "objects": np.array(["no", "yes"], object)[THREE // 2],
    "floats": THREE * 1.0,
    "bools": THREE == 1,
}

pytestmark = pytest.mark.usefixtures("untrained")


def classifier(autoencoder=AUTOENCODER, freeze=True):
    return skae.AutoencoderClassifier(autoencoder, freeze=freeze, max_iter=1, random_state=0)


def regressor(autoencoder=AUTOENCODER):
    return skae.AutoencoderRegressor(autoencoder, freeze=True)


def outputs(estimator, rows=NEW, **options):
    session = onnxruntime.InferenceSession(
        to_onnx(estimator, rows[:1], options=options or None).SerializeToString()
    )
    values = session.run(None, {session.get_inputs()[0].name: rows})
    return dict(zip([each.name for each in session.get_outputs()], values, strict=True))


@pytest.mark.parametrize("name", LABELS)
def test_classes_and_their_probabilities(name):
    fitted = classifier().fit(X, LABELS[name])
    converted = outputs(fitted, zipmap=False)
    assert list(converted) == ["label", "probabilities"]
    assert_array_equal(converted["label"], fitted.predict(NEW))
    assert_allclose(converted["probabilities"], fitted.predict_proba(NEW), atol=1e-5)


def test_a_trained_encoder_with_hidden_layers():
    autoencoder = skae.StackedAutoencoder(2, layer_max_iter=1, **SMALL | {"hidden_layer_sizes": 4})
    fitted = classifier(autoencoder, freeze=False).fit(X, THREE)
    converted = outputs(fitted, zipmap=False)
    assert_allclose(converted["probabilities"], fitted.predict_proba(NEW), atol=1e-5)
    codes = onnxruntime.InferenceSession(skae.onnx.to_onnx(fitted).SerializeToString())
    assert_allclose(codes.run(None, {"X": NEW})[0], fitted.transform(NEW), atol=1e-5)


def test_options_of_classifiers():
    fitted = classifier().fit(X, LABELS["two strings"])
    expected = fitted.predict_proba(NEW)
    mapped = outputs(fitted)
    assert list(mapped) == ["output_label", "output_probability"]
    of_yes = [each["yes"] for each in mapped["output_probability"]]
    assert_allclose(of_yes, expected[:, 1], atol=1e-5)
    columns = outputs(fitted, zipmap="columns")
    assert list(columns) == ["output_label", "sno", "syes"]
    assert_allclose(columns["syes"], expected[:, 1], atol=1e-5)
    indices = outputs(fitted, zipmap=False, nocl=True)
    assert_array_equal(indices["label"], expected.argmax(axis=1))
    labeled = outputs(fitted, zipmap=False, output_class_labels=True)
    assert list(labeled["class_labels"]) == ["no", "yes"]


@pytest.mark.parametrize("y", [TARGETS[:, 0], TARGETS], ids=["one target", "two targets"])
def test_targets(y):
    fitted = regressor().fit(X, y)
    (converted,) = outputs(fitted).values()
    assert converted.shape == (40, 1 if y.ndim == 1 else 2)
    expected = fitted.predict(NEW).reshape(converted.shape)
    assert_allclose(converted, expected, rtol=1e-5, atol=1e-5)


def test_outliers_and_their_scores():
    fitted = skae.AutoencoderOutlierDetector(AUTOENCODER, contamination=0.3).fit(X)
    converted = outputs(fitted)
    assert_array_equal(converted["label"].ravel(), fitted.predict(NEW))
    assert set(converted["label"].ravel()) == {-1, 1}
    assert_allclose(converted["scores"].ravel(), fitted.decision_function(NEW), atol=1e-5)
    # Names, shapes and dtypes are those that skl2onnx gives an isolation forest.
    assert [(name, value.shape, value.dtype) for name, value in converted.items()] == [
        ("label", (40, 1), np.int64),
        ("scores", (40, 1), np.float32),
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_pipelines_of_any_dtype(dtype):
    rows = (100 * NEW).astype(dtype)
    detector = skae.AutoencoderOutlierDetector(AUTOENCODER)
    for last in (AUTOENCODER, classifier(), regressor(), detector):
        options = {"zipmap": False} if hasattr(last, "predict_proba") else {}
        for pipeline in (make_pipeline(last), make_pipeline(StandardScaler(), last)):
            fitted = pipeline.fit(100 * X, THREE)
            predict = fitted.predict if hasattr(fitted, "predict") else fitted.transform
            first, *_ = outputs(fitted, rows, **options).values()
            expected = predict(rows)
            assert_allclose(first.reshape(expected.shape), expected, rtol=1e-4, atol=1e-4)


def test_what_is_not_converted():
    with pytest.raises(NotFittedError):
        to_onnx(regressor(), NEW[:1])
    convolutional = skae.ConvolutionalAutoencoder(2, image_shape=(2, 3), filters=2, **SMALL)
    for fitted in (
        classifier(convolutional).fit(X, THREE),
        regressor(convolutional).fit(X, TARGETS),
        skae.AutoencoderOutlierDetector(convolutional).fit(X),
    ):
        with pytest.raises(ValueError, match=r"cannot be converted to ONNX.*without conv"):
            to_onnx(fitted, NEW[:1])


def test_parts_that_an_estimator_does_not_have():
    detector = skae.AutoencoderOutlierDetector(AUTOENCODER).fit(X)
    with pytest.raises(ValueError, match=r"has no transform.*skl2onnx\.to_onnx"):
        skae.onnx.to_onnx(detector)
    with pytest.raises(ValueError, match=r"has no inverse_transform\. Give its autoencoder_"):
        skae.onnx.to_onnx(regressor().fit(X, TARGETS), "decoder")
    encoder, decoder, _ = to_keras(detector.autoencoder_)
    with pytest.raises(ValueError, match="KerasAutoencoder cannot be converted to ONNX"):
        skae.onnx.to_onnx(from_keras(encoder, decoder))
