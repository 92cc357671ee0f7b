"""Dense networks for tests of the packages below the estimators."""

from skae._plan.layers import dense_layers, mirrored
from skae._plan.network import Network


def dense_network(
    n_features=5,
    n_components=2,
    hidden=(4,),
    activation="elu",
    code="identity",
    output="identity",
    tied=False,
    skip=True,
    **more,
):
    """Describe a dense network and its mirror image."""
    encoder = dense_layers((n_features, *hidden, n_components))
    return Network(encoder, mirrored(encoder), activation, code, output, tied, skip, skip, **more)
