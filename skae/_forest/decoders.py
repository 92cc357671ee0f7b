"""The way back from codes of a forest to the columns of a table."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeCV

from skae._forest.boxes import LeafCodes

# Neighbors in the space of codes.
N_NEIGHBORS = 20
# Samples that determine a linear map.
N_SAMPLES = 10_000
PENALTIES = np.logspace(-3, 4, 8)
# Bounds of so many rows and columns are computed at a time.
N_BOUNDS = 10_000_000


class NeighborDecoder:
    """A linear map of the codes, and what neighbors in the space of codes differ from it.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_codes)
        Of the training samples.
    numbers : ndarray of shape (n_samples, n_columns)
    """

    def __init__(self, codes: np.ndarray, numbers: np.ndarray) -> None:
        from sklearn.neighbors import KNeighborsRegressor  # late, as trees.py does

        self.linear = RidgeCV(PENALTIES).fit(codes, numbers)
        rest = numbers - predicted(self.linear, codes)
        n_neighbors = min(N_NEIGHBORS, len(codes))
        self.neighbors = KNeighborsRegressor(n_neighbors, weights="distance").fit(codes, rest)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the numbers of samples with these codes."""
        return predicted(self.linear, codes) + self.neighbors.predict(codes)


class BoxDecoder:
    """The usual values in a box, related to each other by a linear map, moved into the box.

    A box holds the sample, so that the nearest point in it is at least as close to the sample. The
    linear map tells of a column that few trees ask for what the others tell.

    Parameters
    ----------
    encoder : LeafCodes
    numbers : ndarray of shape (n_samples, n_columns)
        The training samples.
    rng : RandomState
    """

    def __init__(self, encoder: LeafCodes, numbers: np.ndarray, rng: np.random.RandomState) -> None:
        self.encoder = encoder
        if len(numbers) > N_SAMPLES:
            numbers = numbers[rng.permutation(len(numbers))[:N_SAMPLES]]
        usual = encoder.usual_in(*encoder.box(encoder.encode(numbers)))
        self.linear = RidgeCV(PENALTIES).fit(usual, numbers)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the numbers of samples with these codes."""
        n_rows = max(1, N_BOUNDS // self.encoder.usual.n_columns)
        blocks = [codes[i : i + n_rows] for i in range(0, len(codes), n_rows)]
        return np.concatenate([self._decoded(block) for block in blocks])

    def _decoded(self, codes: np.ndarray) -> np.ndarray:
        low, high = self.encoder.box(codes)
        return np.clip(predicted(self.linear, self.encoder.usual_in(low, high)), low, high)


def predicted(linear: RidgeCV, X: np.ndarray) -> np.ndarray:
    """Return predictions in columns, of which RidgeCV drops a single one."""
    return linear.predict(X).reshape(len(X), -1)
