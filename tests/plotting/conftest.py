"""What the tests of pictures share: digits, estimators fitted once, figures closed."""

import matplotlib.pyplot as plt
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import skae
from tests.programs import untrained

SMALL = {"hidden_layer_sizes": (), "solver": "sgd", "max_iter": 2, "random_state": 0}
SMALL |= {"learning_rate": "cosine"}


@pytest.fixture(autouse=True)
def _closed_figures(untrained):
    yield
    plt.close("all")


@pytest.fixture(scope="package")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:200] / 16, y[:200]


@pytest.fixture(scope="package")
def pca(digits):
    return PCA(5).fit(digits[0])


@pytest.fixture(scope="package")
def autoencoder(digits):
    with untrained():
        return skae.AutoencoderTransformer(16, **SMALL).fit(digits[0])


@pytest.fixture(scope="package")
def denoiser(digits):
    with untrained():
        return skae.DenoisingAutoencoder(3, **SMALL).fit(digits[0])
