"""The autoencoder that a classifier or a regressor begins with, and what of it stays frozen."""

from __future__ import annotations

from copy import copy
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skae._estimators.base import BaseAutoencoder
from skae._estimators.plain import AutoencoderTransformer
from skae._estimators.weighting import weighted
from skae._estimators.words import whereabouts
from skae._training.epochs import History
from skae._training.schedule import Snapshot
from skae._training.stages import Trained

# The default autoencoder has as many codes as X has columns, at most MAX_CODES. Its first hidden
# layer is as wide as X, rounded down to a power of two and kept between MIN_WIDTH and MAX_WIDTH;
# its second one is half as wide.
MAX_CODES, MIN_WIDTH, MAX_WIDTH = 64, 64, 512


def begun(given: BaseAutoencoder | FrozenEstimator | None) -> tuple[BaseAutoencoder, bool]:
    """Return a clone of an autoencoder, or a copy of a fitted one, and whether it is that."""
    if given is None:
        return AutoencoderTransformer(), False
    if not isinstance(given, FrozenEstimator):
        return clone(given), False
    if not isinstance(given.estimator, BaseAutoencoder):
        raise TypeError(
            f"autoencoder={given!r} must hold an autoencoder of skae.{whereabouts(given.estimator)}"
        )
    check_is_fitted(given.estimator)
    return copy(given.estimator), True


def frozen(freeze: Any, autoencoder: BaseAutoencoder, X: Any) -> tuple[bool, tuple[int, ...]]:
    """Return whether the whole encoder is frozen, or the numbers of those of its layers that are.

    They are checked before anything is trained.
    """
    if isinstance(freeze, bool | np.bool_):
        return bool(freeze), ()
    if autoencoder.__sklearn_is_fitted__():
        network = autoencoder.network_
    else:
        planned = clone(autoencoder)
        network = planned._first_network(planned._rows(X, first=True))
    layers = [int(i) if isinstance(i, Integral) and not isinstance(i, bool) else -1 for i in freeze]
    last = len(network.encoder) - 1
    if not all(0 <= layer <= last for layer in layers):
        raise ValueError(
            f"freeze={freeze!r} must be True or False, or hold numbers of layers of the encoder, "
            f"from 0 to {last}, the layer of the codes."
        )
    return False, tuple(sorted(set(layers)))


def default_sizes(n_features: int) -> dict[str, Any]:
    """Return the sizes of the default autoencoder."""
    width = min(max(1 << (n_features.bit_length() - 1), MIN_WIDTH), MAX_WIDTH)
    return {
        "n_components": min(n_features, MAX_CODES),
        "hidden_layer_sizes": (width, width // 2),
    }


def begin_untrained(
    autoencoder: BaseAutoencoder, X: np.ndarray, sample_weight: np.ndarray | None = None
) -> None:
    """Set the fitted attributes of an autoencoder before its first epoch."""
    rng = autoencoder._generator()
    rows, _ = weighted(autoencoder._rows(X, first=True), None, sample_weight)
    split_seed = int(rng.integers(2**63))
    model = autoencoder._first_model(rows, rng)
    start = Trained(model, History(Snapshot(0, model.weights, np.array([np.nan]))), [])
    autoencoder.__dict__.update(autoencoder._fitted(rows, start, False), _split_seed=split_seed)
