"""Convolutions of flat rows; wide kernels on few channels take blocks of pixels as channels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._tensorflow.quiet import tf

Tensor = Any


def convolve(layer: Convolution, kernel: Tensor, bias: Tensor, rows: Tensor) -> Tensor:
    """Apply a convolution and its pooling to rows."""
    block, spare = _block(layer), _spare_channels(layer)
    images = _with_channels(_in_blocks(tf.reshape(rows, (-1, *layer.image)), block), spare, 3)
    kernel = _with_channels(_widened(layer, kernel, block), spare, 2)
    convolved = tf.nn.conv2d(images, kernel, layer.strides, layer.padding.upper())
    images = _in_pixels(convolved + tf.tile(bias, [prod(block)]), block)
    return tf.reshape(_pooled(layer, images), (-1, layer.n_out))


def convolve_back(
    transposed: TransposedConvolution, kernel: Tensor, bias: Tensor, rows: Tensor
) -> Tensor:
    """Apply the way back from a convolution to rows."""
    layer = transposed.mirrored
    block, spare = _block(layer), _spare_channels(layer)
    images = _in_blocks(tf.reshape(_spread(layer, rows), (-1, *layer.convolved)), block)
    height, width, n_channels = layer.image
    n_channels *= prod(block)
    shape = tf.shape(rows)[0], height // block[0], width // block[1], n_channels + spare
    kernel = _with_channels(_widened(layer, kernel, block), spare, 2)
    images = tf.nn.conv2d_transpose(images, kernel, shape, layer.strides, layer.padding.upper())
    # The gradient of a slice of everything would be a copy.
    images = images[..., :n_channels] if spare else images
    return tf.reshape(_in_pixels(images + tf.tile(bias, [prod(block)]), block), (-1, layer.n_in))


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


def _block(layer: Convolution) -> tuple[int, int]:
    """Return height and width of the blocks of pixels to treat as one pixel with their channels.

    A kernel on blocks multiplies some zeros, but with as many channels as a vector unit has lanes
    it takes less time. Square blocks multiply the fewest zeros: 5 x 5 on 4 pixels 1.4 numbers for
    each of the kernel's, instead of 2.4 in a row. Kernels of width 3 gain nothing.
    """
    n_channels = max(layer.image[-1], layer.n_filters)
    if layer.strides != (1, 1) or layer.kernel[1] < 5 or n_channels > 16:
        return 1, 1
    square = (2, 2) if layer.kernel[0] >= 5 else (1, 4)
    for block in (square, (1, 4)) if n_channels <= 4 else ((1, 2),):
        sizes = zip(layer.image[:2] + layer.convolved[:2], block * 2, strict=True)
        if not any(size % n for size, n in sizes):
            return block
    return 1, 1


def _in_blocks(images: Tensor, block: tuple[int, int]) -> Tensor:
    """Return images whose pixels are the blocks of these images."""
    if block[0] > 1:
        return tf.nn.space_to_depth(images, block[0])
    _, height, width, n_channels = images.shape
    return tf.reshape(images, (-1, height, width // block[1], n_channels * block[1]))


def _in_pixels(images: Tensor, block: tuple[int, int]) -> Tensor:
    """Return images whose blocks are the pixels of these images, the inverse of `_in_blocks`."""
    if block[0] > 1:
        return tf.nn.depth_to_space(images, block[0])
    _, height, width, n_channels = images.shape
    return tf.reshape(images, (-1, height, width * block[1], n_channels // block[1]))


def _widened(layer: Convolution, kernel: Tensor, block: tuple[int, int]) -> Tensor:
    """Return the kernel on blocks of pixels that is equivalent to `kernel` on pixels."""
    if block == (1, 1):
        return kernel
    rows, columns = (
        _chosen(layer.padding, *sizes) for sizes in zip(layer.kernel, block, strict=True)
    )
    chosen = np.einsum("gpqh,GPQw->gGpPqQhw", rows, columns)
    wide = tf.einsum("gGpPqQhw,hwio->gGpPiqQo", chosen, kernel)
    n_in, n_out = (prod(block) * n for n in layer.kernel_shape[2:])
    return tf.reshape(wide, (len(rows), len(columns), n_in, n_out))


def _chosen(padding: str, width: int, n: int) -> np.ndarray:
    """Return, along one axis, which entry of a kernel joins an input and an output pixel.

    The axes are the block of the input pixel, counted from that of the output pixel, the places of
    the two in their blocks of `n`, and the entries.
    """
    if n == 1:
        return np.eye(width, dtype=np.float32).reshape(width, 1, 1, width)
    # Entries of the kernel before an output pixel, and the blocks that it reads.
    if padding == "valid":
        before, first, last = 0, 0, -(-(width - 1) // n)
    else:
        before, last = (width - 1) // 2, -(-(width // 2) // n)
        first = -last
    blocks, pixel_in, pixel_out, entry = np.ogrid[first : last + 1, :n, :n, :width]
    return (n * blocks + pixel_in - pixel_out + before == entry).astype(np.float32)
