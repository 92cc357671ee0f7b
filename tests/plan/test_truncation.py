"""The network of the first codes computes what training showed to the decoder."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skae._network.codec import maps
from skae._plan.layers import Layer
from skae._plan.truncation import truncated
from tests.networks import dense_network


@pytest.fixture(params=[(), (4,), (4, 3)], ids=str)
def hidden(request):
    return request.param


def ordered(hidden, tied, skip):
    network = replace(dense_network(6, 3, hidden, tied=tied, skip=skip), is_ordered=True)
    rng = np.random.default_rng(0)
    return network, tuple(rng.standard_normal(shape) / 2 for shape in network.shapes)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_truncated_network_decodes_as_in_training(hidden, tied, skip):
    network, weights = ordered(hidden, tied, skip)
    codes = np.random.default_rng(1).standard_normal((5, 3))
    to = maps(network, weights, np.float64)
    for k in (1, 2, 3):
        own, of_own = truncated(network, weights, k)
        assert [weight.shape for weight in of_own] == list(own.shapes)
        cut = to.decode_cut(np.column_stack([codes, np.full(5, k)]))
        assert_allclose(maps(own, of_own, np.float64).decode(codes[:, :k]), cut)
    assert_allclose(to.decode(codes), cut)
    # The decoder is told of cuts, which zeros instead of the last codes do not.
    zeros = to.decode(codes * [1, 1, 0])
    assert not np.allclose(to.decode_cut(np.column_stack([codes, np.full(5, 2)])), zeros)


def test_truncated_twice_is_truncated_once(hidden):
    network, weights = ordered(hidden, False, True)
    once = truncated(network, weights, 1)
    twice = truncated(*truncated(network, weights, 2), 1)
    assert once[0] == twice[0]
    for own, other in zip(once[1], twice[1], strict=True):
        assert_allclose(own, other)


def test_every_dense_layer_before_others_is_told(hidden):
    network, _ = ordered(hidden, False, True)
    encoder, decoder = network.split(network.shapes, lambda shape: shape)
    assert encoder.cut_biases == encoder.cut_scales == ()
    assert decoder.cut_biases == tuple((3, layer.n_out) for layer in network.decoder)
    assert decoder.cut_scales == tuple((3, layer.n_in) for layer in network.decoder)
    tied, _ = ordered(hidden, True, True)
    assert tied.split(tied.shapes, lambda shape: shape)[1].cut_scales == ()
    plain = replace(network, is_ordered=False)
    assert plain.told_layers == ()
    mixed = replace(network, decoder=(network.decoder[0], Layer()))
    assert mixed.told_layers == mixed.decoder[:1]
