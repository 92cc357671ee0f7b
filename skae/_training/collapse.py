"""Fits that have come to nothing: dead units, a reconstruction no better than the mean."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skae._data.rows import Pairs, evenly_spaced, inputs_of, targets_of
from skae._network.codec import Codec
from skae._network.forward import ARRAYS, hidden_layers
from skae._training.model import Model

# A share of the variance that no network with dead layers reaches, and one that is none.
WELL_EXPLAINED, NOT_EXPLAINED = 0.9, 0.01
# Samples looked at, and those that dead units are looked for again in: some are seldom active.
SAMPLES, RECHECK_SAMPLES = 256, 4096
# Of a layer's largest activation, or of 1: a unit that varies by less over the samples is dead.
ROUNDING = 1e-6


def warn_of_collapse(
    model: Model, codec: Codec, X: Any, error: float, rate: float, falls: bool
) -> None:
    """Warn where most units of a layer are dead, or where the mean would have done as well.

    Units are dead where their activation is the same for all samples: rectifiers that no sample
    reaches any more, sigmoids far out. That counts only where principal components, computed
    on some samples and measured on others, explain clearly more of the variance: codes may well
    be constant where X has nothing for them to tell, or where a penalty asks for it.

    Parameters
    ----------
    model : Model
        What the fit began with.
    codec : Codec
        What it has come to.
    X : ndarray, Pairs or DaskRows of shape (n_samples, n_features)
    error : float
        The mean squared error on X.
    rate : float
        The initial learning rate.
    falls : bool
        Whether the loss may get below that of the mean yet.
    """
    # A pass over a dask collection is too dear for a fit that has learned something.
    well = WELL_EXPLAINED if isinstance(X, np.ndarray | Pairs) else NOT_EXPLAINED
    if error <= (1.0 - well) * codec.scale**2:
        return
    some = evenly_spaced(X, SAMPLES)
    rows, targets = inputs_of(some), targets_of(some)
    variation = np.square(targets - codec.mean).sum()
    if variation == 0.0:
        return
    explained = 1.0 - codec.squared_errors(rows, targets).sum() / variation
    is_penalised = bool(model.plan.objective.penalties)
    dead = _dead_layer(codec, rows, is_penalised)
    if dead is not None:
        dead = _dead_layer(codec, inputs_of(evenly_spaced(X, RECHECK_SAMPLES)), is_penalised)
    like_mean = explained < NOT_EXPLAINED and not falls and _is_like_mean(codec, rows, targets)
    if dead is None and not like_mean:
        return
    network = codec.network
    possible = _principal_share(targets - codec.mean, network.n_active or network.n_components)
    if explained > 0.9 * possible - NOT_EXPLAINED:
        return
    if like_mean:
        what = "The reconstruction is no better than the mean of X"
    else:
        what = f"The reconstruction explains {explained:.0%} of the variance of X"
    what += f", where PCA with as many codes explains {possible:.0%}. "
    if dead is not None:
        what += f"{dead} are dead: they are the same for all samples. "
    penalised = ", weaken the penalty" if is_penalised else ""
    warnings.warn(
        f"{what}Lower learning_rate_init={rate:g}{penalised}, choose another activation or "
        "init='pca', or scale X, for example by StandardScaler.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _dead_layer(codec: Codec, rows: np.ndarray, is_penalised: bool) -> str | None:
    """Tell of the first of the layers with the largest share of dead units, if it is above half.

    The first, because a dead layer leaves the ones behind it constant.
    """
    worst, words = 0.5, None
    for name, activations in _layers(codec, rows, is_penalised):
        least = ROUNDING * max(1.0, np.abs(activations).max())
        n_dead, n_units = int((np.ptp(activations, axis=0) <= least).sum()), activations.shape[1]
        if n_dead / n_units > worst:
            worst, words = n_dead / n_units, f"{n_dead} of the {n_units} {name}"
    return words


def _layers(codec: Codec, rows: np.ndarray, is_penalised: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the layers, but the output, by name, with the activations that samples cause there."""
    network = codec.network
    codes = codec.encode(rows)
    if network.scales_codes:
        codes /= rows.dtype.type(codec.scale)
    if network.in_numpy:
        weights = (weight.astype(rows.dtype, copy=False) for weight in codec.weights)
        encoder, decoder = network.split(weights, np.transpose)
        hidden = hidden_layers(network, encoder, codec.standardised(rows), ARRAYS)
        yield from _named("encoder", hidden)
    if not is_penalised and network.n_active is None:
        yield "codes", codes
    if network.in_numpy:
        yield from _named("decoder", hidden_layers(network, decoder, codes, ARRAYS))


def _named(of: str, layers: Iterator[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Name the hidden layers of one half of a network."""
    for i, activations in enumerate(layers):
        yield f"units in hidden layer {i} of the {of}", activations


def _is_like_mean(codec: Codec, rows: np.ndarray, targets: np.ndarray) -> bool:
    """Return whether the mean is as close to rows by the absolute error, too.

    What is fitted by that may be far off by the square, in favour of rows that are no outliers.
    """
    error = np.abs(targets - codec.decode(codec.encode(rows))).mean()
    return bool(error > (1.0 - NOT_EXPLAINED) * np.abs(targets - codec.mean).mean())


def _principal_share(centred: np.ndarray, n_components: int) -> float:
    """Return which share of the variance of every other row the others' components explain."""
    known, unseen = centred[::2], centred[1::2]
    axes = np.linalg.svd(known, full_matrices=False)[2][:n_components]
    total = np.square(unseen).sum()
    return float(np.square(unseen @ axes.T).sum() / total) if total else -np.inf
