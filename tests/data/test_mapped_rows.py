"""Rows of large memory-mapped files: read in blocks, shuffled in windows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skae import AutoencoderTransformer
from skae._data import mapped_rows
from skae._data.mapped_rows import MappedRows, is_large_file
from skae._data.rows import ArrayRows
from skae._data.sparse_rows import rows_of
from tests.programs import without_xla

X = np.random.default_rng(0).standard_normal((1000, 8), np.float32)
TRAINING = np.delete(np.arange(1000), [0, 7, 8, 500, 999])


@pytest.fixture
def small_units(monkeypatch):
    """Let files of 10 KB be large, with blocks of 10 rows and windows of 4 blocks."""
    monkeypatch.setattr(mapped_rows, "LARGE_BYTES", 10_000)
    monkeypatch.setattr(mapped_rows, "BLOCK_BYTES", 320)
    monkeypatch.setattr(mapped_rows, "N_BLOCKS", 4)
    monkeypatch.setattr(mapped_rows, "VALIDATION_BYTES", 3200)


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    return path


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("mode", ["r", "r+", "c", None])
def test_files_are_told_from_arrays(stored, mode):
    mapped = np.load(stored, mmap_mode=mode)
    is_file = mode in ("r", "r+")
    for view in (mapped, mapped[3:], np.asarray(mapped), mapped[::2][:, :6], mapped[2:][1:]):
        assert is_large_file(view) == is_file
        assert type(rows_of(view)) is (MappedRows if is_file else ArrayRows)
    # Few rows, columns one after another, the other way round, a copy, and a repeated entry.
    columns, repeated = mapped.T, np.broadcast_to(mapped[:1, :1], mapped.shape)
    others = mapped[:100], columns, mapped[::-1], mapped * 1.0, repeated
    assert not any(map(is_large_file, others))


def test_small_files_are_arrays(stored):
    assert type(rows_of(np.load(stored, mmap_mode="r"))) is ArrayRows


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("part", [slice(None), slice(13, None), slice(None, None, 2)])
def test_an_epoch_has_each_row_once(stored, part):
    mapped = np.load(stored, mmap_mode="r")[part]
    rows = TRAINING[len(mapped) > TRAINING]
    weights = 1.0 + np.arange(len(mapped))
    read = MappedRows(mapped).weighted(weights)
    seen, n_windows = [], 0
    for window, order in read.pieces(rows, np.random.default_rng(0)):
        at = window.weights[order].astype(int) - 1
        assert_array_equal(window.take(order), X[part][at])
        assert len(order) <= 40
        seen.append(at)
        n_windows += 1
    in_a_block = 320 // mapped.strides[0]
    assert n_windows == -(-len(np.unique(rows // in_a_block)) // 4)
    seen = np.concatenate(seen)
    assert_array_equal(np.sort(seen), rows)
    # Neighbors are apart: of ordered rows, 1 in 1 would have its neighbor next to it.
    assert np.mean(np.diff(seen) == 1) < 0.1


@pytest.mark.usefixtures("small_units")
def test_without_shuffling_rows_keep_their_order(stored):
    read = MappedRows(np.load(stored, mmap_mode="r"))
    taken = [window.take(order) for window, order in read.pieces(TRAINING, None)]
    assert_array_equal(np.concatenate(taken), X[TRAINING])


@pytest.mark.usefixtures("small_units")
def test_fits_on_a_file(stored, monkeypatch):
    mapped, windows, read = np.load(stored, mmap_mode="r"), [], MappedRows._read

    def counted(self, blocks):
        windows.append(len(blocks))
        return read(self, blocks)

    monkeypatch.setattr(MappedRows, "_read", counted)
    model = AutoencoderTransformer(2, hidden_layer_sizes=4, max_iter=3, random_state=0)
    with without_xla():
        first, again = model.fit(mapped).transform(X), model.fit(mapped).transform(X)
        in_memory = clone(model).fit(X)
    assert_array_equal(first, again)
    # Three epochs or more, twice, of 25 windows.
    assert len(windows) >= 2 * 3 * 25
    # Another order of rows, and a smaller validation set.
    again = clone(model).fit(mapped)
    assert_allclose(again.score(X), in_memory.score(X), atol=0.05)
    assert_array_equal(mapped, X)


@pytest.mark.usefixtures("small_units")
def test_changes_that_were_not_written_are_kept(stored):
    mapped = np.load(stored, mmap_mode="r+")
    mapped[5] = 3.0
    for _ in MappedRows(mapped).pieces(np.arange(1000), np.random.default_rng(0)):
        pass
    assert_array_equal(mapped[5], 3.0)
    del mapped
    assert_array_equal(np.load(stored)[5], 3.0)
