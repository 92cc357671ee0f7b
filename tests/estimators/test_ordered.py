"""Ordered codes: any number of the first ones reconstructs, and each has its share."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import skae
from skae._network.codec import maps
from skae._plan.truncation import truncated
from skae.networks import RecurrentNetwork
from tests.learning import assert_learned

pytestmark = pytest.mark.usefixtures("module_without_xla")

X = load_digits().data[:400] / 16
FIXED = {
    "max_iter": 4,
    "learning_rate": "cosine",
    "learning_rate_init": 0.005,
    "early_stopping": False,
    "random_state": 0,
    "ordered": True,
}
PLAIN = skae.AutoencoderTransformer(5, hidden_layer_sizes=(16,), **FIXED)


@pytest.fixture(scope="module")
def fitted():
    return clone(PLAIN).fit(X)


def shares_of(autoencoder, rows, mean):
    """Return the share of the variance of rows explained with the first 1, 2, ... codes."""
    codes = autoencoder.transform(rows)
    total = np.square(rows - mean).sum()
    sizes = range(1, codes.shape[1] + 1)
    backs = [autoencoder.inverse_transform(codes[:, :k]) for k in sizes]
    return np.array([1 - np.square(rows - back).sum() / total for back in backs])


class TestSpectrum:
    def test_running_sums_are_the_shares_explained_with_the_first_codes(self, fitted):
        assert fitted.best_iter_ > 0
        ratio = fitted.explained_variance_ratio_
        assert_allclose(ratio.cumsum(), shares_of(fitted, X, fitted.mean_), atol=1e-9)
        assert ratio.sum() == pytest.approx(fitted.score(X))
        assert (ratio > 0).all()

    def test_the_validation_set_has_its_own(self):
        train, held = X[:300], X[300:]
        autoencoder = clone(PLAIN).set_params(early_stopping=True).fit(train, X_val=held)
        of_held = autoencoder.validation_explained_variance_ratio_
        assert_allclose(of_held.cumsum(), shares_of(autoencoder, held, autoencoder.mean_))
        autoencoder = clone(PLAIN).set_params(max_iter=1).fit(train)
        assert autoencoder.validation_explained_variance_ratio_ is None

    def test_the_initialization_has_the_spectrum_of_pca(self, untrained):
        autoencoder = clone(PLAIN).fit(X)
        pca = PCA(5).fit(X)
        for name in ("explained_variance_ratio_", "explained_variance_", "singular_values_"):
            assert_allclose(getattr(autoencoder, name), getattr(pca, name), rtol=1e-6)

    def test_it_is_that_of_the_last_fit(self):
        autoencoder = clone(PLAIN).set_params(max_iter=1).fit(X)
        autoencoder.set_params(ordered=False).fit(X)
        for name in ("explained_variance_ratio_", "explained_variance_", "singular_values_"):
            with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
                getattr(autoencoder, name)
        with pytest.raises(AttributeError, match="With ordered=True each code has its own"):
            autoencoder.explained_variance_ratio_  # noqa: B018

    def test_weights_count_as_repetitions(self):
        weights = np.where(np.arange(400) < 100, 3.0, 1.0)
        autoencoder = clone(PLAIN).fit(X, sample_weight=weights)
        assert autoencoder.explained_variance_ratio_.sum() == pytest.approx(
            autoencoder.score(X, sample_weight=weights)
        )

    def test_missing_values_are_not_explained(self):
        some = X.copy()
        some[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
        autoencoder = clone(PLAIN).set_params(max_iter=1).fit(some)
        assert autoencoder.explained_variance_ratio_.sum() == pytest.approx(autoencoder.score(some))

    def test_tables_with_categories(self):
        kinds = np.where(X[:, 20] > 0.5, "much", "little")
        table = pd.DataFrame({"kind": kinds, "a": X[:, 21], "b": X[:, 42], "c": X[:, 30]})
        autoencoder = clone(PLAIN).set_params(n_components=3).fit(table)
        ratio = autoencoder.explained_variance_ratio_
        assert ratio.sum() == pytest.approx(autoencoder.score(table))
        first = autoencoder.truncated(1)
        assert first.score(table) == pytest.approx(ratio[0])
        assert first.reconstruction_err_ == pytest.approx(1 - ratio[0])
        assert list(first.inverse_transform(first.transform(table)).columns) == list(table.columns)
        with pytest.raises(AttributeError, match="scaled one by one"):
            autoencoder.explained_variance_  # noqa: B018


class TestTruncated:
    def test_it_is_the_autoencoder_of_the_first_codes(self, fitted):
        codes = fitted.transform(X)
        short = fitted.truncated(2)
        assert_allclose(short.transform(X), codes[:, :2], atol=1e-9)
        back = fitted.inverse_transform(codes[:, :2])
        assert_allclose(short.inverse_transform(codes[:, :2]), back, atol=1e-9)
        assert short.n_components == short.n_components_ == 2
        assert short.reconstruction_err_ == pytest.approx(np.square(X - back).mean())
        assert_array_equal(short.explained_variance_ratio_, fitted.explained_variance_ratio_[:2])
        twice, once = short.truncated(1).reconstruct(X), fitted.truncated(1).reconstruct(X)
        assert_allclose(twice, once, atol=1e-7)
        assert fitted.n_components_ == 5

    def test_kernels_of_the_encoder_are_views(self, fitted):
        short = fitted.truncated(3)
        for own, of_all in zip(short.encoder_coefs_, fitted.encoder_coefs_, strict=True):
            assert np.shares_memory(own, of_all)

    def test_it_computes_what_training_saw(self, fitted):
        network, rows = fitted.network_, np.float32(fitted.transform(X) / fitted.scale_)
        to = maps(network, fitted.weights_, np.float64)
        _, decoder = network.split(fitted.weights_, np.transpose)
        assert all(abs(told).max() > 1e-3 for told in decoder.cut_biases + decoder.cut_scales)
        for k in (1, 3, 5):
            own, weights = truncated(network, fitted.weights_, k)
            of_first = maps(own, weights, np.float64).decode(rows[:, :k])
            cut = np.column_stack([rows, np.full(len(rows), k)])
            assert_allclose(of_first, to.decode_cut(cut), atol=1e-5)

    def test_pickle_onnx_and_another_fit(self, fitted):
        short = fitted.truncated(3)
        assert_array_equal(pickle.loads(pickle.dumps(short)).transform(X), short.transform(X))
        onnx = pytest.importorskip("onnx")
        from onnx.reference import ReferenceEvaluator

        from skae.onnx import to_onnx

        assert onnx is not None
        rows = X[:20].astype(np.float32)
        (codes,) = ReferenceEvaluator(to_onnx(short)).run(None, {"X": rows})
        assert_allclose(codes, short.transform(rows), atol=1e-4)
        (back,) = ReferenceEvaluator(to_onnx(short, "decoder")).run(None, {"codes": codes})
        assert_allclose(back, short.inverse_transform(codes), atol=1e-4)
        assert short.partial_fit(X).transform(X).shape == (400, 3)

    @pytest.mark.parametrize("k", [0, 6, 2.0, "2"])
    def test_there_are_so_many_codes(self, fitted, k):
        with pytest.raises(ValueError, match="from 1 to n_components_=5"):
            fitted.truncated(k)

    def test_codes_without_an_order(self, untrained):
        autoencoder = clone(PLAIN).set_params(ordered=False).fit(X)
        with pytest.raises(ValueError, match="Fit it with ordered=True"):
            autoencoder.truncated(2)
        with pytest.raises(ValueError, match="Fit with ordered=True to decode the first ones"):
            autoencoder.inverse_transform(np.zeros((3, 2)))


class TestNumberOfCodes:
    def test_for_a_share_of_the_variance(self):
        autoencoder = clone(PLAIN).set_params(n_components=0.8).fit(X)
        shares = autoencoder.explained_variance_ratio_.cumsum()
        n_of_pca = PCA(0.8).fit(X).n_components_
        assert shares[-1] > 0.8 >= shares[-2]
        assert autoencoder.n_components_ == len(shares) <= n_of_pca
        assert autoencoder.transform(X).shape == (400, len(shares))
        assert autoencoder.n_components == 0.8

    def test_by_one_standard_error_on_the_validation_set(self, untrained):
        train, held = X[:300], X[380:]
        auto = clone(PLAIN).set_params(n_components="auto", early_stopping=True)
        auto.fit(train, X_val=held)
        # Untrained, the first codes are the first principal components.
        pca = PCA(0.99).fit(train)
        codes, errors = pca.transform(held), []
        for k in range(1, pca.n_components_ + 1):
            back = codes[:, :k] @ pca.components_[:k] + pca.mean_
            errors.append(np.square(held - back).sum(axis=1))
        most = np.mean(errors[-1]) + np.std(errors[-1], ddof=1) / np.sqrt(20)
        n_codes = 1 + np.argmax(np.mean(errors, axis=1) <= most)
        assert 1 < n_codes < pca.n_components_
        assert auto.n_components_ == n_codes
        assert auto.n_components == "auto"
        assert auto.set_params(warm_start=True).fit(train).n_components_ == n_codes

    @pytest.mark.parametrize("params", [{"ordered": False}, {"early_stopping": False}])
    def test_what_it_needs(self, params):
        params = {"n_components": "auto", "early_stopping": True, **params}
        auto = clone(PLAIN).set_params(**params)
        with pytest.raises(ValueError, match="needs ordered=True and early_stopping=True"):
            auto.fit(X)


@pytest.mark.parametrize(
    "kind",
    [
        skae.DenoisingAutoencoder(4, hidden_layer_sizes=(12,), tied_weights=True),
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in (
                skae.ContractiveAutoencoder(4, hidden_layer_sizes=(12,)),
                skae.ConvolutionalAutoencoder(4, image_shape=(8, 8), filters=(4,)),
                skae.StackedAutoencoder(
                    4, hidden_layer_sizes=(12,), layer_max_iter=2, fine_tune=False
                ),
                skae.SparseAutoencoder(4, hidden_layer_sizes=(), penalty="l1"),
                skae.VariationalAutoencoder(4, hidden_layer_sizes=(12,)),
                skae.AutoencoderTransformer(4, hidden_layer_sizes=(), code_activation="tanh"),
                skae.AutoencoderTransformer(
                    4, hidden_layer_sizes=(12,), init="he", standardize=False
                ),
            )
        ),
    ],
    ids=lambda kind: type(kind).__name__,
)
def test_every_kind_with_dense_codes(kind):
    rows = X[:150]
    kind = clone(kind).set_params(**FIXED).set_params(max_iter=2).fit(rows)
    shares = shares_of(kind, rows, kind.mean_)
    assert_allclose(kind.explained_variance_ratio_.cumsum(), shares, atol=1e-5)
    for k in (1, 3):
        assert kind.truncated(k).score(rows) == pytest.approx(shares[k - 1], abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (skae.SparseAutoencoder(5, penalty="topk"), "other active codes"),
        (skae.RecurrentAutoencoder(5, sequence_shape=(8, 8)), "no dense layer on both sides"),
        (skae.AutoencoderTransformer(5, network=RecurrentNetwork()), "RecurrentNetwork"),
        (skae.ConvolutionalAutoencoder(None, init="glorot"), "no dense layer"),
        (skae.AutoencoderTransformer(5, whiten=True), "whiten=True mixes all codes"),
    ],
)
def test_where_no_order_can_be(kind, reason):
    with pytest.raises(ValueError, match=f"ordered=True has no meaning here: .*{reason}"):
        clone(kind).set_params(ordered=True).fit(X)


@pytest.mark.slow
def test_first_codes_explain_more_than_pca(learning_seed):
    digits = load_digits().data
    train, test = digits[:1300], digits[1300:]
    autoencoder = skae.AutoencoderTransformer(
        8, ordered=True, learning_rate="cosine", max_iter=100, random_state=learning_seed
    ).fit(train)
    ours = shares_of(autoencoder, test, autoencoder.mean_)
    pca = PCA(8).fit(train)
    codes = pca.transform(test)
    total = np.square(test - pca.mean_).sum()
    for k in (1, 2, 4, 8):
        back = codes[:, :k] @ pca.components_[:k] + pca.mean_
        assert_learned(ours[k - 1], above=1 - np.square(test - back).sum() / total + 0.02)
