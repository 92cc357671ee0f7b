"""Autoencoders for scikit-learn users."""

# The first must come before TensorFlow's first operation; the others name what estimators store.
from skae import _thread_pools, base, networks  # noqa: F401
from skae._estimators.contractive import ContractiveAutoencoder
from skae._estimators.convolutional import ConvolutionalAutoencoder
from skae._estimators.denoising import DenoisingAutoencoder
from skae._estimators.forest import ForestAutoencoder
from skae._estimators.imputer import AutoencoderImputer
from skae._estimators.outliers import AutoencoderOutlierDetector
from skae._estimators.plain import AutoencoderTransformer
from skae._estimators.recurrent import RecurrentAutoencoder
from skae._estimators.sparse import SparseAutoencoder
from skae._estimators.stacked import StackedAutoencoder
from skae._estimators.supervised import AutoencoderClassifier, AutoencoderRegressor
from skae._estimators.variational import VariationalAutoencoder
from skae._names import named_publicly
from skae._training import forks  # noqa: F401  (watches forks from here on)
from skae._version import __version__

__all__ = [
    "AutoencoderClassifier",
    "AutoencoderImputer",
    "AutoencoderOutlierDetector",
    "AutoencoderRegressor",
    "AutoencoderTransformer",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "ForestAutoencoder",
    "RecurrentAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "VariationalAutoencoder",
    "__version__",
]

named_publicly(__name__, *(globals()[name] for name in __all__ if name != "__version__"))
