"""Dask collections in place of arrays: streamed into fit, transformed where they are."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)
from skae._data import dask_rows
from skae._data.dask_rows import DaskRows
from tests.fresh import in_fresh_process
from tests.learning import assert_learned

dask = pytest.importorskip("dask")
from dask import array, dataframe  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((150, 3)) @ RNG.standard_normal((3, 6)) + 5.0
X += 0.1 * RNG.standard_normal(X.shape)
BLOCKS = array.from_array(X, chunks=(40, 4))
FRAME = pd.DataFrame(X, columns=list("abcdef"), index=np.arange(150) * 2)
PARTITIONS = dataframe.from_pandas(FRAME, npartitions=4)
FAST = {
    "hidden_layer_sizes": (),
    "solver": "sgd",
    "learning_rate": "cosine",
    "max_iter": 2,
    "random_state": 0,
}


pytestmark = pytest.mark.usefixtures("module_without_xla")


@pytest.fixture(scope="module")
def fitted():
    return AutoencoderTransformer(2, **FAST).fit(X)


@pytest.mark.parametrize(
    "estimator",
    [
        AutoencoderTransformer(2, **FAST),
        AutoencoderTransformer(0.9, **FAST, whiten=True, code_activation="tanh"),
        SparseAutoencoder(3, **FAST),
        StackedAutoencoder(2, **{**FAST, "hidden_layer_sizes": (4,)}),
        VariationalAutoencoder(2, **FAST),
    ],
    ids=lambda estimator: f"{type(estimator).__name__}-{estimator.n_components}",
)
def test_a_streamed_fit_is_as_good(estimator, learning_seed):
    estimator = clone(estimator).set_params(random_state=learning_seed)
    streamed, whole = clone(estimator).fit(BLOCKS), clone(estimator).fit(X)
    assert_allclose(streamed.mean_, whole.mean_)
    assert streamed.scale_ == pytest.approx(whole.scale_)
    assert streamed.n_components_ == whole.n_components_
    assert streamed.n_samples_seen_ == 150
    assert_learned(streamed.score(X) - whole.score(X), above=-0.05, below=0.05)
    assert streamed.score(BLOCKS) == pytest.approx(streamed.score(X))
    assert streamed.reconstruction_err_ == pytest.approx(
        ((X - streamed.reconstruct(X)) ** 2).mean()
    )


def test_unshuffled_blocks_give_the_same_batches(learning_seed):
    estimator = AutoencoderTransformer(2, **FAST, shuffle=False, early_stopping=False)
    estimator.set_params(random_state=learning_seed)
    streamed, whole = clone(estimator).fit(BLOCKS), clone(estimator).fit(X)
    for ours, theirs in zip(streamed.weights_, whole.weights_, strict=True):
        assert_learned(np.abs(ours - theirs).max(), below=1e-6)


def test_a_validation_set_may_be_a_collection_or_not():
    estimator = AutoencoderTransformer(2, **FAST)
    curves = [
        clone(estimator).fit(rows, X_val=X_val).validation_loss_curve_
        for rows, X_val in [(BLOCKS, BLOCKS[:30]), (BLOCKS, X[:30]), (X, BLOCKS[:30])]
    ]
    assert curves[0] == curves[1]
    assert len(curves[2]) == len(curves[0])


def test_the_same_seed_gives_the_same_bits():
    one, other = (AutoencoderTransformer(2, **FAST).fit(BLOCKS) for _ in range(2))
    assert all(map(np.array_equal, one.weights_, other.weights_))


def test_partial_fit_goes_on_block_by_block():
    autoencoder = AutoencoderTransformer(2, **FAST, whiten=True)
    autoencoder.partial_fit(BLOCKS).partial_fit(BLOCKS[:50])
    assert autoencoder.n_samples_seen_ == 200
    assert len(autoencoder.loss_curve_) == 2


@pytest.mark.parametrize("window", [1, 3000, 1 << 30])
def test_an_epoch_takes_every_row_once_and_shuffles_within_a_window(window, monkeypatch):
    monkeypatch.setattr(dask_rows, "WINDOW_BYTES", window)
    rows = np.delete(np.arange(150), [0, 41, 149])
    pieces = list(DaskRows(BLOCKS).pieces(rows, np.random.default_rng(0)))
    seen = np.concatenate([held.take(order) for held, order in pieces])
    assert_allclose(np.sort(seen, axis=0), np.sort(X[rows], axis=0))
    assert not np.array_equal(seen, X[rows])
    assert len(pieces) == {1: 2, 3000: 2, 1 << 30: 1}[window]
    epoch_pieces = np.concatenate(
        [held.take(order) for held, order in DaskRows(BLOCKS).pieces(rows, None)]
    )
    assert np.array_equal(epoch_pieces, X[rows])


def test_the_validation_set_is_bounded_in_memory(monkeypatch):
    monkeypatch.setattr(dask_rows, "VALIDATION_BYTES", 7 * X[0].nbytes)
    assert DaskRows(BLOCKS).max_validation_rows == 7
    seen = []

    class Spy(AutoencoderTransformer):
        def _train(self, run, model, split, y):
            seen.append((len(split.training), len(split.validation)))
            return super()._train(run, model, split, y)

    Spy(2, **FAST).fit(BLOCKS)
    assert seen == [(143, 7)]


@pytest.mark.parametrize("left_out", [[0, 41, 149], range(40, 80), range(30, 150)])
def test_sums_over_some_rows(left_out):
    rows = np.delete(np.arange(150), left_out)
    assert_allclose(DaskRows(BLOCKS).total(lambda some: some.sum(axis=0), rows), X[rows].sum(0))
    assert_allclose(DaskRows(BLOCKS).columns(slice(1, 3), rows), X[rows, 1:3])


@pytest.mark.parametrize("method", ["transform", "reconstruct"])
def test_arrays_come_back_lazily(method, fitted):
    lazy = getattr(fitted, method)(BLOCKS)
    expected = getattr(fitted, method)(X)
    assert isinstance(lazy, array.Array)
    assert lazy.shape == expected.shape
    assert lazy.dtype == expected.dtype
    assert lazy.chunks[0] == BLOCKS.chunks[0]
    assert np.array_equal(lazy.compute(), expected)


def test_there_and_back(fitted):
    codes = fitted.transform(BLOCKS)
    assert np.array_equal(fitted.inverse_transform(codes).compute(), fitted.reconstruct(X))
    scores = fitted.score_samples(BLOCKS)
    assert scores.shape == (150,)
    assert np.array_equal(scores.compute(), fitted.score_samples(X))


def test_float32_stays(fitted):
    assert fitted.transform(BLOCKS.astype("float32")).dtype == np.float32
    assert fitted.transform(BLOCKS.astype("float32")).compute().dtype == np.float32
    assert fitted.transform(BLOCKS.astype(int)).dtype == np.float64


def test_rows_of_unknown_number(fitted):
    some = BLOCKS[BLOCKS[:, 0] > 5.0]
    assert np.isnan(some.shape[0])
    kept = X[X[:, 0] > 5.0]
    assert AutoencoderTransformer(2, **FAST).fit(some).n_samples_seen_ == len(kept)
    assert np.isnan(some.shape[0])  # what is given is left as it was
    assert np.array_equal(fitted.transform(some).compute(), fitted.transform(kept))


def test_dataframes_keep_names_and_index():
    fitted = AutoencoderTransformer(2, **FAST).fit(PARTITIONS)
    assert list(fitted.feature_names_in_) == list("abcdef")
    codes = fitted.transform(PARTITIONS)
    assert list(codes.columns) == list(fitted.get_feature_names_out())
    assert list(codes.dtypes) == [np.float64] * 2
    pd.testing.assert_frame_equal(
        codes.compute(),
        pd.DataFrame(fitted.transform(FRAME), FRAME.index, fitted.get_feature_names_out()),
    )
    assert list(fitted.reconstruct(PARTITIONS).compute().columns) == list("abcdef")
    scores = fitted.score_samples(PARTITIONS).compute()
    assert scores.name == "score_samples"
    assert_allclose(scores, fitted.score_samples(FRAME))
    assert fitted.score(PARTITIONS) == pytest.approx(fitted.score(FRAME))
    # A filter may leave partitions without rows.
    first = fitted.transform(PARTITIONS[PARTITIONS["a"].isin(FRAME["a"][:10])]).compute()
    assert len(first) == 10
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.transform(PARTITIONS[["b", "a", "c", "d", "e", "f"]])


def test_a_pipeline_of_scikit_learn_sees_collections_too(fitted):
    pipeline = make_pipeline(StandardScaler(), AutoencoderTransformer(2, **FAST)).fit(X)
    last = pipeline[-1].transform(array.from_array(pipeline[:-1].transform(X), chunks=(50, 6)))
    assert np.array_equal(last.compute(), pipeline.transform(X))


def test_images():
    images = array.from_array(RNG.random((60, 8, 8)), chunks=(20, 8, 4))
    settings = {"filters": (2,), "learning_rate": "cosine", "max_iter": 1, "random_state": 0}
    autoencoder = ConvolutionalAutoencoder(2, **settings).fit(images)
    codes = autoencoder.transform(images)
    assert codes.shape == (60, 2)
    assert_allclose(codes.compute(), autoencoder.transform(images.compute()), atol=1e-6)
    back = autoencoder.inverse_transform(codes)
    assert back.shape == autoencoder.reconstruct(images).shape == (60, 8, 8)
    assert back.chunks == ((20, 20, 20), (8,), (8,))
    assert_allclose(back.compute(), autoencoder.reconstruct(images).compute(), atol=1e-6)
    table = dataframe.from_dask_array(codes)
    assert autoencoder.inverse_transform(table).compute().shape == (60, 64)


def test_invalid_collections_are_refused_before_training(fitted):
    spoiled = array.where(X[77, 3] == BLOCKS, np.inf, BLOCKS)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        AutoencoderTransformer(2, **FAST).fit(spoiled)
    with pytest.raises(ValueError, match="Expected 2D array"):
        AutoencoderTransformer(2).fit(BLOCKS[:, 0])
    with pytest.raises(ValueError, match=r"1 sample\(s\).* minimum of 2"):
        AutoencoderTransformer(2).fit(BLOCKS[:1])
    with pytest.raises(ValueError, match="X has 5 features, but AutoencoderTransformer"):
        fitted.transform(BLOCKS[:, :5])
    with pytest.raises(ValueError, match=r"X has 3 columns.* n_components_=2"):
        fitted.inverse_transform(BLOCKS[:, :3])
    with pytest.raises(ValueError, match=r"set_output\(transform='pandas'\)"):
        clone(fitted).fit(X).set_output(transform="pandas").transform(BLOCKS)
    with pytest.raises(ValueError, match=r"columns \['a'\] of X hold text.* X.compute\(\)"):
        AutoencoderTransformer(2).fit(PARTITIONS.assign(a="text"))


@pytest.mark.slow
def test_workers_need_no_tensorflow(fitted, tmp_path):
    import pickle

    (tmp_path / "fitted.pkl").write_bytes(pickle.dumps(fitted))
    printed = in_fresh_process(f"""
import pickle, sys
import numpy as np
from dask import array
fitted = pickle.load(open({str(tmp_path / "fitted.pkl")!r}, "rb"))
X = array.from_array(np.ones((30, 6)), chunks=(10, 6))
codes = fitted.transform(X)
print(fitted.inverse_transform(codes).compute().shape, fitted.score_samples(X).compute().shape)
print("tensorflow" in sys.modules)
""")
    assert printed == "(30, 6) (30,)\nFalse"


@pytest.mark.slow
def test_the_client_may_be_current_for_the_caller_alone():
    """Persisted blocks can be had from their own client only, which threads of a fit ask too."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
        client.as_current(),
    ):
        fitted = AutoencoderTransformer(2, **FAST).fit(client.persist(BLOCKS))
    assert_allclose(fitted.mean_, X.mean(axis=0))


def test_dask_ml_wraps_skae():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrappers = pytest.importorskip("dask_ml.wrappers")
    inner = AutoencoderTransformer(2, **FAST).fit(X)
    wrapped = wrappers.ParallelPostFit(inner, transform_meta=np.empty((0, 2)))
    assert np.array_equal(wrapped.transform(BLOCKS.rechunk((40, 6))).compute(), inner.transform(X))
    incremental = wrappers.Incremental(AutoencoderTransformer(2, **FAST))
    incremental.fit(BLOCKS.rechunk((40, 6)))
    assert incremental.estimator_.n_samples_seen_ == 150
    assert len(incremental.estimator_.loss_curve_) == 4


def test_weights_may_be_lazy_and_blocks_may_have_none():
    weights = np.random.default_rng(0).integers(0, 3, 150).astype(float)
    weights[40:80] = 0.0
    settings = FAST | {"batch_size": 256, "shuffle": False, "early_stopping": False}
    plain = AutoencoderTransformer(2, **settings)
    expected = clone(plain).fit(X, sample_weight=weights)
    lazy = array.from_array(weights, chunks=50)
    for given, rows in ((BLOCKS, X), (PARTITIONS, FRAME)):
        found = clone(plain).fit(given, sample_weight=lazy)
        assert_allclose(found.transform(rows), expected.transform(X), atol=1e-5)
        assert found.n_samples_seen_ == expected.n_samples_seen_
    score = expected.score(X, sample_weight=weights)
    assert expected.score(BLOCKS, sample_weight=lazy) == pytest.approx(score)
    bounded = DaskRows(array.from_array(np.abs(X) / 10, chunks=(40, 6))).weighted(weights)
    assert bounded.extremes()[0] >= 0.0
