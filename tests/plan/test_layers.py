"""Descriptions of layers: shapes and fans, and that the arithmetic agrees with them."""

import numpy as np
import pytest

from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._plan.layers import Dense, dense_layers
from skae._plan.recurrences import EachStep, Recurrence
from skae._tensorflow.backend import TENSORFLOW

EVEN = Convolution((8, 6, 3), 5, (3, 5), (2, 3))
# Sizes that the strides do not divide.
ODD = Convolution((7, 5, 1), 2, (3, 3), (2, 2))
# Shorter by the kernel; strides leave the last column out.
VALID = Convolution((8, 6, 3), 5, (3, 2), (1, 2), "valid")
# The windows of the last row and of the last two columns are incomplete.
POOLED = Convolution((7, 5, 1), 2, (3, 3), (1, 1), "same", (2, 3))
LAYERS = [
    (Dense(4, 3), (4, 3), (4, 3), (4, 3)),
    (EVEN, (144, 40), (3, 5, 3, 5), (45, 12.5)),
    (TransposedConvolution(EVEN), (40, 144), (3, 5, 3, 5), (12.5, 45)),
    (ODD, (35, 24), (3, 3, 1, 2), (9, 4.5)),
    (TransposedConvolution(ODD), (24, 35), (3, 3, 1, 2), (4.5, 9)),
    (VALID, (144, 90), (3, 2, 3, 5), (18, 15)),
    (TransposedConvolution(VALID), (90, 144), (3, 2, 3, 5), (15, 18)),
    (POOLED, (35, 16), (3, 3, 1, 2), (9, 18)),
    (TransposedConvolution(POOLED), (16, 35), (3, 3, 1, 2), (18, 9)),
    (Recurrence("lstm", 7, 3, 5), (21, 5), (8, 20), (8, 5)),
    (Recurrence("lstm", 7, 3, 5, repeats_input=True), (3, 5), (8, 20), (8, 5)),
    (Recurrence("gru", 7, 3, 5, returns_sequence=True), (21, 35), (8, 15), (8, 5)),
    (Recurrence("gru", 7, 3, 5, True, True), (3, 35), (8, 15), (8, 5)),
    (EachStep(7, 3, 2), (21, 14), (3, 2), (3, 2)),
]


@pytest.mark.parametrize(("layer", "widths", "kernel", "fans"), LAYERS, ids=str)
def test_shapes(layer, widths, kernel, fans):
    assert (layer.n_in, layer.n_out) == widths
    assert layer.kernel_shape == kernel
    assert layer.fans == fans
    rng = np.random.default_rng(0)
    arrays = (rng.standard_normal(s) for s in (kernel, layer.n_biases, (4, layer.n_in)))
    out = TENSORFLOW.apply(layer, *(np.float32(array) for array in arrays))
    assert out.shape == (4, layer.n_out)
    assert np.isfinite(out).all()


@pytest.mark.parametrize("layer", [EVEN, ODD, VALID])
def test_a_transposed_convolution_is_the_transpose(layer):
    """<convolution(a), b> is <a, its transpose(b)> for any images a and b."""
    rng = np.random.default_rng(0)
    kernel = np.float32(rng.standard_normal(layer.kernel_shape))
    a, b = (np.float32(rng.standard_normal((1, n))) for n in (layer.n_in, layer.n_out))
    there = TENSORFLOW.apply(layer, kernel, np.zeros(layer.n_biases, np.float32), a)
    back = TransposedConvolution(layer)
    again = TENSORFLOW.apply(back, kernel, np.zeros(back.n_biases, np.float32), b)
    assert np.vdot(there, b) == pytest.approx(np.vdot(a, again), rel=1e-4)


def test_layers_are_values():
    assert dense_layers((4, 3, 2)) == (Dense(4, 3), Dense(3, 2))
    for layer, *_ in LAYERS:
        assert layer in {each for each, *_ in LAYERS}
        assert layer.has_forward() is isinstance(layer, Dense | EachStep)
        assert layer.applies_activation is not isinstance(layer, Recurrence)
