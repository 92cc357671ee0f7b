"""The weights that training starts from: principal axes, or random ones."""

from __future__ import annotations

import numpy as np

from skae._plan import Network
from skae._principal import Axes
from skae._serve import ACTIVATIONS, propagate

# Rows that decide how a nonlinear code layer is best undone by a linear map.
REGRESSION_ROWS = 4096
# Codes that vary less than this, in standard deviations of a column, are not blown up.
LEAST_DEVIATION = 0.1


def he(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw from a normal of variance 2 / fan_in (He et al., 2015)."""
    return rng.standard_normal(shape) * np.sqrt(2.0 / shape[0])


def glorot(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw from a uniform of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""
    bound = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-bound, bound, shape)


def lecun(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw from a normal of variance 1 / fan_in (LeCun et al., 1998)."""
    return rng.standard_normal(shape) * np.sqrt(1.0 / shape[0])


RANDOM_STARTS = {"he": he, "glorot": glorot, "lecun": lecun}


def random_start(network: Network, init: str, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw random kernels; biases are zero."""
    draw = RANDOM_STARTS[init]
    return tuple(
        (draw(rng, shape) if len(shape) == 2 else np.zeros(shape)).astype(np.float32)
        for shape in network.shapes
    )


def principal_start(
    network: Network, axes: Axes, rows: np.ndarray, scale: float, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Start as PCA: the linear paths hold the principal axes, the layers beside them add nothing.

    Parameters
    ----------
    network : Network
        One with skips, or without hidden layers.
    axes : Axes
        Principal axes of X.
    rows : ndarray of shape (n, n_features)
        Some standardised rows of X; they matter only to a nonlinear code layer.
    scale : float
        What X was divided by.
    rng : Generator

    Returns
    -------
    weights : tuple of ndarray, float32
    """
    weights = random_start(network, "he", rng)
    encoder, decoder = network.split(weights, np.transpose)
    n_held = min(axes.directions.shape[1], network.n_components)
    encode, decode = _linear_paths(network, axes.directions, n_held, rng)
    if network.tied_weights:
        _set_tied(network, encoder, encode)
        if network.code_activation != "identity":
            _undo_offset(network, encoder, decoder, rows)
        return weights
    deviations = np.ones(network.n_components)
    deviations[:n_held] = np.maximum(np.sqrt(axes.variances[:n_held]) / scale, LEAST_DEVIATION)
    if network.code_activation == "identity":
        _set_linear(network, encoder, encode)
        _set_linear(network, decoder, decode)
        if network.has_skip:
            # The decoder's layers see all codes alike, whatever share of the variance they hold.
            decoder.kernels[0][...] /= deviations[:, np.newaxis]
    else:
        # Codes of unit variance keep an activation where it is neither flat nor straight.
        _set_linear(network, encoder, encode / deviations)
        _undo_code_layer(network, encoder, decoder, rows)
    return weights


def _linear_paths(network, directions, n_held, rng):
    """Return the encoder's and the decoder's linear map, padded to the number of codes.

    Codes beyond the principal axes start in random directions, orthogonal to the axes while
    there are any left, and the decoder ignores them.
    """
    n_features, n_codes = network.n_features, network.n_components
    padding = rng.standard_normal((n_features, n_codes - n_held)) / np.sqrt(n_features)
    encode = np.hstack([directions[:, :n_held], padding])
    n_orthogonal = min(n_features, n_codes)
    encode[:, n_held:n_orthogonal] = np.linalg.qr(encode[:, :n_orthogonal])[0][:, n_held:]
    decode = encode.T.copy()
    decode[n_held:] = 0.0
    return encode, decode


def _set_linear(network, half, matrix):
    """Let a half compute `rows @ matrix` and no more."""
    if network.has_skip:
        half.skip[...] = matrix
        half.kernels[-1][...] = 0.0
    else:
        half.kernels[-1][...] = matrix


def _set_tied(network, encoder, matrix):
    """Let both halves of a tied network be linear.

    It is the first kernel that is zero, which is the decoder's last. With the last one zero,
    all gradients would vanish: what PCA leaves over is uncorrelated with its codes.
    """
    matrix[:, network.n_features :] = 0.0
    if not network.has_skip:
        encoder.kernels[0][...] = matrix
        return
    encoder.skip[...] = matrix
    encoder.kernels[0][...] = 0.0
    # What the encoder's layers now put out for any row; zero for activations with f(0) = 0.
    nothing = np.zeros((1, network.n_features), np.float32)
    constant = propagate(encoder, nothing, ACTIVATIONS[network.activation])[0]
    encoder.biases[-1][...] -= constant


def _codes(network, encoder, rows):
    hidden, last = ACTIVATIONS[network.activation], ACTIVATIONS[network.code_activation]
    return last(propagate(encoder, rows, hidden))


def _undo_offset(network, encoder, decoder, rows):
    """Let the decoder's last bias take back the mean of nonlinear codes."""
    hidden = ACTIVATIONS[network.activation]
    output = propagate(decoder, _codes(network, encoder, rows), hidden)
    decoder.biases[-1][...] += (rows - output).mean(axis=0)


def _undo_code_layer(network, encoder, decoder, rows):
    """Let the decoder's linear path be the least-squares way back from nonlinear codes."""
    codes = _codes(network, encoder, rows)
    ones = np.ones((len(rows), 1), codes.dtype)
    solution = np.linalg.lstsq(np.hstack([codes, ones]), rows, rcond=None)[0]
    _set_linear(network, decoder, solution[:-1])
    decoder.biases[-1][...] = solution[-1]
