"""Outliers: found, named by column, told from inliers by a threshold one can choose."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context, datasets
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import AutoencoderOutlierDetector, AutoencoderTransformer, ConvolutionalAutoencoder
from skae._estimators.outlier_scores import MAX_REFERENCES, References, Tail, cutoff
from skae.base import BaseAutoencoder
from tests.learning import assert_learned

# Few epochs are enough for what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DIGITS = datasets.load_digits()
# `skae.__all__` also names a forest, whose errors are in other units.
NETWORKS = [
    name
    for name in skae.__all__
    if name != "__version__" and issubclass(getattr(skae, name), BaseAutoencoder)
]
QUICK = AutoencoderTransformer(2, hidden_layer_sizes=8, max_iter=5, random_state=0)


def near_a_plane(n_rows=300, seed=0):
    """Rows of six columns with two hidden variables and a little noise."""
    rng = np.random.default_rng(seed)
    plane = np.random.default_rng(42).standard_normal((2, 6))
    return rng.standard_normal((n_rows, 2)) @ plane + 0.1 * rng.standard_normal((n_rows, 6))


class Principal(PCA):
    """What a detector asks of an autoencoder, by a class that is none of skae's."""

    def reconstruct(self, X):
        return self.inverse_transform(self.transform(X))

    def score_samples(self, X):
        return -((X - self.reconstruct(X)) ** 2).sum(axis=1)


class TestScores:
    def test_an_outlier_is_found_and_its_column_named(self, learning_seed):
        X = near_a_plane()
        detector = AutoencoderOutlierDetector(random_state=learning_seed).fit(X)
        odd = near_a_plane(20, seed=1)
        odd[np.arange(20), np.arange(20) % 6] += 5.0
        assert_learned(detector.decision_function(odd).max(), below=0)
        worst = detector.feature_errors(odd).argmax(axis=1)
        assert_learned(np.mean(worst == np.arange(20) % 6), above=0.8)

    def test_outliers_among_the_training_rows_are_found(self, learning_seed):
        X = near_a_plane()
        X[:10] += np.random.default_rng(1).normal(scale=3.0, size=(10, 6))
        found = AutoencoderOutlierDetector(QUICK, random_state=learning_seed).fit_predict(X)
        assert_learned(np.sum(found[:10] == -1), above=8)
        assert_learned(np.mean(found[10:] == -1), below=0.06)

    @pytest.mark.usefixtures("untrained")
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
    def test_errors_by_column_sum_to_those_of_rows(self, dtype):
        X = DIGITS.data[:200].astype(dtype)
        detector = AutoencoderOutlierDetector(QUICK).fit(X)
        errors = detector.feature_errors(X)
        assert errors.shape == X.shape
        assert errors.dtype == np.float64
        assert_allclose(errors.sum(axis=1), -detector.autoencoder_.score_samples(X), rtol=1e-6)
        assert_allclose(detector.feature_errors(X.tolist()), errors, rtol=1e-3, atol=1e-3)

    def test_errors_have_the_names_of_columns_where_a_frame_is_asked_for(self):
        frame = pd.DataFrame(near_a_plane(), columns=list("abcdef"), index=range(100, 400))
        detector = AutoencoderOutlierDetector(QUICK).fit(frame)
        plain = detector.feature_errors(frame)
        assert isinstance(plain, np.ndarray)
        with config_context(transform_output="pandas"):
            errors = detector.feature_errors(frame)
        assert_array_equal(errors, plain)
        assert list(errors.columns) == list("abcdef")
        assert list(errors.index) == list(frame.index)
        detector.set_output().set_output(transform="polars").set_output()
        assert detector.feature_errors(frame).columns == list("abcdef")
        assert clone(detector)._sklearn_output_config == {"transform": "polars"}
        assert isinstance(
            detector.set_output(transform="default").feature_errors(frame), np.ndarray
        )

    def test_columns_without_names_are_numbered(self):
        detector = AutoencoderOutlierDetector(QUICK).fit(near_a_plane())
        errors = detector.set_output(transform="pandas").feature_errors(near_a_plane())
        assert list(errors.columns) == [f"x{i}" for i in range(6)]

    @pytest.mark.slow
    def test_no_worse_than_pca_on_a_class_never_seen(self, learning_seed):
        usual = DIGITS.target != 7
        train, test = train_test_split(DIGITS.data[usual], test_size=0.25, random_state=0)
        both = np.vstack([test, DIGITS.data[~usual]])
        is_outlier = np.arange(len(both)) >= len(test)
        detector = AutoencoderOutlierDetector(random_state=learning_seed).fit(train)
        pca = Principal(detector.autoencoder_.n_components_).fit(train)
        of_pca = roc_auc_score(is_outlier, -pca.score_samples(both))
        auc = roc_auc_score(is_outlier, -detector.score_samples(both))
        assert_learned(auc, above=max(0.9, of_pca))


class TestThreshold:
    @pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
    def test_contamination_is_the_share_of_outliers_among_training_rows(self, share):
        detector = AutoencoderOutlierDetector(QUICK, contamination=share)
        assert np.mean(detector.fit_predict(near_a_plane()) == -1) == pytest.approx(share)

    def test_auto_calls_few_rows_without_outliers_so(self):
        X = np.random.default_rng(0).standard_normal((2000, 20))
        linear = AutoencoderOutlierDetector(Principal(5))
        assert 0.015 < np.mean(linear.fit_predict(X) == -1) < 0.04
        assert 0.015 < np.mean(linear.predict(-X[::-1] * [[1, -1] * 10]) == -1) < 0.06

    def test_auto_is_the_quantile_of_a_distribution_whose_power_is_normal(self):
        rng = np.random.default_rng(0)
        normal = 10.0 + rng.standard_normal(100_000)
        for power, back in [(0.0, np.exp), (0.5, np.square), (3.0, np.cbrt)]:
            inliers = back(normal)
            assert np.mean(inliers > cutoff(inliers)) == pytest.approx(0.025, abs=0.003), power
            # One outlier in twenty moves that little, and never to where inliers are.
            both = np.concatenate([inliers, rng.uniform(2.0, 3.0, 5_000) * inliers.max()])
            assert np.mean(inliers > cutoff(both)) < 0.025
            assert np.all(both[100_000:] > cutoff(both))

    def test_auto_does_not_give_way_to_many_large_errors(self):
        X = near_a_plane()
        half_odd = X.copy()
        half_odd[:120] *= 1e3

        class Known(Principal):
            def fit(self, _, y=None):
                return super().fit(X)

        own = AutoencoderOutlierDetector(Known(2)).fit(X)
        found = AutoencoderOutlierDetector(Known(2)).fit(half_odd)
        assert_array_equal(found.predict(half_odd)[:120], -1)
        assert found.offset_ > 10 * own.offset_

    @pytest.mark.parametrize(
        "cv", [3, KFold(3, shuffle=True, random_state=0), ShuffleSplit(1, random_state=0)]
    )
    def test_errors_of_rows_unseen_set_a_looser_threshold(self, cv):
        X = np.random.default_rng(0).standard_normal((60, 30))
        own = AutoencoderOutlierDetector(Principal(10), contamination=0.1).fit(X)
        unseen = AutoencoderOutlierDetector(Principal(10), contamination=0.1, cv=cv).fit(X)
        assert unseen.offset_ < own.offset_
        assert_array_equal(unseen.score_samples(X), own.score_samples(X))

    def test_cross_validation_lets_normal_rows_pass(self, learning_seed):
        train, test = near_a_plane(60), near_a_plane(500, seed=1)
        fixed = {"contamination": 0.1, "cv": 5, "random_state": learning_seed}
        detector = AutoencoderOutlierDetector(QUICK, **fixed).fit(train.tolist())
        assert_learned(np.mean(detector.predict(test) == -1), above=0.04, below=0.16)


class TestAutoencoders:
    @pytest.mark.usefixtures("untrained")
    @pytest.mark.parametrize("name", NETWORKS)
    def test_every_kind(self, name):
        autoencoder = getattr(skae, name)(4, hidden_layer_sizes=8, max_iter=2)
        detector = AutoencoderOutlierDetector(autoencoder, random_state=0)
        X = DIGITS.data[:100]
        assert detector.fit(X).predict(X).shape == (100,)
        errors = detector.feature_errors(X).sum(axis=1)
        assert_allclose(errors, -detector.autoencoder_.score_samples(X))
        assert detector.code_distances(X).shape == (100,)
        assert not hasattr(autoencoder, "weights_")

    @pytest.mark.usefixtures("untrained")
    def test_arrays_of_images(self):
        images = DIGITS.images[:100]
        autoencoder = ConvolutionalAutoencoder(4, max_iter=2, random_state=0)
        detector = AutoencoderOutlierDetector(autoencoder).fit(images)
        assert detector.n_features_in_ == 64
        errors = detector.feature_errors(images)
        assert errors.shape == images.shape
        assert_allclose(detector.feature_errors(images.reshape(100, 64)), errors.reshape(100, 64))
        assert detector.set_output(transform="pandas").feature_errors(images).shape == (100, 64)

    @pytest.mark.usefixtures("untrained")
    def test_random_state_is_the_autoencoders(self):
        X, autoencoder = near_a_plane(), AutoencoderTransformer(2, max_iter=2, init="he")
        one, same, other = (
            AutoencoderOutlierDetector(autoencoder, random_state=seed).fit(X).score_samples(X)
            for seed in (0, 0, 1)
        )
        assert_array_equal(one, same)
        assert np.any(one != other)
        autoencoder.set_params(random_state=0)
        assert_array_equal(AutoencoderOutlierDetector(autoencoder).fit(X).score_samples(X), one)

    def test_an_object_that_reconstructs_nothing_is_refused(self):
        with pytest.raises(ValueError, match="'score_samples' and 'reconstruct'"):
            AutoencoderOutlierDetector(PCA(2)).fit(near_a_plane())

    def test_a_seed_needs_someone_who_takes_it(self):
        class Unseeded(BaseEstimator):
            fit = score_samples = reconstruct = print

        with pytest.raises(ValueError, match="Invalid parameter 'random_state'"):
            AutoencoderOutlierDetector(Unseeded(), random_state=0).fit(near_a_plane())


class TestInScikitLearn:
    def test_feature_names(self):
        X = pd.DataFrame(near_a_plane(), columns=list("abcdef"))
        detector = AutoencoderOutlierDetector(QUICK).fit(X)
        assert_array_equal(detector.feature_names_in_, list("abcdef"))
        assert detector.feature_errors(X).shape == X.shape
        with pytest.raises(ValueError, match="feature names should match"):
            detector.feature_errors(X[list("fedcba")])
        assert not hasattr(detector.fit(X.to_numpy()), "feature_names_in_")

    def test_pickle(self):
        X = near_a_plane()
        detector = AutoencoderOutlierDetector(QUICK).fit(X)
        again = pickle.loads(pickle.dumps(detector))
        assert_array_equal(again.decision_function(X), detector.decision_function(X))
        assert_array_equal(again.feature_errors(X), detector.feature_errors(X))

    def test_pipeline(self, learning_seed):
        X = near_a_plane() * [1, 10, 1e2, 1e3, 1e4, 1e5]
        detector = AutoencoderOutlierDetector(QUICK, random_state=learning_seed)
        pipeline = make_pipeline(StandardScaler(), detector).fit(X)
        odd = X[:1] + np.array([0, 0, 0, 0, 0, 5e5])
        assert_array_equal(pipeline.predict(odd), [-1])
        assert_learned(pipeline.decision_function(odd)[0], below=0)

    def test_grid_search_by_roc_auc(self, learning_seed):
        X = near_a_plane()
        is_inlier = np.ones(300, int)
        is_inlier[::10] = -1
        X[::10] += np.random.default_rng(1).normal(scale=1.0, size=(30, 6))
        search = GridSearchCV(
            AutoencoderOutlierDetector(QUICK, random_state=learning_seed),
            {"autoencoder__n_components": [2, 6]},
            scoring="roc_auc",
            cv=2,
            error_score="raise",
        ).fit(X, is_inlier)
        two, six = search.cv_results_["mean_test_score"]
        assert_learned(two, above=six)
        assert search.best_score_ == two
        assert_learned(two, above=0.9)

    def test_a_failed_fit_keeps_what_was_fitted(self):
        X = near_a_plane()
        detector = AutoencoderOutlierDetector(QUICK).fit(X)
        before = detector.decision_function(X)
        with pytest.raises(ValueError, match="NaN"):
            detector.fit(np.full((30, 4), np.nan))
        with pytest.raises(ValueError, match="n_splits=50"):
            detector.set_params(cv=50).fit(np.zeros((30, 4)))
        assert_array_equal(detector.decision_function(X), before)
        assert detector.n_features_in_ == 6

    @pytest.mark.parametrize(
        "method", ["predict", "score_samples", "feature_errors", "code_distances"]
    )
    def test_not_fitted(self, method):
        with pytest.raises(NotFittedError, match="AutoencoderOutlierDetector"):
            getattr(AutoencoderOutlierDetector(), method)([[0.0]])


class TestDistances:
    def test_the_distance_is_the_mean_over_samples_to_the_nearest_row(self):
        rng = np.random.default_rng(0)
        rows, others = rng.standard_normal((401, 3)), 2.0 * rng.standard_normal((5, 3))
        lengths = np.linalg.norm(others[:, np.newaxis] - rows[:400], axis=2)
        # Of 401 rows one may be the row itself: samples are of 32 of the nearest 400.
        samples = [rng.choice(400, 32, replace=False) for _ in range(4000)]
        expected = np.mean([lengths[:, sample].min(axis=1) for sample in samples], axis=0)
        found = np.sqrt(References.of(rows).squared_distances(others))
        assert_allclose(found, expected, rtol=0.03)

    def test_no_row_is_compared_with_itself(self):
        rows = np.random.default_rng(0).standard_normal((60, 2))
        references = References.of(rows[::2])
        alone = references.squared_distances(rows, own=np.arange(0, 60, 2))
        assert np.all(alone[::2] > 1.2 * references.squared_distances(rows[::2]))
        assert_array_equal(alone[1::2], references.squared_distances(rows)[1::2])

    def test_what_lies_between_clusters_is_far_though_it_is_near_the_mean(self):
        rng = np.random.default_rng(0)
        clusters = np.sign(rng.standard_normal((400, 1))) * [5.0, 5.0, 0.0]
        X = clusters + 0.1 * rng.standard_normal((400, 3))
        detector = AutoencoderOutlierDetector(Principal(1), random_state=0).fit(X)
        between = [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
        assert_array_equal(detector.predict(between), [-1, -1])
        assert np.all(detector.code_distances(between) > 100 * detector.code_distances(X).max())
        # The plane of the codes holds them: their errors are usual.
        assert np.all(detector.feature_errors(between).sum(axis=1) < 0.1)

    def test_surprise_goes_on_where_probabilities_are_zero(self):
        values = np.random.default_rng(0).chisquare(5, 1000)
        far = np.logspace(2, 150, 200)
        for tail in (Tail.of_errors(values, 1e-9), Tail.central(values, (0.0, 5.0))):
            assert np.all(np.diff(tail.surprise(far)) > 0)
            assert np.median(tail.surprise(values)) == pytest.approx(np.log(2), rel=1e-3)

    def test_many_rows_are_compared_with_some(self):
        X = np.random.default_rng(0).standard_normal((3 * MAX_REFERENCES, 3))
        scores = [
            AutoencoderOutlierDetector(Principal(2), random_state=seed).fit(X).score_samples(X[:50])
            for seed in (0, 0, 1)
        ]
        assert_array_equal(scores[0], scores[1])
        assert np.any(scores[0] != scores[2])
        assert np.corrcoef(scores[0], scores[2])[0, 1] > 0.9

    @pytest.mark.usefixtures("untrained")
    def test_rows_that_are_all_alike_are_inliers(self):
        X = np.ones((30, 3))
        detector = AutoencoderOutlierDetector(QUICK).fit(X)
        assert_array_equal(detector.predict(X), 1)
        assert_array_equal(detector.predict(X + 1e3), -1)


def test_the_autoencoder_does_not_see_the_farthest_rows():
    X = near_a_plane(100)
    X[:10] *= 50.0
    seen = []

    class Watched(Principal):
        def fit(self, X, y=None):
            seen.append(X)
            return super().fit(X)

    AutoencoderOutlierDetector(Watched(2)).fit(X)
    assert_array_equal(seen[0], X[10:])


@pytest.mark.parametrize("cv", [(2,), [], [(np.arange(10),)]])
def test_what_is_no_split_is_named(cv):
    with pytest.raises(ValueError, match=r"^cv="):
        AutoencoderOutlierDetector(Principal(2), cv=cv).fit(near_a_plane())


@pytest.mark.parametrize("cv", [None, 2])
def test_the_autoencoder_has_the_validation_set(cv):
    seen = []

    class Watched(Principal):
        def fit(self, X, y=None, *, X_val=None):
            seen.append(X_val)
            return super().fit(X)

    X, X_val = near_a_plane(100), near_a_plane(20)
    AutoencoderOutlierDetector(Watched(2), cv=cv).fit(X, X_val=X_val)
    assert len(seen) == (1 if cv is None else 3)
    assert all(each is X_val for each in seen)
