"""The loss on the validation set: the same for one block of samples as for several."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skae import AutoencoderTransformer, DenoisingAutoencoder
from skae._data.blocks import blocks
from skae._data.rows import ArrayRows
from skae._training import validation
from skae._training.model import initial_model

X = np.random.default_rng(0).normal(size=(60, 5))
ROWS = np.arange(10, 50)


def validation_of(estimator):
    rng = np.random.default_rng(0)
    model = initial_model(ArrayRows(X), 2, "pca", estimator._plan, rng, np.arange(10))
    return validation.Validation(ArrayRows(X), ROWS, model, (3,))


ESTIMATORS = {
    "plain": AutoencoderTransformer(hidden_layer_sizes=(8,)),
    "ordered": AutoencoderTransformer(hidden_layer_sizes=(8,), ordered=True),
    "denoising": DenoisingAutoencoder(hidden_layer_sizes=(8,)),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_call_sees_the_same_samples_with_the_same_noise(kind):
    held = validation_of(ESTIMATORS[kind])
    weights = held.model.weights
    first, parts = held.losses(weights)
    # Other weights in between leave what was prepared as it is.
    other = held.losses(tuple(2.0 * weight for weight in weights))[0]
    assert not np.allclose(first, other)
    assert_array_equal(held.losses(weights)[0], first)
    assert parts == {"reconstruction": pytest.approx(first.mean())}


@pytest.mark.parametrize("kind", ["plain", "ordered"])
def test_one_block_has_the_losses_of_several(kind, monkeypatch):
    whole = validation_of(ESTIMATORS[kind])
    losses = whole.losses(whole.model.weights)[0]
    monkeypatch.setattr(validation, "blocks", lambda n, width: blocks(n, 1, 7))
    in_parts = validation_of(ESTIMATORS[kind])
    for _ in range(2):
        assert_allclose(in_parts.losses(whole.model.weights)[0], losses, rtol=1e-5)
