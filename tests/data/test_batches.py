"""Chunks: every row once per epoch, fixed shapes, noise only if configured."""

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae._data import batches
from skae._data.aligned import ALIGNMENT
from skae._data.batches import Feed, Prefetcher, rows_in_a_batch
from skae._data.paired_rows import PairedRows
from skae._data.rows import ArrayRows


@dataclass(frozen=True)
class Shift:
    def __call__(self, rng, X):
        return X + 2.0 * rng.integers(1, 3)


def feed(n=10, batch=4, shuffle=True, corruption=None, seed=0):
    X = np.arange(2.0 * n).reshape(n, 2)
    rows = np.arange(1, n)
    rng = np.random.default_rng(seed)
    return Feed(ArrayRows(X), rows, np.array([1.0, 0.0]), 2.0, batch, shuffle, rng, corruption)


def epoch(chunks):
    """Return the standardized rows of an epoch in their order."""
    rows = []
    for chunk in chunks:
        counts = chunk.batches.row_weights.astype(bool)
        assert not counts[chunk.n_steps :].any()
        assert counts[: chunk.n_steps].any(axis=1).all()
        rows.append(chunk.batches.targets[counts].copy())
        if chunk.ends_epoch:
            return np.concatenate(rows)
    raise AssertionError("an epoch must end")


@pytest.mark.parametrize("chunk_steps", [1, 2, 64])
@pytest.mark.parametrize("batch", [1, 4, 9, 16])
def test_each_epoch_holds_each_row_once(batch, chunk_steps, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK_STEPS", chunk_steps)
    chunks = iter(feed(batch=batch))
    expected = (np.arange(20.0).reshape(10, 2)[1:] - [1.0, 0.0]) / 2.0
    orders = [epoch(chunks) for _ in range(3)]
    for rows in orders:
        assert_allclose(rows[rows[:, 0].argsort()], expected)
    assert not np.array_equal(orders[0], orders[1])


def test_without_shuffle_the_order_is_that_of_the_rows():
    chunks = iter(feed(shuffle=False))
    first, second = epoch(chunks), epoch(chunks)
    assert_array_equal(first, second)
    assert (np.diff(first[:, 0]) > 0).all()


def test_shapes_do_not_depend_on_the_number_of_rows():
    shapes = {next(iter(feed(n))).batches.inputs.shape for n in (5, 50, 500)}
    assert len(shapes) == 1


def test_chunks_of_wide_data_stay_small():
    X = np.zeros((4, 100_000), np.float32)
    wide = Feed(ArrayRows(X), np.arange(4), X[0], 1.0, 16, False, np.random.default_rng(0))
    assert next(iter(wide)).batches.inputs.shape == (2, 16, 100_000)


def test_targets_stay_clean():
    chunk = next(iter(feed(corruption=Shift(), shuffle=False))).batches
    clean = next(iter(feed(shuffle=False))).batches
    counts = chunk.row_weights.astype(bool)
    assert_array_equal(chunk.targets[counts], clean.targets[counts])
    noise = (chunk.inputs - chunk.targets)[counts]
    assert set(noise.ravel()) <= {1.0, 2.0}
    assert clean.inputs is clean.targets


def test_normals_are_drawn_anew_for_every_row():
    chunks = iter(replace(feed(n=200, batch=8), n_normals=3))
    first = next(chunks).batches.normals.copy()
    second = next(chunks).batches.normals
    assert first.shape == (64, 8, 3)
    assert first.std() == pytest.approx(1.0, rel=0.1)
    assert not np.array_equal(first, second)
    assert next(iter(feed())).batches.normals.shape == (64, 4, 0)


def test_targets_of_pairs_go_with_their_rows():
    inputs = np.arange(20.0).reshape(10, 2)
    pairs = replace(feed(), X=PairedRows(inputs, 10 * inputs))
    chunk = next(iter(pairs)).batches
    counts = chunk.row_weights.astype(bool)
    rows, targets = ((each[counts] * 2 + [1, 0]) for each in (chunk.inputs, chunk.targets))
    assert_allclose(targets, 10 * rows)


def test_a_corruption_sees_whole_batches(monkeypatch):
    seen = []

    class Spy:
        def __call__(self, rng, X):
            seen.append(len(X))
            return X

    monkeypatch.setattr(batches, "GATHER_ENTRIES", 1)
    next(iter(feed(n=11, batch=4, corruption=Spy())))
    assert seen == [4, 4, 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_rows_are_standardized_once_to_the_same_numbers(dtype, monkeypatch):
    X = np.random.default_rng(0).normal(3.0, 2.0, (40, 3)).astype(dtype)
    given = X.copy()

    def two_epochs():
        rng = np.random.default_rng(0)
        few = Feed(ArrayRows(X), np.arange(5, 40), X.mean(axis=0), 2.0, 8, True, rng)
        chunks = iter(few)
        return epoch(chunks), epoch(chunks)

    once = two_epochs()
    monkeypatch.setattr(batches, "GATHER_ENTRIES", 1)
    assert_array_equal(two_epochs(), once)
    assert_array_equal(X, given)


def test_chunks_begin_where_tensorflow_takes_them_without_a_copy():
    """It would copy each chunk of each epoch, which Python's part of a small fit shows."""
    for corruption in (None, Shift()):
        chunk = next(iter(feed(corruption=corruption))).batches
        for array in (chunk.inputs, chunk.targets, chunk.row_weights):
            assert array.ctypes.data % ALIGNMENT == 0


def test_the_prefetcher_yields_the_same_and_passes_errors_on():
    items = Prefetcher(iter(range(100)))
    assert list(islice(items, 5)) == [0, 1, 2, 3, 4]
    items.close()

    def broken():
        yield 1
        raise OSError("disk")

    items = Prefetcher(broken())
    assert next(items) == 1
    with pytest.raises(OSError, match="disk"):
        next(items)


@pytest.mark.parametrize(
    ("asked", "n_rows", "expected"),
    [("auto", 1000, 64), ("auto", 40, 64), ("auto", 20, 32), (500, 100, 128), (7, 100, 7)],
)
def test_rows_in_a_batch(asked, n_rows, expected):
    assert rows_in_a_batch(asked, n_rows) == expected
