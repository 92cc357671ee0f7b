"""The variational autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skae._base import BaseAutoencoder
from skae._parameters import estimator
from skae._parts import LOSSES, Step
from skae._plan import Plan
from skae._rows import finite
from skae._serve import ARRAYS, blocks, encode, entry_losses, log_variances, propagate
from skae._words import one_of


@dataclass(frozen=True)
class Divergence:
    """Kullback-Leibler divergence of a row's codes from standard normals, per column of X."""

    weight: float

    def __call__(self, tf: Any, step: Step) -> Any:
        nats = divergence(tf.math, step.means, step.log_variances)
        rows = tf.reduce_sum(nats, axis=1)
        return self.weight * step.mean(tf, rows) / step.network.n_features


def divergence(m: Any, means: Any, log_variances: Any) -> Any:
    """Return, code by code, the divergence from a standard normal in nats."""
    return 0.5 * (m.square(means) + m.exp(log_variances) - 1.0 - log_variances)


@estimator
class VariationalAutoencoder(BaseAutoencoder):
    """Autoencoder whose codes are normals, from which new rows can be drawn.

    The encoder gives the mean and the log-variance of each code, training draws codes from
    them, and a divergence from standard normals is added to the loss: training raises a lower
    bound of the likelihood of X [4]_. `transform` gives the means. They are near standard normals
    and, unlike the codes of other kinds, not in the units of X.

    loss='binary_crossentropy' stands for Bernoulli variables (and, as usual, for pixels between 0
    and 1), loss='squared_error' for normal ones of variance ``scale_**2 / 2``. `score_samples`
    is minus the squared error of the reconstruction from the means, as for every kind;
    the bound itself is `evidence_lower_bound`.

    Parameters
    ----------
    {parameters}

    loss : {'squared_error', 'binary_crossentropy'}, default='squared_error'
        Likelihood of X, see above. 'binary_crossentropy' needs values in [0, 1] and implies a
        logistic output.

    kl_weight : float, default=1.0
        Weight of the divergence, the beta of [5]_. 1 is the evidence lower bound.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderTransformer : Codes without noise, in the units of X.
    skae.plotting.ManifoldDisplay : Draws what a grid of codes decodes to.
    sklearn.mixture.GaussianMixture : Another model that draws new samples.

    References
    ----------
    {references}
    .. [4] Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    .. [5] Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained
       Variational Framework", ICLR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VariationalAutoencoder
    >>> X = load_digits().data / 16
    >>> variational = VariationalAutoencoder(8, loss="binary_crossentropy", random_state=0).fit(X)
    >>> variational.sample(3, random_state=0).shape
    (3, 64)
    >>> print(f"{variational.evidence_lower_bound(X, random_state=0).mean():.0f} nats")
    -24 nats
    """

    kl_weight: float = 1.0

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "loss": [one_of(("squared_error", "binary_crossentropy"))],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        return self.dense_plan(
            n_features,
            n_components,
            is_variational=True,
            penalties=(Divergence(float(self.kl_weight)),),
        )

    def sample(self, n_samples=1, random_state=None):
        """Draw new rows: decode codes drawn from standard normals.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Means of the rows, in the units of X: the noise of the likelihood is not added.

        Raises
        ------
        ValueError
            If `n_samples` is less than 1.
        """
        if n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r}: ask for one row at least.")
        # Whitening is a map of what transform gives out; the decoder knows nothing of it.
        codec = replace(self._codec, whitening=None)
        rng = check_random_state(random_state)
        return codec.decode(rng.standard_normal((n_samples, self.n_components_)))

    def evidence_lower_bound(self, X, random_state=None):
        """Return a lower bound of the log-likelihood of each row, estimated by one draw of codes.

        `kl_weight` does not enter.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        bounds : ndarray of shape (n_samples,)
            In nats. With loss='squared_error' it is the log of a density in the units of X.
        """
        codec = self._codec
        X = self._within_reach(self._validated(X))
        rng = check_random_state(random_state)
        network, loss = codec.network, LOSSES[self.loss]
        mean, scale = codec.mean.astype(X.dtype), X.dtype.type(codec.scale)
        weights = (weight.astype(X.dtype, copy=False) for weight in codec.weights)
        encoder, decoder = network.split(weights, np.transpose)

        def bounds_of(block: np.ndarray) -> np.ndarray:
            rows = codec.standardised(block)
            means = encode(network, encoder, rows, ARRAYS)
            spread = log_variances(network, encoder, rows, ARRAYS)
            codes = means + np.exp(0.5 * spread) * rng.standard_normal(means.shape).astype(X.dtype)
            output = propagate(network, decoder, codes, ARRAYS)
            losses = entry_losses(loss, network, rows, output, mean, scale, ARRAYS)
            return -losses.sum(axis=1) - divergence(np, means, spread).sum(axis=1)

        bounds = np.empty(len(X))
        for part in blocks(len(X), network.widest):
            bounds[part] = finite(bounds_of, X[part])
        if not loss.on_logits:
            # What makes a normal of variance scale**2 / 2 integrate to one.
            bounds -= network.n_features * (0.5 * np.log(np.pi) + np.log(codec.scale))
        return bounds
