"""Sequences of unequal lengths: padded to one length with NaN, and cut to their own again."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np


def padded(X: Any, shape: tuple[int, ...] | None) -> Any:
    """Return sequences of unequal lengths as one array, with NaN after the end of each.

    Parameters
    ----------
    X : list of array-like of shape (timesteps,) or (timesteps, features), or array
        Arrays of less than three dimensions are returned as they are.
    shape : (int, int) or None
        Number of steps and of values in a step, as fitted. None takes the longest sequence.
    """
    sequences: Any
    if isinstance(X, list | tuple):
        sequences = _arrays(X)
    elif isinstance(X, np.ndarray) and X.ndim > 2:
        sequences = X
    else:
        return X
    lengths = [len(sequence) for sequence in sequences if sequence.ndim in (1, 2)]
    if not lengths or len(lengths) < len(sequences):
        return np.asarray(X)
    longest = max(lengths)
    if shape is not None:
        longest = shape[0] if sequences[0].ndim == 2 else prod(shape)
        if max(lengths) > longest:
            raise ValueError(
                f"X holds a sequence of length {max(lengths)}, longer than those that "
                f"were fitted, which had at most {longest} steps. Cut it, or fit again."
            )
    if min(lengths) == longest:
        return np.asarray(X)
    dtype = np.result_type(np.float32, *{sequence.dtype for sequence in sequences})
    array = np.full((len(sequences), longest, *sequences[0].shape[1:]), np.nan, dtype)
    for row, sequence in zip(array, sequences, strict=True):
        row[: len(sequence)] = sequence
    return array


def check_ends(X: np.ndarray, width: int) -> None:
    """Raise an error for NaN before the end of a sequence.

    X holds flat rows of sequences, of `width` values in each step.
    """
    missing = np.isnan(X).reshape(len(X), -1, width)
    ended = missing.all(axis=2)
    after_the_end = np.logical_and.accumulate(ended[:, ::-1], axis=1)[:, ::-1]
    inside = missing.any(axis=2) & ~after_the_end
    for wrong, what in ((inside, "before its last values"), (ended[:, :1], "and no values")):
        if wrong.any():
            sample, step = np.argwhere(wrong)[0]
            raise ValueError(
                f"Input X contains NaN: sample {sample} has NaN {what}, at step {step}. NaN stands "
                "for the steps after the end of a shorter sequence, all values of each. Impute "
                "other missing values, and leave out sequences without steps."
            )


def unpadded(rows: np.ndarray, X: Any) -> Any:
    """Return flat rows as sequences of the lengths in X: a list of arrays if X is one."""
    if not isinstance(X, list | tuple):
        return _cut(rows, np.asarray(X, rows.dtype))
    given = [np.asarray(sequence, rows.dtype) for sequence in X]
    cut = [_cut(row[np.newaxis], one[np.newaxis])[0] for row, one in zip(rows, given, strict=True)]
    return cut if len({len(sequence) for sequence in given}) > 1 else np.stack(cut)


def _cut(rows: np.ndarray, X: np.ndarray) -> np.ndarray:
    rows = rows[:, : prod(X.shape[1:])].reshape(X.shape)
    return np.where(np.isnan(X), np.nan, rows).astype(rows.dtype, copy=False)


def _arrays(X: Any) -> list[np.ndarray]:
    """Return nested lists as a list of arrays that differ in their lengths alone."""
    try:
        sequences = [np.asarray(sequence) for sequence in X]
    except ValueError as error:
        raise ValueError(f"The steps of a sequence in X have unequal lengths ({error}).") from error
    shapes = sorted({sequence.shape for sequence in sequences})
    if len({shape[1:] for shape in shapes}) > 1 or len({len(shape) for shape in shapes}) > 1:
        raise ValueError(
            "The sequences in X must have one number of features in all steps. Got sequences of "
            f"the shapes {shapes[0]} and {shapes[-1]}."
        )
    return sequences
