"""The plain autoencoder."""

from skae._base import BaseAutoencoder
from skae._parameters import estimator
from skae._plan import Plan


@estimator
class AutoencoderTransformer(BaseAutoencoder):
    """Nonlinear dimensionality reduction by an autoencoder that starts as PCA.

    An encoder maps the columns of X to a few codes and a decoder maps the codes back; both are
    trained together until the reconstruction is as close to X as it gets. By default the
    start is PCA itself and training learns only what improves on it, so that the
    estimator drops in wherever :class:`~sklearn.decomposition.PCA` is used.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.decomposition.PCA : Linear dimensionality reduction, where training starts.
    DenoisingAutoencoder : Learns to remove noise.
    SparseAutoencoder : Many codes, few of them active.
    VariationalAutoencoder : Draws new samples.
    skae.plotting.ComponentsCurveDisplay : Score against the number of codes.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import AutoencoderTransformer
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(8, random_state=0).fit(X)
    >>> autoencoder.transform(X).shape
    (1797, 8)
    >>> print(f"{autoencoder.score(X):.1f}")
    0.9
    >>> print(f"{PCA(8).fit(X).explained_variance_ratio_.sum():.2f}")
    0.67
    """

    def _plan(self, n_features: int, n_components: int) -> Plan:
        return self.dense_plan(n_features, n_components)
