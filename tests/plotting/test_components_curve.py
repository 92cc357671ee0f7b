from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, KernelPCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GroupKFold, PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skae
from skae.plotting import ComponentsCurveDisplay
from tests.plotting.conftest import SMALL

X, Y = load_iris(return_X_y=True)
X, Y = X[::2], Y[::2]
KERNEL_PCA = KernelPCA(kernel="rbf", gamma=0.1, fit_inverse_transform=True)


def test_variance_explained_on_held_out_rows():
    several = {
        "PCA": PCA(),
        "kernel": KERNEL_PCA,
        "skae": skae.AutoencoderTransformer(**SMALL),
    }
    display = ComponentsCurveDisplay.from_estimator(several, X, n_components=(3, 1), cv=3)
    assert_array_equal(display.n_components, [1, 3])
    assert {name: scores.shape for name, scores in display.scores.items()} == dict.fromkeys(
        several, (2, 3)
    )
    pca = PCA(1).fit(X[25:])
    unexplained = ((X[:25] - pca.inverse_transform(pca.transform(X[:25]))) ** 2).sum()
    expected = 1 - unexplained / ((X[:25] - X[:25].mean(axis=0)) ** 2).sum()
    assert display.scores["PCA"][0, 0] == pytest.approx(expected)
    assert [line.get_label() for line in display.lines_] == list(several)
    for line, band, scores in zip(
        display.lines_, display.fill_between_, display.scores.values(), strict=True
    ):
        assert_allclose(line.get_ydata(), scores.mean(axis=1))
        low, high = band.get_paths()[0].get_extents().get_points()[:, 1]
        assert low == pytest.approx((scores.mean(axis=1) - scores.std(axis=1)).min())
        assert high == pytest.approx((scores.mean(axis=1) + scores.std(axis=1)).max())
    assert display.ax_.get_ylabel() == "variance explained, held-out rows"
    # Neither parameters nor state of what was given have changed.
    assert several["PCA"].n_components is None
    assert not hasattr(several["PCA"], "components_")


def test_one_fit_in_a_fold_draws_the_curve_of_ordered_codes(monkeypatch, untrained):
    fitted = []
    fit = skae.AutoencoderTransformer.fit

    def counted(self, *arguments, **named):
        fitted.append(self.n_components)
        return fit(self, *arguments, **named)

    monkeypatch.setattr(skae.AutoencoderTransformer, "fit", counted)
    ordered = skae.AutoencoderTransformer(ordered=True, **SMALL)
    several = {
        "PCA": PCA(),
        "skae": ordered,
        "scaled PCA": make_pipeline(StandardScaler(), PCA()),
        "scaled": make_pipeline(StandardScaler(), ordered),
    }
    display = ComponentsCurveDisplay.from_estimator(several, X, n_components=(1, 2, 3), cv=3)
    assert fitted == [3] * 6
    # Untrained, each cut is the PCA of as many components.
    assert_allclose(display.scores["skae"], display.scores["PCA"], atol=1e-6)
    assert_allclose(display.scores["scaled"], display.scores["scaled PCA"], atol=1e-6)


def test_a_predictor_on_the_codes():
    predictor = make_pipeline(StandardScaler(), LogisticRegression())
    display = ComponentsCurveDisplay.from_estimator(
        {"all columns": "passthrough", "PCA": make_pipeline(StandardScaler(), PCA())},
        X,
        Y,
        n_components=[1, 2],
        predictor=predictor,
        cv=3,
    )
    expected = cross_val_score(predictor, X, Y, cv=3)
    assert_array_equal(display.scores["all columns"], [expected, expected])
    pipeline = make_pipeline(StandardScaler(), PCA(2), predictor)
    assert_allclose(display.scores["PCA"][1], cross_val_score(pipeline, X, Y, cv=3))
    assert display.ax_.get_ylabel() == "accuracy"


def test_scores_by_name_or_by_function():
    def least(estimator, X, y=None):
        return estimator.transform(X).min()

    by_name = ComponentsCurveDisplay.from_estimator(
        PCA(),
        X,
        X[:, 0],
        n_components=[1],
        predictor=LinearRegression(),
        scoring="neg_mean_squared_error",
    )
    assert by_name.score_name == "neg mean squared error"
    assert list(by_name.scores) == ["PCA"]
    assert (by_name.scores["PCA"] < 0).all()
    by_function = ComponentsCurveDisplay.from_estimator(PCA(), X, n_components=[1], scoring=least)
    assert by_function.score_name == "least"
    regression = ComponentsCurveDisplay.from_estimator(
        PCA(), X, X[:, 0], n_components=[1], predictor=LinearRegression()
    )
    assert regression.score_name == "$R^2$"


def test_folds_and_scores_take_what_cross_validation_takes():
    groups = np.arange(len(X)) % 3
    shown = ComponentsCurveDisplay.from_estimator(
        PCA(), X, n_components=[1], cv=GroupKFold(3), groups=groups, n_jobs=1
    )
    named = ComponentsCurveDisplay.from_estimator(
        PCA(), X, n_components=[1], cv=PredefinedSplit(groups)
    )
    assert_allclose(np.sort(shown.scores["PCA"]), np.sort(named.scores["PCA"]))
    with pytest.raises(TypeError, match="n_job"):
        ComponentsCurveDisplay.from_estimator(PCA(), X, n_components=[1], n_job=2)


def test_where_earlier_steps_have_no_inverse():
    pipeline = make_pipeline(FunctionTransformer(np.log), PCA())
    display = ComponentsCurveDisplay.from_estimator(pipeline, X, n_components=[3])
    logs = ComponentsCurveDisplay.from_estimator(PCA(), np.log(X), n_components=[3])
    assert_allclose(display.scores["Pipeline"], logs.scores["PCA"])


def test_labels_of_many_numbers_do_not_touch():
    for values in (range(1, 41), [10, 11, 12, 60, 61, 62]):
        scores = {"PCA": np.ones((len(values), 2))}
        display = ComponentsCurveDisplay(
            n_components=np.array(values), scores=scores, score_name="score"
        ).plot()
        display.figure_.canvas.draw()
        labels = [tick.get_window_extent() for tick in display.ax_.get_xticklabels()]
        assert all(left.x1 < right.x0 for left, right in pairwise(labels))


def test_many_codes_are_drawn_on_a_logarithmic_axis():
    scores = {"PCA": np.ones((3, 2))}
    display = ComponentsCurveDisplay(
        n_components=np.array([1, 4, 16]), scores=scores, score_name="score"
    ).plot(line_kw={"c": "black"}, fill_between_kw={"alpha": 0.5})
    assert display.ax_.get_xscale() == "log"
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == ["1", "4", "16"]
    assert display.lines_[0].get_color() == "black"
    assert display.fill_between_[0].get_alpha() == 0.5


@pytest.mark.parametrize(
    ("estimator", "kw", "message"),
    [
        ({"all": "passthrough"}, {}, "'all' is 'passthrough'"),
        (StandardScaler(), {}, "has no parameter n_components"),
        (make_pipeline(StandardScaler()), {}, "has no parameter n_components"),
        (PCA(), {"predictor": LogisticRegression()}, "y=None"),
        (PCA(), {"n_components": []}, r"n_components=\[\]"),
        (PCA(), {"n_components": [0.5]}, r"n_components=\[0.5\]"),
    ],
)
def test_what_cannot_be_compared(estimator, kw, message):
    with pytest.raises(ValueError, match=message):
        ComponentsCurveDisplay.from_estimator(estimator, X, **kw)
