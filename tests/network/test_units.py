"""Conversions between X, codes and the numbers of a network."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skae._network.backend import NUMPY
from skae._network.units import Units
from skae._network.whitening import Moments
from skae._plan.layers import dense_layers, mirrored
from skae._plan.network import Network

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (50, 4))
LAYERS = dense_layers((4, 3))
NETWORK = Network(LAYERS, mirrored(LAYERS), "elu", "identity", "identity")


@pytest.mark.parametrize("code_activation", ["identity", "tanh"])
def test_each_conversion_has_an_inverse(code_activation):
    network = replace(NETWORK, code_activation=code_activation)
    units = Units(network, X.mean(axis=0), 2.0, Moments.of(X[:, :3]).whitening())
    assert_allclose(units.reconstruction(units.standardized(X), NUMPY), X)
    assert_allclose(units.decoder_inputs(units.codes(X[:, :3])), X[:, :3])


def test_codes_of_an_identity_layer_are_in_the_units_of_x():
    units = Units(NETWORK, np.zeros(4), 2.0, None)
    assert_allclose(units.codes(X[:, :3]), 2.0 * X[:, :3])
    saturating = replace(units, network=replace(NETWORK, code_activation="tanh"))
    assert saturating.codes(X) is X


def test_an_output_that_is_no_reconstruction_stays():
    units = Units(replace(NETWORK, output_activation=None), np.ones(4), 2.0, None)
    assert units.reconstruction(X, NUMPY) is X
