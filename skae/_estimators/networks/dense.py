"""The dense network."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.utils._param_validation import Interval

from skae._estimators.networks.base import BaseNetwork, Layers
from skae._estimators.networks.sizes import hidden_widths
from skae._estimators.words import one_of
from skae._plan.layers import dense_layers


class DenseNetwork(BaseNetwork):
    """Fully connected layers, for features in any order: what ``network=None`` means.

    Parameters
    ----------
    hidden_layer_sizes : int, array-like of int or 'auto', default='auto'
        Widths of the encoder's hidden layers; the decoder mirrors them. ``()`` means no hidden
        layers. 'auto' means ``(128, 64)``, and ``(64, 64, 64)`` where the columns are scaled one by
        one, as in tables with categories, and are at least three times as many as the codes.

    linear_encoder : bool, default=False
        Whether the encoder is one layer, and only the decoder has hidden layers.

    See Also
    --------
    ConvolutionalNetwork : For images.
    RecurrentNetwork : For sequences.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skae import AutoencoderTransformer
    >>> from skae.networks import DenseNetwork
    >>> autoencoder = AutoencoderTransformer(
    ...     8, network=DenseNetwork(), max_iter=5, learning_rate="cosine", random_state=0
    ... )
    >>> grid = {"network__hidden_layer_sizes": [(), (64,)]}
    >>> search = GridSearchCV(autoencoder, grid, cv=3).fit(load_digits().data)
    >>> search.best_params_
    {'network__hidden_layer_sizes': (64,)}
    """

    hidden_layer_sizes: Any = "auto"
    linear_encoder: bool = False

    _parameter_constraints = {
        "hidden_layer_sizes": [
            one_of(["auto"]),
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "linear_encoder": ["boolean"],
    }

    def for_few_codes(self) -> DenseNetwork:
        widths = hidden_widths(self.hidden_layer_sizes, for_few_codes=True)
        return clone(self).set_params(hidden_layer_sizes=widths)

    def layers(
        self, sample_shape: tuple[int, ...], n_components: int | None
    ) -> tuple[Layers, Layers]:
        (n_features,) = sample_shape
        assert n_components is not None
        hidden = hidden_widths(self.hidden_layer_sizes)
        deep = dense_layers((n_features, *hidden, n_components))
        encoder = dense_layers((n_features, n_components)) if self.linear_encoder else deep
        return encoder, tuple(layer.mirror() for layer in reversed(deep))
