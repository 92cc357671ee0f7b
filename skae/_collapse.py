"""Fits that have come to nothing: dead units, a reconstruction no better than the mean."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from operator import itemgetter

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skae._model import Model
from skae._plan import Half
from skae._serve import ARRAYS, Codec

# A share of the variance that no network with dead layers reaches, and one that is none.
WELL, NOTHING = 0.9, 0.01
# Samples looked at.
SAMPLES = 256
# Of a layer's largest activation, or of 1: a unit that varies by less over the samples is dead.
ROUNDING = 1e-6


def warn_of_collapse(model: Model, codec: Codec, X, error: float, rate: float, falls: bool) -> None:
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
    X : ndarray or DaskRows of shape (n_samples, n_features)
    error : float
        The mean squared error on X.
    rate : float
        The initial learning rate.
    falls : bool
        Whether the loss may get below that of the mean yet.
    """
    explained = 1.0 - error / codec.scale**2
    # A pass over a dask collection is too dear for a fit that has learned something.
    if explained >= (WELL if isinstance(X, np.ndarray) else NOTHING):
        return
    rows = X[:: -(-len(X) // SAMPLES)]
    layers = _dead_units(codec, rows, bool(model.plan.objective.penalties))
    # The first of those with the largest share: a dead layer leaves the ones behind it constant.
    dead = max(layers, key=itemgetter(0), default=None)
    like_mean = explained < NOTHING and not falls and _is_like_mean(codec, rows)
    if not like_mean and (dead is None or dead[0] <= 0.5):
        return
    network = codec.network
    possible = _principal_share(rows - codec.mean, network.n_active or network.n_components)
    if explained > 0.9 * possible - NOTHING:
        return
    if like_mean:
        what = "The reconstruction is no better than the mean of X"
    else:
        what = f"The reconstruction explains {explained:.0%} of the variance of X"
    what += f", where PCA with as many codes explains {possible:.0%}. "
    if dead is not None and dead[0] > 0.5:
        what += f"{dead[1]} are dead: they are the same for all samples. "
    penalised = ", weaken the penalty" if model.plan.objective.penalties else ""
    warnings.warn(
        f"{what}Lower learning_rate_init={rate:g}{penalised}, choose another activation or "
        "init='pca', or scale X, for example by StandardScaler.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _dead_units(codec: Codec, rows: np.ndarray, is_penalised: bool) -> Iterator[tuple[float, str]]:
    """Yield for each layer, but the output, which share of its units is dead, and in words."""
    network = codec.network
    codes = codec.encode(rows)
    if network.scales_codes:
        codes /= rows.dtype.type(codec.scale)
    layers = [] if is_penalised or network.n_active else [("codes", codes)]
    if network.in_numpy:
        weights = (weight.astype(rows.dtype, copy=False) for weight in codec.weights)
        encoder, decoder = network.split(weights, np.transpose)
        layers = [
            *_hidden("encoder", network.activation, encoder, codec.standardised(rows)),
            *layers,
            *_hidden("decoder", network.activation, decoder, codes),
        ]
    for name, activations in layers:
        least = ROUNDING * max(1.0, np.abs(activations).max())
        n_dead, n_units = int((np.ptp(activations, axis=0) <= least).sum()), activations.shape[1]
        yield n_dead / n_units, f"{n_dead} of the {n_units} {name}"


def _hidden(
    of: str, activation: str, half: Half, rows: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the hidden layers of one half of a network, by name, with their activations."""
    layers = zip(half.layers[:-1], half.kernels[:-1], half.biases[:-1], strict=True)
    for i, (layer, kernel, bias) in enumerate(layers):
        rows = ARRAYS.activations[activation](ARRAYS.apply(layer, kernel, bias, rows))
        yield f"units in hidden layer {i} of the {of}", rows


def _is_like_mean(codec: Codec, rows: np.ndarray) -> bool:
    """Return whether the mean is as close to rows by the absolute error, too.

    What is fitted by that may be far off by the square, in favour of rows that are no outliers.
    """
    error = np.abs(rows - codec.decode(codec.encode(rows))).mean()
    return bool(error > (1.0 - NOTHING) * np.abs(rows - codec.mean).mean())


def _principal_share(centred: np.ndarray, n_components: int) -> float:
    """Return which share of the variance of every other row the others' components explain."""
    known, unseen = centred[::2], centred[1::2]
    axes = np.linalg.svd(known, full_matrices=False)[2][:n_components]
    total = np.square(unseen).sum()
    return float(np.square(unseen @ axes.T).sum() / total) if total else -np.inf
