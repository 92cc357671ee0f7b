"""Layers of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from skae._plan.layers import Layer


@dataclass(frozen=True)
class Convolution(Layer):
    """A convolution of images, and max pooling of its result.

    Pooling sees all pixels: windows at the edges may be incomplete. The activation follows the
    pooling, on fewer pixels; for activations that only rise, the order makes no difference.

    Parameters
    ----------
    image : (height, width, channels)
    n_filters : int
    kernel : (height, width)
    strides : (int, int)
    padding : {"same", "valid"}
        Whether zeros are added around the image, so that a stride of 1 keeps its size.
    pooling : (height, width)
        Size of the windows of which the largest value is kept; (1, 1) means no pooling.
    """

    image: tuple[int, int, int]
    n_filters: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    padding: str = "same"
    pooling: tuple[int, int] = (1, 1)

    @property
    def convolved(self) -> tuple[int, int, int]:
        """Shape of the image before pooling."""
        height, width, _ = self.image
        if self.padding == "valid":
            height, width = height - self.kernel[0] + 1, width - self.kernel[1] + 1
        return *_strided((height, width), self.strides), self.n_filters

    @property
    def windows(self) -> tuple[int, int]:
        """Height and width of pooling windows, at most those of the image before it."""
        height, width = map(min, self.pooling, self.convolved)
        return height, width

    @property
    def filtered(self) -> tuple[int, int, int]:
        """Shape of the filtered image."""
        return *_strided(self.convolved, self.windows), self.n_filters

    @property
    def shape_in(self) -> tuple[int, ...]:
        return self.image

    @property
    def n_in(self) -> int:
        return prod(self.image)

    @property
    def n_out(self) -> int:
        return prod(self.filtered)

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return *self.kernel, self.image[-1], self.n_filters

    @property
    def n_biases(self) -> int:
        return self.n_filters

    @property
    def fans(self) -> tuple[float, float]:
        area = prod(self.kernel)
        return area * self.image[-1], area * self.n_filters / prod(self.strides)

    def mirror(self) -> TransposedConvolution:
        return TransposedConvolution(self)


def _strided(image: tuple[int, ...], steps: tuple[int, int]) -> tuple[int, int]:
    """Return the numbers of steps that cover the height and the width of an image."""
    return -(-image[0] // steps[0]), -(-image[1] // steps[1])


@dataclass(frozen=True)
class TransposedConvolution(Layer):
    """The way back from a :class:`Convolution`, to an image of exactly its size.

    Each pixel takes the value of its pooling window, if there is pooling, and the transpose of the
    convolution follows, with a kernel of the same shape.
    """

    mirrored: Convolution

    @property
    def n_in(self) -> int:
        return self.mirrored.n_out

    @property
    def n_out(self) -> int:
        return self.mirrored.n_in

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.mirrored.kernel_shape

    @property
    def n_biases(self) -> int:
        return self.mirrored.image[-1]

    @property
    def fans(self) -> tuple[float, float]:
        return self.mirrored.fans[::-1]

    def tied_kernel(self, kernel: Any, transpose: Callable[[Any], Any]) -> Any:
        return kernel
