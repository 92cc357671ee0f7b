"""The forward pass of a network, written once in terms of a :class:`Backend`.

Fitted estimators run this code on NumPy arrays, training runs it on tensors, and ONNX graphs are
traced from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from skae._network.backend import Backend
from skae._plan.objectives import Loss
from skae._plan.plan import Network, SubNetwork


def hidden_layers(network: Network, half: SubNetwork, rows: Any, by: Backend) -> Iterator[Any]:
    """Yield the activations of each layer of a sub-network except the last."""
    activation = by.activations[network.activation]
    layers = zip(half.layers[:-1], half.kernels[:-1], half.biases[:-1], strict=True)
    for layer, kernel, bias in layers:
        rows = by.apply(layer, kernel, bias, rows)
        if layer.applies_activation:
            rows = activation(rows)
        yield rows


def hidden_rows(network: Network, half: SubNetwork, rows: Any, by: Backend) -> Any:
    """Apply all layers of a sub-network except the last to rows."""
    return [rows, *hidden_layers(network, half, rows, by)][-1]


def propagate(network: Network, half: SubNetwork, rows: Any, by: Backend) -> Any:
    """Apply a sub-network to rows, without the last layer's activation."""
    return _last_layer(network, half, rows, hidden_rows(network, half, rows, by), by)


def _last_layer(network: Network, half: SubNetwork, rows: Any, hidden: Any, by: Backend) -> Any:
    """Apply the last layer to hidden rows, and the linear path beside all layers to rows."""
    last = half.layers[-1], half.kernels[-1], half.biases[-1]
    if half.skip is None:
        return by.apply(*last, hidden)
    if network.skips_missing and not network.fills_missing:
        rows = by.ops.where(by.ops.isnan(rows), 0.0, rows)
    if half.layers[-1].reads_path:
        return by.apply(*last, hidden, rows @ half.skip)
    return by.apply(*last, hidden) + rows @ half.skip


def encode(network: Network, encoder: SubNetwork, rows: Any, by: Backend) -> Any:
    """Return the codes of standardized rows; their means if the network is variational."""
    return _codes(network, encoder, rows, hidden_rows(network, encoder, rows, by), by)


def _codes(network: Network, encoder: SubNetwork, rows: Any, hidden: Any, by: Backend) -> Any:
    """Return the codes of rows from hidden rows."""
    last = _last_layer(network, encoder, rows, hidden, by)
    codes = by.activations[network.code_activation](last)
    return codes if network.n_active is None else by.keep_largest(codes, network.n_active)


def code_normals(network: Network, encoder: SubNetwork, rows: Any, by: Backend) -> tuple[Any, Any]:
    """Return the means and log-variances of a variational network's codes.

    The hidden layers are applied once, so that a gradient passes them once, too.
    """
    assert encoder.log_variance_layer is not None
    kernel, bias = encoder.log_variance_layer
    hidden = hidden_rows(network, encoder, rows, by)
    return _codes(network, encoder, rows, hidden, by), hidden @ kernel + bias


def log_variances(network: Network, encoder: SubNetwork, rows: Any, by: Backend) -> Any:
    """Return the logarithms of the variances of a variational network's codes."""
    return code_normals(network, encoder, rows, by)[1]


def to_output_units(network: Network, output: Any, mean: Any, scale: Any) -> Any:
    """Convert a decoder's standardized output to the input of the output activation.

    It is in the units of X, so that an activation such as relu acts on a reconstruction. For a
    logistic activation it is the tangent of its inverse at 1/2, so that a reconstruction `r`
    between 0 and 1 results in a value close to `r`. An output that is not standardized is the input
    itself.
    """
    if not network.standardizes:
        return output
    reconstruction = output * scale + mean
    if network.output_activation == "logistic":
        return 4.0 * reconstruction - 2.0
    return reconstruction


def entry_losses(
    loss: Loss, network: Network, target: Any, output: Any, mean: Any, scale: Any, by: Backend
) -> Any:
    """Compare targets with a decoder's output, entry by entry; missing entries have no loss.

    The targets are standardized rows, unless the output is not a reconstruction.
    """
    if network.skips_missing:
        missing = by.ops.isnan(target)
        target = by.ops.where(missing, 0.0, target)
        network = replace(network, skips_missing=False)
        losses = entry_losses(loss, network, target, output, mean, scale, by)
        return by.ops.where(missing, 0.0, losses)
    if network.output_activation is None:
        return loss(by.ops, target, output)
    if loss.on_logits:
        logits = to_output_units(network, output, mean, scale)
        return loss(by.ops, target * scale + mean, logits)
    if network.output_activation == "identity":
        return loss(by.ops, target, output)
    activation = by.activations[network.output_activation]
    reconstruction = activation(to_output_units(network, output, mean, scale))
    return loss(by.ops, target, (reconstruction - mean) / scale)
