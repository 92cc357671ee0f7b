"""Detect collapsed fits: dead units, or a reconstruction no better than the mean."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skae._data.divisors import are_constant
from skae._data.rows import Rows
from skae._network.backend import NUMPY
from skae._network.codec import Codec
from skae._network.forward import hidden_layers
from skae._training.model import Model

# Explained variance that no network with dead layers reaches, and that counts as none.
WELL_EXPLAINED, NOT_EXPLAINED = 0.9, 0.01
# Samples to check, and to recheck dead units on, because some units are seldom active.
SAMPLES, RECHECK_SAMPLES = 256, 4096
# A unit is dead if it varies by less than this share of the layer's largest activation, or of 1.
ROUNDING = 1e-6


def warn_of_collapse(
    model: Model, codec: Codec, X: Rows, error: float, rate_setting: str, falls: bool
) -> None:
    """Warn if most units of a layer are dead, or if the mean reconstructs X as well.

    A unit is dead if its activation is the same for all samples: a rectifier that no sample
    activates, or a saturated sigmoid. This counts only if principal components, computed on some
    samples and evaluated on others, explain clearly more of the variance: codes may be constant
    because X has no structure for them, or because a penalty asks for it.

    Parameters
    ----------
    model : Model
        The initial model of the fit.
    codec : Codec
        The fitted codec.
    X : Rows of shape (n_samples, n_features)
    error : float
        The mean squared error on X.
    rate_setting : str
        The parameter that sets the learning rates.
    falls : bool
        Whether the loss is still falling, and so may get below that of the mean.
    """
    # Reading lazy rows costs too much if the fit has learned something.
    well = NOT_EXPLAINED if X.is_lazy else WELL_EXPLAINED
    unit = codec.error_scale
    if error <= (1.0 - well) * (codec.scale**2 if unit is None else 1.0):
        return
    rows, targets = X.evenly_spaced(SAMPLES)
    centered = targets - codec.mean
    deviations = np.sqrt(np.nansum(np.square(centered), axis=0) / len(centered))
    varies = ~are_constant(deviations, codec.mean)
    if not varies.any():
        return
    centered = centered * varies / (1.0 if unit is None else unit)
    variation = np.nansum(np.square(centered))
    explained = 1.0 - codec.squared_errors(rows, targets).sum() / variation
    is_penalized = bool(model.plan.objective.penalties)
    dead = _dead_layer(codec, rows, is_penalized)
    if dead is not None:
        dead = _dead_layer(codec, X.evenly_spaced(RECHECK_SAMPLES)[0], is_penalized)
    like_mean = explained < NOT_EXPLAINED and not falls and _is_like_mean(codec, rows, targets)
    if dead is None and not like_mean:
        return
    network = codec.network
    possible = _principal_share(np.nan_to_num(centered), network.n_active or network.n_components)
    if explained > 0.9 * possible - NOT_EXPLAINED:
        return
    if like_mean:
        what = "The reconstruction is no better than the mean of X"
    else:
        what = f"The reconstruction explains {explained:.0%} of the variance of X"
    what += f", where PCA with as many codes explains {possible:.0%}. "
    if dead is not None:
        what += f"{dead} are dead: they are constant over all samples. "
    penalized = ", weaken the penalty" if is_penalized else ""
    warnings.warn(
        f"{what}Lower {rate_setting}{penalized}, choose another activation or "
        "init='pca', or scale X, for example by StandardScaler.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _dead_layer(codec: Codec, rows: np.ndarray, is_penalized: bool) -> str | None:
    """Describe the layer with the largest share of dead units, if that is above one half.

    Among equal shares it is the first layer, because a dead layer makes those after it constant.
    """
    worst, words = 0.5, None
    for name, activations in _layers(codec, rows, is_penalized):
        least = ROUNDING * max(1.0, np.abs(activations).max())
        n_dead, n_units = int((np.ptp(activations, axis=0) <= least).sum()), activations.shape[1]
        if n_dead / n_units > worst:
            worst, words = n_dead / n_units, f"{n_dead} of the {n_units} {name}"
    return words


def _layers(codec: Codec, rows: np.ndarray, is_penalized: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the activations of each layer except the output."""
    network = codec.network
    units = codec.units(rows.dtype)
    codes = units.decoder_inputs(codec.encode(rows))
    if NUMPY.computes(network):
        weights = (weight.astype(rows.dtype, copy=False) for weight in codec.weights)
        encoder, decoder = network.split(weights, np.transpose)
        inputs = units.standardized(codec.filled(rows))
        hidden = hidden_layers(network, encoder, inputs, NUMPY)
        yield from _named("encoder", hidden)
    if not is_penalized and network.n_active is None:
        yield "codes", codes
    if NUMPY.computes(network):
        yield from _named("decoder", hidden_layers(network, decoder, codes, NUMPY))


def _named(of: str, layers: Iterator[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Name the hidden layers of a sub-network."""
    for i, activations in enumerate(layers):
        yield f"units in hidden layer {i} of the {of}", activations


def _is_like_mean(codec: Codec, rows: np.ndarray, targets: np.ndarray) -> bool:
    """Return whether the mean is also as good by the absolute error.

    A fit that minimizes the absolute error may have a large squared error, caused by outliers.
    """
    error = np.nanmean(np.abs(targets - codec.decode(codec.encode(rows))))
    return bool(error > (1.0 - NOT_EXPLAINED) * np.nanmean(np.abs(targets - codec.mean)))


def _principal_share(centered: np.ndarray, n_components: int) -> float:
    """Return the share of the variance of half of the rows that the other half's PCA explains."""
    known, unseen = centered[::2], centered[1::2]
    axes = np.linalg.svd(known, full_matrices=False)[2][:n_components]
    total = np.square(unseen).sum()
    return float(np.square(unseen @ axes.T).sum() / total) if total else -np.inf
