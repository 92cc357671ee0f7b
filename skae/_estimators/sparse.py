"""The sparse autoencoder and its penalties."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from skae._estimators.base import BaseAutoencoder
from skae._estimators.words import one_of
from skae._network.backend import ACTIVATIONS
from skae._network.codec import ERROR_ROWS, Codec
from skae._plan.objectives import Step
from skae._plan.plan import Bottleneck, Plan

# Mean activations are kept this far from 0 and 1, where the divergence is infinite.
MARGIN = 1e-6
# A code counts as active above this share of the largest one.
ACTIVE = 1e-2


@dataclass(frozen=True)
class KullbackLeibler:
    """Divergence of each code's mean activation over the batch from a target, summed."""

    weight: float
    target: float

    name: ClassVar[str] = "sparsity"

    def __call__(self, ops: Any, step: Step) -> Any:
        mean = ops.clip(step.mean(ops, step.codes), MARGIN, 1.0 - MARGIN)
        on = self.target * ops.log(self.target / mean)
        off = (1.0 - self.target) * ops.log((1.0 - self.target) / (1.0 - mean))
        return self.weight * ops.sum(on + off)


@dataclass(frozen=True)
class Activity:
    """Mean absolute value of the codes, summed over the codes."""

    weight: float

    name: ClassVar[str] = "sparsity"

    def __call__(self, ops: Any, step: Step) -> Any:
        return self.weight * ops.sum(step.mean(ops, ops.abs(step.codes)))


# The default activation of the code layer for each penalty.
CODE_ACTIVATIONS = {"kl": "logistic", "l1": "relu", "topk": "identity"}


class SparseAutoencoder(BaseAutoencoder):
    """Autoencoder in which only a few codes are active for each sample.

    There may be more codes than features: the network cannot just copy X, because each sample
    uses only a few codes.

    Parameters
    ----------
    {parameters}

    code_activation : str, default='auto'
        Activation of the code layer, one of those above. 'auto' is 'logistic' for penalty='kl',
        which needs it, 'relu' for 'l1' and 'identity' for 'topk'.

    penalty : {'kl', 'l1', 'topk'}, default='kl'
        The sparsity penalty. 'kl' adds to the loss the Kullback-Leibler divergence of each code's
        mean activation over the batch from `sparsity_target`, summed over the codes [5]_. 'l1'
        adds the mean absolute value of the codes, summed over the codes. 'topk' adds nothing: it
        keeps the `n_active` largest codes of each sample, in `transform` too, and sets the others
        to zero [6]_.

    sparsity_target : float, default=0.1
        Target mean activation of 'kl', in (0, 1).

    sparsity_weight : float, default=0.2
        Weight of the 'kl' and 'l1' penalties, relative to a squared error that is the share of the
        variance left unexplained.

    n_active : int, default=1
        Number of codes that 'topk' keeps for each sample. Codes equal to the last one kept are kept
        too.

    Attributes
    ----------
    {attributes}

    mean_activation_ : float
        Mean of all codes of the training samples (of some 10,000 evenly spaced ones where there are
        more), before `whiten`.

    active_share_ : float
        Share of those codes that are active: above 0.01 times the largest absolute value.

    See Also
    --------
    AutoencoderTransformer : Few codes, all of them active.
    sklearn.decomposition.DictionaryLearning : Sparse codes with a linear decoder.
    skae.plotting.FeaturesDisplay : Visualization of what each code responds to.
    skae.plotting.TopActivationsDisplay : Draws the samples that activate a code most.

    References
    ----------
    {references}
    .. [5] Ng, "Sparse autoencoder", CS294A lecture notes, 2011.
    .. [6] Makhzani and Frey, "k-Sparse Autoencoders", ICLR 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> X = load_digits().data
    >>> sparse = SparseAutoencoder(100, penalty="topk", n_active=5, random_state=0).fit(X)
    >>> (sparse.transform(X) != 0).sum(axis=1).max()
    np.int64(5)
    >>> print(f"{sparse.score(X):.1f}")
    0.9
    """

    code_activation: str = "auto"
    penalty: str = "kl"
    sparsity_target: float = 0.1
    sparsity_weight: float = 0.2
    n_active: int = 1

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "code_activation": [one_of(("auto", *ACTIVATIONS))],
        "penalty": [one_of(CODE_ACTIVATIONS)],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither")],
        "sparsity_weight": [Interval(Real, 0, None, closed="left")],
        "n_active": [Interval(Integral, 1, None, closed="left")],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        activation = self.code_activation
        if activation == "auto":
            activation = CODE_ACTIVATIONS[self.penalty]
        if self.penalty == "kl" and activation != "logistic":
            raise ValueError(
                f"penalty='kl' needs activations between 0 and 1, but code_activation="
                f"{activation!r}. Set code_activation='logistic', or penalty='l1'."
            )
        penalties: tuple[Any, ...] = ()
        if self.penalty == "kl":
            penalties = (KullbackLeibler(float(self.sparsity_weight), float(self.sparsity_target)),)
        elif self.penalty == "l1":
            penalties = (Activity(float(self.sparsity_weight)),)
        n_active = min(int(self.n_active), n_components) if self.penalty == "topk" else None
        return self.network_plan(
            n_features,
            n_components,
            penalties=penalties,
            bottleneck=Bottleneck(activation, n_active),
        )

    def _own_attributes(self, codec: Codec, X: np.ndarray) -> dict[str, Any]:
        codes = codec.encode(X[:: -(-len(X) // ERROR_ROWS)])
        size = np.abs(codes)
        return {
            "mean_activation_": float(codes.mean()),
            "active_share_": float((size > ACTIVE * size.max()).mean()),
        }
