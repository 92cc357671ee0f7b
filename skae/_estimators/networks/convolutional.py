"""The convolutional network."""

from __future__ import annotations

from math import isqrt, prod
from numbers import Integral
from typing import Any, ClassVar

from sklearn.utils._param_validation import Interval

from skae._estimators.networks.base import BaseNetwork, Layers
from skae._estimators.networks.sizes import ints
from skae._plan.layers import Convolution, Dense, dense_layers

PARAMETERS = """\
hidden_layer_sizes : int or array-like of int
        Widths of dense hidden layers between the last feature map and the codes; the
        decoder mirrors them.

    image_shape : (int, int) or (int, int, int) or None
        Height and width, and the number of channels if it is not 1. None takes the shape from an
        array of images. A flat sample is then a square image if its length is a square number, and
        otherwise an image one pixel high.

    filters : int or array-like of int
        Number of filters of each convolution.

    kernel_size : int or (int, int)
        Height and width of the kernels; images one pixel high need a height of 1 only.

    strides : int or (int, int)
        Strides of each convolution along the height and the width.
"""


class ConvolutionalNetwork(BaseNetwork):
    """Convolutions in the encoder and their transposes in the decoder, for images.

    With this network an autoencoder takes arrays of images, of shape (n_samples, height, width) or
    (n_samples, height, width, channels), or flattened images, as everywhere in scikit-learn.
    ``n_components=None`` means no dense layer: the codes are the values of the last feature map.

    Parameters
    ----------
    {parameters}

    See Also
    --------
    skae.ConvolutionalAutoencoder : The plain autoencoder with this network.
    RecurrentNetwork : For sequences.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> from skae.networks import ConvolutionalNetwork
    >>> images = load_digits().images
    >>> denoiser = DenoisingAutoencoder(
    ...     8, network=ConvolutionalNetwork(filters=8), noise_level=4.0, max_iter=5,
    ...     learning_rate="cosine", random_state=0,
    ... ).fit(images)
    >>> denoiser.reconstruct(images).shape
    (1797, 8, 8)
    """

    hidden_layer_sizes: Any = ()
    image_shape: Any = None
    filters: Any = (16, 32)
    kernel_size: Any = 3
    strides: Any = 2

    _texts = {"parameters": PARAMETERS}
    shape_parameter = "image_shape"
    plans_without_codes = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "image_shape": ["array-like", None],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": ["array-like", Interval(Integral, 1, None, closed="left")],
        "strides": ["array-like", Interval(Integral, 1, None, closed="left")],
    }

    def layers(
        self, sample_shape: tuple[int, ...], n_components: int | None
    ) -> tuple[Layers, Layers]:
        image = self._image(sample_shape)
        kernel = ints("kernel_size", self.kernel_size, n=2)
        strides = ints("strides", self.strides, n=2)
        convolutions: list[Convolution] = []
        filters = ints("filters", self.filters)
        if not filters:
            raise ValueError("filters=(): at least one convolution is needed.")
        for n_filters in filters:
            layer = Convolution(image, n_filters, (kernel[0], kernel[1]), (strides[0], strides[1]))
            convolutions.append(layer)
            image = layer.filtered
        dense = dense_layers(self._dense_widths(prod(image), n_components))
        encoder: tuple[Convolution | Dense, ...] = (*convolutions, *dense)
        return encoder, tuple(layer.mirror() for layer in reversed(encoder))

    def _image(self, sample_shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Return height, width and channels of a sample."""
        shape, n_features = self.image_shape, prod(sample_shape)
        if shape is None and len(sample_shape) == 1:
            side = isqrt(n_features)
            return (side, side, 1) if side * side == n_features else (1, n_features, 1)
        shape = sample_shape if shape is None else shape
        sizes = ints("image_shape", shape)
        if len(sizes) not in (2, 3) or prod(sizes) != n_features:
            raise ValueError(
                f"image_shape={shape!r} must be (height, width) or (height, width, channels) "
                f"with a product of {n_features}, the number of values in a sample of X."
            )
        return sizes[0], sizes[1], prod(sizes[2:])

    def _dense_widths(self, n_filtered: int, n_components: int | None) -> tuple[int, ...]:
        """Return the widths of the dense layers, none of them without a dense code."""
        hidden = ints("hidden_layer_sizes", self.hidden_layer_sizes)
        if n_components is not None:
            return n_filtered, *hidden, n_components
        if hidden:
            raise ValueError(
                "n_components=None leaves the dense layers out, which hidden_layer_sizes="
                f"{self.hidden_layer_sizes!r} needs. Set n_components, or hidden_layer_sizes=()."
            )
        return ()
