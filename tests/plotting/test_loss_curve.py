import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.neural_network import MLPRegressor

import skae
from skae.plotting import LossCurveDisplay
from skae.plotting._loss_curve import LossCurve
from tests.plotting.conftest import SMALL


def labels(display):
    return [line.get_label() for line in display.lines_]


def test_training_and_validation(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    assert labels(display) == ["training", "validation"]
    assert_array_equal(display.lines_[0].get_xdata(), [1, 2])
    assert_array_equal(display.lines_[0].get_ydata(), autoencoder.loss_curve_)
    assert_array_equal(display.lines_[1].get_ydata(), autoencoder.validation_loss_curve_)
    assert_array_equal(display.kept_[0].get_xdata(), [autoencoder.best_iter_])
    assert_array_equal(display.kept_[0].get_ydata(), [autoencoder.best_validation_loss_])
    assert display.ax_.get_xlabel() == "epoch"


def test_stages_come_first(digits):
    stacked = skae.StackedAutoencoder(
        2, layer_max_iter=3, **{**SMALL, "hidden_layer_sizes": (4,)}
    ).fit(digits[0])
    display = LossCurveDisplay.from_estimator(stacked)
    assert labels(display) == ["layer 0", "layer 1", "training", "validation"]
    assert_array_equal(display.lines_[1].get_xdata(), [4, 5, 6])
    assert_array_equal(display.lines_[2].get_xdata(), [7, 8])
    assert display.kept_[0].get_xdata() == 6 + stacked.best_iter_
    # Stages have their names above them, in the middle, and not in the legend.
    named = {text.get_text(): text.get_position()[0] for text in display.ax_.texts}
    assert named == {"layer 0": 2, "layer 1": 5, "whole network": 7.5}
    assert display.ax_.get_xlim() == (0.5, 8.5)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["training", "validation", "weights kept"]
    several = LossCurveDisplay.from_estimator({"a": stacked, "b": stacked})
    assert not several.ax_.texts
    assert len(several.ax_.get_legend().get_texts()) == 10
    layers_alone = stacked.set_params(fine_tune=False).fit(digits[0])
    display = LossCurveDisplay.from_estimator(layers_alone)
    assert labels(display) == ["layer 0", "layer 1"]
    assert display.ax_.get_legend() is None


def test_several_are_compared(autoencoder, denoiser):
    display = LossCurveDisplay.from_estimator({"plain": autoencoder, "denoising": denoiser})
    assert labels(display)[::2] == ["plain, training", "denoising, training"]
    assert display.lines_[0].get_color() != display.lines_[2].get_color()
    assert len(display.kept_) == 2


def test_a_warm_start_counts_on(digits):
    X, _ = digits
    warm = skae.AutoencoderTransformer(2, warm_start=True, **SMALL).fit(X).fit(X)
    curve = LossCurve.of(warm)
    assert len(curve.training) == 4
    assert curve.kept[0] == 2 + warm.best_iter_
    later = skae.AutoencoderTransformer(2, warm_start=True, early_stopping=False, **SMALL).fit(X)
    display = LossCurveDisplay.from_estimator(later.set_params(early_stopping=True).fit(X))
    assert_array_equal(display.lines_[1].get_xdata(), [3, 4])


def test_without_rows_set_aside(digits):
    kind = skae.AutoencoderTransformer(2, early_stopping=False, init="he", **SMALL)
    fitted = kind.fit(digits[0])
    display = LossCurveDisplay.from_estimator(fitted)
    assert labels(display) == ["training"]
    assert display.kept_[0].get_ydata() == fitted.loss_curve_[fitted.best_iter_ - 1]
    # The training loss of the start is not known, so that its mark has no place.
    fitted.best_iter_ = 0
    assert LossCurveDisplay.from_estimator(fitted).kept_ == []


def test_other_estimators_with_a_loss_curve(digits):
    X, _ = digits
    peer = MLPRegressor(hidden_layer_sizes=(3,), tol=1e9, n_iter_no_change=1).fit(X, X)
    assert labels(LossCurveDisplay.from_estimator(peer)) == ["training"]


def test_long_falls_are_drawn_on_a_logarithmic_axis():
    fall = LossCurveDisplay(curves={"": LossCurve(np.array([1.0, 0.1, 0.01]))}).plot()
    assert fall.ax_.get_yscale() == "log"
    fall.figure_.canvas.draw()
    ticks = {tick.get_text() for tick in fall.ax_.get_yticklabels()}
    assert {"0.01", "0.02", "0.05", "0.1"} < ticks
    _, ax = plt.subplots()
    ax.set_xticks([1, 2])
    assert fall.plot(ax=ax).ax_ is ax
    bound = LossCurveDisplay(curves={"": LossCurve(np.array([1.0, -3.0]))}).plot()
    assert bound.ax_.get_yscale() == "linear"


def test_style_is_passed_on(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder, lw=3)
    assert display.lines_[0].get_linewidth() == 3


def test_what_has_no_losses(pca):
    with pytest.raises(TypeError, match="loss_curve_"):
        LossCurveDisplay.from_estimator(pca)


def test_parts_are_drawn_on_request(autoencoder):
    parts = {"reconstruction": np.array([2.0, 1.0]), "sparsity": np.zeros(2), "l2": np.ones(2)}
    curve = LossCurve(
        np.array([3.0, 2.0]),
        np.array([2.5]),
        parts=parts,
        validation_parts={"reconstruction": np.array([2.5])},
    )
    display = LossCurveDisplay(curves={"": curve}).plot(parts=True)
    names = ["training, reconstruction", "validation, reconstruction", "training, l2"]
    assert labels(display) == ["training", "validation", *names]
    assert_array_equal(display.lines_[2].get_ydata(), parts["reconstruction"])
    assert_array_equal(display.lines_[3].get_xdata(), [2])
    drawn = LossCurveDisplay.from_estimator(autoencoder, parts=True).lines_[2]
    assert_array_equal(drawn.get_ydata(), autoencoder.loss_parts_curve_["reconstruction"])


def test_parts_of_several_estimators_or_of_none_are_refused(autoencoder):
    with pytest.raises(ValueError, match=r"parts=True draws the parts .* of a single estimator"):
        LossCurveDisplay.from_estimator({"a": autoencoder, "b": autoencoder}, parts=True)
    with pytest.raises(ValueError, match="the first one with 0 parts"):
        LossCurveDisplay(curves={"": LossCurve(np.array([1.0]))}).plot(parts=True)
