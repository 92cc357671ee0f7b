"""Rows: what a fit reads is the same wherever they are stored."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from skae._data.blocks import dense
from skae._data.paired_rows import PairedRows
from skae._data.pca import center, principal_axes
from skae._data.rows import MOST_BLOCKS, ArrayRows, RowSubset
from skae._data.sparse_rows import rows_of

X = np.random.default_rng(0).standard_normal((150, 6))


def memmap(folder):
    mapped = np.memmap(folder / "X", X.dtype, "w+", shape=X.shape)
    mapped[:] = X
    return mapped


def in_dask(folder):
    array = pytest.importorskip("dask.array")
    return array.from_array(X, chunks=(40, 4))


@pytest.fixture(params=["array", "memmap", "dask", "pairs", "sparse"])
def rows(request, tmp_path):
    if request.param == "dask":
        from skae._data.dask_rows import DaskRows

        return DaskRows(in_dask(tmp_path))
    if request.param == "pairs":
        return PairedRows(X, X + 1.0)
    if request.param == "sparse":
        return rows_of(csr_array(X))
    return ArrayRows(memmap(tmp_path) if request.param == "memmap" else X)


def test_all_rows_are_read_in_the_same_way(rows):
    assert (len(rows), rows.shape, rows.size, rows.dtype) == (150, (150, 6), 900, X.dtype)
    some = np.array([3, 17, 77, 149])
    assert_array_equal(rows[20:90:7], X[20:90:7])
    assert_array_equal(rows.take(some[::-1]), X[some[::-1]])
    out = np.empty((4, 6))
    assert rows.take(some, out) is out
    assert_array_equal(out, X[some])
    assert_array_equal(rows.columns(slice(1, 3)), X[:, 1:3])
    assert_array_equal(rows.columns(slice(1, 3), some), X[some, 1:3])
    assert_allclose(rows.total(lambda block: block.sum(axis=0)), X.sum(axis=0))
    assert_allclose(rows.total(lambda block: block.sum(axis=0), some), X[some].sum(axis=0))
    assert rows.extremes() == (X.min(), X.max())
    assert rows.beyond_unit_interval() == rows.extremes()
    held, where = rows.in_memory(some)
    assert_array_equal(held.take(where), X[some])


@pytest.mark.parametrize("shuffles", [False, True])
def test_an_epoch_holds_every_row_once(rows, shuffles):
    chosen = np.delete(np.arange(150), [0, 41, 149])
    rng = np.random.default_rng(0) if shuffles else None
    seen = np.vstack([piece.take(order) for piece, order in rows.pieces(chosen, rng)])
    assert np.array_equal(seen, X[chosen]) == (not shuffles)
    assert_array_equal(np.sort(seen, axis=0), np.sort(X[chosen], axis=0))


def test_targets_go_with_their_rows(rows):
    shift = 1.0 if rows.is_paired else 0.0
    inputs, targets = rows.evenly_spaced(40)
    assert_array_equal(inputs, X[::4])
    assert_array_equal(targets, X[::4] + shift)
    piece, order = next(iter(rows.pieces(np.arange(150), np.random.default_rng(0))))
    assert_array_equal(piece.targets.take(order), piece.take(order) + shift)
    apart = rows.total_with_targets(lambda block, targets, _: np.abs(targets - block).sum())
    assert apart == pytest.approx(900 * shift)


def test_weights_go_with_their_rows(rows):
    weights = np.arange(150.0)
    weights[40:80] = 0.0
    kept, shift = np.flatnonzero(weights), 1.0 if rows.is_paired else 0.0
    weighted = rows.weighted(weights)
    assert (len(weighted), weighted.weight) == (len(kept), weights.sum())
    assert_array_equal(weighted[:], X[kept])
    ((found, _, of_found),) = weighted.evenly_spaced_parts(40)
    assert_array_equal(found, X[kept][:: -(-len(kept) // 40)])
    assert_array_equal(of_found, weights[kept][:: -(-len(kept) // 40)])
    some = np.array([0, 1, 39, 40, 41, 100])
    found = weighted.weighted_total(lambda block, w: w @ block, some)
    assert_allclose(found, weights[kept[some]] @ X[kept[some]])
    apart = weighted.total_with_targets(lambda block, y, w: w @ np.abs(y - block).sum(axis=1))
    assert apart == pytest.approx(6 * shift * weights.sum())
    for piece, order in weighted.pieces(some, np.random.default_rng(0)):
        found = {
            tuple(row): w for row, w in zip(piece.take(order), piece.weights[order], strict=True)
        }
        assert found == {tuple(X[i]): weights[i] for i in kept[some]}
    assert len({rows.token, weighted.token, rows.weighted(weights + 1.0).token}) == 3


def test_blocks_hold_all_rows(rows):
    bounds = rows.bounds
    assert (bounds[0], bounds[-1], len(bounds)) == (0, 150, len(rows.blocks) + 1)
    for block, begin, end in zip(rows.blocks, bounds[:-1], bounds[1:], strict=True):
        block = getattr(block, "compute", lambda block=block: block)()
        assert_array_equal(dense(block), X[begin:end])


@pytest.mark.parametrize("n_rows", [1, 16, 17, 16 * MOST_BLOCKS, 100_000])
def test_blocks_of_an_array_are_few_and_not_tiny(n_rows):
    rows = ArrayRows(np.zeros((n_rows, 1)))
    sizes = np.diff(rows.bounds)
    assert sizes.sum() == n_rows
    assert len(sizes) <= MOST_BLOCKS
    assert (sizes[:-1] >= 16).all()


def test_a_token_identifies_the_data(rows):
    assert rows.token == rows.token
    tokens = {ArrayRows(X).token, ArrayRows(X + 1).token}
    tokens |= {PairedRows(X, X).token, PairedRows(X, X + 1).token, PairedRows(X + 1, X).token}
    assert len(tokens) == 5


@pytest.mark.parametrize("shape", [(60, 7), (12, 40)])
def test_some_rows_have_their_own_principal_axes(shape):
    X = np.random.default_rng(0).standard_normal(shape)
    chosen = np.delete(np.arange(len(X)), [0, 5, 9])
    some, copied = RowSubset(ArrayRows(X), chosen), ArrayRows(X[chosen])
    assert (some.shape, some.dtype) == (copied.shape, X.dtype)
    axes = [
        principal_axes(each, center(each), 3, np.random.default_rng(0)) for each in (some, copied)
    ]
    assert_allclose(center(some), X[chosen].mean(axis=0))
    for ours, theirs in zip(*axes, strict=True):
        assert_allclose(ours, theirs)
