"""The variational autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skae._data.blocks import blocks
from skae._data.checks import finite
from skae._estimators.base import BaseAutoencoder
from skae._estimators.words import one_of
from skae._network.backend import NUMPY
from skae._network.codec import Codec, maps
from skae._network.forward import entry_losses, groups_of
from skae._plan.objectives import LOSSES, Loss, Step
from skae._plan.plan import Bottleneck, Plan


@dataclass(frozen=True)
class Divergence:
    """Kullback-Leibler divergence of the codes from standard normals, per feature of X."""

    weight: float

    def __call__(self, ops: Any, step: Step) -> Any:
        nats = divergence(ops, step.means, step.log_variances)
        return self.weight * step.mean(ops, ops.sum(nats, axis=1)) / step.network.n_features


def divergence(ops: Any, means: Any, log_variances: Any) -> Any:
    """Return the divergence of each code from a standard normal, in nats."""
    return 0.5 * (ops.square(means) + ops.exp(log_variances) - 1.0 - log_variances)


class Likelihood:
    """Likelihood of standardized samples and codes under a fitted network, in nats."""

    def __init__(self, codec: Codec, loss: Loss, dtype: Any, has_missing: bool = False) -> None:
        self._loss = loss
        self._network = replace(codec.network, skips_missing=has_missing)
        units = codec.units(dtype)
        self._mean, self._scale = units.mean, np.asarray(units.scale, dtype)
        self._maps = maps(codec.network, codec.weights, dtype)
        # What makes a normal of variance scale**2 / 2 integrate to one, for each feature.
        of_normal = 0.5 * np.log(np.pi) + np.log(units.scale)
        self._constant: Any = 0.0 if loss.on_logits else of_normal
        if codec.network.has_column_scales:
            # Probabilities of categories need no such constant.
            self._constant = np.where(groups_of(codec.network).are_categories, 0.0, of_normal)

    def posterior(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means and log-variances of the codes of rows."""
        return self._maps.encode(rows), self._maps.log_variances(rows)

    def given(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the log-likelihood of rows, each given its codes."""
        output = self._maps.decode(codes)
        losses = entry_losses(
            self._loss, self._network, rows, output, self._mean, self._scale, NUMPY
        )
        if self._network.has_column_scales:
            return -losses.sum(axis=1, dtype=np.float64) - ~np.isnan(rows) @ self._constant
        n_observed: Any = self._network.n_features
        if self._network.skips_missing:
            n_observed = np.count_nonzero(~np.isnan(rows), axis=1)
        return -losses.sum(axis=1, dtype=np.float64) - n_observed * self._constant


def drawn(
    means: np.ndarray, spread: np.ndarray, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Draw codes by their means and log-variances; return the standard normals they come from."""
    normals = rng.standard_normal(means.shape).astype(means.dtype)
    return means + np.exp(0.5 * spread) * normals, normals


class VariationalAutoencoder(BaseAutoencoder):
    """Generative autoencoder (VAE) with normally distributed codes; it can draw new samples.

    The encoder returns the mean and the log-variance of each code. Training draws codes from these
    normals and adds their divergence from standard normals to the loss, which maximizes a lower
    bound of the likelihood of X [5]_. `transform` returns the means. They are close to standard
    normal and, unlike the codes of other estimators, not in the units of X.

    loss='binary_crossentropy' means Bernoulli variables (and, as usual, pixels between 0 and 1),
    loss='squared_error' normal variables of variance ``scale_**2 / 2``. `score_samples` is the
    negative squared error of the reconstruction from the means, as for all estimators. The lower
    bound is `evidence_lower_bound`, and a tighter one `log_likelihood`.

    Parameters
    ----------
    {parameters}

    loss : {'squared_error', 'binary_crossentropy'}, default='squared_error'
        Likelihood model of X, see above. 'binary_crossentropy' needs values in [0, 1] and implies
        a logistic output.

    kl_weight : float, default=1.0
        Weight of the divergence, the beta of [6]_. 1 gives the evidence lower bound.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderTransformer : Codes without noise, in the units of X.
    skae.plotting.ManifoldDisplay : Draws the decoded samples of a grid of codes.
    sklearn.mixture.GaussianMixture : Another model that draws new samples.

    References
    ----------
    {references}
    .. [5] Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    .. [6] Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained
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
        return self.network_plan(
            n_features,
            n_components,
            penalties=(Divergence(float(self.kl_weight)),),
            bottleneck=Bottleneck(is_variational=True),
        )

    def sample(self, n_samples=1, random_state=None):
        """Draw new samples: decode codes drawn from standard normals.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        X : ndarray or data frame of shape (n_samples, n_features)
            Means of the samples, in the units of X, and their most probable categories: the noise
            of the likelihood is not added. A data frame if that of `fit` was one.

        Raises
        ------
        ValueError
            If `n_samples` is less than 1.
        """
        if n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r} must be at least 1.")
        # Whitening maps the output of transform; the decoder works on codes without it.
        codec = replace(self._codec, whitening=None)
        rng = check_random_state(random_state)
        rows = codec.decode(rng.standard_normal((n_samples, self.n_components_)))
        return self._as_table(rows, None)

    def evidence_lower_bound(self, X, random_state=None):
        """Return a lower bound of the log-likelihood of each sample, from one draw of codes.

        `kl_weight` has no effect here.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        bounds : ndarray of shape (n_samples,)
            In nats. With loss='squared_error' it is the log of a density in the units of X.

        See Also
        --------
        log_likelihood : A tighter bound, from many draws.
        """

        def bounds(model: Likelihood, inputs: Any, rows: Any, rng: Any) -> np.ndarray:
            means, spread = model.posterior(inputs)
            codes, _ = drawn(means, spread, rng)
            return model.given(codes, rows) - divergence(np, means, spread).sum(axis=1)

        return self._in_nats(bounds, X, random_state)

    def log_likelihood(self, X, n_samples=100, random_state=None):
        """Return the log-likelihood of each sample, estimated by many draws of codes.

        This is the importance-weighted bound of Burda, Grosse and Salakhutdinov, "Importance
        Weighted Autoencoders", ICLR 2016: the log of the mean, over `n_samples` draws of codes from
        the encoder, of the likelihood of the sample and the codes divided by the density of that
        draw. Its expectation equals that of `evidence_lower_bound` for one draw, rises with
        the number of draws, and tends to the log-likelihood. Published values are for 5,000 draws.
        `kl_weight` has no effect here. Only compare models of the same loss, on the same features
        in the same units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A dask collection is read block by block.
        n_samples : int, default=100
            Number of draws for each sample. The time grows in proportion; the memory does not.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
            In nats. With loss='binary_crossentropy' it is the log of a probability if X contains
            only zeros and ones. Values between are treated as probabilities, and the result is
            then no true likelihood. With loss='squared_error' it is the log of a density in the
            units of X: given the codes, each feature is normal around the reconstruction with the
            variance ``scale_**2 / 2``.

        Raises
        ------
        ValueError
            If `n_samples` is not an integer of at least 1.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skae import VariationalAutoencoder
        >>> X = (load_digits().data > 7).astype("float32")
        >>> variational = VariationalAutoencoder(8, loss="binary_crossentropy", random_state=0)
        >>> print(f"{variational.fit(X).log_likelihood(X, random_state=0).mean():.0f} nats")
        -16 nats
        """
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r} must be an integer of at least 1.")

        def bounds(model: Likelihood, inputs: Any, rows: Any, rng: Any) -> np.ndarray:
            means, spread = model.posterior(inputs)
            total = np.full(len(rows), -np.inf)
            for _ in range(n_samples):
                codes, normals = drawn(means, spread, rng)
                # The prior's density over that of the draw: what normals share cancels.
                prior = 0.5 * (np.square(normals) + spread - np.square(codes)).sum(axis=1)
                total = np.logaddexp(total, model.given(codes, rows) + prior)
            return total - np.log(int(n_samples))

        return self._in_nats(bounds, X, random_state)

    def _in_nats(self, bounds: Any, X: Any, random_state: Any) -> np.ndarray:
        """Return what a function of the fitted likelihood says of each row, block by block."""
        codec = self._codec
        X = self._rows(X)
        self._warn_beyond_reach(X)
        rng = check_random_state(random_state)
        model = Likelihood(codec, LOSSES[self.loss], X.dtype, X.has_missing)
        units = codec.units(X.dtype)

        def bounds_of(block: np.ndarray) -> np.ndarray:
            rows = units.standardized(block)
            inputs = units.standardized(codec.filled(block)) if X.has_missing else rows
            return bounds(model, inputs, rows, rng)

        values = np.empty(len(X))
        for part in blocks(len(X), codec.network.widest):
            values[part] = finite(bounds_of, X[part])
        return values
