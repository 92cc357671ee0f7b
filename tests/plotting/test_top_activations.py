import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import skae
from skae.plotting import TopActivationsDisplay
from tests.plotting.conftest import SMALL


def test_the_samples_that_activate_a_code_most(pca, digits):
    X, _ = digits
    display = TopActivationsDisplay.from_estimator(pca, X, units=[3, 0], n_samples=4)
    codes = pca.transform(X)
    for unit, indices, activations in zip(
        [3, 0], display.indices, display.activations, strict=True
    ):
        expected = np.sort(codes[:, unit])[::-1][:4]
        assert_allclose(activations, expected)
        assert_allclose(codes[indices, unit], expected)
    assert display.axes_.shape == (2, 4)
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == ["component 3", "component 0"]
    assert_array_equal(display.artists_[1, 2].get_array(), X[display.indices[1, 2]].reshape(8, 8))
    assert display.axes_[0, 0].get_title() == f"= {display.activations[0, 0]:.3g}"


def test_the_codes_that_vary_most_are_drawn(pca, digits):
    display = TopActivationsDisplay.from_estimator(pca, digits[0], units=2, n_samples=1)
    assert display.names == ["component 0", "component 1"]


def test_units_of_a_hidden_layer(digits):
    X, _ = digits
    autoencoder = skae.AutoencoderTransformer(2, **{**SMALL, "hidden_layer_sizes": (6,)}).fit(X)
    display = TopActivationsDisplay.from_estimator(autoencoder, X, layer=0, units=[5], n_samples=2)
    assert display.names == ["unit 5"]
    activations = autoencoder.hidden_activations(X)
    assert_allclose(display.activations[0, 0], activations[:, 5].max())
    with pytest.raises(ValueError, match="layer=1"):
        TopActivationsDisplay.from_estimator(autoencoder, X, layer=1)


def test_few_samples(pca, digits):
    X, _ = digits
    assert TopActivationsDisplay.from_estimator(pca, X[:2]).axes_.shape == (5, 2)
    with pytest.raises(ValueError, match="n_samples=0"):
        TopActivationsDisplay.from_estimator(pca, X, n_samples=0)
