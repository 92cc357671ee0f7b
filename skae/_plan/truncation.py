"""The network of the first codes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skae._plan.layers import Dense
from skae._plan.plan import Network


def truncated(
    network: Network, weights: Sequence[np.ndarray], k: int
) -> tuple[Network, tuple[np.ndarray, ...]]:
    """Return the network of the first `k` of its ordered codes, and its weights.

    They are views, except the bias of the first layer of the decoder, which takes up the biases of
    the codes that are cut.
    """
    encoder, decoder = network.split(weights, np.transpose)
    to_codes, from_codes = encoder.layers[-1], decoder.layers[0]
    own = replace(
        network,
        encoder=(*encoder.layers[:-1], Dense(to_codes.n_in, k)),
        decoder=(Dense(k, from_codes.n_out), *decoder.layers[1:]),
    )

    def first_columns(array: Any) -> Any:
        return None if array is None else array[..., :k]

    of_variances = encoder.log_variance_layer
    encoder = encoder._replace(
        kernels=(*encoder.kernels[:-1], first_columns(encoder.kernels[-1])),
        biases=(*encoder.biases[:-1], first_columns(encoder.biases[-1])),
        skip=first_columns(encoder.skip),
        log_variance_layer=of_variances and tuple(map(first_columns, of_variances)),
    )
    cut_biases: Any = decoder.cut_biases
    decoder = decoder._replace(
        kernels=(decoder.kernels[0][:k], *decoder.kernels[1:]),
        biases=(decoder.biases[0] + cut_biases[k:].sum(axis=0), *decoder.biases[1:]),
        skip=None if decoder.skip is None else decoder.skip[:k],
        cut_biases=cut_biases[:k],
    )
    return own, own.join(encoder, decoder)
