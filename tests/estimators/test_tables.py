"""Data frames and categories, as estimators take them and give them back."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skae
from skae import AutoencoderTransformer

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("untrained"),
]
DENSE = ("Transformer", "Denoising", "Sparse", "Stacked", "Contractive", "Variational")


def correlated(n=120, seed=0):
    """Return a data frame whose columns say the same, but for some noise."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    columns = {
        "number": z + 0.1 * rng.normal(size=n),
        "text": np.where(z > 0, "pos", "neg"),
        "level": pd.Categorical(np.where(z > 0.5, "b", "a"), categories=["b", "a", "unused"]),
        "flag": z > -0.3,
        "count": np.rint(3 * z).astype("int16"),
        "large": 1000 * z + 500 * rng.normal(size=n),
    }
    return pd.DataFrame(columns, index=pd.Index(range(100, 100 + n), name="sample"))


X = correlated()


def make(n_components=2, **parameters):
    parameters = {"max_iter": 2, "hidden_layer_sizes": (5,), "random_state": 0, **parameters}
    return AutoencoderTransformer(n_components, **parameters)


@pytest.mark.parametrize("kind", DENSE)
def test_every_dense_kind_takes_a_data_frame_and_gives_one_back(kind):
    name = f"Autoencoder{kind}" if kind == "Transformer" else f"{kind}Autoencoder"
    sizes = {"hidden_layer_sizes": (6, 5)} if kind != "Sparse" else {}
    fitted = getattr(skae, name)(3, max_iter=2, random_state=0, **sizes).fit(X)
    back = fitted.reconstruct(X)
    pd.testing.assert_frame_equal(back.iloc[:0], X.iloc[:0])
    assert back.index.equals(X.index)
    assert back.index.name == "sample"
    assert fitted.transform(X).shape == (120, 3)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fitted)).reconstruct(X), back)


def test_the_initialization_reconstructs_categories_and_numbers():
    back = make().fit(X).reconstruct(X)
    for name in ("text", "level", "flag"):
        assert (back[name].astype(str) == X[name].astype(str)).mean() > 0.9
    for name in ("number", "count", "large"):
        assert np.corrcoef(back[name], X[name])[0, 1] > 0.9


def test_codes_decode_to_the_index_of_the_codes():
    fitted = make().set_output(transform="pandas").fit(X)
    codes = fitted.transform(X[:5])
    assert codes.index.equals(X.index[:5])
    pd.testing.assert_frame_equal(fitted.inverse_transform(codes), fitted.reconstruct(X[:5]))
    assert fitted.inverse_transform(codes.to_numpy()).index.equals(pd.RangeIndex(5))


def test_polars_comes_back_as_polars():
    frame = pl.from_pandas(X)
    back = make().fit(frame).reconstruct(frame)
    assert back.schema == frame.schema


def test_frames_of_numbers_come_back_as_frames():
    numbers = X[["count", "large"]]
    array = numbers.to_numpy()
    fitted = make(1).fit(numbers)
    back = fitted.reconstruct(numbers)
    pd.testing.assert_frame_equal(back.iloc[:0], numbers.iloc[:0])
    assert_allclose(back["large"], make(1).fit(array).reconstruct(array)[:, 1])
    assert np.isscalar(fitted.scale_)
    assert fitted.categories_ is None
    assert fitted.score_columns_ is None


def test_arrays_come_back_as_arrays():
    array = X[["number", "count"]].to_numpy()
    back = make(categorical_features=[1]).fit(array).reconstruct(array)
    assert set(back[:, 1]) <= set(array[:, 1])
    assert back.dtype == float


def test_missing_and_unknown_categories_are_missing_values():
    fitted = make().fit(X)
    strange = X[:2].astype({"text": object})
    strange["text"] = ["new", None]
    assert np.isnan(fitted._validated(strange)[:, 1:3]).all()
    assert fitted.reconstruct(strange)["text"].isin(["pos", "neg"]).all()
    holes = X.mask(np.random.default_rng(0).uniform(size=X.shape) < 0.2)
    fitted = make(3).fit(holes)
    assert fitted.reconstruct(holes)["text"].isin(["pos", "neg"]).all()
    assert fitted.score(holes) == pytest.approx(fitted.score_columns_.mean(), abs=0.02)
    assert fitted.score_samples(holes).shape == (120,)
    detector = skae.AutoencoderOutlierDetector(make(1), random_state=0).fit(holes)
    assert np.isnan(detector.feature_errors(holes)).mean() == pytest.approx(0.2, abs=0.05)


def test_scores_are_means_over_the_columns():
    fitted = make().fit(X)
    assert fitted.score_columns_.shape == (6,)
    assert fitted.score(X) == pytest.approx(fitted.score_columns_.mean())
    assert fitted.reconstruction_err_ == pytest.approx(1 - fitted.score(X))
    assert fitted.score_samples(X).mean() == pytest.approx(-6 * fitted.reconstruction_err_)
    probabilities = fitted.inverse_transform(fitted.transform(X))  # of the same columns
    assert list(probabilities.columns) == list(X.columns)
    residuals = X["large"] - fitted._reconstructed(X)[:, -1]
    assert fitted.score_columns_[-1] == pytest.approx(
        1 - residuals.var(ddof=0) / X["large"].var(ddof=0), abs=1e-3
    )


def test_column_scaling():
    numbers = X[["number", "large"]].to_numpy()
    assert_allclose(make(1, column_scaling=True).fit(numbers).scale_, numbers.std(axis=0))
    whole = make(column_scaling=False).fit(X).scale_
    assert (
        whole[0]
        == whole[-1]
        == pytest.approx(
            np.sqrt(X.var(ddof=0, numeric_only=True)[["number", "count", "large"]].mean())
        )
    )
    apart = make().fit(X)
    assert apart.scale_[-1] == pytest.approx(X["large"].std(ddof=0))
    assert set(apart.scale_[1:7]) == {1.0}


def test_columns_that_are_scaled_by_hand_are_the_same():
    numbers = X[["number", "large"]].to_numpy()
    by_hand = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    one, other = make(1, column_scaling=True).fit(numbers), make(1).fit(by_hand)
    assert_allclose(one.transform(numbers), other.transform(by_hand), atol=1e-5)
    assert one.score(numbers) == pytest.approx(other.score(by_hand))


def test_constant_columns_and_names_of_samples():
    odd = X.assign(constant="k", zero=0.0, name=[f"sample {i}" for i in range(120)])
    back = make().fit(odd).reconstruct(odd)
    assert set(back["constant"]) == {"k"}
    assert set(back["zero"]) == {0.0}


def test_searches_partial_fits_and_validation_sets():
    search = GridSearchCV(make(), {"n_components": [1, 2]}, cv=2).fit(X)
    assert search.best_params_ == {"n_components": 2}
    fitted = make().partial_fit(X).partial_fit(X[:50])
    assert fitted.reconstruct(X[:3]).shape == (3, 6)
    assert make().fit(X[:80], X_val=X[80:]).n_samples_seen_ == 80
    fitted = clone(fitted).set_params(warm_start=True).fit(X).fit(X)
    assert fitted.n_features_in_ == 6


def test_samples_of_weight_zero_have_no_categories():
    more = pd.concat([X, X[:3].assign(text="other")])
    weights = np.repeat([1.0, 0.0], [120, 3])
    one, other = make().fit(more, sample_weight=weights), make().fit(X)
    assert_allclose(one.transform(X), other.transform(X))
    weights[0] = 2.0
    assert make().fit(more, sample_weight=weights).network_.n_features == 9


def test_a_failed_fit_keeps_the_earlier_columns():
    fitted = make().fit(X)
    with pytest.raises(ValueError, match="NaN or infinity in the columns"):
        fitted.fit(X.assign(number=np.inf, text="other"))
    assert fitted.reconstruct(X)["text"].isin(["pos", "neg"]).all()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"loss": "binary_crossentropy"}, "loss='binary_crossentropy'.*categories"),
        ({"standardize": False}, "standardize=False.*categories"),
        ({"network": skae.networks.ConvolutionalNetwork()}, "ConvolutionalNetwork.*encode"),
    ],
)
def test_what_excludes_categories(parameters, words):
    with pytest.raises(ValueError, match=words):
        AutoencoderTransformer(2, **parameters).fit(X)


def test_variational_samples_are_tables():
    variational = skae.VariationalAutoencoder(2, max_iter=2, random_state=0).fit(X)
    drawn = variational.sample(4, random_state=0)
    pd.testing.assert_frame_equal(
        drawn.iloc[:0].reset_index(drop=True), X.iloc[:0].reset_index(drop=True)
    )
    bounds = variational.log_likelihood(X, n_samples=3, random_state=0)
    assert bounds.shape == (120,)


def test_labels_and_outliers():
    y = (X["number"] > 0).astype(int)
    classifier = skae.AutoencoderClassifier(max_iter=1, random_state=0).fit(X, y)
    assert classifier.score(X, y) > 0.9
    assert list(classifier.feature_names_in_) == list(X.columns)
    assert (
        skae.AutoencoderRegressor(max_iter=1, random_state=0)
        .fit(X, X["number"])
        .score(X, X["number"])
        > 0.9
    )
    detector = skae.AutoencoderOutlierDetector(make(1), random_state=0).fit(X)
    odd = X.loc[[X["number"].idxmax()]].assign(text="neg")
    errors = detector.set_output(transform="pandas").feature_errors(odd)
    assert errors.idxmax(axis=1).tolist() == ["text"]
    assert errors.sum(axis=1).tolist() == pytest.approx(-detector.autoencoder_.score_samples(odd))
    assert detector.autoencoder_.reconstruct(odd)["text"].tolist() == ["pos"]
    assert detector.score_samples(odd)[0] < np.quantile(detector.score_samples(X), 0.1)


@pytest.mark.parametrize(
    ("table", "parameters", "expected"),
    [
        (X, {}, 0.51),
        (X[["number", "large"]], {}, 0.02),
        (X, {"alpha": 0.3}, 0.3),
        (X, {"solver": "adamw"}, 0.02),
    ],
)
def test_categories_have_an_l2_regularization_of_their_own(table, parameters, expected):
    fitted = make(**parameters).fit(table)
    plan = fitted._plan(fitted.network_.n_features, 2)
    decay = plan.solver.weight_decay if "solver" in parameters else plan.objective.alpha
    assert decay == pytest.approx(expected)


@pytest.mark.parametrize(("scaled", "are_spread"), [(True, True), (False, False)])
def test_units_that_read_a_single_code_bend_at_different_codes(scaled, are_spread):
    numbers = X[["number", "count", "large"]].to_numpy(float)
    fitted = make(1, column_scaling=scaled, hidden_layer_sizes=(200,)).fit(numbers)
    bends = -fitted.decoder_intercepts_[0] / fitted.decoder_coefs_[0][0]
    codes = fitted.transform(numbers) / (1.0 if scaled else fitted.scale_)
    middle = np.quantile(codes, [0.1, 0.9])
    share = np.mean((bends > middle[0]) & (bends < middle[1]) & (bends != 0.0))
    assert share == pytest.approx(0.8 if are_spread else 0.0, abs=0.1)


def test_codes_of_nothing_but_rounding_do_not_decide_on_categories():
    z = np.random.default_rng(0).normal(size=300)
    X = pd.DataFrame(np.outer(z, [1.0, 2.0, 3.0, 4.0]) + 50, columns=list("abcd"))
    X["text"] = np.where(z > 0, "pos", "neg")
    new = X.copy()
    new[list("abcd")] += 0.1 * np.random.default_rng(1).normal(size=(300, 4))
    back = make(4).fit(X).reconstruct(new)
    assert (back["text"] == X["text"]).mean() > 0.95
