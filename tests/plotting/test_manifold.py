import numpy as np
import pytest
from matplotlib.colors import Normalize
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.plotting import ManifoldDisplay
from tests.plotting.conftest import SMALL


def test_a_grid_of_two_codes(pca, digits):
    X, _ = digits
    display = ManifoldDisplay.from_estimator(pca, X, components=(2, 0), n_values=4)
    codes = pca.transform(X)
    assert_allclose(display.values[0], np.linspace(*np.quantile(codes[:, 2], [0.02, 0.98]), 4))
    wanted = np.median(codes, axis=0)
    wanted[[2, 0]] = display.values[0, 3], display.values[1, 1]
    expected = pca.inverse_transform([wanted])[0]
    assert_allclose(display.decodings[1, 3], expected)
    # One picture, whose lowest row of images is the first value of the second code.
    picture = display.image_.get_array()
    assert picture.shape == (35, 35)
    assert_allclose(picture[18:26, 27:35], expected.reshape(8, 8))
    # Gaps between the images; each stands where its codes are counted.
    assert np.ma.getmaskarray(picture)[8].all()
    assert np.ma.getmaskarray(picture)[:, 26].all()
    assert display.image_.get_extent() == pytest.approx((-4 / 9, 3 + 4 / 9) * 2)
    assert display.image_.get_clim() == (X.min(), X.max())
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("component 2", "component 0")
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert ticks == [f"{value:.2g}" for value in display.values[0]]


def test_one_code_is_followed(pca, digits):
    display = ManifoldDisplay.from_estimator(pca, digits[0], components=1, n_values=5)
    assert display.decodings.shape == (5, 64)
    assert display.image_.get_array().shape == (8, 44)
    assert display.ax_.get_xlabel() == "component 1"


def test_a_variational_kind_needs_no_samples(digits):
    X, _ = digits
    variational = skae.VariationalAutoencoder(3, **SMALL).fit(X)
    display = ManifoldDisplay.from_estimator(variational, n_values=3)
    assert_allclose(display.values[0], norm.ppf([0.02, 0.5, 0.98]), atol=1e-12)
    codes = [[norm.ppf(0.98), norm.ppf(0.02), 0.0]]
    assert_allclose(display.decodings[0, 2], variational.inverse_transform(codes)[0], rtol=1e-5)
    assert display.image_ is not None


def test_rows_that_are_no_images_are_lines():
    X = np.random.default_rng(0).normal(size=(40, 5)) * [1, 2, 3, 4, 5]
    pipeline = make_pipeline(StandardScaler(), PCA(2)).fit(X)
    followed = ManifoldDisplay.from_estimator(pipeline, X, components=0, n_values=4)
    assert followed.image_ is None
    assert_allclose([line.get_ydata() for line in followed.lines_], followed.decodings)
    assert followed.colorbar_.ax.get_ylabel() == "component 0"
    grid = ManifoldDisplay.from_estimator(pipeline, X, n_values=3)
    assert len(grid.lines_) == 9
    assert grid.colorbar_ is None


def test_a_single_code_is_followed():
    X = np.random.default_rng(0).normal(size=(30, 5))
    display = ManifoldDisplay.from_estimator(PCA(1).fit(X), X, n_values=3, c="black")
    assert display.components == (0,)
    assert {line.get_color() for line in display.lines_} == {"black"}
    assert display.colorbar_ is None


def test_style_of_images(pca, digits):
    display = ManifoldDisplay.from_estimator(
        pca, digits[0], n_values=2, aspect="auto", norm=Normalize(0, 3)
    )
    assert display.image_.get_clim() == (0, 3)


def test_colors():
    X = np.random.default_rng(0).uniform(size=(30, 12))
    display = ManifoldDisplay.from_estimator(PCA(2).fit(X), X, n_values=3, image_shape=(2, 2, 3))
    colors = display.image_.get_array()
    assert colors.shape == (8, 8, 3)
    assert_allclose(colors[2], 0.75)


def test_what_cannot_be_decoded(pca, digits):
    X, _ = digits
    with pytest.raises(ValueError, match="X=None: the codes of PCA"):
        ManifoldDisplay.from_estimator(pca)
    with pytest.raises(ValueError, match="n_values=1"):
        ManifoldDisplay.from_estimator(pca, X, n_values=1)
    for components in (5, -1, (0, 0), (0, 1, 2), (), 0.5):
        with pytest.raises(ValueError, match="components="):
            ManifoldDisplay.from_estimator(pca, X, components=components)
