"""A layer of one's own, in a file of one's own: shown in docs/own_kind.md as it stands."""

from dataclasses import dataclass
from itertools import pairwise
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skae.base import BaseAutoencoder, Dense, Layer


@dataclass(frozen=True)
class FourierFeatures(Layer):
    """Cosines of random projections (Rahimi and Recht, 2007), which training adapts."""

    n_in: int
    n_out: int
    bandwidth: float

    # The cosine is the activation.
    applies_activation = False

    @property
    def kernel_shape(self):
        return self.n_in, self.n_out

    def initial_weights(self, draw, rng):
        kernel = rng.standard_normal(self.kernel_shape) / np.sqrt(self.n_in)
        return kernel, rng.uniform(0.0, 2.0 * np.pi, self.n_out)

    def forward(self, ops, kernel, bias, rows):
        return ops.cos(self.bandwidth * (rows @ kernel) + bias)


class FourierAutoencoder(BaseAutoencoder):
    """An autoencoder with waves for hidden units.

    Parameters
    ----------
    {parameters}

    bandwidth : float, default=1.0
        Inverse wavelength of the hidden units, for standardized inputs.

    Attributes
    ----------
    {attributes}
    """

    bandwidth: float = 1.0

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "bandwidth": [Interval(Real, 0, None, closed="neither")],
    }

    def _plan(self, n_features, n_components):
        widths = (n_features, *self.hidden_sizes(), n_components)
        return self.layered_plan(self._layers(widths), self._layers(widths[::-1]))

    def _layers(self, widths):
        *hidden, last = pairwise(widths)
        return (*(FourierFeatures(*pair, self.bandwidth) for pair in hidden), Dense(*last))
