import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA

import skae
from skae.plotting import FeaturesDisplay, LossCurveDisplay, ReconstructionDisplay
from tests.plotting.conftest import SMALL


def test_kernels_are_images(autoencoder):
    display = FeaturesDisplay.from_estimator(autoencoder, units=5)
    assert display.axes_.shape == (2, 3)
    assert len(display.artists_) == 5
    kernels = autoencoder.encoder_coefs_[0].T
    greatest = np.sort(np.argsort((kernels**2).sum(axis=1))[-5:])
    assert_array_equal(display.units, greatest)
    first = display.artists_[0]
    assert_array_equal(first.get_array(), kernels[greatest[0]].reshape(8, 8))
    low, high = first.get_clim()
    assert -low == high == pytest.approx(np.abs(kernels[greatest[0]]).max())
    assert display.axes_[0, 0].get_title() == f"unit {greatest[0]}"
    assert not display.axes_[1, 2].axison


def test_columns_may_be_counted(autoencoder):
    display = FeaturesDisplay.from_estimator(autoencoder, units=5, n_columns=4)
    assert display.axes_.shape == (2, 4)
    assert [ax.axison for ax in display.axes_[1]] == [True, False, False, False]
    for n_columns in (0, 2.0):
        with pytest.raises(ValueError, match=f"n_columns={n_columns}"):
            FeaturesDisplay.from_estimator(autoencoder, n_columns=n_columns)


def test_units_may_be_chosen(autoencoder):
    display = FeaturesDisplay.from_estimator(autoencoder, units=[9, 2])
    assert_array_equal(display.features, autoencoder.encoder_coefs_[0].T[[9, 2]])


def test_components_of_other_transformers_and_columns_with_names():
    X = load_iris(as_frame=True).data
    pca = PCA(2).fit(X)
    display = FeaturesDisplay.from_estimator(pca)
    assert_allclose(display.artists_[1].get_ydata(), pca.components_[1])
    labels = [label.get_text() for label in display.axes_[0, 0].get_xticklabels()]
    assert labels == list(X.columns)
    assert display.axes_[0, 0].get_title() == "component 0"


def test_names_under_an_incomplete_row_leave_room_for_lines():
    X = load_iris(as_frame=True).data
    display = FeaturesDisplay.from_estimator(PCA(3).fit(X))
    display.figure_.canvas.draw()
    heights = [ax.get_window_extent().height for ax in display.axes_.flat if ax.axison]
    assert min(heights) > 50
    assert len(display.axes_[0, 1].get_xticklabels()) == 4
    assert len(display.axes_[0, 0].get_xticklabels()) == 0


def test_kernels_of_convolutions_have_a_size_of_their_own(digits):
    X, _ = digits
    convolutional = skae.ConvolutionalAutoencoder(
        2, image_shape=(8, 8), filters=(4,), max_iter=1, learning_rate="cosine"
    ).fit(X)
    display = FeaturesDisplay.from_estimator(convolutional)
    assert len(display.artists_) == 4
    assert display.artists_[0].get_array().shape == (3, 3)


def test_images_of_many_channels_are_not_drawn():
    X = np.random.default_rng(0).normal(size=(30, 16))
    convolutional = skae.ConvolutionalAutoencoder(
        2, image_shape=(2, 4, 2), filters=(2,), max_iter=1, learning_rate="cosine"
    ).fit(X)
    with pytest.raises(ValueError, match="the images have 2"):
        FeaturesDisplay.from_estimator(convolutional)


def test_an_encoder_under_a_head(digits):
    X, y = digits
    classifier = skae.AutoencoderClassifier(
        skae.AutoencoderTransformer(4, **SMALL), max_iter=1, random_state=0
    ).fit(X, y)
    display = FeaturesDisplay.from_estimator(classifier)
    assert_array_equal(display.features, classifier.weights_[0].T)
    with pytest.raises(TypeError, match="Give its autoencoder_"):
        ReconstructionDisplay.from_estimator(classifier, X)
    frozen = classifier.set_params(freeze=True).fit(X, y)
    with pytest.raises(ValueError, match="no epoch was trained"):
        LossCurveDisplay.from_estimator(frozen)


def test_stored_arrays_are_lines_unless_a_picture_is_given():
    display = FeaturesDisplay(features=np.eye(3)).plot()
    assert_array_equal(display.artists_[2].get_ydata(), [0, 0, 1])


def test_what_has_no_kernels_of_columns():
    X = np.random.default_rng(0).normal(size=(30, 8))
    recurrent = skae.RecurrentAutoencoder(2, sequence_shape=(4, 2), **{**SMALL, "max_iter": 1})
    recurrent.set_params(hidden_layer_sizes=4).fit(X)
    with pytest.raises(TypeError, match="RecurrentAutoencoder has no such kernels"):
        FeaturesDisplay.from_estimator(recurrent)
