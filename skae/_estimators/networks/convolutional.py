"""The convolutional network."""

from __future__ import annotations

from math import isqrt, prod
from numbers import Integral
from typing import Any, ClassVar

from sklearn.utils._param_validation import Interval

from skae._estimators.networks.base import BaseNetwork, Layers
from skae._estimators.networks.sizes import ints, pairs
from skae._estimators.words import one_of
from skae._plan.convolutions import Convolution
from skae._plan.layers import Dense, dense_layers

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

    kernel_size : int, (int, int) or list of these
        Height and width of the kernels; images one pixel high need a height of 1 only. A tuple of
        two ints is the height and the width for all convolutions, a list has one value for each.

    strides : int, (int, int) or list of these
        Strides of the convolutions along the height and the width, given like `kernel_size`.

    padding : {'same', 'valid'} or list of these
        'same' adds zeros around an image, so that a stride of 1 keeps its size; 'valid' adds none,
        and a kernel of `k` pixels shortens it by ``k - 1``. A list has one value for each
        convolution.

    pooling : int, (int, int) or list of these
        Height and width of the windows of which max pooling keeps the largest value, after each
        convolution, given like `kernel_size`. 1 means no pooling. A window at the edge may be
        incomplete. On the way back each pixel takes the value of its window (up-sampling).
"""
PADDINGS = ("same", "valid")


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
    padding: Any = "same"
    pooling: Any = 1

    _texts = {"parameters": PARAMETERS}
    shape_parameter = "image_shape"
    plans_without_codes = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "image_shape": ["array-like", None],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": ["array-like", Interval(Integral, 1, None, closed="left")],
        "strides": ["array-like", Interval(Integral, 1, None, closed="left")],
        "padding": [one_of(PADDINGS), "array-like"],
        "pooling": ["array-like", Interval(Integral, 1, None, closed="left")],
    }

    def layers(
        self, sample_shape: tuple[int, ...], n_components: int | None
    ) -> tuple[Layers, Layers]:
        convolutions = self._convolutions(self._image(sample_shape))
        dense = dense_layers(self._dense_widths(convolutions[-1].n_out, n_components))
        encoder: tuple[Convolution | Dense, ...] = (*convolutions, *dense)
        return encoder, tuple(layer.mirror() for layer in reversed(encoder))

    def _convolutions(self, image: tuple[int, int, int]) -> list[Convolution]:
        """Return the convolutions of the encoder."""
        filters = ints("filters", self.filters)
        if not filters:
            raise ValueError("filters=(): at least one convolution is needed.")
        n = len(filters)
        convolutions: list[Convolution] = []
        kernels = pairs("kernel_size", self.kernel_size, n)
        strides = pairs("strides", self.strides, n)
        paddings = self._paddings(n)
        pooling = pairs("pooling", self.pooling, n)
        for values in zip(filters, kernels, strides, paddings, pooling, strict=True):
            layer = Convolution(image, *values)
            if min(layer.convolved) < 1:
                raise ValueError(
                    f"kernel_size={self.kernel_size!r} and padding={self.padding!r}: convolution "
                    f"{len(convolutions)} gets an image of {image[:2]} pixels, which its kernel "
                    f"{layer.kernel} exceeds. Choose smaller kernels, or padding='same'."
                )
            convolutions.append(layer)
            image = layer.filtered
        return convolutions

    def _paddings(self, n: int) -> list[str]:
        """Return the padding of each of `n` convolutions."""
        given = self.padding
        paddings = [given] * n if isinstance(given, str) else list(given)
        if len(paddings) != n or not all(each in PADDINGS for each in paddings):
            raise ValueError(
                f"padding={given!r} must be 'same' or 'valid', or a list with one of them for "
                f"each of the {n} convolutions."
            )
        return paddings

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
