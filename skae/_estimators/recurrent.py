"""The recurrent autoencoder."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from skae._estimators.base import BaseAutoencoder
from skae._estimators.networks.recurrent import PARAMETERS, RecurrentNetwork
from skae._plan.plan import Plan


class RecurrentAutoencoder(BaseAutoencoder):
    """Autoencoder for time series and other sequences: it encodes a sequence as one vector.

    This is `AutoencoderTransformer` with a :class:`~skae.networks.RecurrentNetwork`, whose
    parameters it has, and a higher learning rate. Other autoencoders take that network too.

    Recurrent layers read a sequence, and a dense layer computes the codes from the last state [5]_.
    The decoder's recurrent layers read the codes at every time step, and a dense layer that all
    steps share computes the values from their states.

    X is an array of sequences, of shape (n_samples, timesteps, features), or of flattened ones, the
    values of the first step first. `reconstruct` returns sequences in the shape of X,
    `inverse_transform` in the shape of the X given to `fit`. Encoding and decoding use TensorFlow
    too, which is imported when it is first needed.

    If lengths differ, X is a list of arrays of shape (timesteps, features), or an array with NaN
    after the end of the shorter sequences. These steps have no loss, and the codes are computed
    from the state of the last step before them. `reconstruct` returns a list for a list, and NaN
    where X has NaN.

    Parameters
    ----------
    {parameters}

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
    candidate of a GRU. The GRU resets its state before the product of the candidate, as in [7]_.

    References
    ----------
    {references}
    .. [5] Srivastava, Mansimov and Salakhutdinov, "Unsupervised Learning of Video
       Representations using LSTMs", ICML 2015.
    .. [6] Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
    .. [7] Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
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

    network: Any = field(default=None, init=False)
    missing_values: Any = field(default=None, init=False)
    column_scaling: Any = field(default=False, init=False)
    categorical_features: Any = field(default=None, init=False)
    precision: str = field(default="float32", init=False)
    hidden_layer_sizes: Any = (64,)
    learning_rate_init: float = 0.003
    sequence_shape: Any = None
    cell: str = "lstm"
    bidirectional: bool = False
    autoregressive: bool = False

    _texts = {
        **BaseAutoencoder._texts,
        "parameters": f"{BaseAutoencoder._texts['parameters'].rstrip()}\n\n    {PARAMETERS}",
    }
    _own_network = RecurrentNetwork
    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        **RecurrentNetwork._parameter_constraints,
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

    def _plan(self, n_features: int, n_components: int) -> Plan:
        return self.network_plan(n_features, n_components)

    @property
    def sequence_shape_(self) -> tuple[int, ...]:
        return self.network_.encoder[0].shape_in
