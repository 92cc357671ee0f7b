"""Initial weights: principal axes, or random values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from skae._data.divisors import code_divisors
from skae._data.pca import Axes
from skae._network.codec import maps
from skae._network.forward import TINY
from skae._network.units import input_units
from skae._plan.layers import Dense, Initializer, Layer
from skae._plan.network import Network, SubNetwork

Weights = tuple[np.ndarray, ...]

# Rows for the regression that inverts a nonlinear code layer by a linear map.
REGRESSION_ROWS = 4096
# Smallest standard deviation by which codes are divided, in units of that of a column.
MIN_DEVIATION = 0.1


def he(rng: np.random.Generator, layer: Layer) -> np.ndarray:
    """Draw from a normal of variance 2 / fan_in (He et al., 2015)."""
    return rng.standard_normal(layer.kernel_shape) * np.sqrt(2.0 / layer.fans[0])


def glorot(rng: np.random.Generator, layer: Layer) -> np.ndarray:
    """Draw from a uniform of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""
    bound = np.sqrt(6.0 / sum(layer.fans))
    return rng.uniform(-bound, bound, layer.kernel_shape)


def lecun(rng: np.random.Generator, layer: Layer) -> np.ndarray:
    """Draw from a normal of variance 1 / fan_in (LeCun et al., 1998)."""
    return rng.standard_normal(layer.kernel_shape) * np.sqrt(1.0 / layer.fans[0])


RANDOM_INITIALIZERS = {"he": he, "glorot": glorot, "lecun": lecun}


def checked(init: Initializer) -> Initializer:
    """Return a user's function, with a check of the kernels that it returns."""

    def draw(rng: np.random.Generator, layer: Layer) -> np.ndarray:
        try:
            kernel = np.asarray(init(rng, layer), np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"init={init!r} must take a generator and a layer, and return an array of shape "
                f"layer.kernel_shape. For {layer} it raised {type(error).__name__}: {error}"
            ) from error
        if kernel.shape != layer.kernel_shape:
            raise ValueError(
                f"init={init!r} returned an array of shape {kernel.shape} for {layer}, whose "
                f"layer.kernel_shape is {layer.kernel_shape}."
            )
        if not np.isfinite(kernel).all():
            raise ValueError(f"init={init!r} returned a kernel for {layer} that is not finite.")
        return kernel

    return draw


def random_weights(
    network: Network, init: str | Initializer, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Draw the initial weights of each layer and of linear paths.

    The log-variances of a variational network's codes start at zero.
    """
    draw = RANDOM_INITIALIZERS[init] if isinstance(init, str) else checked(init)
    weights = tuple(np.zeros(shape, np.float32) for shape in network.shapes)
    encoder, decoder = network.split(weights, np.transpose)
    for half in (encoder,) if network.tied_weights else (encoder, decoder):
        for layer, kernel, bias in zip(half.layers, half.kernels, half.biases, strict=True):
            for array, drawn in zip((kernel, bias), layer.initial_weights(draw, rng), strict=True):
                if drawn.shape != array.shape:
                    raise ValueError(
                        f"{type(layer).__name__}.initial_weights returned an array of shape "
                        f"{drawn.shape} instead of {array.shape}."
                    )
                array[...] = drawn
        if half.skip is not None:
            half.skip[...] = draw(rng, Dense(*half.skip.shape))
    return weights


def pca_weights(
    network: Network,
    axes: Axes,
    some_rows: Callable[[], tuple[np.ndarray, np.ndarray | None]],
    units: tuple[np.ndarray, Any],
    rng: np.random.Generator,
    equalizes_code_variance: bool = True,
) -> tuple[np.ndarray, ...]:
    """Initialize as PCA: the linear paths are the principal axes, the layers beside them add zero.

    Parameters
    ----------
    network : Network
        With skips, or without hidden layers. The layers before and after the codes are dense.
    axes : Axes
        Principal axes of X.
    some_rows : callable
        Returns some rows of X as the network sees them, and their weights, if any; only a nonlinear
        code layer and categories need them.
    units : (ndarray of shape (n_features,), float or ndarray of shape (n_features,))
        Mean and scale of X.
    rng : Generator
    equalizes_code_variance : bool
        Whether all nonlinear codes start with unit variance, instead of one that decreases with
        that of their principal components.

    Returns
    -------
    weights : tuple of ndarray, float32
    """
    weights = random_weights(network, "he", rng)
    encoder, decoder = network.split(weights, np.transpose)
    n_held = min(axes.directions.shape[1], network.n_components)
    encode, decode = _linear_paths(network, axes.directions, n_held, rng)
    is_linear = network.has_linear_codes and network.n_active is None
    mean, scale = units
    if network.has_column_scales:
        # The axes are those of the scaled columns.
        scale = 1.0
    deviations = np.ones(network.n_components)
    deviations[:n_held] = np.maximum(np.sqrt(axes.variances[:n_held]) / scale, MIN_DEVIATION)
    deviations *= scale / input_units(network, mean, scale)[1]
    if network.tied_weights:
        _set_tied(network, weights, encoder, encode)
    else:
        if not is_linear:
            # With codes of unit variance, an activation is neither saturated nor linear. The square
            # root of that scaling lets a layer above still distinguish which codes matter.
            encode /= deviations if equalizes_code_variance else np.sqrt(deviations)
        _set_linear(encoder, encode)
    if not network.standardizes:
        # The biases center the inputs.
        encoder.biases[-1][...] -= mean @ encode
        decoder.biases[-1][...] += decoder_outputs(network, mean)
    if network.tied_weights:
        if not is_linear:
            _undo_offset(network, weights, decoder, *some_rows())
        return weights
    if is_linear:
        _set_linear(decoder, decoder_outputs(network, decode) - decoder_outputs(network, 0.0))
        if decoder.skip is not None:
            # The decoder's layers receive all codes at equal scale, whatever variance they explain.
            decoder.kernels[0][: network.n_components] /= deviations[:, np.newaxis]
            if network.n_components == 1 and network.has_column_scales:
                _spread_bends(decoder, deviations[0], rng)
    else:
        _undo_code_layer(network, weights, decoder, *some_rows())
    if network.categories:
        _regress_categories(network, weights, decoder, *some_rows(), units)
    if network.is_variational:
        _set_log_variances(encoder, deviations)
    return weights


def _linear_paths(
    network: Network, directions: np.ndarray, n_held: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the linear maps of encoder and decoder, padded to the number of codes.

    Codes beyond the principal axes start in random directions, orthogonal to the axes as long as
    such directions exist, and the decoder ignores them.
    """
    n_features, n_codes = network.n_features, network.n_components
    padding = rng.standard_normal((n_features, n_codes - n_held)) / np.sqrt(n_features)
    encode = np.hstack([directions[:, :n_held], padding])
    n_orthogonal = min(n_features, n_codes)
    encode[:, n_held:n_orthogonal] = np.linalg.qr(encode[:, :n_orthogonal])[0][:, n_held:]
    decode = encode.T.copy()
    decode[n_held:] = 0.0
    return encode, decode


def decoder_outputs(network: Network, rows: Any) -> Any:
    """Return the outputs of the decoder that reconstruct rows of the network's inputs.

    For a logistic activation on outputs that are not standardized, this is the tangent of its
    inverse at 1/2, see :func:`~skae._network.forward.to_output_units`.
    """
    if network.output_activation == "logistic" and not network.standardizes:
        return 4.0 * rows - 2.0
    return rows


def _set_linear(half: SubNetwork, matrix: np.ndarray) -> None:
    """Make a sub-network compute exactly `rows @ matrix`."""
    if half.skip is not None:
        half.skip[...] = matrix
        half.layers[-1].readout(half.kernels[-1], half.biases[-1])[0][...] = 0.0
    else:
        half.kernels[-1][...] = matrix


def _spread_bends(decoder: SubNetwork, deviation: float, rng: np.random.Generator) -> None:
    """Let units that read a single code bend at different codes.

    Without biases, all of them bend at its center: they are multiples of two functions. The bends
    are distributed as normal codes are. They are sharper the more units there are, so that a code
    can be divided into more parts.
    """
    kernel, bias = decoder.kernels[0], decoder.biases[0]
    slopes = np.sqrt(len(bias)) * rng.standard_normal(len(bias))
    kernel[0] = slopes / deviation
    bias[...] = -slopes * rng.standard_normal(len(bias))


def _set_tied(network: Network, weights: Weights, encoder: SubNetwork, matrix: np.ndarray) -> None:
    """Make encoder and decoder of a tied network linear.

    The encoder's first kernel, which is the decoder's last, is set to zero. With a zero last kernel
    all gradients would vanish, because the residuals of PCA are uncorrelated with its codes.
    """
    matrix[:, network.n_features :] = 0.0
    if encoder.skip is None:
        encoder.kernels[0][...] = matrix
        return
    encoder.skip[...] = matrix
    encoder.kernels[0][...] = 0.0
    # The encoder's layers now return this for any row; zero for activations with f(0) = 0.
    nothing = np.zeros((1, network.n_features), np.float32)
    before_activation = replace(network, code_activation="identity", n_active=None)
    encoder.biases[-1][...] -= maps(before_activation, weights, nothing.dtype).encode(nothing)[0]


def _undo_offset(
    network: Network,
    weights: Weights,
    decoder: SubNetwork,
    rows: np.ndarray,
    row_weights: np.ndarray | None,
) -> None:
    """Make the decoder's last bias compensate the mean of nonlinear codes."""
    to = maps(network, weights, rows.dtype)
    rest = decoder_outputs(network, rows) - to.decode(to.encode(rows))
    decoder.biases[-1][...] += np.average(rest, axis=0, weights=row_weights)


def _undo_code_layer(
    network: Network,
    weights: Weights,
    decoder: SubNetwork,
    rows: np.ndarray,
    row_weights: np.ndarray | None,
) -> None:
    """Make the decoder's linear path the least-squares inverse of nonlinear codes."""
    codes = maps(network, weights, rows.dtype).encode(rows)
    rows = decoder_outputs(network, np.nan_to_num(rows) if network.skips_missing else rows)
    ones = np.ones((len(rows), 1), codes.dtype)
    # NumPy computes in float64, whose rounding says nothing of codes in float32: a code that is
    # constant but for its rounding would get a weight of thousands.
    rcond = np.finfo(codes.dtype).eps * max(codes.shape)
    if row_weights is not None:
        roots = np.sqrt(row_weights / row_weights.mean(), dtype=codes.dtype)[:, np.newaxis]
        codes, ones, rows = roots * codes, roots * ones, roots * rows
    solution = np.linalg.lstsq(np.hstack([codes, ones]), rows, rcond)[0]
    _, bias = decoder.layers[-1].readout(decoder.kernels[-1], decoder.biases[-1])
    bias[...] = solution[-1].reshape(-1, len(bias)).mean(axis=0)
    matrix = solution[:-1]
    if len(bias) < rows.shape[1]:
        # Pixels share the bias of their channel, and steps that of their value.
        rest = rows - ones * np.tile(bias, rows.shape[1] // len(bias))
        matrix = np.linalg.lstsq(codes, rest, rcond)[0]
    _set_linear(decoder, matrix)


def _regress_categories(
    network: Network,
    weights: Weights,
    decoder: SubNetwork,
    rows: np.ndarray,
    row_weights: np.ndarray | None,
    units: tuple[np.ndarray, np.ndarray],
) -> None:
    """Make the decoder's linear path a logistic regression of each variable of categories."""
    codes = maps(network, weights, rows.dtype).encode(rows).astype(np.float64)
    deviations = code_divisors(codes.std(axis=0), codes.mean(axis=0))
    matrix = decoder.skip if decoder.skip is not None else decoder.kernels[-1]
    mean, scale = units
    for begin, end in network.categories:
        part = slice(begin, end)
        indicators = rows[:, part] * scale[part] + mean[part]
        offsets = np.log(np.maximum(mean[part], TINY))
        kernel, bias = logistic_regression(codes / deviations, indicators, offsets, row_weights)
        # What the network multiplies its output by to get logits.
        slopes = scale[part] * (end - begin)
        matrix[:, part] = kernel / deviations[:, np.newaxis] / slopes
        decoder.biases[-1][part] = bias / slopes


def logistic_regression(
    codes: np.ndarray,
    indicators: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of the multinomial logistic regression of categories on codes.

    The logits are `offsets + codes @ kernel + bias`. Half the sum of squares of the kernel is added
    to the sum of the losses.
    """
    n_codes, n_categories = codes.shape[1], indicators.shape[1]
    weights = np.ones((len(codes), 1)) if weights is None else weights[:, np.newaxis]
    total = weights.sum()

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        kernel, bias = np.split(flat.reshape(n_codes + 1, n_categories), [n_codes])
        logits = offsets + codes @ kernel + bias
        log_shares = log_softmax(logits, axis=1)
        residuals = weights * (np.exp(log_shares) - indicators)
        loss = 0.5 * np.square(kernel).sum() - (weights * indicators * log_shares).sum()
        slopes = np.vstack([codes.T @ residuals + kernel, residuals.sum(axis=0)])
        return loss / total, slopes.ravel() / total

    start = np.zeros((n_codes + 1) * n_categories)
    found = minimize(loss_and_gradient, start, method="L-BFGS-B", jac=True)
    kernel, bias = np.split(found.x.reshape(n_codes + 1, n_categories), [n_codes])
    return kernel, bias[0]


def _set_log_variances(encoder: SubNetwork, deviations: np.ndarray) -> None:
    """Set the codes' log-variances as in probabilistic PCA with noise of variance 1/2.

    This is the noise that the squared error implies (Tipping and Bishop, 1999).
    """
    assert encoder.log_variance_layer is not None
    kernel, bias = encoder.log_variance_layer
    kernel[...] = 0.0
    bias[...] = -np.log1p(2.0 * deviations**2)
