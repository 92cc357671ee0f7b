"""The plain autoencoder."""

from typing import Any, ClassVar

from skae._estimators.base import BaseAutoencoder
from skae._plan.layers import dense_layers
from skae._plan.plan import Plan, mirrored


class AutoencoderTransformer(BaseAutoencoder):
    """Nonlinear dimensionality reduction by an autoencoder that starts as PCA.

    An encoder maps the columns of X to a few codes and a decoder maps the codes back; both are
    trained together until the reconstruction is as close to X as it gets. By default the
    start is PCA itself and training learns only what improves on it, so that the
    estimator drops in wherever :class:`~sklearn.decomposition.PCA` is used.

    Parameters
    ----------
    {parameters}

    linear_encoder : bool, default=False
        Whether the codes are a linear map of the columns, as PCA's are, and the decoder alone has
        hidden layers. The map moves from the principal axes to directions from which
        the decoder reconstructs X best. Less of X is explained than by an encoder with hidden
        layers, and more than by PCA. Excludes `tied_weights`.

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

    linear_encoder: bool = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseAutoencoder._parameter_constraints,
        "linear_encoder": ["boolean"],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        if not self.linear_encoder:
            return self.dense_plan(n_features, n_components)
        if self.tied_weights:
            raise ValueError(
                "linear_encoder=True has a decoder that does not mirror the encoder, as "
                "tied_weights=True asks for. Leave one of them out."
            )
        decoder = mirrored(dense_layers((n_features, *self.hidden_sizes(), n_components)))
        return self.layered_plan(dense_layers((n_features, n_components)), decoder)
