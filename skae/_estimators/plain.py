"""The plain autoencoder."""

from typing import Any, ClassVar

from skae._estimators.base import BaseAutoencoder
from skae._plan.plan import Plan


class AutoencoderTransformer(BaseAutoencoder):
    """Nonlinear dimensionality reduction by an autoencoder that starts as PCA.

    An encoder maps the features of X to a few latent codes (the embedding, computed by the
    bottleneck layer), and a decoder maps the codes back. Both are trained together to minimize the
    reconstruction error. By default training starts from PCA itself and learns only what improves
    on it, so the estimator is a drop-in replacement for :class:`~sklearn.decomposition.PCA`.

    Parameters
    ----------
    {parameters}

    linear_encoder : bool, default=False
        Whether the codes are a linear map of the features, like those of PCA, and only the decoder
        has hidden layers. Training moves the map from the principal axes to the directions from
        which the decoder reconstructs X best. This explains more of X than PCA, and less than an
        encoder with hidden layers. Excludes `tied_weights`.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.decomposition.PCA : Linear dimensionality reduction, the default initialization.
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

    linear_encoder: bool = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseAutoencoder._parameter_constraints,
        "linear_encoder": ["boolean"],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        if self.linear_encoder and self.tied_weights:
            raise ValueError(
                "linear_encoder=True has a decoder that does not mirror the encoder, which "
                "tied_weights=True needs. Leave one of them out."
            )
        return self.network_plan(n_features, n_components)
