"""A fitted autoencoder at work: rows, codes, scores, dtypes, names."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.estimators.test_base import X, make
from tests.learning import assert_learned

# Most tests train for a few epochs only.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_reconstruct_is_both_ways_in_a_row():
    fitted = make().fit(X)
    assert_allclose(fitted.reconstruct(X), fitted.inverse_transform(fitted.transform(X)))


def test_score_is_the_share_of_variance_explained():
    fitted = make().fit(X)
    unexplained = ((X - fitted.reconstruct(X)) ** 2).sum()
    assert fitted.score(X) == pytest.approx(1 - unexplained / ((X - X.mean(axis=0)) ** 2).sum())
    assert fitted.score_samples(X).sum() == pytest.approx(-unexplained)
    assert fitted.score_samples(X).shape == (150,)


@pytest.mark.usefixtures("untrained")
def test_constant_data_is_not_scaled():
    for constant in (np.full((50, 3), 0.1), np.full((50, 3), 1e9), np.zeros((50, 3))):
        assert make().fit(constant).scale_ == 1.0


@pytest.mark.usefixtures("untrained")
def test_score_of_constant_data():
    fitted = make().fit(np.ones((30, 3)))
    assert fitted.score(np.ones((4, 3))) == 1.0
    assert fitted.score(np.ones((1, 3))) == 1.0


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_preserved(dtype):
    fitted = make(whiten=True).fit(X.astype(dtype))
    codes = fitted.transform(X.astype(dtype))
    assert codes.dtype == dtype
    assert fitted.inverse_transform(codes).dtype == dtype
    assert fitted.reconstruct(X.astype(dtype)).dtype == dtype


def test_float32_and_float64_agree(learning_seed):
    codes = [make(random_state=learning_seed).fit_transform(X.astype(d)) for d in ("f4", "f8")]
    assert_learned(np.abs(codes[0] - codes[1]).max(), below=1e-3)


def test_feature_names_and_data_frames():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"), index=range(100, 250))
    codes = make().set_output(transform="pandas").fit_transform(frame)
    assert list(codes.columns) == ["autoencodertransformer0", "autoencodertransformer1"]
    assert list(codes.index) == list(frame.index)


def test_polars_output():
    pl = pytest.importorskip("polars")
    codes = make().set_output(transform="polars").fit_transform(pl.DataFrame(X))
    assert codes.columns == ["autoencodertransformer0", "autoencodertransformer1"]


def test_hidden_activations():
    fitted = make().fit(X)
    hidden = fitted.hidden_activations(X)
    assert hidden.shape == (len(X), 12)
    kernel, bias = fitted.encoder_coefs_[0], fitted.encoder_intercepts_[0]
    Z = (X - fitted.mean_) / fitted.scale_ @ kernel + bias
    assert_allclose(hidden, np.maximum(Z, np.expm1(np.minimum(Z, 0))), rtol=1e-6)
    with pytest.raises(ValueError, match="layer=1: the encoder has 1 hidden layers"):
        fitted.hidden_activations(X, layer=1)
    with pytest.raises(ValueError, match=r"layer=0.5"):
        fitted.hidden_activations(X, layer=0.5)
