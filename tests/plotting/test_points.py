"""Samples of two or three features are points, codes a curve or a surface among them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae.datasets import make_curve3d, make_hidden_variable
from skae.plotting import METHOD_COLORS, ManifoldDisplay, ReconstructionDisplay

SPACE, _ = make_curve3d(random_state=0)
PLANE = SPACE[:, :2]


def distances_to_plane(pca, points):
    """Distance of points from the plane or the line of the components."""
    return np.linalg.norm(points - pca.inverse_transform(pca.transform(points)), axis=-1)


def test_one_code_of_two_features_is_a_line():
    pca = PCA(1).fit(PLANE)
    display = ReconstructionDisplay.from_estimator(pca, PLANE, samples=50, random_state=0)
    assert display.axes_.shape == display.artists_.shape == (1, 1)
    ax, curve = display.axes_[0, 0], display.artists_[0, 0]
    assert_array_equal(np.c_[curve.get_data()], display.manifold)
    assert distances_to_plane(pca, display.manifold).max() < 1e-12
    codes = pca.transform(display.manifold)
    assert_allclose([codes.min(), codes.max()], [display.codes.min(), display.codes.max()])
    samples = ax.collections[1]
    assert_array_equal(samples.get_offsets(), PLANE[display.indices])
    # Ties go from samples to reconstructions.
    ties = ax.collections[0].get_segments()
    assert_allclose(ties, np.stack([display.original, display.reconstruction], axis=1))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    error = np.mean((display.original - display.reconstruction) ** 2)
    assert labels == ["samples", f"reconstruction\nMSE {error:.3g}"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 1")
    assert ax.get_aspect() == 1.0


def test_two_codes_of_three_features_are_a_surface_between_them():
    pca = PCA(2).fit(SPACE)
    display = ReconstructionDisplay.from_estimator(pca, SPACE)
    assert display.axes_[0, 0].name == "3d"
    assert len(display.original) == 200
    inside = display.manifold[~np.isnan(display.manifold[..., 0])]
    assert 300 < len(inside) < 1600
    assert distances_to_plane(pca, inside).max() < 1e-12
    assert (
        to_hex(display.artists_[0, 0].get_facecolor()[0]) != METHOD_COLORS["AutoencoderTransformer"]
    )
    curve = ReconstructionDisplay.from_estimator(PCA(1).fit(SPACE), SPACE).artists_[0, 0]
    assert_array_equal(np.shape(curve.get_data_3d()), [3, 300])


def test_codes_on_a_line_have_no_hull():
    flat = np.c_[np.arange(30.0), np.zeros(30), np.zeros(30)]
    display = ReconstructionDisplay.from_estimator(PCA(2).fit(flat), flat)
    assert np.isfinite(display.manifold).all()


def test_codes_that_are_many_are_points():
    display = ReconstructionDisplay.from_estimator(PCA(2).fit(PLANE), PLANE, s=3)
    assert display.manifold is None
    assert_allclose(display.artists_[0, 0].get_offsets(), display.reconstruction)
    assert display.artists_[0, 0].get_sizes() == [3]


def test_features_of_a_frame_have_names_and_scales_of_their_own():
    frame = pd.DataFrame(PLANE * [1, 100], columns=["width", "height"])
    pipeline = make_pipeline(StandardScaler(), PCA(1)).fit(frame)
    display = ReconstructionDisplay.from_estimator(pipeline, frame)
    ax = display.axes_[0, 0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")
    assert ax.get_aspect() == "auto"
    assert np.ptp(display.manifold[:, 1]) > 50  # in the units of the frame


def test_corrupted_samples_are_tied_instead():
    noisy = PLANE + 1
    display = ReconstructionDisplay.from_estimator(
        PCA(1).fit(PLANE), PLANE, corrupted=noisy, samples=[3, 5]
    )
    ties, samples, corrupted = display.axes_[0, 0].collections
    assert_array_equal(samples.get_offsets(), PLANE[[3, 5]])
    assert_array_equal(corrupted.get_offsets(), noisy[[3, 5]])
    assert_allclose([each[0] for each in ties.get_segments()], noisy[[3, 5]])


def test_a_place_may_become_one_in_space():
    pca = PCA(2).fit(SPACE)
    _, flat = plt.subplots()
    for ax in (flat, plt.figure().add_axes([0.1, 0.2, 0.3, 0.4])):
        display = ReconstructionDisplay.from_estimator(pca, SPACE, ax=ax)
        assert not ax.axison
        assert_allclose(
            display.axes_[0, 0].get_position(original=True).bounds,
            ax.get_position(original=True).bounds,
        )
    cube = plt.figure().add_subplot(projection="3d")
    assert ReconstructionDisplay.from_estimator(pca, SPACE, ax=cube).axes_[0, 0] is cube


def test_axes_may_be_shared():
    _, axes = plt.subplots(1, 2, sharex=True, sharey=True)
    for ax in axes:
        ReconstructionDisplay.from_estimator(PCA(1).fit(PLANE), PLANE, ax=ax)
    assert axes[0].get_aspect() == 1.0


def test_an_image_of_three_pixels_is_none_of_these():
    display = ReconstructionDisplay.from_estimator(
        PCA(1).fit(SPACE), SPACE, samples=2, image_shape=(1, 3)
    )
    assert display.axes_.shape == (4, 2)


def test_features_against_a_hidden_variable():
    X, z = make_hidden_variable(300, random_state=0)
    frame = pd.DataFrame(X, columns=[*"abcd"])
    pca = PCA(1).fit(frame)
    display = ReconstructionDisplay.from_estimator(
        pca, frame, against=pd.Series(z, name="hidden"), samples=100, random_state=0
    )
    assert display.axes_.shape == (2, 2)
    assert [ax.get_title() for ax in display.axes_.flat] == [*"abcd"]
    assert [ax.get_xlabel() for ax in display.axes_[1]] == ["hidden", "hidden"]
    assert_array_equal(display.against, z[display.indices])
    samples = display.axes_[1, 0].collections[0].get_offsets()
    assert_array_equal(samples, np.c_[display.against, display.original[:, 2]])
    expected = pca.inverse_transform(pca.transform(frame))[display.indices, 2]
    assert_allclose(display.artists_[1, 0].get_offsets(), np.c_[display.against, expected])
    # Panels beyond the last feature are empty; rows of images may be drawn so, too.
    assert (
        not ReconstructionDisplay.from_estimator(
            PCA(1).fit(SPACE), SPACE, against=SPACE[:, 0], corrupted=SPACE
        )
        .axes_[1, 1]
        .axison
    )
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ReconstructionDisplay.from_estimator(pca, frame, against=z[:3])


def test_a_manifold_of_points_is_a_curve_or_a_net():
    curve = ManifoldDisplay.from_estimator(PCA(1).fit(PLANE), PLANE, n_values=5)
    assert_array_equal(np.c_[curve.lines_[0].get_data()], curve.decodings)
    assert_array_equal(curve.ax_.collections[0].get_offsets(), curve.decodings)
    assert curve.colorbar_.ax.get_ylabel() == "component 0"
    assert curve.ax_.get_xlabel() == "feature 0"
    net = ManifoldDisplay.from_estimator(PCA(2).fit(SPACE), SPACE, n_values=4)
    assert net.ax_.name == "3d"
    assert len(net.lines_) == 8
    assert_array_equal(np.stack(net.lines_[1].get_data_3d(), axis=1), net.decodings[1])
    assert_array_equal(np.stack(net.lines_[6].get_data_3d(), axis=1), net.decodings[:, 2])
    assert ManifoldDisplay.from_estimator(PCA(1).fit(PLANE), PLANE, c="red").colorbar_ is None
