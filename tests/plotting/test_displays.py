"""What all Displays have in common, in scikit-learn's manner."""

import inspect
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
import skae.plotting
from tests.plotting.conftest import SMALL
from tests.programs import untrained

X, Y = load_digits(return_X_y=True)
X, Y = X[:60], Y[:60]

# How each is made of an estimator; the data are what a call needs beside it.
CALLS = {
    "ComponentsCurveDisplay": {"X": X, "n_components": (1, 2), "cv": 2},
    "FeaturesDisplay": {"units": 4},
    "LatentSpaceDisplay": {"X": X, "y": Y},
    "LoadingsDisplay": {"components": 2},
    "LossCurveDisplay": {},
    "ManifoldDisplay": {"X": X, "n_values": 3},
    "ReconstructionDisplay": {"X": X, "samples": 2},
    "TopActivationsDisplay": {"X": X, "units": 2, "n_samples": 2},
}
assert set(CALLS) == set(skae.plotting.__all__) - {"METHOD_COLORS"}
each_display = pytest.mark.parametrize("name", sorted(CALLS))


@pytest.fixture(scope="module")
def autoencoder():
    with untrained():
        return skae.AutoencoderTransformer(4, **SMALL).fit(X)


@each_display
def test_it_draws_returns_itself_and_draws_again(name, autoencoder):
    display = getattr(skae.plotting, name).from_estimator(autoencoder, **CALLS[name])
    first = display.figure_
    assert isinstance(first, plt.Figure)
    assert display.plot() is display
    assert display.figure_ is not first


@each_display
def test_it_draws_where_it_is_told(name, autoencoder):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    display = getattr(skae.plotting, name).from_estimator(autoencoder, ax=right, **CALLS[name])
    assert display.figure_ is figure
    assert not left.has_data()
    assert len(plt.get_fignums()) == 1


@each_display
def test_it_takes_a_pipeline(name, autoencoder):
    steps = StandardScaler(), skae.AutoencoderTransformer(4, **SMALL)
    pipeline = make_pipeline(*steps).fit(X)
    assert getattr(skae.plotting, name).from_estimator(pipeline, **CALLS[name]).figure_


@pytest.mark.parametrize(
    "name",
    ["FeaturesDisplay", "ManifoldDisplay", "ReconstructionDisplay", "TopActivationsDisplay"],
)
def test_images_and_lines_take_a_style(name, autoencoder):
    display = getattr(skae.plotting, name)
    image = display.from_estimator(autoencoder, cmap="cividis", **CALLS[name])
    assert image.figure_.axes[0].images[0].get_cmap().name == "cividis"
    lines = display.from_estimator(autoencoder, image_shape=None, lw=2.5, **CALLS[name])
    assert lines.figure_.axes[0].lines[-1].get_linewidth() == 2.5
    again = image.plot(image_shape=(4, 16))
    assert again.figure_.axes[0].images
    assert not image.plot(image_shape=None).figure_.axes[0].images


@each_display
def test_what_init_takes_is_stored(name, autoencoder):
    display = getattr(skae.plotting, name).from_estimator(autoencoder, **CALLS[name])
    for parameter in list(inspect.signature(type(display)).parameters):
        assert hasattr(display, parameter)
        assert f"\n    {parameter} : " in type(display).__doc__


@each_display
def test_every_parameter_is_documented(name):
    for method in ("from_estimator", "plot"):
        call = getattr(getattr(skae.plotting, name), method)
        documented = inspect.getdoc(call)
        for parameter in inspect.signature(call).parameters.values():
            if parameter.name != "self":
                assert f"\n{str(parameter).split('=')[0]} : " in documented


@each_display
def test_a_missing_matplotlib_is_named(name, autoencoder, monkeypatch):
    display = getattr(skae.plotting, name).from_estimator(autoencoder, **CALLS[name])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=f"{name}.from_estimator requires matplotlib"):
        getattr(skae.plotting, name).from_estimator(autoencoder, **CALLS[name])
    with pytest.raises(ImportError, match=f"{name}.plot requires matplotlib"):
        display.plot()


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"ComponentsCurveDisplay"}))
def test_what_it_cannot_draw_is_said(name):
    display = getattr(skae.plotting, name)
    with pytest.raises(NotFittedError):
        display.from_estimator(PCA(2), **CALLS[name])
    with pytest.raises(NotFittedError):
        display.from_estimator(make_pipeline(StandardScaler(), PCA(2)), **CALLS[name])
    classifier = make_pipeline(PCA(2), LogisticRegression(max_iter=1000)).fit(X, Y)
    with pytest.raises(TypeError, match=r"Got LogisticRegression.*pipeline\[:-1\]"):
        display.from_estimator(classifier, **CALLS[name])


def test_pandas_output_is_drawn_too(autoencoder):
    pipeline = make_pipeline(StandardScaler(), PCA(2)).set_output(transform="pandas").fit(X)
    for name in ("LatentSpaceDisplay", "ReconstructionDisplay", "ManifoldDisplay"):
        display = getattr(skae.plotting, name).from_estimator(pipeline, **CALLS[name])
        assert isinstance(getattr(display, "codes", np.empty(0)), np.ndarray)
