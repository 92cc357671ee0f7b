"""The network of the first codes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skae._plan.layers import Dense
from skae._plan.network import Network


def truncated(
    network: Network, weights: Sequence[np.ndarray], k: int
) -> tuple[Network, tuple[np.ndarray, ...]]:
    """Return the network of the first `k` of its ordered codes, and its weights.

    Weights of the encoder are views. Kernels and biases of the decoder are new: they include the
    constants for the codes that are cut.
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
    kernels, biases = list(decoder.kernels), list(decoder.biases)
    kernels[0], skip = kernels[0][:k], None if decoder.skip is None else decoder.skip[:k]
    # The inputs of the first layer are the codes, of which there are fewer.
    of_codes, of_units = decoder.cut_scales[:1], decoder.cut_scales[1:]
    cut_scales = (*map(first_columns, of_codes), *of_units)
    for i, logarithms in enumerate(cut_scales):
        scale = np.exp(logarithms[k:].sum(axis=0))[:, np.newaxis]
        kernels[i] = kernels[i] * scale
        if i == 0 and skip is not None:
            skip = skip * scale
    for i, added in enumerate(decoder.cut_biases):
        biases[i] = biases[i] + added[k:].sum(axis=0)
    decoder = decoder._replace(
        kernels=tuple(kernels),
        biases=tuple(biases),
        skip=skip,
        cut_biases=tuple(added[:k] for added in decoder.cut_biases),
        cut_scales=tuple(logarithms[:k] for logarithms in cut_scales),
    )
    return own, own.join(encoder, decoder)
