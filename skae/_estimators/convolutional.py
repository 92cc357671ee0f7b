"""The convolutional autoencoder."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from skae._estimators.base import BaseAutoencoder
from skae._estimators.networks.convolutional import PARAMETERS, ConvolutionalNetwork
from skae._plan.plan import Plan


class ConvolutionalAutoencoder(BaseAutoencoder):
    """Autoencoder for images: convolutions in the encoder, their transposes in the decoder.

    This is `AutoencoderTransformer` with a :class:`~skae.networks.ConvolutionalNetwork`, whose
    parameters it has, and a higher learning rate. Other autoencoders take that network too.

    X is an array of images, of shape (n_samples, height, width) or (n_samples, height, width,
    channels), or of flattened images, as everywhere in scikit-learn. `reconstruct` returns images
    in the shape of X, `inverse_transform` in the shape of the X given to `fit`.

    By default convolutions [5]_ are padded, and halve the image by a stride of 2. The decoder
    returns images of exactly the original size. Encoding and decoding use TensorFlow too, which is
    imported when it is first needed.

    Parameters
    ----------
    {parameters}

    n_components : int, float or None, default=2
        Number of latent codes, computed by a dense layer on the last feature map. A float in (0, 1)
        takes the smallest number of principal components that explain this share of the variance.
        None means no dense layer: the codes are the values of the last feature map.

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
    .. [5] Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature
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

    network: Any = field(default=None, init=False)
    missing_values: Any = field(default=None, init=False)
    column_scaling: Any = field(default=False, init=False)
    categorical_features: Any = field(default=None, init=False)
    precision: str = field(default="float32", init=False)
    hidden_layer_sizes: Any = ()
    learning_rate_init: float = 0.003
    image_shape: Any = None
    filters: Any = (16, 32)
    kernel_size: Any = 3
    strides: Any = 2
    padding: Any = "same"
    pooling: Any = 1

    _texts = {
        **BaseAutoencoder._texts,
        "parameters": f"{BaseAutoencoder._texts['parameters'].rstrip()}\n\n    {PARAMETERS}",
    }
    _own_network = ConvolutionalNetwork
    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        **ConvolutionalNetwork._parameter_constraints,
    }
    for _name in (
        "network",
        "missing_values",
        "column_scaling",
        "categorical_features",
        "precision",
    ):
        del _parameter_constraints[_name]
    del _name

    def _plan(self, n_features: int, n_components: int | None) -> Plan:
        return self.network_plan(n_features, n_components)

    @property
    def image_shape_(self) -> tuple[int, ...]:
        return self.network_.encoder[0].shape_in
