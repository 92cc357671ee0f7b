"""Properties of any data and of any parameters (`--hypothesis-profile=long` tries thousands)."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import assume, event, given, reject
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from skae import AutoencoderTransformer

# Reaching max_iter is documented, and 2 epochs are not meant to converge.
pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of epochs")

# Each number of columns and each batch size compiles a program; values compile nothing.
SHAPES = [(2, 1), (2, 3), (5, 3), (24, 3), (30, 1), (3, 8), (40, 8)]
CHEAP = {"hidden_layer_sizes": (), "solver": "sgd", "max_iter": 2, "batch_size": 8}
EPS = np.finfo(np.float64).eps


def floats(shape):
    """Return values of one magnitude, of all magnitudes, or of few values that come again."""
    unit = arrays(np.float64, shape, elements=st.floats(-1.0, 1.0, width=32))
    scaled = st.builds(lambda X, e: X * 10.0**e, unit, st.integers(-307, 307))
    any_floats = st.floats(allow_nan=False, allow_infinity=False)
    few = st.builds(
        lambda which, values: np.take(values, which),
        arrays(np.int8, shape, elements=st.integers(0, 1)),
        st.tuples(any_floats, any_floats),
    )
    return st.one_of(unit, scaled, few, arrays(np.float64, shape, elements=any_floats))


@st.composite
def finite_arrays(draw):
    """Draw arrays of all kinds of values, dtypes and layouts."""
    shape = draw(st.sampled_from(SHAPES))
    dtype = draw(st.sampled_from([np.float64, np.float32, np.float16, np.int64, np.int8, bool]))
    if np.issubdtype(dtype, np.floating):
        limit = float(np.finfo(dtype).max)
        X = np.clip(draw(floats(shape)), -limit, limit).astype(dtype)
    else:
        X = draw(arrays(dtype, shape))
    if draw(st.booleans()):
        X[:, 0] = X[0, 0]
    layout = draw(st.sampled_from(["C", "F", "reversed", "every other", "read-only", "list"]))
    match layout:
        case "F":
            X = np.asfortranarray(X)
        case "reversed":
            X = X[::-1, ::-1]
        case "every other":
            X = np.repeat(X, 2, axis=1)[:, ::2]
        case "read-only":
            X.setflags(write=False)
        case "list":
            X = X.tolist()
    return X


def fitted_on(X, **params):
    """Fit a linear autoencoder, or hypothesis' next example where X is too large."""
    estimator = AutoencoderTransformer(1, **CHEAP | params, random_state=0)
    X = np.asarray(X)
    # A sum of squares may overflow float32 from here on, and values in training.
    if np.abs(np.float64(X)).max() > (1e17 if X.dtype == np.float32 else 1e37):
        try:
            with warnings.catch_warnings():
                # scikit-learn adds X up to see whether it is finite.
                warnings.filterwarnings("ignore", "invalid value encountered in reduce")
                estimator.fit(X)
        except ValueError as error:
            if not str(error).startswith("X is too large"):
                raise
            event("too large")
            reject()
    return estimator.fit(X)


@pytest.mark.slow
@given(
    finite_arrays(),
    st.sampled_from(["pca", "glorot"]),
    st.booleans(),
    st.sampled_from(["identity", "relu"]),
)
def test_any_finite_array_fits(X, init, whiten, output):
    fitted = fitted_on(X, init=init, whiten=whiten, output_activation=output)
    codes = fitted.transform(X)
    assert np.isfinite(codes).all()
    assert np.isfinite(fitted.reconstruct(X)).all()
    assert fitted.score(X) <= 1.0
    stored = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(stored.transform(X), codes)
    assert_array_equal(stored.inverse_transform(codes), fitted.inverse_transform(codes))


@given(finite_arrays(), st.randoms(use_true_random=False))
def test_a_row_has_its_codes_whatever_rows_stand_beside_it(X, random):
    fitted = fitted_on(X)
    X = np.asarray(X)
    order = random.sample(range(len(X)), len(X))
    codes = fitted.transform(X)
    # BLAS adds up in another order where a row stands elsewhere.
    rounding = 16 * np.finfo(codes.dtype).eps * X.shape[1] * np.abs(np.float64(X)).max()
    assert_allclose(fitted.transform(X[order]), codes[order], rtol=0, atol=rounding)
    assert_allclose(fitted.transform(X[order[:1]]), codes[order[:1]], rtol=0, atol=rounding)


# A shift rounds the rows to eps * |shift|, as a share of the scale that is what comes out of
# training changed. Beyond 1e8 scales little is left of the rows.
SHIFTS = st.tuples(st.floats(-1.0, 1.0), st.integers(0, 8))


def assert_follows_a_shift(X, shift, **params):
    """Check that X + c has the codes of X, each by its own fit, to the rounding of X + c."""
    share, exponent = shift
    fitted = fitted_on(X, **params)
    assume(fitted.scale_ > 16 * EPS * np.abs(X).max() and fitted.scale_ != 1.0)  # not constant
    c = share * 10.0**exponent * fitted.scale_
    moved = fitted_on(X + c, **params)
    unit = fitted.scale_ * X.shape[1]
    rounding = 1e-5 + 100 * EPS * np.abs(X + c).max() / fitted.scale_
    assert_allclose(moved.transform(X + c), fitted.transform(X), rtol=0, atol=rounding * unit)


@given(st.sampled_from([(24, 3), (40, 8)]).flatmap(floats), SHIFTS)
def test_codes_follow_a_shift_from_a_random_start(X, shift):
    assert_follows_a_shift(X, shift, init="glorot", early_stopping=False)


@given(st.sampled_from([(24, 3), (40, 8)]), st.integers(0, 2**32 - 1), SHIFTS)
def test_codes_follow_a_shift_from_the_principal_axes(shape, seed, shift):
    # Axes of equal variance may turn at the least rounding, so that the first one leads.
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape) + 3.0 * rng.standard_normal((shape[0], 1))
    assert_follows_a_shift(X, shift, early_stopping=False)
