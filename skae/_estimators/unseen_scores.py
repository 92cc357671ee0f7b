"""Scores of samples by outlier detectors that were fitted without them."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from skae._data.rows import taken
from skae._data.weights import checked_weights
from skae._estimators.outlier_scores import Scorer
from skae._estimators.weighting import positive


def splits_of(cv, X) -> list[tuple]:
    """Return rows to fit on and rows to leave out, in pairs."""
    try:
        splits = [(rows, others) for rows, others in check_cv(cv).split(X)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"cv={cv!r} does not split the samples of X: {error}") from error
    if not splits:
        raise ValueError(f"cv={cv!r} holds no split.")
    return splits


def scores_unseen(
    autoencoder, X, sample_weight, splits, **validation
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the scores and the weights of the samples that each split leaves out of a fit."""
    weights = checked_weights(sample_weight, _num_samples(X))
    scores, unseen = [], []
    for rows, others in splits:
        some, _, of_some = positive(_safe_indexing(X, rows), None, taken(weights, rows))
        scorer, _, interrupted = Scorer.fitted(clone(autoencoder), some, of_some, **validation)
        if interrupted:
            raise KeyboardInterrupt
        others = others if weights is None else others[weights[others] > 0.0]
        scores.append(scorer.scores(_safe_indexing(X, others)))
        unseen.append(others)
    return np.concatenate(scores), taken(weights, np.concatenate(unseen))
