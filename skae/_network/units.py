"""Conversions between X, codes in its units, and the standardized numbers of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skae._network.backend import Backend
from skae._network.forward import reconstruction
from skae._network.whitening import Whitening
from skae._plan.network import Network


def input_units(network: Network, mean: np.ndarray, scale: Any) -> tuple[np.ndarray, Any]:
    """Return what the inputs are centered by and divided by, for X of this mean and scale."""
    return (mean, scale) if network.standardizes else (np.zeros_like(mean), 1.0)


def error_scale(network: Network, mean: np.ndarray, scale: Any) -> np.ndarray | None:
    """Return what the error of each column is divided by; None for errors in units of X.

    Where columns are scaled, that is the standard deviation of a number. The indicators of a
    variable of categories are divided by the root of their total variance, so that it is 1, too.
    """
    if not network.has_column_scales:
        return None
    scale = scale.copy()
    for begin, end in network.categories:
        variance = 1.0 - np.square(mean[begin:end]).sum()
        scale[begin:end] = np.sqrt(variance) if end - begin > 1 else 1.0
    return scale


@dataclass(frozen=True)
class Units:
    """Center and scale of the inputs, and the whitening of the codes if any, in one dtype.

    The conversions are plain arithmetic, so that ONNX graphs are traced from them too.
    """

    network: Network
    mean: np.ndarray
    scale: Any
    whitening: Whitening | None

    def standardized(self, X: Any) -> Any:
        """Convert rows of X to inputs of the encoder."""
        return (X - self.mean) * (1.0 / self.scale)

    def codes(self, outputs: Any) -> Any:
        """Convert outputs of the encoder to codes."""
        codes = outputs * self.scale if self.network.scales_codes else outputs
        if self.whitening is not None:
            codes = (codes - self.whitening.mean) @ self.whitening.matrix
        return codes

    def decoder_inputs(self, codes: Any) -> Any:
        """Convert codes to inputs of the decoder."""
        if self.whitening is not None:
            codes = codes @ self.whitening.inverse + self.whitening.mean
        return codes / self.scale if self.network.scales_codes else codes

    def reconstruction(self, output: Any, by: Backend) -> Any:
        """Convert outputs of the decoder to rows of X."""
        if self.network.output_activation is None:
            return output
        return reconstruction(self.network, output, self.mean, self.scale, by)
