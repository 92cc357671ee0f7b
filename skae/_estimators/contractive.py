"""The contractive autoencoder and its penalty."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

from sklearn.utils._param_validation import Interval

from skae._estimators.base import BaseAutoencoder
from skae._plan.layers import Dense
from skae._plan.objectives import Step
from skae._plan.plan import Plan
from skae._plan.recurrences import Recurrence


@dataclass(frozen=True)
class Contraction:
    """Mean squared Frobenius norm of an encoder's Jacobian.

    Of one dense layer with kernel W and slopes s of its activation it is
    ``s**2 @ (W**2).sum(axis=0)``. Of more dense layers it is that of ``S + W C`` with the linear
    path S, the first kernel W, and C, the derivative of the codes by the first layer's output: its
    norm is computed through ``W' W`` and ``W' S``, so that no array holds a derivative by every
    column for every row. Of other layers it is the sum over codes of the squared gradient of each.
    """

    strength: float

    def __call__(self, ops: Any, step: Step) -> Any:
        is_dense = all(isinstance(layer, Dense) for layer in step.network.encoder)
        squared_norms = of_dense_layers if is_dense else of_any_layers
        return self.strength * step.mean(ops, squared_norms(ops, step))


def of_any_layers(ops: Any, step: Step) -> Any:
    """Return the squared Frobenius norm of the codes' Jacobian at each row, code by code."""
    total = 0.0
    for i in range(step.network.n_components):
        gradient = ops.derivative(lambda rows, i=i: step.encode(rows)[:, i], step.inputs)
        total += ops.sum(ops.square(gradient), axis=1)
    return total


def of_dense_layers(ops: Any, step: Step) -> Any:
    """Return the squared Frobenius norm of the codes' Jacobian at each row of a batch."""
    encoder, _ = step.network.split(step.weights, ops.transpose)
    *hidden, top = slopes(ops, step, encoder)
    first = encoder.kernels[0]
    if not hidden:
        return ops.tensordot(ops.square(top), ops.sum(ops.square(first), axis=0), axes=1)
    # By the output of the last hidden layer, and down from there: (batch, width, n_components).
    chain = hidden[-1][:, :, None] * encoder.kernels[-1]
    for slope, kernel in zip(hidden[-2::-1], encoder.kernels[-2:0:-1], strict=True):
        chain = slope[:, :, None] * ops.einsum("ij,bjk->bik", kernel, chain)
    gram = ops.transpose(first) @ first
    by_code = ops.sum(chain * ops.einsum("ij,bjk->bik", gram, chain), axis=1)
    if encoder.skip is not None:
        across = ops.transpose(first) @ encoder.skip
        by_code += 2.0 * ops.sum(chain * across, axis=1)
        by_code += ops.sum(ops.square(encoder.skip), axis=0)
    return ops.sum(ops.square(top) * by_code, axis=1)


def slopes(ops: Any, step: Step, encoder: Any) -> list[Any]:
    """Return the derivative of each layer's activation at each row of a batch."""
    network, backend = step.network, step.backend
    names = (network.activation,) * (len(network.encoder) - 1) + (network.code_activation,)
    rows, found = step.inputs, []
    for name, layer, kernel, bias in zip(
        names, encoder.layers, encoder.kernels, encoder.biases, strict=True
    ):
        summed = backend.apply(layer, kernel, bias, rows)
        if layer is encoder.layers[-1] and encoder.skip is not None:
            summed += step.inputs @ encoder.skip
        activation = backend.activations[name]
        found.append(ops.derivative(activation, summed))
        rows = activation(summed)
    return found


class ContractiveAutoencoder(BaseAutoencoder):
    """Autoencoder whose codes change little when a sample does.

    The penalty added to the loss is the squared Frobenius norm of the Jacobian of the codes with
    respect to the sample, averaged over the samples [5]_. Both are in standardized units:
    ``(X - mean_) / scale_`` and, for an identity code layer, codes divided by `scale_`.

    Weights are tied by default. Otherwise the encoder could reduce the penalty by small codes that
    the decoder enlarges again.

    Parameters
    ----------
    {parameters}

    contraction : float, default=0.01
        Weight of the penalty, relative to a squared error that is the share of the variance left
        unexplained.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderTransformer : The same network without the penalty.
    DenoisingAutoencoder : Codes that are robust to a noise that you choose.

    References
    ----------
    {references}
    .. [5] Rifai et al., "Contractive Auto-Encoders: Explicit Invariance During Feature
       Extraction", ICML 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ContractiveAutoencoder
    >>> X = load_digits().data
    >>> contractive = ContractiveAutoencoder(
    ...     8, learning_rate="cosine", max_iter=30, random_state=0
    ... ).fit(X)
    >>> print(contractive.score(X) > 0.7)
    True
    """

    tied_weights: bool = True
    contraction: float = 0.01

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "contraction": [Interval(Real, 0, None, closed="left")],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        encoder, decoder = self.network_layers(n_features, n_components)
        if any(isinstance(layer, Recurrence) for layer in encoder):
            raise ValueError(
                f"network={self.network!r}: derivatives of recurrent layers cannot be penalized, "
                "because TensorFlow cannot differentiate them twice. Use DenoisingAutoencoder."
            )
        penalties = (Contraction(float(self.contraction)),)
        return self.layered_plan(encoder, decoder, penalties=penalties)
