"""Split rows into a training set and a validation set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skae._data.rows import Rows, RowSubset
from skae._data.weights import effective_size

# Smallest validation set, largest part of the rows in it (a quarter), and fewest rows to split.
# Gains have heavy tails, so a mean over fewer than 30 rows says little, and a tenth of a small
# table is fewer. But a small table can spare a quarter at most, and one of fewer than 8 rows not
# even the two that a standard error needs.
# Larger data are not searched for copies, which takes memory.
MOST_ENTRIES = 1 << 25
ENOUGH_VALIDATION_ROWS, SMALLEST_DIVISOR, MIN_ROWS_TO_SPLIT = 30, 4, 8


@dataclass(frozen=True)
class Split:
    """Rows of X to train on, and a validation set to monitor the loss on.

    Parameters
    ----------
    X : Rows of shape (n_samples, n_features)
    training, validation : ndarray of int
        Indices of rows, sorted; `validation` may be empty.
    X_val : Rows of shape (n_validation, n_features) or None
        The rows that `validation` refers to, in memory. None means those of X.
    """

    X: Rows
    training: np.ndarray
    validation: np.ndarray
    X_val: Rows | None = None

    @classmethod
    def given(cls, X: Rows, X_val: Rows) -> Split:
        """Return the split into all rows of X and a separate validation set."""
        return cls(X, np.arange(len(X)), np.arange(len(X_val)), X_val)

    @property
    def is_held_out(self) -> bool:
        """Whether the validation set was held out of X, and is not one that was passed to `fit`."""
        return self.X_val is None and self.validation.size > 0

    @property
    def training_weight(self) -> float:
        """Sum of the weights of the training rows: their number, if rows have no weights."""
        return RowSubset(self.X, self.training).weight

    def effective_sizes(self) -> tuple[float, float]:
        """Return how many rows of equal weight tell as much as those of each set."""
        held = self.X if self.X_val is None else self.X_val
        sets = (self.X.weights, self.training), (held.weights, self.validation)
        n_rows, n_validation = (
            len(rows) if weights is None else effective_size(weights[rows])
            for weights, rows in sets
        )
        return n_rows, n_validation

    def held_out(self) -> tuple[Rows, np.ndarray]:
        """Return rows that are cheap to read, and where among them the validation set is."""
        return (self.X if self.X_val is None else self.X_val).in_memory(self.validation)


def train_validation_rows(
    n: int,
    fraction: float,
    rng: np.random.Generator,
    max_validation: int | None = None,
    copies: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of training and validation rows among `n`; the latter may be empty.

    Rows with the same number in `copies` are trained on together, or one of them is held out.
    """
    if copies is not None:
        distinct, first = np.unique(copies, return_index=True)
        kept, held_out = train_validation_rows(len(distinct), fraction, rng, max_validation)
        return np.flatnonzero(np.isin(copies, kept)), np.sort(first[held_out])
    if not fraction or n < MIN_ROWS_TO_SPLIT:
        return np.arange(n), np.arange(0)
    n_validation = max(
        int(np.ceil(fraction * n)), min(ENOUGH_VALIDATION_ROWS, n // SMALLEST_DIVISOR)
    )
    validation, rows = np.split(rng.permutation(n), [min(n_validation, n - 1, max_validation or n)])
    return np.sort(rows), np.sort(validation)


def copies_among(X: Rows) -> np.ndarray | None:
    """Return a number for each row, equal for equal rows; None if there are no artificial copies.

    Where most rows are distinct, new rows are rarely equal to known ones, and a validation set with
    copies of training rows, as in a bootstrap sample, would be reconstructed too well.
    """
    if X.is_lazy or X.size > MOST_ENTRIES:
        return None
    rows = np.ascontiguousarray(X[:])
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))
    distinct, numbers = np.unique(whole.ravel(), return_inverse=True)
    return numbers if len(rows) / 2 < len(distinct) < len(rows) else None
