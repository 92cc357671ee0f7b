"""In the company of scikit-learn: pipelines, unions, searches, processes and threads."""

import os

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skae import AutoencoderTransformer, ConvolutionalAutoencoder, RecurrentAutoencoder
from tests.learning import assert_learned

# In the workers of a search too: warnings there would not reach pytest's filters.
QUIET = {"learning_rate": "cosine"}


def make(n_components=2, **params):
    defaults = {"hidden_layer_sizes": (8,), "max_iter": 10, "random_state": 0} | QUIET
    return AutoencoderTransformer(n_components, **defaults | params)


@pytest.mark.parametrize(
    ("model", "data"),
    [(LogisticRegression(), load_iris), (LinearRegression(), load_diabetes)],
    ids=["classifier", "regressor"],
)
def test_before_a_linear_model(model, data, learning_seed):
    X, y = data(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), make(3, random_state=learning_seed), model)
    scores = cross_val_score(pipeline, X, y, cv=3)
    assert_learned(scores.min(), above=0.85 if data is load_iris else 0.2)
    back = pipeline.fit(X, y)[:-1].inverse_transform(pipeline[:-1].transform(X))
    assert back.shape == X.shape


@pytest.mark.usefixtures("untrained")
def test_in_a_column_transformer_with_feature_names():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(load_iris().data, columns=list("abcd"))
    transformer = ColumnTransformer(
        [("codes", make(1), ["a", "b", "c"])], remainder="passthrough"
    ).set_output(transform="pandas")
    assert list(transformer.fit_transform(frame).columns) == [
        "codes__autoencodertransformer0",
        "remainder__d",
    ]


def test_in_a_feature_union():
    X = load_iris().data
    union = FeatureUnion([("codes", make()), ("scaled", StandardScaler())]).fit(X)
    assert union.transform(X).shape == (150, 6)
    assert union.get_feature_names_out()[0] == "codes__autoencodertransformer0"


def test_in_the_regressor_of_a_transformed_target(learning_seed):
    X, y = load_diabetes(return_X_y=True)
    reducer = make(4, random_state=learning_seed)
    regressor = make_pipeline(StandardScaler(), reducer, LinearRegression())
    model = TransformedTargetRegressor(regressor, func=np.log1p, inverse_func=np.expm1)
    assert_learned(model.fit(X, y).score(X, y), above=0.25)


def test_grid_search_needs_no_scorer(learning_seed):
    X = load_iris().data
    reducer = make(random_state=learning_seed)
    search = GridSearchCV(reducer, {"n_components": [1, 2]}, cv=3).fit(X)
    one, two = search.cv_results_["mean_test_score"]
    assert_learned(two, above=one)
    assert search.best_params_ == {"n_components": 2}
    assert search.best_score_ == pytest.approx(search.cv_results_["mean_test_score"].max())


def test_a_search_over_numbers_of_ordered_codes_fits_once_in_each_fold(tmp_path):
    X, y = load_iris(return_X_y=True)
    steps = [
        ("codes", make(4, ordered=True, early_stopping=False)),
        ("first", FunctionTransformer(np.take)),
        ("model", LinearRegression()),
    ]
    grid = {"first__kw_args": [{"indices": range(k), "axis": 1} for k in (1, 2, 3)]}
    search = GridSearchCV(Pipeline(steps, memory=str(tmp_path)), grid, cv=2).fit(X, y)
    # Kept fits: of each size in two folds and of the best one, but of the autoencoder once each.
    assert len(list(tmp_path.rglob("output.pkl"))) == 7 + 3
    best = search.best_estimator_[:-1].transform(X)
    assert_allclose(best, clone(steps[0][1]).fit_transform(X)[:, : best.shape[1]])


# Workers have another number of threads than this process.
N_THREADS = 3 if os.environ.get("OMP_NUM_THREADS", os.cpu_count()) in ("1", 1) else 1
PROCESSES = {"backend": "loky", "n_jobs": 2, "inner_max_num_threads": N_THREADS}
THREADS = {"backend": "threading", "n_jobs": 2}


@pytest.mark.slow
def test_same_seed_same_scores_in_processes_and_in_threads(tmp_path):
    X, y = load_iris(return_X_y=True)
    pipeline = Pipeline([("codes", make()), ("model", LogisticRegression())])
    grid = {"codes__learning_rate_init": [1e-3, 1e-2], "model__C": [0.1, 10.0]}

    def search(parallel):
        with parallel_config(**parallel):
            found = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
            alone = cross_val_score(make(), X, cv=3)
        return [*found.cv_results_["mean_test_score"], *alone]

    serial = search({"backend": "loky", "n_jobs": 1})
    # Fits that differ in C alone share their checkpoints, too.
    pipeline.set_params(codes__checkpoint=tmp_path)
    assert_allclose(search(PROCESSES), serial, rtol=1e-6)
    assert_allclose(search(THREADS), serial, rtol=1e-6)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_images_and_sequences_do_not_depend_on_the_number_of_threads():
    """By the convolutions, products and sums that differ by bits between 1, 2 and 3 threads."""
    rng = np.random.default_rng(0)
    X = np.float32(rng.standard_normal((320, 8)) @ rng.standard_normal((8, 784)))
    settings = {"max_iter": 3, "random_state": 0, **QUIET}
    kinds = [
        ConvolutionalAutoencoder(8, init="glorot", early_stopping=False, **settings),
        ConvolutionalAutoencoder(
            None, filters=(4, 1), kernel_size=5, strides=1, init="glorot", **settings
        ),
        RecurrentAutoencoder(4, sequence_shape=(28, 28), init="he", **settings),
        RecurrentAutoencoder(4, sequence_shape=(28, 28), cell="gru", init="he", **settings),
    ]
    with parallel_config(**PROCESSES):
        fits = Parallel()(delayed(kind.fit)(X) for kind in kinds)
    for kind, fitted in zip(kinds, fits, strict=True):
        kind.fit(X)
        assert joblib.hash(fitted.weights_) == joblib.hash(kind.weights_), kind
        assert fitted.validation_loss_curve_ == kind.validation_loss_curve_
        assert np.array_equal(fitted.transform(X), kind.transform(X))
