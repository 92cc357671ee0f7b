"""Networks: the layers of an autoencoder, its parameter `network`."""

from skae._estimators.networks.base import BaseNetwork
from skae._estimators.networks.convolutional import ConvolutionalNetwork
from skae._estimators.networks.dense import DenseNetwork
from skae._estimators.networks.recurrent import RecurrentNetwork
from skae._names import named_publicly

__all__ = ["BaseNetwork", "ConvolutionalNetwork", "DenseNetwork", "RecurrentNetwork"]

named_publicly(__name__, *(globals()[name] for name in __all__))
