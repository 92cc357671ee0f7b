"""Plans: weights sorted into halves, structure told from numbers."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from skae._parts import LOSSES
from skae._plan import Network, Objective, Plan, Solver, numbers, structure, with_numbers


@dataclass(frozen=True)
class Two:
    strength: float
    order: int


def network(**changes):
    default = Network(6, 2, (4, 3), "elu", "identity", "identity", False, True)
    return replace(default, **changes)


def plan(alpha=0.5, strength=2.0, order=1, momentum=0.9):
    objective = Objective(LOSSES["squared_error"], alpha, (Two(strength, order),))
    return Plan(network(), objective, Solver("sgd", momentum, True, 0.0))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_split_gives_each_half_its_shapes(tied, skip, hidden):
    described = network(tied_weights=tied, has_skip=skip, hidden_layer_sizes=hidden)
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


def test_tied_halves_share_memory():
    described = network(tied_weights=True)
    weights = [np.zeros(shape) for shape in described.shapes]
    encoder, decoder = described.split(weights, np.transpose)
    assert np.shares_memory(encoder.kernels[0], decoder.kernels[-1])
    assert np.shares_memory(encoder.skip, decoder.skip)


def test_numbers_are_the_floats_and_can_be_put_back():
    values = list(numbers(plan()))
    assert values == [0.5, 2.0, 0.9, 0.0]
    assert with_numbers(plan(), values) == plan()
    assert with_numbers(plan(), [0.1, 3.0, 0.8, 0.0]) == plan(0.1, 3.0, momentum=0.8)


def test_structure_ignores_numbers_and_nothing_else():
    assert structure(plan(alpha=0.1)) == structure(plan(alpha=0.0, strength=9.0))
    assert hash(structure(plan(alpha=0.1))) == hash(structure(plan(alpha=0.2)))
    assert structure(plan(order=1)) != structure(plan(order=2))
