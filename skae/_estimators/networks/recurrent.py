"""The recurrent network."""

from __future__ import annotations

from math import prod
from numbers import Integral
from typing import Any, ClassVar

from sklearn.utils._param_validation import Interval

from skae._estimators.networks.base import BaseNetwork, Layers
from skae._estimators.networks.sizes import ints
from skae._estimators.words import one_of
from skae._plan.layers import Dense, Layer
from skae._plan.recurrences import GATES, EachStep, Feedback, Recurrence

PARAMETERS = """\
hidden_layer_sizes : int or array-like of int
        Units of the encoder's recurrent layers, of which there is at least one; the decoder mirrors
        them. The cells define the activations: `activation` is not used.

    sequence_shape : (int, int) or None
        Number of time steps and of values in a step. None takes the shape from an array of
        sequences. A flat sample is then a sequence of single values.

    cell : {'lstm', 'gru'}
        Long short-term memory or gated recurrent units.

    bidirectional : bool
        Whether the encoder's recurrent layers read a sequence in both directions, each with weights
        of its own, and the codes see the last states of both (Schuster and Paliwal, 1997).

    autoregressive : bool
        Whether the decoder reads, beside the codes, its own output for the step before (zeros
        before the first step), in training too (Cho et al., 2014; the conditional decoder of
        Srivastava et al., 2015). A step takes longer.
"""


class RecurrentNetwork(BaseNetwork):
    """Recurrent layers in encoder and decoder, for sequences.

    Recurrent layers read a sequence, and a dense layer computes the codes from the last state. The
    decoder's recurrent layers read the codes at every time step, and a dense layer that all steps
    share computes the values from their states. With this network an autoencoder takes arrays of
    sequences, of shape (n_samples, timesteps, features), or flattened ones, the values of the
    first step first. If lengths differ, X is a list of arrays of shape (timesteps, features), or
    has NaN after the end of the shorter ones.

    Parameters
    ----------
    {parameters}

    See Also
    --------
    skae.RecurrentAutoencoder : The plain autoencoder with this network.
    ConvolutionalNetwork : For images.

    Examples
    --------
    >>> import numpy as np
    >>> from skae import VariationalAutoencoder
    >>> from skae.networks import RecurrentNetwork
    >>> rng = np.random.default_rng(0)
    >>> phases = rng.uniform(0, 2 * np.pi, (500, 1))
    >>> X = np.sin(phases + np.linspace(0, 6, 20)) + rng.normal(scale=0.1, size=(500, 20))
    >>> variational = VariationalAutoencoder(
    ...     2, network=RecurrentNetwork(hidden_layer_sizes=16), max_iter=5,
    ...     learning_rate="cosine", random_state=0,
    ... ).fit(X)
    >>> variational.sample(3, random_state=0).shape
    (3, 20)
    """

    hidden_layer_sizes: Any = (64,)
    sequence_shape: Any = None
    cell: str = "lstm"
    bidirectional: bool = False
    autoregressive: bool = False

    _texts = {"parameters": PARAMETERS}
    shape_parameter = "sequence_shape"
    takes_padding = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "sequence_shape": ["array-like", None],
        "cell": [one_of(GATES)],
        "bidirectional": ["boolean"],
        "autoregressive": ["boolean"],
    }

    def layers(
        self, sample_shape: tuple[int, ...], n_components: int | None
    ) -> tuple[Layers, Layers]:
        assert n_components is not None
        n_steps, n_values = self._sequence(sample_shape)
        units = ints("hidden_layer_sizes", self.hidden_layer_sizes)
        if not units:
            raise ValueError("hidden_layer_sizes=(): at least one recurrent layer is needed.")
        both = bool(self.bidirectional)
        encoder: list[Layer] = []
        width = n_values
        for i, n_units in enumerate(units):
            is_last = i == len(units) - 1
            layer = Recurrence(self.cell, n_steps, width, n_units, False, not is_last, both)
            encoder.append(layer)
            width = layer.n_readings * n_units
        encoder.append(Dense(width, n_components))
        decoder: list[Layer] = []
        width = n_components
        for i, n_units in enumerate(units[::-1]):
            if self.autoregressive and i == len(units) - 1:
                decoder.append(Feedback(self.cell, n_steps, width, n_units, n_values, i == 0))
                return tuple(encoder), tuple(decoder)
            decoder.append(Recurrence(self.cell, n_steps, width, n_units, i == 0, True))
            width = n_units
        return tuple(encoder), (*decoder, EachStep(n_steps, width, n_values))

    def _sequence(self, sample_shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the steps of a sample and the values of a step."""
        shape, n_features = self.sequence_shape, prod(sample_shape)
        if shape is None and len(sample_shape) == 1:
            return n_features, 1
        shape = sample_shape if shape is None else shape
        n_steps, n_values = ints("sequence_shape", shape, n=2)
        if n_steps * n_values != n_features:
            raise ValueError(
                f"sequence_shape={shape!r} must be (timesteps, features) with a product of "
                f"{n_features}, the number of values in a sample of X."
            )
        return n_steps, n_values
