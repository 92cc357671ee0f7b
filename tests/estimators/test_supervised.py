"""Heads: labels -1 and NaN, frozen or fine-tuned, as scikit-learn expects of a predictor."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

import skae
from skae import AutoencoderTransformer, StackedAutoencoder
from skae._estimators.left_out import penalty_factor
from skae._estimators.supervised import AutoencoderClassifier, AutoencoderRegressor
from skae._training.checkpoint import ProgressFile
from tests.learning import assert_learned

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
SMALL = AutoencoderTransformer(
    16, hidden_layer_sizes=(24,), max_iter=10, learning_rate="cosine", random_state=0
)
TINY = AutoencoderTransformer(2, hidden_layer_sizes=(), max_iter=1)


def classifier(**params):
    return AutoencoderClassifier(
        **{"autoencoder": SMALL, "random_state": 0, "max_iter": 20} | params
    )


def seeded(seed, **params):
    """Return a classifier of which all, the encoder too, depends on the seed."""
    autoencoder = clone(SMALL).set_params(random_state=seed)
    return classifier(autoencoder=autoencoder, random_state=seed, **params)


@pytest.mark.slow
def test_the_defaults_beat_linear_models_of_few_labels(learning_seed):
    train, test, y, y_test = train_test_split(X / 16, Y, random_state=0)
    some = np.where(np.arange(len(y)) < 50, y, -1)
    alone = LogisticRegression(max_iter=1000).fit(train[:50], y[:50]).score(test, y_test)
    fitted = AutoencoderClassifier(random_state=learning_seed).fit(train, some)
    assert_learned(fitted.score(test, y_test), above=alone + 0.04)
    # It still is an autoencoder.
    assert_learned(fitted.autoencoder_.score(test), above=0.9)
    assert fitted.autoencoder_.n_iter_ == 0


def test_training_adds_to_a_linear_model():
    train, some = X[:200] / 16, np.where(np.arange(200) < 60, Y[:200], -1)
    fitted = AutoencoderClassifier(max_iter=1, learning_rate_init=1e-9, random_state=0)
    fitted.fit(train, some)
    scale = fitted.autoencoder_.scale_
    linear = LogisticRegression(max_iter=1000).fit(train[:60] / scale, Y[:60])
    assert_allclose(fitted.predict_proba(train), linear.predict_proba(train / scale), atol=0.02)
    codes = PCA(64).fit_transform(train)
    assert_allclose(np.abs(fitted.transform(train)[:, :5]), np.abs(codes[:, :5]), atol=1e-3)


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (AutoencoderRegressor, 0.1, 0.95),
        pytest.param(AutoencoderClassifier, 0.999, 1.001, marks=pytest.mark.slow),
    ],
)
def test_in_regression_a_share_of_what_is_added_counts(kind, low, high):
    rows, y = load_diabetes(return_X_y=True)
    rows, some = StandardScaler().fit_transform(rows), np.where(np.arange(len(y)) < 40, y, np.nan)
    if kind is AutoencoderClassifier:
        some = np.where(np.isnan(some), -1, some > 140)
    fitted = kind(max_iter=2, random_state=0).fit(rows, some)
    below = fitted.autoencoder_.transform(rows)
    linear = PCA().fit(rows).transform(rows)
    sign = np.sign((below * linear).sum(axis=0))
    added = fitted.transform(rows) - linear * sign
    whole = below - linear * sign
    assert np.abs(whole).max() > 1e-3
    share = (added * whole).sum() / np.square(whole).sum()
    assert low < share < high
    assert_allclose(added, share * whole, atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
def test_labeled_rows_set_aside_stop_the_training():
    params = {"max_iter": 40, "early_stopping": True, "n_iter_no_change": 2, "random_state": 0}
    fitted = classifier(**params, learning_rate_init=0.05).fit(X[:300], Y[:300])
    curve = fitted.validation_loss_curve_
    assert len(curve) == len(fitted.loss_curve_) == fitted.n_iter_ < 40
    assert fitted.best_iter_ == 0 or curve[fitted.best_iter_ - 1] == min(curve)
    assert classifier(max_iter=1).fit(X[:300], Y[:300]).validation_loss_curve_ == []
    # A class of one row keeps it.
    rare = np.where(np.arange(40) == 7, 2, np.arange(40) % 2)
    for seed in range(3):
        fitted = classifier(**{**params, "max_iter": 1, "random_state": seed}).fit(X[:40], rare)
        assert list(fitted.classes_) == [0, 1, 2]


@pytest.mark.usefixtures("without_xla")
def test_labels_of_the_validation_set_are_not_learned(learning_seed):
    """Random labels of samples that were not trained on cannot be predicted better than guessed."""
    labels = np.random.default_rng(learning_seed).integers(0, 2, 200)
    params = {"early_stopping": True, "validation_fraction": 0.5, "n_iter_no_change": np.inf}
    fitted = AutoencoderClassifier(max_iter=10, random_state=learning_seed, **params)
    fitted.fit(X[:200], labels)
    # Guesses have a loss of log(2), or .69.
    assert_learned(min(fitted.validation_loss_curve_), above=0.66)


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("solver", ["sgd", pytest.param("adamw", marks=pytest.mark.slow)])
def test_solver_and_schedule(solver):
    fitted = classifier(solver=solver, learning_rate="exponential", max_iter=2).fit(X[:99], Y[:99])
    assert len(fitted.loss_curve_) == 2


@pytest.mark.usefixtures("without_xla")
def test_a_fit_that_was_killed_goes_on(tmp_path, monkeypatch):
    params = {"max_iter": 3, "batch_size": 16}
    whole = classifier(**params).fit(X[:99], Y[:99])
    write = ProgressFile.write

    def killed(self, *progress):
        write(self, *progress)
        if len(progress[0].loss_curve) == 2 and progress[2].max_iter == 3:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(ProgressFile, "write", killed)
        with pytest.raises(MemoryError):
            classifier(**params, checkpoint=tmp_path).fit(X[:99], Y[:99])
    assert list(tmp_path.iterdir()) != []
    resumed = classifier(**params, checkpoint=tmp_path).fit(X[:99], Y[:99])
    assert resumed.loss_curve_ == whole.loss_curve_
    for one, other in zip(resumed.weights_, whole.weights_, strict=True):
        assert_array_equal(one, other)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
def test_unlabeled_rows_help_a_classifier_with_few_labels(learning_seed):
    train, test, y, y_test = train_test_split(X, Y, random_state=0)
    few = np.where(np.arange(len(y)) < 60, y, -1)
    kind = StackedAutoencoder(
        32, hidden_layer_sizes=(64,), code_activation="elu", max_iter=30, learning_rate="cosine"
    )
    pretrained = classifier(autoencoder=kind, random_state=learning_seed)
    with_all = clone(pretrained).fit(train, few).score(test, y_test)
    alone = clone(pretrained).fit(train[:60], y[:60]).score(test, y_test)
    assert_learned(with_all, above=alone + 0.04)
    assert_learned(with_all, above=0.7)


@pytest.mark.slow
def test_the_autoencoder_sees_all_rows_and_the_head_the_labeled_ones():
    y = np.where(np.arange(len(Y)) < 300, Y, -1)
    fitted = classifier(freeze=True).fit(X, y)
    alone = SMALL.fit(X)
    for one, other in zip(fitted.autoencoder_.weights_, alone.weights_, strict=True):
        assert_array_equal(one, other)
    assert_allclose(fitted.transform(X), alone.transform(X))
    changed = np.where(np.arange(len(Y)) < 300, X.T, 0.5 * X.T).T
    other = classifier(freeze=True, autoencoder=SMALL).fit(changed, y)
    assert not np.array_equal(other.autoencoder_.weights_[0], alone.weights_[0])


@pytest.mark.slow
def test_fine_tuning_moves_the_encoder_and_lowers_the_loss(learning_seed):
    frozen, tuned = (seeded(learning_seed, freeze=freeze).fit(X, Y) for freeze in (True, False))
    assert_learned(tuned.score(X, Y), above=frozen.score(X, Y))
    assert_learned(tuned.loss_curve_[-1], below=tuned.loss_curve_[0])
    assert not np.allclose(tuned.transform(X), frozen.transform(X))
    assert frozen.loss_curve_ == []
    assert tuned.n_iter_ == 20


@pytest.mark.usefixtures("without_xla")
def test_probabilities_decisions_and_predictions_agree():
    fitted = classifier().fit(X, Y)
    probabilities, logits = fitted.predict_proba(X), fitted.decision_function(X)
    assert_allclose(probabilities.sum(axis=1), 1.0)
    assert_array_equal(fitted.predict(X), probabilities.argmax(axis=1))
    assert_allclose(np.diff(np.log(probabilities)), np.diff(logits), atol=1e-6)
    two = classifier().fit(X[Y < 2], Y[Y < 2])
    logit = two.decision_function(X[:50])
    assert_allclose(two.predict_proba(X[:50])[:, 1], 1 / (1 + np.exp(-logit)), atol=1e-6)


def test_the_frozen_head_of_two_classes_is_a_logistic_regression(learning_seed):
    X2, y2 = X[Y < 2], Y[Y < 2]
    fitted = seeded(learning_seed, freeze=True, alpha=0.5).fit(X2, y2)
    codes = StandardScaler().fit_transform(fitted.transform(X2))
    logistic = LogisticRegression(C=2.0, max_iter=1000).fit(codes, y2)
    expected = logistic.decision_function(codes)
    differences = np.abs(fitted.decision_function(X2) - expected) / (1 + np.abs(expected))
    assert_learned(differences.max(), below=1e-3)


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("dtype", [object, str])
def test_classes_may_be_strings(dtype, learning_seed):
    names = np.array(["zero", "one", "two"], dtype=dtype)
    rows, labels = X[Y < 3], names[Y[Y < 3]]
    if dtype is object:
        labels[100:] = -1
    fitted = seeded(learning_seed).fit(rows, labels)
    assert list(fitted.classes_) == ["one", "two", "zero"]
    assert_learned(np.mean(fitted.predict(rows) == names[Y[Y < 3]]), above=0.9)


@pytest.mark.slow
def test_nan_targets_are_unlabeled(learning_seed):
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    holes = np.where(np.arange(len(y)) % 2, y, np.nan)
    few = AutoencoderTransformer(
        6, hidden_layer_sizes=(16,), max_iter=20, random_state=learning_seed
    )
    fitted = AutoencoderRegressor(few, random_state=learning_seed).fit(X, holes)
    assert fitted.predict(X).shape == y.shape
    assert_learned(fitted.score(X[::2], y[::2]), above=0.35)
    frozen = AutoencoderRegressor(few, freeze=True).fit(X, holes)
    scaler = StandardScaler().fit(frozen.transform(X[1::2]))
    codes, known = scaler.transform(frozen.transform(X)), y[1::2]
    standardized = (known - known.mean()) / known.std()
    ridge = Ridge(penalty_factor(codes[1::2], standardized, 1.0)).fit(codes[1::2], standardized)
    expected = ridge.predict(codes) * known.std() + known.mean()
    assert_allclose(frozen.predict(X), expected, rtol=1e-4)


@pytest.mark.usefixtures("without_xla")
def test_a_regressor_shrinks_its_linear_model_where_targets_are_noise():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((400, 20))
    noisy = rows @ rng.standard_normal(20) + 8.0 * rng.standard_normal(400)
    some = np.where(np.arange(400) < 30, noisy, np.nan)
    fitted = AutoencoderRegressor(max_iter=1, learning_rate_init=1e-9, random_state=0)
    fitted.fit(rows[:100], some[:100])
    ridge = Ridge().fit(rows[:30], noisy[:30])
    gain = fitted.score(rows[100:], noisy[100:]) - ridge.score(rows[100:], noisy[100:])
    assert gain > 0.3


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
def test_several_targets():
    X, y = load_diabetes(return_X_y=True)
    both = np.c_[y, -y]
    both[5, 1] = np.nan
    fitted = AutoencoderRegressor(SMALL, max_iter=5, random_state=0).fit(X, both)
    assert fitted.predict(X).shape == both.shape
    one = AutoencoderRegressor(SMALL, max_iter=5, random_state=0).fit(X, y)
    assert one.predict(X).shape == y.shape


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize(
    "kind",
    [
        "ConvolutionalAutoencoder",
        "VariationalAutoencoder",
        "ContractiveAutoencoder",
        "DenoisingAutoencoder",
        "SparseAutoencoder",
    ],
)
def test_any_kind_may_carry_the_head(kind, learning_seed):
    autoencoder = getattr(skae, kind)(16, max_iter=5, learning_rate="cosine", whiten=True)
    fitted = classifier(autoencoder=autoencoder, max_iter=5, random_state=learning_seed).fit(X, Y)
    assert_learned(fitted.score(X, Y), above=0.8)
    assert fitted.transform(X).shape == (len(X), 16)


@pytest.mark.slow
def test_sequences_tell_their_shape():
    sequences, y = X[:120].reshape(120, 8, 8), Y[:120]
    kind = skae.RecurrentAutoencoder(4, hidden_layer_sizes=6, max_iter=1, learning_rate="cosine")
    fitted = classifier(autoencoder=kind, max_iter=1).fit(sequences, y)
    assert (fitted.n_features_in_, fitted.autoencoder_.sequence_shape_) == (64, (8, 8))
    assert_array_equal(fitted.predict(sequences), fitted.predict(X[:120]))
    with pytest.raises(ValueError, match=r"sequence_shape=\(8, 8\) instead of \(4, 16\)"):
        fitted.predict(sequences.reshape(120, 4, 16))
    with pytest.raises(ValueError, match=r"dim 2 here: X\.reshape.* set network="):
        classifier().fit(sequences, y)


@pytest.mark.slow
def test_it_is_deterministic_and_pickles():
    one, other = classifier().fit(X, Y), classifier().fit(X, Y)
    for weight, same in zip(one.weights_, other.weights_, strict=True):
        assert_array_equal(weight, same)
    assert_array_equal(pickle.loads(pickle.dumps(one)).predict(X), one.predict(X))
    unseeded = clone(SMALL).set_params(random_state=None)
    fits = [classifier(autoencoder=unseeded, max_iter=1).fit(X, Y) for _ in range(2)]
    assert_array_equal(fits[0].weights_[0], fits[1].weights_[0])
    assert unseeded.random_state is None


@pytest.mark.usefixtures("without_xla")
def test_in_a_pipeline_and_a_grid_search_over_the_autoencoder(learning_seed):
    pipeline = make_pipeline(StandardScaler(), seeded(learning_seed, max_iter=3))
    grid = {"autoencoderclassifier__autoencoder__n_components": [2, 16]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, Y)
    two, sixteen = search.cv_results_["mean_test_score"]
    assert_learned(sixteen, above=two)
    names = search.best_estimator_[-1].get_feature_names_out()
    assert names[0] == "autoencoderclassifier0"
    assert len(names) == 16


def test_bad_labels_are_refused_and_nothing_fitted_is_lost():
    fitted = classifier(max_iter=2).fit(X, Y)
    before = fitted.predict(X)
    for bad, message in (
        (np.full(len(X), -1), "all 1797 rows as unlabeled"),
        (np.ones(len(X)), "at least 2 classes.*one class"),
        (np.where(Y == 0, 0, -1), "at least 2 classes.*one class: 0"),
        (np.array(["a", -1] * (len(Y) // 2) + [-1], dtype=object), "one class: 'a'"),
        (np.where(np.arange(len(X)) < 9, np.nan, Y), "NaN"),
        (Y[:-1], "inconsistent numbers of samples"),
    ):
        with pytest.raises(ValueError, match=message):
            fitted.fit(X[:, :5] if len(bad) == len(X) else X, bad)
    assert_array_equal(fitted.predict(X), before)
    with pytest.raises(ValueError, match="as unlabeled"):
        AutoencoderRegressor(SMALL).fit(X, np.full(len(X), np.nan))
    with pytest.raises(InvalidParameterError, match="'autoencoder' parameter"):
        AutoencoderClassifier("pca").fit(X, Y)


@pytest.mark.parametrize("unknown", [np.nan, None, pd.NA])
def test_unknown_labels_say_how_rows_are_marked(unknown):
    y = np.array(["a", "b", unknown] * 4, dtype=object)
    for labels in (y, pd.Series(y)):
        with pytest.raises(ValueError, match=r"NaN or infinity\. Mark unlabeled rows with -1"):
            classifier().fit(X[:12], labels)


@pytest.mark.parametrize("dtype", [object, str, np.dtypes.StringDType()])
def test_minus_one_as_a_string_is_refused(dtype):
    y = np.array(["a", "b", "-1"] * 4, dtype=dtype)
    with pytest.raises(ValueError, match=r"the string '-1'.*array of dtype object: np.array"):
        classifier().fit(X[:12], y)


def test_masked_targets_are_unlabeled_where_they_are_filled():
    y = np.ma.array(Y, mask=Y > 5)
    with pytest.raises(ValueError, match=r"y is a masked array.*Pass y.filled\(-1\)\.$"):
        classifier().fit(X, y)
    with pytest.raises(ValueError, match=r"y is a masked array.*Pass y.filled\(np.nan\)\.$"):
        AutoencoderRegressor(SMALL).fit(X, y)


def test_unlabeled_rows_have_no_score():
    names = np.array(["zero", "one", -1], dtype=object)
    rows, y = X[Y < 3], names[Y[Y < 3]]
    fitted = classifier(freeze=True).fit(rows, y)
    weights = np.arange(len(y))
    known = y != -1
    assert fitted.score(rows, y) == fitted.score(rows[known], y[known])
    assert fitted.score(rows.tolist(), pd.Series(y), weights) == fitted.score(
        rows[known], y[known], weights[known]
    )
    with pytest.raises(ValueError, match="marks all 3 rows as unlabeled"):
        fitted.score(rows[:3], [-1, -1, -1])


def test_targets_of_nan_are_left_out_of_cross_validation():
    y = np.where(np.arange(len(Y)) % 2, Y, np.nan)
    regressor = AutoencoderRegressor(SMALL, freeze=True)
    scores = cross_val_score(regressor, X, y, cv=2)
    assert np.isfinite(scores).all()
    both = np.c_[y, X.sum(axis=1)]
    fitted = AutoencoderRegressor(SMALL, freeze=True).fit(X, both)
    assert fitted.score(X, both) == pytest.approx(fitted.score(X[1::2], both[1::2]))


@pytest.mark.usefixtures("without_xla")
def test_minus_one_and_one_are_two_classes(learning_seed):
    rows, signs = X[Y < 2], 2 * Y[Y < 2] - 1
    fitted = seeded(learning_seed, max_iter=5).fit(rows, signs)
    assert list(fitted.classes_) == [-1, 1]
    assert_learned(fitted.score(rows, signs), above=0.95)


@pytest.mark.parametrize("y", [X[:, 2] * 1e200, np.c_[X[:, 2], X[:, 2] * 1e307]])
def test_targets_that_overflow_are_refused(y):
    with pytest.raises(ValueError, match="y is too large: it reaches 1"):
        AutoencoderRegressor(SMALL, freeze=True).fit(X, y)


@pytest.mark.usefixtures("without_xla")
class TestValidationSet:
    def test_the_loss_is_that_of_its_labeled_rows(self):
        y_val = np.where(np.arange(60) < 40, Y[200:260], -1)
        model = classifier(autoencoder=TINY, max_iter=1, early_stopping=True)
        model.fit(X[:200], Y[:200], X_val=X[200:260], y_val=y_val)
        probabilities = model.predict_proba(X[200:240])[np.arange(40), Y[200:240]]
        loss = min(model.validation_loss_curve_)
        assert loss == pytest.approx(-np.log(probabilities).mean(), rel=1e-4)

    def test_targets_are_in_the_units_of_training(self):
        y = X[:, 10:12]
        model = AutoencoderRegressor(TINY, max_iter=1, early_stopping=True, random_state=0)
        model.fit(X[:200], y[:200], X_val=X[200:260], y_val=y[200:260])
        errors = (model.predict(X[200:260]) - y[200:260]) / model.target_scale_
        assert min(model.validation_loss_curve_) == pytest.approx(np.mean(errors**2), rel=1e-4)

    def test_the_autoencoder_has_it_too(self):
        model = classifier(autoencoder=TINY, max_iter=1, early_stopping=True)
        model.fit(X[:200], Y[:200], X_val=X[200:260], y_val=Y[200:260])
        alone = clone(model.autoencoder_).fit(X[:200], X_val=X[200:260])
        assert model.autoencoder_.validation_loss_curve_ == alone.validation_loss_curve_

    @pytest.mark.parametrize(
        ("validation", "words"),
        [
            ({"X_val": X[:9]}, "X_val is provided, but y_val was not"),
            ({"y_val": Y[:9]}, "y_val is provided, but X_val was not"),
            ({"X_val": X[:9], "y_val": Y[:8]}, "X_val and y_val: .*inconsistent"),
            ({"X_val": X[:9], "y_val": Y[:9] + 10}, "classes that y does not have: .10, 11"),
            ({"X_val": X[:9, :3], "y_val": Y[:9]}, "X_val and y_val: X has 3 features"),
            ({"X_val": X[:9], "y_val": np.full(9, -1)}, "X_val and y_val: .*as unlabeled"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, validation, words):
        with pytest.raises(ValueError, match=words):
            classifier(early_stopping=True).fit(X[:50], Y[:50], **validation)

    def test_nothing_is_validated_without_early_stopping(self):
        with pytest.raises(ValueError, match="early_stopping is False"):
            classifier().fit(X[:50], Y[:50], X_val=X, y_val=Y)

    def test_outputs_must_be_as_many(self):
        with pytest.raises(ValueError, match="y_val has 1 outputs, but y has 2"):
            AutoencoderRegressor(early_stopping=True).fit(
                X[:50], X[:50, :2], X_val=X, y_val=X[:, 0]
            )


def test_a_wrong_rate_is_found_before_the_autoencoder_is_trained():
    with pytest.raises(ValueError, match=r"learning_rate=.*returned nan for epoch 3"):
        classifier(learning_rate=lambda epoch: 0.1 if epoch < 3 else np.nan).fit(X[:50], Y[:50])


@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_codes_of_nothing_but_rounding_do_not_reach_the_head(shift):
    rng = np.random.default_rng(0)
    z = rng.normal(size=100)
    rank_one = np.outer(z, [1.0, 2.0, 3.0, 4.0]) + shift
    regressor = AutoencoderRegressor(clone(TINY).set_params(random_state=0), max_iter=1)
    regressor.fit(rank_one, z**2 + rng.normal(size=100))
    new = rank_one + 0.1 * rng.normal(size=rank_one.shape)
    assert np.abs(regressor.predict(new)).max() < 100
