"""What every network has in common: it is a parameter that is checked and never changed."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from skae import AutoencoderTransformer, ConvolutionalAutoencoder, DenoisingAutoencoder
from skae.networks import BaseNetwork, ConvolutionalNetwork, DenseNetwork, RecurrentNetwork

IMAGES = np.random.default_rng(0).uniform(size=(60, 4, 4))
X = IMAGES.reshape(60, 16)

pytestmark = pytest.mark.usefixtures("untrained")


class Forgetful(BaseNetwork):
    """A network that returns no layers."""

    def layers(self, sample_shape, n_components):
        return None


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"network": ConvolutionalNetwork}, InvalidParameterError, "must be an instance of"),
        ({"network": ConvolutionalNetwork(filters=-1)}, InvalidParameterError, "'filters'"),
        ({"network": DenseNetwork(linear_encoder=3)}, InvalidParameterError, "'linear_encoder'"),
        (
            {"network": ConvolutionalNetwork(), "hidden_layer_sizes": 5},
            ValueError,
            r"hidden_layer_sizes=5 has no effect with network=ConvolutionalNetwork\(\)",
        ),
        (
            {"network": RecurrentNetwork(), "linear_encoder": True},
            ValueError,
            "linear_encoder=True has no effect",
        ),
        (
            {"network": RecurrentNetwork(), "tied_weights": True},
            ValueError,
            r"RecurrentNetwork\(\) has not\. Set tied_weights=False",
        ),
        ({"network": ConvolutionalNetwork(), "n_components": None}, ValueError, "init='glorot'"),
        ({"network": Forgetful()}, TypeError, "Forgetful.layers returned None"),
    ],
)
def test_what_does_not_fit_is_named_before_training(parameters, error, message):
    with pytest.raises(error, match=message):
        AutoencoderTransformer(**parameters).fit(X)


def test_images_without_a_network_for_them_are_refused():
    with pytest.raises(ValueError, match=r"set network=ConvolutionalNetwork\(\)"):
        AutoencoderTransformer(network=DenseNetwork()).fit(IMAGES)


def test_flat_parameters_are_the_network_of_the_same_names():
    short = ConvolutionalAutoencoder(2, filters=3, kernel_size=2).fit(IMAGES)
    network = ConvolutionalNetwork(filters=3, kernel_size=2)
    long = AutoencoderTransformer(2, network=network).fit(IMAGES)
    assert short.network_ == long.network_
    assert not hasattr(ConvolutionalAutoencoder(), "network__filters")
    assert "network" not in short.get_params()
    linear = AutoencoderTransformer(2, network=DenseNetwork(linear_encoder=True)).fit(X)
    assert linear.network_ == AutoencoderTransformer(2, linear_encoder=True).fit(X).network_


@pytest.mark.parametrize("network", [None, DenseNetwork()])
@pytest.mark.parametrize(
    ("n_components", "column_scaling", "widths"),
    [(1, "auto", [128, 64, 1]), (2, True, [128, 64, 2]), (1, True, [64, 64, 64, 1])],
)
def test_few_codes_of_scaled_columns_have_more_layers(
    network, n_components, column_scaling, widths
):
    rows = X[:, :3]
    autoencoder = AutoencoderTransformer(
        n_components, network=network, column_scaling=column_scaling
    ).fit(rows)
    assert [layer.n_out for layer in autoencoder.network_.encoder] == widths


def test_a_fit_changes_no_network_and_another_network_may_follow():
    network = ConvolutionalNetwork(filters=3)
    before = network.get_params()
    denoiser = DenoisingAutoencoder(2, network=network).fit(IMAGES)
    assert network.get_params() == before
    assert clone(denoiser).network is not network
    assert denoiser.sample_shape_ == (4, 4)
    codes = denoiser.transform(IMAGES)
    np.testing.assert_array_equal(denoiser.set_params(network=None).transform(IMAGES), codes)
    denoiser.fit(X)
    assert denoiser.inverse_transform(denoiser.transform(X)).shape == X.shape
    denoiser.set_params(network=RecurrentNetwork(), n_components=0.9).fit(IMAGES)
    assert denoiser.reconstruct(X[:3]).shape == (3, 16)


def test_convolutions_may_be_tied():
    network = ConvolutionalNetwork(filters=3)
    tied = AutoencoderTransformer(2, network=network, tied_weights=True).fit(IMAGES)
    for kernel, mirror in zip(tied.encoder_coefs_, tied.decoder_coefs_[::-1], strict=True):
        np.testing.assert_array_equal(kernel.T if kernel.ndim == 2 else kernel, mirror)
