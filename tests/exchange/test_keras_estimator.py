"""Models trained in Keras, as estimators of scikit-learn."""

import copy
import pickle
from functools import cache

import joblib
import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

import skae
from skae.keras import KerasAutoencoder, from_keras
from skae.plotting import ReconstructionDisplay
from tests.fresh import in_fresh_process

X = np.random.default_rng(0).normal(size=(60, 5))
# Storing is Keras', which does not know NumPy's newest signature of __array__.
stores = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def dense(n_in, n_out, *before):
    return keras.Sequential([keras.Input((n_in,)), *before, keras.layers.Dense(n_out)])


@cache
def fitted(width=5):
    keras.utils.set_random_seed(0)
    dropout = keras.layers.Dropout(0.5)
    return from_keras(dense(width, 2, dropout), dense(2, width))


def by_hand(model, rows):
    kernel, bias = model.layers[-1].get_weights()
    return rows @ kernel + bias


def test_it_computes_what_the_models_do_at_inference():
    codes = fitted().transform(X)
    assert_allclose(codes, by_hand(fitted().encoder, X), atol=1e-5)
    back = by_hand(fitted().decoder, codes)
    assert_allclose(fitted().inverse_transform(codes), back, atol=1e-5)
    assert_allclose(fitted().reconstruct(X), back, atol=1e-5)
    errors = ((X - back) ** 2).sum(axis=1)
    assert_allclose(fitted().score_samples(X), -errors, rtol=1e-5)
    variance = ((X - X.mean(axis=0)) ** 2).sum()
    assert fitted().score(X) == pytest.approx(1 - errors.sum() / variance, abs=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_preserved(dtype):
    codes = fitted().transform(X.astype(dtype))
    assert codes.dtype == fitted().inverse_transform(codes).dtype == dtype


def test_fit_changes_no_weight_and_keeps_names():
    pd = pytest.importorskip("pandas")
    before = [weight.copy() for weight in fitted().encoder.get_weights()]
    autoencoder = clone(fitted()).set_output(transform="pandas")
    codes = autoencoder.fit(pd.DataFrame(X, columns=list("abcde"))).transform(
        pd.DataFrame(X, columns=list("abcde"))
    )
    assert list(codes.columns) == ["kerasautoencoder0", "kerasautoencoder1"]
    assert list(autoencoder.feature_names_in_) == list("abcde")
    assert not hasattr(autoencoder.fit(X), "feature_names_in_")
    assert not hasattr(fitted(), "feature_names_in_")
    for old, new in zip(before, autoencoder.encoder.get_weights(), strict=True):
        assert_array_equal(old, new)


def test_rows_that_do_not_fit():
    with pytest.raises(ValueError, match=r"X has 4 features, but the encoder takes .* \(5,\)"):
        fitted().fit(X[:, :4])
    with pytest.raises(ValueError, match="X has 4 features, but KerasAutoencoder is expecting 5"):
        fitted().transform(X[:, :4])
    with pytest.raises(ValueError, match=r"expects codes with n_components_=2"):
        fitted().inverse_transform(X)


def test_the_class_itself_is_fitted_by_fit():
    autoencoder = KerasAutoencoder(fitted().encoder, fitted().decoder)
    with pytest.raises(NotFittedError):
        autoencoder.transform(X)
    assert_array_equal(autoencoder.fit_transform(X), fitted().transform(X))
    with pytest.raises(TypeError, match="encoder=3 has the type int, but"):
        autoencoder.set_params(encoder=3).fit(X)


def test_a_clone_shares_the_models():
    other = clone(fitted())
    assert other is not fitted()
    assert other.encoder is fitted().encoder
    assert_array_equal(other.transform(X), fitted().transform(X))


def test_searches_and_pipelines():
    y = X[:, 0] > 0
    pipeline = make_pipeline(StandardScaler(), fitted(), LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=2, error_score="raise").shape == (2,)
    other = from_keras(dense(5, 3), dense(3, 5))
    search = GridSearchCV(pipeline, {"kerasautoencoder": [fitted(), other]}, cv=2).fit(X, y)
    assert search.best_params_["kerasautoencoder"].n_components_ in (2, 3)


def test_inside_other_estimators_of_skae():
    detector = skae.AutoencoderOutlierDetector(fitted()).fit(X)
    assert_allclose(detector.feature_errors(X).sum(axis=1), -fitted().score_samples(X), rtol=1e-5)
    with pytest.raises(ValueError, match="The 'autoencoder' parameter of AutoencoderRegressor"):
        skae.AutoencoderRegressor(fitted()).fit(X, X[:, 0])


def test_pictures_know_the_shapes_of_rows_and_codes():
    encoder = keras.Sequential([keras.Input((6, 4, 1)), keras.layers.Conv2D(3, 2, strides=2)])
    decoder = keras.Sequential(
        [keras.Input((3, 2, 3)), keras.layers.Conv2DTranspose(1, 2, strides=2)]
    )
    rows = np.random.default_rng(0).normal(size=(2, 24))
    display = ReconstructionDisplay.from_estimator(from_keras(encoder, decoder), rows)
    plt.close(display.figure_)
    assert_array_equal(display.artists_[0, 1].get_array(), rows[1].reshape(6, 4))
    # Three maps of 3 x 2, side by side.
    tiles = display.artists_[1, 1].get_array()
    maps = encoder(rows.reshape(2, 6, 4, 1).astype(np.float32)).numpy()[1]
    assert tiles.shape == (7, 5)
    for tile, i in ((tiles[:3, :2], 0), (tiles[:3, 3:], 1), (tiles[4:, :2], 2)):
        assert_allclose(tile, maps[..., i], rtol=1e-4, atol=1e-6)


@stores
def test_pickle_joblib_and_deepcopy(tmp_path):
    codes = fitted().transform(X)
    assert_array_equal(pickle.loads(pickle.dumps(fitted())).transform(X), codes)
    joblib.dump(fitted(), tmp_path / "fitted.joblib")
    assert_array_equal(joblib.load(tmp_path / "fitted.joblib").transform(X), codes)
    copied = copy.deepcopy(fitted())
    copied.encoder.layers[-1].kernel.assign_add([[1.0, 1.0]] * 5)
    assert np.abs(copied.transform(X) - codes).max() > 0.1
    assert_array_equal(fitted().transform(X), codes)


@pytest.mark.slow
@stores
def test_other_processes_load_it(tmp_path):
    (tmp_path / "fitted.pkl").write_bytes(pickle.dumps((fitted(), X)))
    code = f"""
import pickle
autoencoder, X = pickle.load(open({str(tmp_path / "fitted.pkl")!r}, 'rb'))
print(float(autoencoder.transform(X).sum()))
"""
    total = float(in_fresh_process(code))
    assert total == pytest.approx(fitted().transform(X).sum(), abs=1e-4)


# Not the whole battery: its checks bring X of different widths, and a model has one.
WIDTHS = {
    "check_fit_idempotent": 2,
    "check_readonly_memmap_input": 2,
    "check_dict_unchanged": 3,
    "check_estimators_nan_inf": 3,
    "check_f_contiguous_array_estimator": 3,
    "check_methods_sample_order_invariance": 3,
    "check_methods_subset_invariance": 3,
    "check_pipeline_consistency": 3,
    "check_transformer_data_not_an_array": 3,
    "check_transformer_general": 3,
    "check_transformer_get_feature_names_out": 3,
    "check_transformer_get_feature_names_out_pandas": 3,
    "check_transformer_preserve_dtypes": 3,
    "check_n_features_in_after_fitting": 4,
    "check_estimators_dtypes": 5,
    "check_global_output_transform_pandas": 5,
    "check_global_set_output_transform_polars": 5,
    "check_set_output_transform": 5,
    "check_set_output_transform_pandas": 5,
    "check_set_output_transform_polars": 5,
    "check_dtype_object": 10,
    "check_fit2d_1sample": 10,
}


# Some of them hand data frames and arrays to the same estimator.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize("name", WIDTHS)
def test_checks_of_scikit_learn(name):
    getattr(estimator_checks, name)("KerasAutoencoder", fitted(WIDTHS[name]))
