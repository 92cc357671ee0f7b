"""A network of one's own, in a file of one's own: shown in docs/own_kind.md as it stands."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval

from skae.base import Dense, Layer
from skae.networks import BaseNetwork


@dataclass(frozen=True)
class SoftSplits(Layer):
    """What the leaves of a soft tree read: a row and a one, times the weight of each leaf.

    Every inner node has a gate ``sigmoid(x w + b)``, the share of a row that goes left. The weight
    of a leaf is the product of the shares on the path to it, so that the weights of a row sum to
    one.
    """

    n_in: int
    depth: int

    # The gates are the activation.
    applies_activation = False

    @property
    def n_leaves(self):
        return 2**self.depth

    @property
    def n_out(self):
        return self.n_leaves * (self.n_in + 1)

    @property
    def kernel_shape(self):
        return self.n_in, self.n_biases

    @property
    def n_biases(self):
        return self.n_leaves - 1

    @property
    def fans(self):
        return self.kernel_shape

    def forward(self, ops, kernel, bias, rows):
        gates = 0.5 + 0.5 * ops.tanh(0.5 * (rows @ kernel + bias))
        weights = 1.0
        for level in range(self.depth):
            sign, rest = self._shares(level)
            weights = weights * (gates @ sign + rest)
        leaves = ops.reshape(
            ops.einsum("nl,ni->nli", weights, rows), (-1, self.n_out - self.n_leaves)
        )
        return ops.concatenate([leaves, weights], axis=1)

    def _shares(self, level):
        """Return arrays that turn gates into the share that goes on to each leaf at a level.

        It is ``gate`` for leaves to the left of their node there, and ``1 - gate`` for others.
        """
        leaf, n_below = np.arange(self.n_leaves), self.n_leaves >> (level + 1)
        is_right = leaf // n_below % 2
        sign = np.zeros((self.n_biases, self.n_leaves), np.float32)
        sign[2**level - 1 + leaf // (2 * n_below), leaf] = 1 - 2 * is_right
        return sign, np.float32(is_right)


class SoftTreeNetwork(BaseNetwork):
    """A soft tree with linear leaves as encoder, and another as decoder.

    See Irsoy and Alpaydin, "Autoencoder Trees", ACML 2015.

    Parameters
    ----------
    depth : int, default=3
        Number of gates on the way to a leaf; a tree has ``2**depth`` leaves.
    """

    depth: int = 3

    _parameter_constraints = {"depth": [Interval(Integral, 1, 10, closed="both")]}

    def layers(self, sample_shape, n_components):
        (n_features,) = sample_shape
        return self._tree(n_features, n_components), self._tree(n_components, n_features)

    def _tree(self, n_in, n_out):
        splits = SoftSplits(n_in, self.depth)
        return splits, Dense(splits.n_out, n_out)
