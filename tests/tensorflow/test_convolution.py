"""Convolutions, pooling and the way back compute what NumPy does."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose

from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._tensorflow.backend import TENSORFLOW

LAYERS = [
    Convolution((6, 9, 2), 3, (3, 2), (1, 2), "valid"),
    Convolution((7, 9, 2), 3, (2, 3), (3, 2), "valid"),
    Convolution((7, 5, 2), 3, (3, 3), (1, 1), "same", (2, 3)),
    Convolution((8, 7, 1), 4, (2, 3), (2, 1), "valid", (3, 2)),
    # Whole windows, from which the way back is one convolution in strides.
    Convolution((8, 12, 2), 3, (3, 3), (1, 1), "same", (2, 3)),
    Convolution((9, 8, 1), 4, (4, 1), (1, 1), "valid", (3, 2)),
    # Windows larger than the image.
    Convolution((4, 3, 2), 2, (3, 3), (1, 1), "same", (9, 2)),
    # Several pixels at once.
    Convolution((6, 12, 1), 4, (5, 5), (1, 1), "valid"),
    Convolution((6, 12, 4), 1, (3, 9), (1, 1), "valid", (2, 2)),
    Convolution((6, 12, 8), 5, (3, 7), (1, 1), "valid"),
    Convolution((6, 11, 1), 4, (5, 5), (1, 1), "valid"),
    # The columns of a stride as channels on the way back.
    Convolution((6, 12, 3), 5, (3, 5), (2, 3)),
    Convolution((7, 12, 1), 4, (2, 6), (3, 4), "valid"),
    Convolution((6, 8, 2), 3, (2, 2), (1, 4)),
    # One channel to one column in strides, for which oneDNN's kernels are wrong.
    Convolution((5, 8, 1), 4, (2, 6), (1, 3), "valid"),
    Convolution((5, 2, 1), 4, (3, 3), (2, 2)),
    Convolution((4, 2, 1), 4, (3, 3), (1, 1), "same", (1, 2)),
]


def windows(images, size, steps, padding, fill=0.0):
    """Return the windows of images that a convolution or pooling reads, in the last two axes."""
    sizes = images.shape[1:3]
    if padding == "same":
        counts = [-(-n // step) for n, step in zip(sizes, steps, strict=True)]
        spare = [
            max((count - 1) * step + width - n, 0)
            for count, step, width, n in zip(counts, steps, size, sizes, strict=True)
        ]
        edges = [(0, 0), *((n // 2, n - n // 2) for n in spare), (0, 0)]
        images = np.pad(images, edges, constant_values=fill)
    else:
        parts = zip(sizes, size, steps, strict=True)
        counts = [(n - width) // step + 1 for n, width, step in parts]
    found = sliding_window_view(images, size, (1, 2))[:, :: steps[0], :: steps[1]]
    return found[:, : counts[0], : counts[1]]


def convolved(layer, kernel, rows):
    read = windows(rows.reshape(-1, *layer.image), layer.kernel, layer.strides, layer.padding)
    return np.einsum("bhwcij,ijco->bhwo", read, kernel)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_there_and_back(layer):
    rng = np.random.default_rng(0)
    shapes = layer.kernel_shape, layer.n_biases, (3, layer.n_in), (3, layer.n_out)
    kernel, bias, rows, codes = (np.float32(rng.standard_normal(shape)) for shape in shapes)
    before = convolved(layer, kernel, rows) + bias
    expected = windows(before, layer.windows, layer.windows, "same", -np.inf).max(axis=(-2, -1))
    got = TENSORFLOW.apply(layer, kernel, bias, rows)
    assert expected.shape[1:] == layer.filtered
    assert_allclose(got, expected.reshape(3, -1), atol=1e-4)

    # Back: each pixel as its window, then <rows, transpose(spread)> is <convolved(rows), spread>.
    back = TransposedConvolution(layer)
    pixels = np.arange(before[0, ..., 0].size).reshape(1, *before.shape[1:3], 1)
    members = windows(pixels, layer.windows, layer.windows, "same", -1)[0, :, :, 0]
    spread = np.zeros((3, pixels.size, layer.n_filters))
    images = codes.reshape(3, *layer.filtered)
    for i, j in np.ndindex(members.shape[:2]):
        inside = members[i, j][members[i, j] >= 0]
        spread[:, inside] = images[:, i, j, np.newaxis]
    expected = (convolved(layer, kernel, rows) * spread.reshape(before.shape)).sum()
    inputs = tf.constant(codes), tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        images = TENSORFLOW.apply(back, inputs[1], np.zeros(back.n_biases, np.float32), inputs[0])
        product = tf.reduce_sum(images * rows)
    assert float(product) == pytest.approx(expected, rel=1e-3, abs=1e-3)
    # Linear in codes and in the kernel, so that each times its gradient is the product too.
    for part, slope in zip(inputs, tape.gradient(product, inputs), strict=True):
        assert np.vdot(part, slope) == pytest.approx(expected, rel=1e-3, abs=1e-3)
