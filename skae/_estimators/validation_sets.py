"""Validation sets that were passed to `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skae._data.checks import shape_of
from skae._data.rows import Rows, taken
from skae._data.sequences import padded
from skae._estimators.weighting import positive, weighted


def held_out_rows(
    estimator: Any, X: Rows, X_val: Any = None, y_val: Any = None, sample_weight_val: Any = None
) -> Rows | None:
    """Return the validation set of an autoencoder, validated and in memory."""
    if not _is_given(estimator, X_val, y_val, sample_weight_val, needs_y=X.is_paired):
        return None
    if estimator._takes_padding(first=True):
        X_val = padded(X_val, estimator.sample_shape_)
    shape = shape_of(X_val)[1:]
    if len(shape) > 1 < len(estimator.sample_shape_) and shape != estimator.sample_shape_:
        raise ValueError(
            f"X_val has samples of shape {shape}, but those of X have {estimator.sample_shape_}."
        )
    try:
        rows = estimator._rows(estimator._as_rows(X_val, first=True), least=2)
        if rows.has_missing and not X.has_missing:
            takes_sequences = estimator._missing_values(first=True) is None
            raise ValueError(
                "sequences end early, but those of X do not, so that the network does not skip the "
                "steps after the end. Put some of these sequences into X."
                if takes_sequences
                else "values are missing, but none in X, so that the network does not learn to "
                "skip them. Put some of these samples into X."
            )
        rows = estimator._paired(rows, y_val, training=True)
        rows, _ = weighted(rows, None, sample_weight_val, 2, "sample_weight_val")
        return rows.in_memory(np.arange(len(rows)))[0]
    except (TypeError, ValueError) as error:
        raise type(error)(f"X_val: {error}") from error


def held_out_labels(
    estimator: Any,
    autoencoder: Any,
    of_targets: dict[str, Any],
    X_val: Any = None,
    y_val: Any = None,
    sample_weight_val: Any = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None] | None:
    """Return the labeled rows of a head's validation set, their targets and weights."""
    if not _is_given(estimator, X_val, y_val, sample_weight_val, needs_y=True):
        return None
    try:
        X_val, y_val, weights = positive(X_val, y_val, sample_weight_val)
        rows, _ = estimator._checked(autoencoder, X_val)
        check_consistent_length(rows, y_val)
        labeled, targets = estimator._further_targets(y_val, of_targets)
    except (TypeError, ValueError) as error:
        raise type(error)(f"X_val and y_val: {error}") from error
    return (
        rows[labeled],
        targets,
        estimator._label_weights(targets, taken(weights, labeled), of_targets),
    )


def _is_given(
    estimator: Any, X_val: Any, y_val: Any, sample_weight_val: Any, needs_y: bool
) -> bool:
    """Return whether there is a validation set, with errors as scikit-learn's gradient boosting."""
    if X_val is None:
        for name, given in (("y_val", y_val), ("sample_weight_val", sample_weight_val)):
            if given is not None:
                raise ValueError(f"{name} is provided, but X_val was not provided.")
        return False
    if needs_y and y_val is None:
        raise ValueError("X_val is provided, but y_val was not provided.")
    if not estimator.early_stopping:
        raise ValueError(
            "X_val is passed to fit while at the same time early_stopping is False, so that "
            "nothing is validated. Set early_stopping=True, or leave X_val out."
        )
    return True
