"""Networks: weights split into encoder and decoder, and joined again."""

from itertools import pairwise

import numpy as np
import pytest

from tests.networks import dense_network


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_split_gives_each_subnetwork_its_shapes(tied, skip, hidden):
    described = dense_network(6, 2, hidden, tied=tied, skip=skip)
    weights = [np.full(shape, i) for i, shape in enumerate(described.shapes)]
    encoder, decoder = described.split(weights, np.transpose)
    widths = (6, *hidden, 2)
    assert [k.shape for k in encoder.kernels] == list(pairwise(widths))
    assert [k.shape for k in decoder.kernels] == [k.shape[::-1] for k in encoder.kernels[::-1]]
    assert [b.shape for b in encoder.biases] == [(w,) for w in widths[1:]]
    assert [b.shape for b in decoder.biases] == [(w,) for w in widths[-2::-1]]
    if skip:
        assert encoder.skip.shape == (6, 2)
        assert decoder.skip.shape == (2, 6)
    else:
        assert encoder.skip is None
        assert decoder.skip is None
    parts = [*encoder.kernels, *encoder.biases, *decoder.kernels, *decoder.biases]
    used = {int(part.flat[0]) for part in parts}
    used |= {int(half.skip.flat[0]) for half in (encoder, decoder) if skip}
    assert used == set(range(len(weights)))


def test_tied_subnetworks_share_memory():
    described = dense_network(6, 2, (4, 3), tied=True)
    weights = [np.zeros(shape) for shape in described.shapes]
    encoder, decoder = described.split(weights, np.transpose)
    assert np.shares_memory(encoder.kernels[0], decoder.kernels[-1])
    assert np.shares_memory(encoder.skip, decoder.skip)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("more", [{}, {"is_variational": True}])
def test_join_undoes_split(tied, more):
    described = dense_network(6, 2, (4, 3), tied=tied, **more)
    weights = tuple(np.full(shape, i) for i, shape in enumerate(described.shapes))
    joined = described.join(*described.split(weights, np.transpose))
    assert all(one is other for one, other in zip(joined, weights, strict=True))
