import numpy as np
import pandas as pd
import pytest
from matplotlib.container import BarContainer
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.plotting import ReconstructionDisplay
from tests.plotting.conftest import SMALL


def row_names(display):
    return [ax.get_ylabel() for ax in display.axes_[:, 0]]


@pytest.mark.parametrize("n_samples", [1, 2, 10])
def test_images(autoencoder, digits, n_samples):
    X, _ = digits
    display = ReconstructionDisplay.from_estimator(
        autoencoder, X, n_samples=n_samples, random_state=0
    )
    assert row_names(display) == ["original", "codes", "reconstruction", "difference"]
    assert display.axes_.shape == (4, n_samples)
    assert all(len(ax.images) == 1 for ax in display.axes_.flat)
    i = display.indices[-1]
    assert display.axes_[0, -1].get_title() == f"row {i}"
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
    display = ReconstructionDisplay.from_estimator(pca, X, indices=[7, 3])
    assert_array_equal(display.original, X[[7, 3]])
    assert len(ReconstructionDisplay.from_estimator(pca, X[:3]).indices) == 3


def test_few_codes_are_bars(pca, digits):
    display = ReconstructionDisplay.from_estimator(pca, digits[0], n_samples=2)
    bars = display.artists_[1, 0]
    assert isinstance(bars, BarContainer)
    assert_allclose([bar.get_height() for bar in bars], display.codes[0])


def test_codes_of_a_convolution_are_an_image(digits):
    X, _ = digits
    convolutional = skae.ConvolutionalAutoencoder(
        None, image_shape=(8, 8), filters=(4,), init="glorot", max_iter=1, learning_rate="cosine"
    ).fit(X)
    images = X.reshape(-1, 8, 8)
    display = ReconstructionDisplay.from_estimator(convolutional, images, n_samples=1)
    # Four filtered images of 4 x 4 pixels, a gap between them.
    assert display.artists_[1, 0].get_array().shape == (9, 9)


def test_stored_arrays_are_lines_unless_a_picture_is_given():
    rows = np.arange(6.0).reshape(2, 3)
    display = ReconstructionDisplay(original=rows, codes=rows[:, :1], reconstruction=rows).plot()
    assert_array_equal(display.artists_[0, 1].get_ydata(), rows[1])
    assert display.axes_[0, 0].get_title() == ""


def test_a_denoiser_sees_corrupted_rows(denoiser, digits):
    X, _ = digits
    display = ReconstructionDisplay.from_estimator(denoiser, X, n_samples=2, random_state=0)
    assert row_names(display)[:2] == ["original", "corrupted"]
    assert display.axes_.shape == (5, 2)
    assert not np.allclose(display.corrupted, display.original)
    assert_allclose(display.codes, denoiser.transform(display.corrupted))
    clean = ReconstructionDisplay.from_estimator(denoiser, X, corrupted=None, n_samples=2)
    assert clean.axes_.shape == (4, 2)


def test_noise_takes_its_values_from_other_rows_too(digits):
    X, _ = digits
    denoiser = skae.DenoisingAutoencoder(
        3, corruption="swap", noise_level=0.9, **{**SMALL, "max_iter": 1}
    ).fit(X)
    display = ReconstructionDisplay.from_estimator(denoiser, X, n_samples=1, random_state=0)
    assert np.mean(display.corrupted != display.original) > 0.3


def test_a_denoiser_of_data_frames():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=[*"abcd"])
    pipeline = make_pipeline(StandardScaler(), skae.DenoisingAutoencoder(2, **SMALL))
    pipeline.set_output(transform="pandas").fit(X)
    display = ReconstructionDisplay.from_estimator(pipeline, X, n_samples=2)
    assert display.corrupted.shape == (2, 4)


def test_corrupted_rows_may_be_given(pca, digits):
    X, _ = digits
    display = ReconstructionDisplay.from_estimator(pca, X, corrupted=X + 1, indices=[5])
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
    display = ReconstructionDisplay.from_estimator(pipeline, X, indices=[4])
    assert_allclose(display.original, X.iloc[[4]])
    expected = pipeline.inverse_transform(pipeline.transform(X.iloc[[4]]))
    assert_allclose(display.reconstruction, expected)
    # The original stands behind the reconstruction.
    assert [line.get_color() for line in display.axes_[2, 0].lines] == ["0.7", "#3f90da"]
    labels = [label.get_text() for label in display.axes_[-1, 0].get_xticklabels()]
    assert labels == [*"abcd"]

    kernel = make_pipeline(Nystroem(n_components=6, random_state=0), PCA(2)).fit(X)
    display = ReconstructionDisplay.from_estimator(kernel, X, indices=[4])
    assert_allclose(display.original, kernel[:-1].transform(X.iloc[[4]]))
