"""Autoencoders for scikit-learn users."""

from skae import _forks  # noqa: F401  (watches forks from here on)
from skae._autoencoder import AutoencoderTransformer
from skae._contractive import ContractiveAutoencoder
from skae._convolutional import ConvolutionalAutoencoder
from skae._denoising import DenoisingAutoencoder
from skae._outliers import AutoencoderOutlierDetector
from skae._recurrent import RecurrentAutoencoder
from skae._sparse import SparseAutoencoder
from skae._stacked import StackedAutoencoder
from skae._supervised import AutoencoderClassifier, AutoencoderRegressor
from skae._variational import VariationalAutoencoder
from skae._version import __version__

__all__ = [
    "AutoencoderClassifier",
    "AutoencoderOutlierDetector",
    "AutoencoderRegressor",
    "AutoencoderTransformer",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "RecurrentAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "VariationalAutoencoder",
    "__version__",
]
