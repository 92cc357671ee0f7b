import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.plotting import FeaturesDisplay, LoadingsDisplay
from tests.plotting.conftest import SMALL

WINE = load_wine(as_frame=True).data


@pytest.fixture
def wine():
    steps = StandardScaler().set_output(transform="pandas"), PCA(3)
    return make_pipeline(*steps).fit(WINE)


def labels_of(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_the_largest_loadings_of_a_table_are_bars(wine):
    display = LoadingsDisplay.from_estimator(wine, components=[1], features=4)
    row = wine[-1].components_[1]
    largest = np.argsort(-abs(row))[:4]
    assert_allclose([bar.get_width() for bar in display.artists_[0]], row[largest])
    ax = display.axes_[0, 0]
    assert labels_of(ax) == list(WINE.columns[largest])
    assert ax.get_title() == "component 1"
    assert ax.get_xlabel() == "change per unit of the component"
    assert len(LoadingsDisplay.from_estimator(wine).artists_) == 3


def test_features_may_be_chosen_by_name(wine):
    display = LoadingsDisplay.from_estimator(wine, components=1, features=["hue", "ash"])
    assert set(labels_of(display.axes_[0, 0])) == {"hue", "ash"}
    for features, told in ((["age"], "'age'"), ("all", "must be 'auto'"), ([99], "there are 13")):
        with pytest.raises(ValueError, match=told):
            LoadingsDisplay.from_estimator(wine, features=features)


def test_loadings_of_images_are_images(autoencoder):
    display = LoadingsDisplay.from_estimator(autoencoder, components=[2, 0], cmap="PiYG")
    images = [image.get_array() for image in display.artists_]
    assert_allclose(images, autoencoder.components_[[2, 0]].reshape(2, 8, 8))
    low, high = display.artists_[0].get_clim()
    assert -low == high
    assert display.axes_[0, 0].get_title() == "code 2"
    bars = display.plot(image_shape=None)
    assert len(bars.artists_[0]) == 10
    assert labels_of(bars.axes_[0, 0])[0].startswith("feature ")


def test_kernels_of_an_autoencoder_are_still_those_of_its_first_layer(autoencoder):
    display = FeaturesDisplay.from_estimator(autoencoder, units=[0])
    assert_allclose(display.features, autoencoder.encoder_coefs_[0].T[:1])


def test_curves_of_pca_are_straight_and_reach_what_it_decodes(wine):
    display = LoadingsDisplay.from_estimator(wine, WINE, components=[0], features=["hue"])
    (line,) = display.artists_[0]
    codes = wine.transform(WINE)
    assert_allclose(line.get_xdata()[[0, -1]], np.quantile(codes[:, 0], [0.02, 0.98]))
    # In standard deviations: the input of PCA.
    slope = wine[-1].components_[0, list(WINE.columns).index("hue")]
    assert_allclose(line.get_ydata(), slope * line.get_xdata(), atol=1e-7)
    assert display.axes_[0, 0].get_xlabel() == "component 0"


def test_curves_pick_the_features_that_change_most(wine):
    display = LoadingsDisplay.from_estimator(wine, WINE, components=2)
    for row, features in zip(display.loadings, display.features, strict=True):
        others = np.delete(np.ptp(row, axis=0), features)
        assert len(features) == 5
        assert np.ptp(row, axis=0)[features].min() >= others.max()


def test_categories_have_bars_and_no_curves():
    rng = np.random.default_rng(0)
    size = rng.normal(5.0, 2.0, 100)
    kind = np.where(size > 5.0, "big", "small")
    table = pd.DataFrame({"kind": kind, "size": size, "weight": 100 * size})
    autoencoder = skae.AutoencoderTransformer(2, **SMALL).fit(table)
    display = LoadingsDisplay.from_estimator(autoencoder)
    names = ("kind = big", "kind = small", "size", "weight")
    assert display.names == names
    assert display.unit == "standard deviations"
    deviations = np.array([1.0, 1.0, *table[["size", "weight"]].std(ddof=0)])
    assert_allclose(display.loadings, autoencoder.components_ / deviations, rtol=1e-5)
    curves = LoadingsDisplay.from_estimator(autoencoder, table)
    assert curves.names == ("size", "weight")
    assert np.isfinite(curves.loadings).all()


def test_what_has_no_loadings_has_curves(digits):
    X, _ = digits
    convolutional = skae.ConvolutionalAutoencoder(
        2, image_shape=(8, 8), filters=(2,), max_iter=1, learning_rate="cosine"
    ).fit(X)
    with pytest.raises(TypeError, match="needs an estimator with 'components_'"):
        LoadingsDisplay.from_estimator(convolutional)
    assert len(LoadingsDisplay.from_estimator(convolutional, X).artists_) == 2


def test_stored_arrays_are_bars():
    display = LoadingsDisplay(loadings=np.eye(3), features=np.array([[0], [1], [2]])).plot()
    assert_array_equal([bars[0].get_width() for bars in display.artists_], [1, 1, 1])
    assert display.axes_[0, 0].get_title() == "code 0"
