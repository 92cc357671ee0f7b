import copy

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import BarContainer
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.plotting import METHOD_COLORS, ReconstructionDisplay
from tests.plotting.conftest import SMALL


def row_names(display):
    return [ax.get_ylabel() for ax in display.axes_[:, 0]]


@pytest.mark.parametrize("n_samples", [1, 2, 10])
def test_images(autoencoder, digits, n_samples):
    X, _ = digits
    display = ReconstructionDisplay.from_estimator(
        autoencoder, X, samples=n_samples, random_state=0
    )
    error = np.mean((display.original - display.reconstruction) ** 2)
    name = f"reconstruction\nMSE {error:.3g}"
    assert row_names(display) == ["original", "codes", name, "difference\nred: too high"]
    last = np.mean((display.original[-1] - display.reconstruction[-1]) ** 2)
    assert display.axes_[3, -1].get_title() == f"MSE {last:.3g}"
    assert display.axes_.shape == (4, n_samples)
    assert all(len(ax.images) == 1 for ax in display.axes_.flat)
    i = display.indices[-1]
    assert display.axes_[0, -1].get_title() == f"sample {i}"
    drawn = [ax.images[0].get_array() for ax in display.axes_[:, -1]]
    back = autoencoder.reconstruct(X[[i]]).reshape(8, 8)
    assert_array_equal(drawn[0], X[i].reshape(8, 8))
    assert_allclose(drawn[1], autoencoder.transform(X[[i]]).reshape(4, 4))
    assert_allclose(drawn[2], back)
    assert_allclose(drawn[3], back - X[i].reshape(8, 8))
    # Originals and reconstructions compare: they share a scale.
    assert display.artists_[0, 0].get_clim() == display.artists_[2, 0].get_clim()


def test_the_seed_and_the_indices_choose(pca, digits):
    X, _ = digits
    one, same, other = (
        ReconstructionDisplay.from_estimator(pca, X, random_state=seed).indices
        for seed in (0, 0, 1)
    )
    assert_array_equal(one, same)
    assert list(one) != list(other)
    assert len(set(one)) == 8
    display = ReconstructionDisplay.from_estimator(pca, X, samples=[7, 3])
    assert_array_equal(display.original, X[[7, 3]])
    assert len(ReconstructionDisplay.from_estimator(pca, X[:3]).indices) == 3


def test_few_codes_are_bars(pca, digits):
    display = ReconstructionDisplay.from_estimator(pca, digits[0], samples=2)
    bars = display.artists_[1, 0]
    assert isinstance(bars, BarContainer)
    assert_allclose([bar.get_height() for bar in bars], display.codes[0])
    assert row_names(display)[1] == "components"


def test_codes_of_a_convolution_are_an_image(digits):
    X, _ = digits
    convolutional = skae.ConvolutionalAutoencoder(
        None, image_shape=(8, 8), filters=(4,), init="glorot", max_iter=1, learning_rate="cosine"
    ).fit(X)
    images = X.reshape(-1, 8, 8)
    display = ReconstructionDisplay.from_estimator(convolutional, images, samples=1)
    # Four filtered images of 4 x 4 pixels, a gap between them.
    assert display.artists_[1, 0].get_array().shape == (9, 9)


class Reversed(BaseEstimator):
    """What pictures see of models of Keras: rows and codes of these shapes, flattened."""

    @classmethod
    def of(cls, row_shape, code_shape):
        estimator = cls()
        estimator.row_shape_, estimator.code_shape_ = row_shape, code_shape
        return estimator

    def fit(self, X):
        return self

    def transform(self, X):
        return X[:, ::-1]

    inverse_transform = transform


def test_codes_of_keras_are_a_tile_for_each_map():
    X = np.arange(48.0).reshape(2, 24)
    estimator = Reversed.of((6, 4, 1), (3, 2, 4))
    display = ReconstructionDisplay.from_estimator(estimator, X, samples=[1])
    tiles = display.artists_[1, 0].get_array()
    assert tiles.shape == (7, 5)
    maps = X[1, ::-1].reshape(3, 2, 4)
    assert_array_equal(tiles[:3, 3:], maps[..., 1])
    assert_array_equal(tiles[4:, :2], maps[..., 2])
    assert np.ma.getmaskarray(tiles)[3].all()
    assert display.artists_[0, 0].get_array().shape == (6, 4)


@pytest.mark.parametrize(
    ("code_shape", "drawn"),
    [
        ((16,), (4, 4)),
        ((2, 8), (2, 8)),
        ((2, 3, 4, 2), (7, 9)),  # three dimensions: a tile for each depth of each map
        # Too few for a square; pooled images.
        ((24,), None),
        ((1, 1, 24), None),
    ],
)
def test_codes_of_other_shapes(code_shape, drawn):
    X = np.arange(2.0 * np.prod(code_shape)).reshape(2, -1)
    display = ReconstructionDisplay.from_estimator(Reversed.of(X.shape[1:], code_shape), X)
    artist = display.artists_[1, 0]
    if len(code_shape) == 4:
        maps = display.codes[0].reshape(code_shape)
        assert_array_equal(artist.get_array()[:3, 5:], maps[1, ..., 0])
    assert isinstance(artist, BarContainer) if drawn is None else artist.get_array().shape == drawn


def test_stored_arrays_are_lines_unless_a_picture_is_given():
    rows = np.arange(8.0).reshape(2, 4)
    display = ReconstructionDisplay(original=rows, codes=rows[:, :1], reconstruction=rows).plot()
    assert_array_equal(display.artists_[0, 1].get_ydata(), rows[1])
    assert display.axes_[0, 0].get_title() == ""


def test_a_denoiser_sees_corrupted_rows(denoiser, digits):
    X, _ = digits
    display = ReconstructionDisplay.from_estimator(denoiser, X, samples=2, random_state=0)
    error = np.mean((display.corrupted - display.original) ** 2)
    assert row_names(display)[:2] == ["original", f"corrupted\nMSE {error:.3g}"]
    assert display.axes_.shape == (5, 2)
    assert not np.allclose(display.corrupted, display.original)
    assert_allclose(display.codes, denoiser.transform(display.corrupted))
    clean = ReconstructionDisplay.from_estimator(denoiser, X, corrupted=None, samples=2)
    assert clean.axes_.shape == (4, 2)


def test_a_denoiser_trained_on_pairs_sees_rows_as_they_are(denoiser, digits):
    # Fitted attributes alone matter here: no second fit.
    of_pairs = copy.copy(denoiser).set_params(corruption=None)
    display = ReconstructionDisplay.from_estimator(of_pairs, digits[0], samples=2)
    assert display.corrupted is None
    assert display.axes_.shape == (4, 2)


def test_noise_takes_its_values_from_other_rows_too(digits):
    X, _ = digits
    denoiser = skae.DenoisingAutoencoder(
        3, corruption="swap", noise_level=0.9, **{**SMALL, "max_iter": 1}
    ).fit(X)
    display = ReconstructionDisplay.from_estimator(denoiser, X, samples=1, random_state=0)
    assert np.mean(display.corrupted != display.original) > 0.3


def test_a_denoiser_of_data_frames():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=[*"abcd"])
    pipeline = make_pipeline(StandardScaler(), skae.DenoisingAutoencoder(2, **SMALL))
    pipeline.set_output(transform="pandas").fit(X)
    display = ReconstructionDisplay.from_estimator(pipeline, X, samples=2)
    assert display.corrupted.shape == (2, 4)


def test_corrupted_rows_may_be_given(pca, digits):
    X, _ = digits
    display = ReconstructionDisplay.from_estimator(pca, X, corrupted=X + 1, samples=[5])
    assert_array_equal(display.corrupted, X[[5]] + 1)
    assert_allclose(display.codes, pca.transform(X[[5]] + 1))
    with pytest.raises(ValueError, match="corrupted='noise'"):
        ReconstructionDisplay.from_estimator(pca, X, corrupted="noise")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ReconstructionDisplay.from_estimator(pca, X, corrupted=X[:3])


def test_earlier_steps_are_undone_where_they_can_be():
    X = pd.DataFrame(
        np.random.default_rng(0).normal(size=(30, 4)) * [1, 10, 100, 1], columns=[*"abcd"]
    )
    pipeline = make_pipeline(StandardScaler(), PCA(2)).fit(X)
    display = ReconstructionDisplay.from_estimator(pipeline, X, samples=[4])
    assert_allclose(display.original, X.iloc[[4]])
    expected = pipeline.inverse_transform(pipeline.transform(X.iloc[[4]]))
    assert_allclose(display.reconstruction, expected)
    # The original stands behind the reconstruction.
    assert [line.get_color() for line in display.axes_[2, 0].lines] == ["0.7", METHOD_COLORS["PCA"]]
    labels = [label.get_text() for label in display.axes_[-1, 0].get_xticklabels()]
    assert labels == [*"abcd"]
    assert display.axes_[-1, 0].get_xlabel() == ""
    # What no method has drawn has no method's color.
    assert display.artists_[0, 0].get_color() not in METHOD_COLORS.values()
    unnamed = ReconstructionDisplay.from_estimator(PCA(2).fit(X.to_numpy()), X.to_numpy())
    assert unnamed.axes_[-1, 0].get_xlabel() == "feature"

    kernel = make_pipeline(Nystroem(n_components=6, random_state=0), PCA(2)).fit(X)
    display = ReconstructionDisplay.from_estimator(kernel, X, samples=[4])
    assert_allclose(display.original, kernel[:-1].transform(X.iloc[[4]]))
