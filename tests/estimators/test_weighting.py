"""Sample weights: a sample of weight k counts as k samples, and one of weight zero not at all."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae._data.rows import ArrayRows
from skae._data.weights import mean_and_deviation
from skae._estimators.weighting import weighted

pytestmark = [
    pytest.mark.usefixtures("module_without_xla"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 3)) @ RNG.standard_normal((3, 6)) + 5.0
X += 0.3 * RNG.standard_normal(X.shape)
WEIGHTS = RNG.integers(0, 5, 90).astype(float)
KEPT = WEIGHTS > 0.0
REPEATED = np.repeat(X, WEIGHTS.astype(int), axis=0)
LABELS = (X[:, 0] > 5.0).astype(int)
FAST = {"hidden_layer_sizes": (), "batch_size": 16, "max_iter": 3, "random_state": 0}
# Without validation set and order of samples, a step on all of them is the same however they come.
# Not by Adam: it makes steps of full length even of a gradient that is nothing but rounding.
FULL = {
    "solver": "sgd",
    "init": "he",
    "batch_size": 512,
    "shuffle": False,
    "early_stopping": False,
    "max_iter": 8,
}
KINDS = [
    skae.AutoencoderTransformer(2, **FAST),
    skae.DenoisingAutoencoder(2, **FAST),
    skae.StackedAutoencoder(2, **FAST | {"hidden_layer_sizes": 4}, layer_max_iter=2),
    skae.VariationalAutoencoder(2, **FAST),
]
OTHERS = [
    skae.AutoencoderClassifier(skae.AutoencoderTransformer(2, **FAST), max_iter=2, random_state=0),
    skae.AutoencoderRegressor(skae.AutoencoderTransformer(2, **FAST), max_iter=2, random_state=0),
    skae.AutoencoderOutlierDetector(skae.AutoencoderTransformer(2, **FAST)),
]


def name_of(estimator):
    return type(estimator).__name__


def outputs(estimator, X=X):
    method = "transform" if hasattr(estimator, "transform") else "decision_function"
    return getattr(estimator, method)(X)


@pytest.mark.parametrize(
    "estimator",
    [
        KINDS[0],
        OTHERS[0],
        OTHERS[2],
        *(pytest.param(each, marks=pytest.mark.slow) for each in (*KINDS[1:], OTHERS[1])),
    ],
    ids=name_of,
)
def test_samples_of_weight_zero_change_nothing_at_all(estimator):
    found = outputs(estimator.fit(X, LABELS, sample_weight=WEIGHTS))
    assert_array_equal(outputs(estimator.fit(X[KEPT], LABELS[KEPT], WEIGHTS[KEPT])), found)
    unweighted = outputs(estimator.fit(X[KEPT], LABELS[KEPT]))
    assert np.abs(unweighted - found).max() > 1e-3
    ones = outputs(estimator.fit(X[KEPT], LABELS[KEPT], sample_weight=np.ones(KEPT.sum())))
    assert_array_equal(ones, unweighted)


@pytest.mark.parametrize(
    "estimator",
    [
        skae.AutoencoderTransformer(2, **FAST | FULL, whiten=True),
        skae.SparseAutoencoder(2, **FAST | FULL),
        pytest.param(skae.ContractiveAutoencoder(2, **FAST | FULL), marks=pytest.mark.slow),
        pytest.param(
            skae.StackedAutoencoder(2, **FAST | FULL | {"hidden_layer_sizes": 4}, layer_max_iter=2),
            marks=pytest.mark.slow,
        ),
    ],
    ids=name_of,
)
def test_a_weight_repeats_a_sample(estimator):
    # Sums of float32 are rounded otherwise: 3e-7 of a code's deviation after 20 such steps.
    repeated = estimator.fit(REPEATED)
    found, error, curve = repeated.transform(X), repeated.reconstruction_err_, repeated.loss_curve_
    estimator.fit(X, sample_weight=WEIGHTS)
    assert_allclose(estimator.transform(X), found, atol=1e-5 * found.std())
    assert estimator.reconstruction_err_ == pytest.approx(error, rel=1e-6)
    assert_allclose(estimator.loss_curve_, curve, rtol=1e-5)
    assert estimator.n_samples_seen_ == len(REPEATED)
    score = estimator.score(X, sample_weight=WEIGHTS)
    assert score == pytest.approx(estimator.score(REPEATED), abs=1e-10)
    assert abs(score - estimator.score(X)) > 1e-4


def test_a_weight_repeats_a_sample_for_a_head_on_frozen_codes():
    start = skae.AutoencoderTransformer(3, **FAST)
    head = skae.AutoencoderClassifier(start, pretrain=False, freeze=True, random_state=0)
    found = head.fit(REPEATED, np.repeat(LABELS, WEIGHTS.astype(int))).predict_proba(X)
    assert_allclose(head.fit(X, LABELS, WEIGHTS).predict_proba(X), found, atol=1e-4)


@pytest.mark.parametrize("n_components", [2, 0.8])
def test_the_start_is_pca_of_repeated_samples(n_components, untrained):
    start = skae.AutoencoderTransformer(n_components, random_state=0)
    codes, (mean, scale) = start.fit_transform(REPEATED), (start.mean_, start.scale_)
    found = start.fit(X, sample_weight=WEIGHTS).transform(REPEATED)
    assert_allclose(found, codes, atol=1e-5)
    assert_allclose(start.mean_, mean)
    assert start.scale_ == pytest.approx(scale)


def test_passes_count_weights():
    passes = skae.AutoencoderTransformer(2, **FAST | FULL)
    codes = passes.partial_fit(REPEATED).partial_fit(REPEATED).transform(X)
    fresh = sklearn.clone(passes)
    for _ in range(2):
        fresh.partial_fit(X, sample_weight=WEIGHTS)
    assert fresh.n_samples_seen_ == 2 * len(REPEATED)
    assert_allclose(fresh.transform(X), codes, atol=1e-5 * codes.std())


@pytest.mark.parametrize("batch_size", [1, 8])
def test_a_batch_counts_by_its_weights(batch_size):
    # Most batches hold light samples alone. An epoch of short steps is one long step on all.
    weights = np.repeat([0.1, 30.0], [60, 4])

    def moved(batch_size, rate):
        fixed = {"momentum": 0.0, "alpha": 0.0, "max_iter": 1, "learning_rate_init": rate}
        settings = FAST | FULL | fixed | {"batch_size": batch_size}
        fitted = skae.AutoencoderTransformer(2, **settings).fit(X[:64], sample_weight=weights)
        return np.concatenate([weight.ravel() for weight in fitted.weights_])

    start = moved(64, 1e-30)
    expected = moved(64, 1e-3) - start
    found = moved(batch_size, 1e-3 * batch_size / 64) - start
    assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())


def test_validation_counts_weights():
    # What the light samples want is worse for the heavy ones, and best_iter_ is theirs.
    fixed = FAST | {"init": "he", "max_iter": 30}
    held, curves = X[:20], []
    for weights in (None, np.repeat([1.0, 1e-9], 10)):
        fitted = skae.AutoencoderTransformer(2, **fixed)
        curves.append(fitted.fit(X[20:], X_val=held, sample_weight_val=weights))
    alone = skae.AutoencoderTransformer(2, **fixed).fit(X[20:], X_val=held[:10])
    assert_allclose(curves[1].validation_loss_curve_, alone.validation_loss_curve_, rtol=1e-5)
    assert_array_equal(outputs(curves[1]), outputs(alone))
    assert not np.allclose(curves[0].validation_loss_curve_, alone.validation_loss_curve_)
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val was not"):
        alone.fit(X, sample_weight_val=WEIGHTS)
    with pytest.raises(ValueError, match=r"X_val: .*sample_weight_val"):
        alone.fit(X, X_val=held, sample_weight_val=-np.ones(20))


@pytest.mark.parametrize("estimator", [*KINDS[:1], *OTHERS], ids=name_of)
def test_invalid_weights_are_refused_and_leave_the_estimator(estimator):
    estimator = sklearn.clone(estimator)
    for wrong in (-WEIGHTS, WEIGHTS[:5], 0.0 * WEIGHTS, np.full(90, np.nan)):
        with pytest.raises(ValueError, match="sample_weight"):
            estimator.fit(X, LABELS, sample_weight=wrong)
    with pytest.raises(ValueError, match=r"minimum of 2|1 sample"):
        estimator.fit(X, LABELS, sample_weight=np.eye(90)[0])
    assert not hasattr(estimator, "n_features_in_")


def test_what_comes_with_the_samples_loses_those_of_weight_zero():
    rows = ArrayRows(X)
    assert_array_equal(weighted(rows, LABELS, WEIGHTS)[1], LABELS[KEPT])
    assert weighted(rows, "anything", WEIGHTS)[1] == "anything"
    assert weighted(rows, LABELS, None) == (rows, LABELS)


def test_weights_are_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        autoencoder = skae.AutoencoderTransformer(2, **FAST)
        autoencoder.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler, autoencoder)
        found = pipeline.fit(X, sample_weight=WEIGHTS)[-1]
        scaled = StandardScaler().fit(X, sample_weight=WEIGHTS).transform(X)
        alone = skae.AutoencoderTransformer(2, **FAST).fit(scaled, sample_weight=WEIGHTS)
        assert_array_equal(found.transform(scaled), alone.transform(scaled))
        score = pipeline.score(X, sample_weight=WEIGHTS)
        assert score == pytest.approx(alone.score(scaled, sample_weight=WEIGHTS))
        # Not of the pipeline: in scikit-learn 1.7 no search passes weights to a pipeline's score.
        search = GridSearchCV(autoencoder, {"n_components": [1, 2]}, cv=2)
        search.fit(X, sample_weight=WEIGHTS)
        train, test = np.arange(45, 90), np.arange(45)
        fold = sklearn.clone(autoencoder).set_params(n_components=1)
        fold.fit(X[train], sample_weight=WEIGHTS[train])
        score = fold.score(X[test], sample_weight=WEIGHTS[test])
        assert search.cv_results_["split0_test_score"][0] == pytest.approx(score)


@pytest.mark.parametrize("class_weight", ["balanced", {1: 7.0}])
def test_class_weights_multiply_those_of_labeled_samples(class_weight):
    y, given = np.where(np.arange(90) < 70, LABELS, -1), WEIGHTS + 1.0
    classifier = skae.AutoencoderClassifier(
        skae.AutoencoderTransformer(6, **FAST), pretrain=False, freeze=True, random_state=0
    )
    classifier.set_params(class_weight=class_weight).fit(X, y, sample_weight=given)
    sums = np.array([given[y == k].sum() for k in (0, 1)])
    of_classes = sums.sum() / (2 * sums) if class_weight == "balanced" else [1.0, 7.0]
    by_hand = given * np.r_[of_classes, 1.0][y]
    codes = classifier.transform(X)
    center, scale = mean_and_deviation(codes[:70], by_hand[:70])
    codes = (codes - center) / scale
    logistic = LogisticRegression(max_iter=1000).fit(codes[:70], y[:70], by_hand[:70])
    assert_allclose(classifier.predict_proba(X), logistic.predict_proba(codes), atol=1e-4)


def test_class_weights_count_in_the_joint_training():
    shares = [
        sklearn.clone(OTHERS[0])
        .set_params(class_weight={1: weight}, max_iter=5)
        .fit(X, LABELS)
        .predict_proba(X)[:, 1]
        .mean()
        for weight in (0.02, 1.0, 50.0)
    ]
    assert np.diff(shares).min() > 0.01


def test_contamination_is_a_share_of_the_weight():
    detector = skae.AutoencoderOutlierDetector(
        skae.AutoencoderTransformer(2, **FAST), contamination=0.2
    ).fit(X, sample_weight=WEIGHTS)
    share = WEIGHTS[detector.predict(X) < 0].sum() / WEIGHTS.sum()
    assert share == pytest.approx(0.2, abs=5 / WEIGHTS.sum())
    unseen = sklearn.clone(detector).set_params(cv=3).fit(X, sample_weight=WEIGHTS)
    assert unseen.offset_ < detector.offset_
    whose = skae.AutoencoderOutlierDetector(skae.ForestAutoencoder(2))
    with pytest.raises(TypeError, match="takes no sample_weight in fit"):
        whose.fit(X, sample_weight=WEIGHTS)
