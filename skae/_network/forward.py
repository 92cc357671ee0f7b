"""The forward pass of a network, written once in terms of a :class:`Backend`.

Fitted estimators run this code on NumPy arrays, training runs it on tensors, and ONNX graphs are
traced from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from skae._network.backend import Backend
from skae._plan.network import Network, SubNetwork
from skae._plan.objectives import Loss

# Entropy of a constant variable, whose loss is zero, and least share of a category.
TINY = 1e-12
# Largest logit of a category.
LIMIT = 40.0


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


def propagate_cut(network: Network, decoder: SubNetwork, rows: Any, by: Backend) -> Any:
    """Apply a decoder to rows of codes, each followed by the number of them that are kept.

    The other codes are zero, the mean of an initialization by PCA. The decoder is told of it by
    its `cut_biases` and `cut_scales`, so that it need not find out how many codes it sees from the
    numbers themselves. For a given number they are constants, which a truncated network has in its
    kernels and biases.
    """
    n, ops = network.n_components, by.ops
    activation = by.activations[network.activation]
    cut = ops.where(rows[:, n:] > np.arange(n, dtype=np.float32), 0.0, 1.0)
    codes = rows[:, :n] * (1.0 - cut)
    scales = [ops.exp(cut @ of_codes) for of_codes in decoder.cut_scales]
    if scales:
        codes = codes * scales[0]
    rows = codes
    for i, layer in enumerate(decoder.layers):
        if 0 < i < len(scales):
            rows = rows * scales[i]
        is_last = i == len(decoder.layers) - 1
        if is_last:
            rows = _last_layer(network, decoder, codes, rows, by)
        else:
            rows = by.apply(layer, decoder.kernels[i], decoder.biases[i], rows)
        if i < len(decoder.cut_biases):
            rows = rows + cut @ decoder.cut_biases[i]
        if layer.applies_activation and not is_last:
            rows = activation(rows)
    return rows


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


def reconstruction(network: Network, output: Any, mean: Any, scale: Any, by: Backend) -> Any:
    """Convert a decoder's standardized output to rows of X, with probabilities for categories."""
    activation = by.activations[network.output_activation or "identity"]
    values = activation(to_output_units(network, output, mean, scale))
    if not network.categories:
        return values
    groups = groups_of(network)
    _, shares, sums = _categories(groups, output, mean, scale, by.ops)
    return by.ops.where(groups.are_categories, shares / sums, values)


class Groups(NamedTuple):
    """The columns of rows that are indicators of the same variable of categories.

    Parameters
    ----------
    are_categories : ndarray of bool, shape (n_features,)
    members : ndarray of shape (n_features, n_groups)
        One where a column belongs to a group.
    counts : ndarray of shape (n_features,)
        Number of categories in the group of a column, zero for numbers.
    """

    are_categories: np.ndarray
    members: np.ndarray
    counts: np.ndarray


@cache
def groups_of(network: Network) -> Groups:
    """Return the groups of a network's columns."""
    members = np.zeros((network.n_features, len(network.categories)), np.float32)
    for i, (begin, end) in enumerate(network.categories):
        members[begin:end, i] = 1.0
    counts = members @ members.sum(axis=0)
    return Groups(counts > 0.0, members, counts)


def _categories(
    groups: Groups, output: Any, mean: Any, scale: Any, ops: Any
) -> tuple[Any, Any, Any]:
    """Return logits, their exponentials, and the sums of these over the column's group.

    An output of zero means the shares of the categories in X. The slope is that of the inverse of
    softmax at equal shares, as for a logistic activation.
    """
    shares = ops.where(groups.are_categories, ops.maximum(mean, TINY), 1.0)
    # Beyond the limit, probabilities are 0 or 1 in float32.
    logits = ops.clip(ops.log(shares) + output * (scale * groups.counts), -LIMIT, LIMIT)
    exponentials = ops.exp(logits)
    sums = exponentials @ groups.members @ groups.members.T
    return logits, exponentials, ops.where(groups.are_categories, sums, 1.0)


def entry_losses(
    loss: Loss, network: Network, target: Any, output: Any, mean: Any, scale: Any, by: Backend
) -> Any:
    """Compare targets with a decoder's output, entry by entry; missing entries have no loss.

    The targets are standardized rows, unless the output is not a reconstruction. Beside categories,
    the mean of the entries of a row is the mean over numbers and variables of categories. If the
    prediction is constant, the loss of a variable is its variance: 1 for the squared error of a
    standardized number; for categories, the cross-entropy is multiplied by their variance, that is
    the probability that two samples differ, over their entropy. In a variational network the loss
    is minus the log-likelihood.
    """
    if network.skips_missing:
        missing = by.ops.isnan(target)
        target = by.ops.where(missing, 0.0, target)
        network = replace(network, skips_missing=False)
        losses = entry_losses(loss, network, target, output, mean, scale, by)
        return by.ops.where(missing, 0.0, losses)
    if network.output_activation is None:
        return loss(by.ops, target, output)
    if network.categories:
        return _mixed_losses(loss, network, target, output, mean, scale, by)
    if loss.on_logits:
        logits = to_output_units(network, output, mean, scale)
        return loss(by.ops, target * scale + mean, logits)
    if network.output_activation == "identity":
        return loss(by.ops, target, output)
    activation = by.activations[network.output_activation]
    reconstruction = activation(to_output_units(network, output, mean, scale))
    return loss(by.ops, target, (reconstruction - mean) / scale)


def _mixed_losses(
    loss: Loss, network: Network, target: Any, output: Any, mean: Any, scale: Any, by: Backend
) -> Any:
    """Compare rows of numbers and indicators of categories, see `entry_losses`."""
    ops, groups = by.ops, groups_of(network)
    of_numbers = replace(network, categories=())
    of_numbers = entry_losses(loss, of_numbers, target, output, mean, scale, by)
    logits, _, sums = _categories(groups, output, mean, scale, ops)
    losses = (target * scale + mean) * (ops.log(sums) - logits)
    if network.is_variational:
        return ops.where(groups.are_categories, losses, of_numbers)
    shares = ops.where(groups.are_categories, ops.maximum(mean, TINY), 1.0)

    def total(values: Any) -> Any:
        of_groups = ops.tensordot(groups.members.T, values, axes=1)
        return ops.tensordot(groups.members, of_groups, axes=1)

    variance, entropy = 1.0 - total(shares * shares), -total(shares * ops.log(shares))
    losses = losses * (variance / ops.maximum(entropy, TINY))
    losses = ops.where(groups.are_categories, losses, of_numbers)
    return losses * (network.n_features / network.n_variables)
