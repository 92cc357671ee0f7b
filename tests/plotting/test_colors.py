"""Each method has one color, the same in every figure."""

import numpy as np
from matplotlib.colors import to_hex
from sklearn.decomposition import PCA, KernelPCA, TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.plotting import (
    METHOD_COLORS,
    ComponentsCurveDisplay,
    LatentSpaceDisplay,
    LossCurveDisplay,
    ManifoldDisplay,
    ReconstructionDisplay,
)
from skae.plotting._colors import color_of, distinct_colors
from skae.plotting._loss_curve import LossCurve
from tests.own_autoencoder import SmoothAutoencoder

X = np.random.default_rng(0).normal(size=(40, 5))
ORANGE, BLUE = METHOD_COLORS["PCA"], METHOD_COLORS["AutoencoderTransformer"]


def test_a_color_goes_by_the_class():
    assert ORANGE != BLUE
    assert color_of(PCA(2)) == ORANGE
    assert color_of(make_pipeline(StandardScaler(), PCA(2))) == ORANGE
    assert color_of(skae.AutoencoderTransformer()) == BLUE
    assert color_of(SmoothAutoencoder()) == BLUE
    assert color_of(skae.AutoencoderClassifier()) == BLUE
    assert color_of("passthrough") == METHOD_COLORS["passthrough"]
    assert color_of(TruncatedSVD()) is color_of("some name") is None


def test_every_public_estimator_has_one():
    estimators = [getattr(skae, name) for name in skae.__all__ if name[0].isupper()]
    assert all(color_of(each()) for each in estimators)


def test_what_is_drawn_together_differs():
    plain, other = skae.AutoencoderTransformer(4), skae.AutoencoderTransformer(8)
    colors = distinct_colors([other, PCA(), TruncatedSVD(), KernelPCA(), plain])
    assert colors[:2] == [BLUE, ORANGE]
    assert len(set(colors)) == 5
    assert len(distinct_colors([PCA()] * 30)) == 30


def test_displays_use_them(pca, digits):
    curve = ComponentsCurveDisplay.from_estimator(
        {"b": TruncatedSVD(), "a": PCA()}, X, n_components=[1]
    )
    assert curve.lines_[1].get_color() == ORANGE
    assert curve.plot().lines_[1].get_color() == ORANGE
    few = PCA(1).fit(X)
    lines = ReconstructionDisplay.from_estimator(few, X, samples=1)
    assert lines.artists_[2, 0].get_color() == ORANGE
    assert to_hex(lines.artists_[1, 0].patches[0].get_facecolor()) == ORANGE
    points = LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X)
    assert to_hex(points.scatters_[0].get_facecolor()[0]) == ORANGE
    grid = ManifoldDisplay.from_estimator(PCA(2).fit(X), X, n_values=2)
    assert grid.lines_[0].get_color() == ORANGE


def test_stored_curves_go_by_their_names():
    losses = LossCurve(np.array([2.0, 1.0]))
    display = LossCurveDisplay(curves={"PCA": losses, "mine": losses}).plot()
    assert display.lines_[0].get_color() == ORANGE
    assert display.lines_[1].get_color() != ORANGE
    scores = {"PCA": np.ones((1, 2))}
    display = ComponentsCurveDisplay(n_components=np.array([1]), scores=scores, score_name="s")
    assert display.plot().lines_[0].get_color() == ORANGE
