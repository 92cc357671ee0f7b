"""Convolutions of flat rows; wide kernels on few channels are reshaped to use vector units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._tensorflow.quiet import tf

Tensor = Any

# With more channels, the zeros in a kernel for several columns cost what full vectors gain.
FEW_CHANNELS = 8


def convolve(layer: Convolution, kernel: Tensor, bias: Tensor, rows: Tensor) -> Tensor:
    """Apply a convolution and its pooling to rows."""
    n, spare = _pixels_at_once(layer), _spare_channels(layer)
    images = _with_channels(tf.reshape(rows, (-1, *_grouped(layer.image, n))), spare, 3)
    kernel, padding = _with_channels(_widened(layer, kernel, n), spare, 2), layer.padding.upper()
    convolved = tf.nn.conv2d(images, kernel, layer.strides, padding)
    if layer.pooling == (1, 1):
        convolved = convolved + tf.tile(bias, [n])
    else:
        # To fewer pixels, with the same result.
        convolved = _pooled(layer, convolved) + bias
    return tf.reshape(convolved, (-1, layer.n_out))


def convolve_back(
    transposed: TransposedConvolution, kernel: Tensor, bias: Tensor, rows: Tensor
) -> Tensor:
    """Apply the way back from a convolution to rows."""
    layer = transposed.mirrored
    if _has_whole_windows(layer):
        layer, kernel = _in_strides(layer, kernel)
    if _is_faster_by_columns(layer):
        convolved = tf.reshape(_spread(layer, rows), (-1, *layer.convolved))
        images = _back_by_columns(layer, kernel, convolved) + bias
        return tf.reshape(images, (-1, layer.n_in))
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


def _is_faster_by_columns(layer: Convolution) -> bool:
    """Return whether to go back by columns: from strides, to images of few channels."""
    stride, (_, width, n_channels) = layer.strides[1], layer.image
    is_whole = width % stride == _spare_channels(layer) == 0
    return is_whole and stride > 1 and n_channels <= FEW_CHANNELS


def _back_by_columns(layer: Convolution, kernel: Tensor, convolved: Tensor) -> Tensor:
    """Return the images before a convolution, with the columns of a stride as channels.

    With few channels alone, vector units are nearly empty: with strides of 2 to 4 and up to 4
    channels this takes .2 to .6 of the time. Gradients are convolutions to the many channels of
    `convolved`, and gain nothing.
    """
    (height, width, n_channels), stride = layer.image, layer.strides[1]
    vertical, (left, _) = _paddings(layer)
    # The groups of columns that a column of `convolved` belongs to, counted from its own.
    first, last = -((left + stride - 1) // stride), (layer.kernel[1] - 1 - left) // stride

    @tf.custom_gradient
    def images(kernel: Tensor, convolved: Tensor) -> Any:
        group, pixel, column = np.ogrid[first : last + 1, :stride, : layer.kernel[1]]
        chosen = stride * group + pixel + left == column
        wide = tf.einsum("gpw,hwco->hgpco", chosen.astype(np.float32), kernel)
        wide = tf.reshape(wide, (layer.kernel[0], len(group), stride * n_channels, layer.n_filters))
        shape = tf.shape(convolved)[0], height, width // stride, stride * n_channels
        horizontal = (-first, last) if layer.padding == "same" else (0, 0)
        # With paddings as numbers TensorFlow takes its own kernel, faster here than oneDNN's.
        paddings, strides = ((0, 0), vertical, horizontal, (0, 0)), (layer.strides[0], 1)
        grouped = tf.nn.conv2d_transpose(convolved, wide, shape, strides, paddings)

        def gradient(of_images: Tensor) -> tuple[Tensor, Tensor]:
            padding = layer.padding.upper()
            of_kernel = tf.raw_ops.Conv2DBackpropFilter(
                input=of_images,
                filter_sizes=layer.kernel_shape,
                out_backprop=convolved,
                strides=(1, *layer.strides, 1),
                padding=padding,
            )
            return of_kernel, tf.nn.conv2d(of_images, kernel, layer.strides, padding)

        return tf.reshape(grouped, (-1, *layer.image)), gradient

    return images(kernel, convolved)


def _paddings(layer: Convolution) -> list[tuple[int, int]]:
    """Return the numbers of zeros above and below the images, and to their left and right."""
    if layer.padding == "valid":
        return [(0, 0), (0, 0)]
    sizes = zip(layer.image, layer.convolved, layer.strides, layer.kernel, strict=False)
    spare = [max((n_out - 1) * step + n - n_in, 0) for n_in, n_out, step, n in sizes]
    return [(n // 2, n - n // 2) for n in spare]


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
    # Not by strides, whose gradient takes six times as long.
    return tf.slice(images, (0, top, left, 0), (-1, height, width, -1))


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
