"""The recurrent autoencoder."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

from skae._estimators.base import BaseAutoencoder
from skae._estimators.parameters import ints
from skae._estimators.words import one_of
from skae._plan.layers import GATES, Dense, EachStep, Layer, Recurrence
from skae._plan.plan import Plan


class RecurrentAutoencoder(BaseAutoencoder):
    """Autoencoder for time series and other sequences: it encodes a sequence as one vector.

    Recurrent layers read a sequence, and a dense layer computes the codes from the last state [4]_.
    The decoder's recurrent layers read the codes at every time step, and a dense layer that all
    steps share computes the values from their states.

    X is an array of sequences, of shape (n_samples, timesteps, features), or of flattened ones, the
    values of the first step first. `reconstruct` returns sequences in the shape of X,
    `inverse_transform` in the shape of the X given to `fit`. Encoding and decoding use TensorFlow
    too, which is imported when it is first needed.

    Parameters
    ----------
    {parameters}

    hidden_layer_sizes : int or array-like of int, default=(64,)
        Units of the encoder's recurrent layers, of which there is at least one; the decoder mirrors
        them. The cells define the activations: `activation` is not used.

    sequence_shape : (int, int) or None, default=None
        Number of time steps and of values in a step. None takes the shape from an array of
        sequences. A flat sample is then a sequence of single values.

    cell : {'lstm', 'gru'}, default='lstm'
        Long short-term memory [5]_ or gated recurrent units [6]_.

    Attributes
    ----------
    sequence_shape_ : (int, int)
        Number of steps and of values in a step of the training sequences.

    sample_shape_ : tuple of int
        Shape of a sample in the X given to `fit`: ``(n_features,)`` for flat samples.

    {attributes}

    See Also
    --------
    AutoencoderTransformer : Dense layers, for features in any order.
    ConvolutionalAutoencoder : The same for images.

    Notes
    -----
    The kernel of a recurrent layer stacks the rows of the inputs on those of the state. Its columns
    belong to the gates: input, forget, candidate and output of an LSTM; reset, update and
    candidate of a GRU. The GRU resets its state before the product of the candidate, as in [6]_.

    References
    ----------
    {references}
    .. [4] Srivastava, Mansimov and Salakhutdinov, "Unsupervised Learning of Video
       Representations using LSTMs", ICML 2015.
    .. [5] Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
    .. [6] Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
       Statistical Machine Translation", EMNLP 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skae import RecurrentAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> phases = rng.uniform(0, 2 * np.pi, (500, 1))
    >>> X = np.sin(phases + np.linspace(0, 6, 20)) + rng.normal(scale=0.1, size=(500, 20))
    >>> recurrent = RecurrentAutoencoder(2, hidden_layer_sizes=16, max_iter=10, random_state=0)
    >>> recurrent.set_params(learning_rate="cosine").fit_transform(X).shape
    (500, 2)
    """

    hidden_layer_sizes: Any = (64,)
    learning_rate_init: float = 0.003
    sequence_shape: Any = None
    cell: str = "lstm"

    _row_shape_parameter = "sequence_shape"
    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "sequence_shape": ["array-like", None],
        "cell": [one_of(GATES)],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        n_steps, n_values = self._sequence(n_features)
        units = self.hidden_sizes()
        if not units:
            raise ValueError("hidden_layer_sizes=(): at least one recurrent layer is needed.")
        encoder: list[Layer] = [
            Recurrence(self.cell, n_steps, below, n_units, returns_sequence=i < len(units) - 1)
            for i, (below, n_units) in enumerate(pairwise((n_values, *units)))
        ]
        decoder: list[Layer] = [
            Recurrence(self.cell, n_steps, below, n_units, i == 0, returns_sequence=True)
            for i, (below, n_units) in enumerate(pairwise((n_components, *units[::-1])))
        ]
        encoder.append(Dense(units[-1], n_components))
        decoder.append(EachStep(n_steps, units[0], n_values))
        return self.layered_plan(tuple(encoder), tuple(decoder))

    def _sequence(self, n_features: int) -> tuple[int, int]:
        """Return the steps of a row and the values of a step."""
        shape = self._given_shape()
        if shape is None:
            return n_features, 1
        n_steps, n_values = ints("sequence_shape", shape, n=2)
        if n_steps * n_values != n_features:
            raise ValueError(
                f"sequence_shape={shape!r} must be (timesteps, features) with a product of "
                f"{n_features}, the number of values in a sample of X."
            )
        return n_steps, n_values

    @property
    def sequence_shape_(self) -> tuple[int, int]:
        layer = cast(Recurrence, self.network_.encoder[0])
        return layer.n_steps, layer.n_inputs
