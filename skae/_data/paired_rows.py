"""Rows in memory whose targets are other rows, such as noisy samples and clean ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import joblib
import numpy as np

from skae._data.blocks import blocks
from skae._data.rows import ArrayRows, of_positive, summed, taken


class PairedRows(ArrayRows):
    """Inputs of the encoder, and for each the target of the decoder.

    Parameters
    ----------
    inputs, targets : ndarray of shape (n_samples, n_features)
    has_missing : bool
        Whether entries of either are missing.
    weights : ndarray of shape (n_samples,) or None
    """

    def __init__(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        has_missing: bool = False,
        weights: np.ndarray | None = None,
    ) -> None:
        super().__init__(inputs, has_missing, weights)
        self._targets = ArrayRows(targets, has_missing, weights)

    def weighted(self, weights: np.ndarray) -> PairedRows:
        inputs, targets, weights = of_positive(weights, self._array, self._targets[:])
        return PairedRows(inputs, targets, self.has_missing, weights)

    @property
    def targets(self) -> ArrayRows:
        return self._targets

    @property
    def token(self) -> str:
        return joblib.hash((super().token, self._targets.token))

    def total_with_targets(
        self, of_block: Callable[[np.ndarray, np.ndarray, np.ndarray | None], Any]
    ) -> Any:
        return summed(
            of_block(self[part], self._targets[part], taken(self.weights, part))
            for part in blocks(*self.shape)
        )

    def evenly_spaced(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        return super().evenly_spaced(n)[0], self._targets.evenly_spaced(n)[0]
