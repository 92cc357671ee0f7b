"""The convolutional autoencoder."""

from __future__ import annotations

from math import isqrt, prod
from numbers import Integral
from typing import Any, cast

from sklearn.utils._param_validation import Interval

from skae._estimators.base import BaseAutoencoder
from skae._estimators.parameters import ints
from skae._plan.layers import Convolution, TransposedConvolution, dense_layers
from skae._plan.plan import Plan, mirrored


class ConvolutionalAutoencoder(BaseAutoencoder):
    """Autoencoder for images: convolutions in the encoder, their transposes in the decoder.

    X is an array of images, of shape (n_samples, height, width) or (n_samples, height, width,
    channels), or of flattened images, as everywhere in scikit-learn. `reconstruct` returns images
    in the shape of X, `inverse_transform` in the shape of the X given to `fit`.

    Convolutions [4]_ are padded, so that a stride of 1 keeps the size of the image and a stride
    of 2 halves it. Encoding and decoding use TensorFlow too, which is imported when it is first
    needed.

    Parameters
    ----------
    {parameters}

    n_components : int, float or None, default=2
        Number of latent codes, computed by a dense layer on the last feature map. A float in (0, 1)
        takes the smallest number of principal components that explain this share of the variance.
        None means no dense layer: the codes are the values of the last feature map.

    hidden_layer_sizes : int or array-like of int, default=()
        Widths of dense hidden layers between the last feature map and the codes; the
        decoder mirrors them.

    image_shape : (int, int) or (int, int, int) or None, default=None
        Height and width, and the number of channels if it is not 1. None takes the shape from an
        array of images. A flat sample is then a square image if its length is a square number, and
        otherwise an image one pixel high.

    filters : int or array-like of int, default=(16, 32)
        Number of filters of each convolution.

    kernel_size : int or (int, int), default=3
        Height and width of the kernels; images one pixel high need a height of 1 only.

    strides : int or (int, int), default=2
        Strides of each convolution along the height and the width.

    Attributes
    ----------
    image_shape_ : (int, int, int)
        Height, width and number of channels of the training images.

    sample_shape_ : tuple of int
        Shape of a sample in the X given to `fit`: ``(n_features,)`` for flat samples.

    {attributes}

    See Also
    --------
    AutoencoderTransformer : Dense layers, for features in any order.
    RecurrentAutoencoder : The same for sequences.
    skae.plotting.FeaturesDisplay : Draws the kernels.

    References
    ----------
    {references}
    .. [4] Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature
       Extraction", ICANN 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ConvolutionalAutoencoder
    >>> images = load_digits().images
    >>> convolutional = ConvolutionalAutoencoder(8, max_iter=20, random_state=0)
    >>> codes = convolutional.set_params(learning_rate="cosine").fit_transform(images)
    >>> codes.shape, convolutional.inverse_transform(codes).shape
    ((1797, 8), (1797, 8, 8))
    >>> print(f"{convolutional.score(images):.1f}")
    0.8
    """

    hidden_layer_sizes: Any = ()
    learning_rate_init: float = 0.003
    image_shape: Any = None
    filters: Any = (16, 32)
    kernel_size: Any = 3
    strides: Any = 2

    _row_shape_parameter = "image_shape"
    _plans_without_codes = True
    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "image_shape": ["array-like", None],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": ["array-like", Interval(Integral, 1, None, closed="left")],
        "strides": ["array-like", Interval(Integral, 1, None, closed="left")],
    }

    def _plan(self, n_features: int, n_components: int | None) -> Plan:
        image = self._image(n_features)
        kernel = ints("kernel_size", self.kernel_size, n=2)
        strides = ints("strides", self.strides, n=2)
        inwards: list[Convolution] = []
        filters = ints("filters", self.filters)
        if not filters:
            raise ValueError("filters=(): at least one convolution is needed.")
        for n_filters in filters:
            layer = Convolution(image, n_filters, (kernel[0], kernel[1]), (strides[0], strides[1]))
            inwards.append(layer)
            image = layer.filtered
        outwards = tuple(TransposedConvolution(layer) for layer in reversed(inwards))
        dense = dense_layers(self._dense_widths(prod(image), n_components))
        return self.layered_plan((*inwards, *dense), (*mirrored(dense), *outwards))

    def _image(self, n_features: int) -> tuple[int, int, int]:
        """Return height, width and channels of a row."""
        shape = self._given_shape()
        if shape is None:
            side = isqrt(n_features)
            return (side, side, 1) if side * side == n_features else (1, n_features, 1)
        sizes = ints("image_shape", shape)
        if len(sizes) not in (2, 3) or prod(sizes) != n_features:
            raise ValueError(
                f"image_shape={shape!r} must be (height, width) or (height, width, channels) "
                f"with a product of {n_features}, the number of values in a sample of X."
            )
        return sizes[0], sizes[1], prod(sizes[2:])

    @property
    def image_shape_(self) -> tuple[int, int, int]:
        return cast(Convolution, self.network_.encoder[0]).image

    def _dense_widths(self, n_filtered: int, n_components: int | None) -> tuple[int, ...]:
        """Return the widths of the dense layers, none of them without a dense code."""
        hidden = self.hidden_sizes()
        if n_components is not None:
            return n_filtered, *hidden, n_components
        if hidden or self.init == "pca":
            raise ValueError(
                "n_components=None leaves the dense layers out, which hidden_layer_sizes="
                f"{self.hidden_layer_sizes!r} and init={self.init!r} need. Set "
                "n_components, or set hidden_layer_sizes=() and init='glorot'."
            )
        return ()
