"""Convolutions of flat rows; wide kernels on few channels are reshaped to use vector units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._tensorflow.quiet import tf

Tensor = Any


def convolve(layer: Convolution, kernel: Tensor, bias: Tensor, rows: Tensor) -> Tensor:
    """Apply a convolution and its pooling to rows."""
    n, spare = _pixels_at_once(layer), _spare_channels(layer)
    images = _with_channels(tf.reshape(rows, (-1, *_grouped(layer.image, n))), spare, 3)
    kernel, padding = _with_channels(_widened(layer, kernel, n), spare, 2), layer.padding.upper()
    convolved = tf.nn.conv2d(images, kernel, layer.strides, padding)
    return tf.reshape(_pooled(layer, convolved + tf.tile(bias, [n])), (-1, layer.n_out))


def convolve_back(
    transposed: TransposedConvolution, kernel: Tensor, bias: Tensor, rows: Tensor
) -> Tensor:
    """Apply the way back from a convolution to rows."""
    layer = transposed.mirrored
    if _has_whole_windows(layer):
        layer, kernel = _in_strides(layer, kernel)
    n, spare = _pixels_at_once(layer), _spare_channels(layer)
    convolved = tf.reshape(_spread(layer, rows), (-1, *_grouped(layer.convolved, n)))
    *sizes, n_channels = _grouped(layer.image, n)
    shape = tf.shape(rows)[0], *sizes, n_channels + spare
    kernel, padding = _with_channels(_widened(layer, kernel, n), spare, 2), layer.padding.upper()
    images = tf.nn.conv2d_transpose(convolved, kernel, shape, layer.strides, padding)
    # Not without need, because the gradient of a slice is another copy of the images.
    images = images[..., :n_channels] if spare else images
    return tf.reshape(images + tf.tile(bias, [n]), (-1, layer.n_in))


def _has_whole_windows(layer: Convolution) -> bool:
    """Return whether a convolution of all pixels is pooled by windows that are all complete."""
    (height, width, _), windows = layer.convolved, layer.windows
    are_whole = height % windows[0] == width % windows[1] == 0
    return layer.pooling != (1, 1) and are_whole and layer.strides == (1, 1)


def _in_strides(layer: Convolution, kernel: Tensor) -> tuple[Convolution, Tensor]:
    """Return a convolution without pooling, and its kernel, that has the same way back.

    On the way back each pixel of a window gets the same value. So the kernel can be summed over the
    places in the window, and be applied once to each window, in strides.
    """
    for axis, size in enumerate(layer.windows):
        before, after = [(0, 0)] * axis, [(0, 0)] * (3 - axis)
        places = ([*before, (i, size - 1 - i), *after] for i in range(size))
        kernel = sum(tf.pad(kernel, place) for place in places)
    height, width = kernel.shape[:2]
    return replace(layer, kernel=(height, width), strides=layer.windows, pooling=(1, 1)), kernel


def _spare_channels(layer: Convolution) -> int:
    """Return the number of channels of zeros to add to the images: one, or none.

    If images of one channel, convolved in strides, become one pixel wide and several high,
    TensorFlow 2.21 with oneDNN returns zeros for most of these pixels.
    """
    return int(layer.image[-1] == layer.convolved[1] == 1 < layer.strides[1])


def _with_channels(images: Tensor, n: int, axis: int) -> Tensor:
    """Return images, or a kernel, with `n` more channels of zeros."""
    return images if n == 0 else tf.pad(images, [(0, n * (i == axis)) for i in range(4)])


def _pooled(layer: Convolution, convolved: Tensor) -> Tensor:
    """Return the largest value of each pooling window."""
    if layer.pooling == (1, 1):
        return convolved
    images = tf.reshape(convolved, (-1, *layer.convolved))
    return tf.nn.max_pool2d(images, layer.windows, layer.windows, "SAME")


def _spread(layer: Convolution, rows: Tensor) -> Tensor:
    """Return images in which each pixel has the value of its pooling window."""
    if layer.pooling == (1, 1):
        return rows
    images = tf.reshape(rows, (-1, *layer.filtered))
    for axis, n in zip((1, 2), layer.windows, strict=True):
        images = tf.repeat(images, n, axis)
    height, width, _ = layer.convolved
    # Incomplete windows are at both edges, as pooling has them.
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    return images[:, top : top + height, left : left + width]


def _pixels_at_once(layer: Convolution) -> int:
    """Return the number of neighboring pixels to treat as the channels of one pixel.

    The widened kernel multiplies some zeros, but with as many channels as a vector unit has lanes
    it takes less time: three quarters for 5 x 5 on 4 channels, half for 7 x 7. Kernels of width 3
    gain nothing.
    """
    n_channels = max(layer.image[-1], layer.n_filters)
    n = 4 if n_channels <= 4 else 2
    gains = layer.strides == (1, 1) and layer.kernel[1] >= 5 and n_channels <= 16
    fits = layer.image[1] % n == layer.convolved[1] % n == 0
    return n if gains and fits else 1


def _grouped(image: tuple[int, int, int], n: int) -> tuple[int, int, int]:
    height, width, n_channels = image
    return height, width // n, n * n_channels


def _widened(layer: Convolution, kernel: Tensor, n: int) -> Tensor:
    """Return the kernel on groups of `n` pixels that is equivalent to `kernel` on pixels."""
    if n == 1:
        return kernel
    height, width, n_in, n_out = layer.kernel_shape
    # Columns of the kernel to the left of an output pixel, and the groups of pixels that it reads.
    if layer.padding == "valid":
        left, first, last = 0, 0, -(-(width - 1) // n)
    else:
        left, last = (width - 1) // 2, -(-(width // 2) // n)
        first = -last
    groups, pixel_in, pixel_out, column = np.ogrid[first : last + 1, :n, :n, :width]
    chosen = n * groups + pixel_in - pixel_out + left == column
    wide = tf.einsum("gpqc,hcio->hgpiqo", chosen.astype(np.float32), kernel)
    return tf.reshape(wide, (height, len(groups), n * n_in, n * n_out))
