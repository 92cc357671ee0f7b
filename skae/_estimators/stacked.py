"""The stacked autoencoder: trained one layer at a time, then as a whole."""

from __future__ import annotations

from numbers import Integral

from sklearn.utils._param_validation import Interval

from skae._estimators.base import BaseAutoencoder
from skae._plan.layers import mirrored
from skae._plan.plan import Plan, Stage


class StackedAutoencoder(BaseAutoencoder):
    """Deep autoencoder pretrained one layer at a time.

    The first layer is trained as an autoencoder of X, the second as an autoencoder of the first
    layer's codes, and so on [5]_. With `fine_tune` the whole network is then trained together.

    Textbooks show two ways to do this: separate autoencoders whose weights are copied into one
    network, and phases in one network in which the layers below are frozen. Both compute the
    same, and so does this class. Frozen layers give the same codes in every epoch, so the codes
    are computed once for all samples and kept, in one float32 matrix as wide as the widest
    hidden layer.

    With ``init='pca'`` each dense layer starts as the principal axes of its input, and
    convolutions as with 'he'; the whole network has no linear path parallel to its layers. A warm
    start and `partial_fit` train the whole network; a first `partial_fit` starts from random
    kernels.

    Parameters
    ----------
    {parameters}

    layer_max_iter : int, default=20
        Maximum number of epochs for each layer. `learning_rate`, `tol`, `early_stopping` and
        `n_iter_no_change` apply to each layer as to the whole network.

    fine_tune : bool, default=True
        Whether to train the whole network, for up to `max_iter` epochs, after its layers.
        Otherwise `n_iter_` is 0, `loss_curve_` is empty and `loss_` is NaN.

    Attributes
    ----------
    {attributes}

    stage_loss_curves_ : list of list of float
        Training loss of each layer in each of its epochs: for the first layer as in `loss_curve_`,
        for other dense layers the share of the variance of the codes below that is left
        unexplained, and for convolutions above others their mean squared error.

    See Also
    --------
    AutoencoderTransformer : Trains all layers at once, initialized as PCA.

    References
    ----------
    {references}
    .. [5] Bengio et al., "Greedy Layer-Wise Training of Deep Networks", NIPS 2006.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import StackedAutoencoder
    >>> X = load_digits().data
    >>> stacked = StackedAutoencoder(
    ...     8, hidden_layer_sizes=(64, 32), max_iter=50, learning_rate="cosine", random_state=0
    ... ).fit(X)
    >>> len(stacked.stage_loss_curves_)
    3
    >>> print(stacked.score(X) > 0.7)
    True
    """

    layer_max_iter: int = 20
    fine_tune: bool = True

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "layer_max_iter": [Interval(Integral, 1, None, closed="left")],
        "fine_tune": ["boolean"],
    }

    def _plan(self, n_features: int, n_components: int) -> Plan:
        if self.tied_weights:
            raise ValueError(
                "tied_weights=True: a layer trained alone has a decoder of its own. Leave "
                "tied_weights out, or use AutoencoderTransformer(tied_weights=True)."
            )
        encoder, decoder = self.network_layers(n_features, n_components)
        if decoder != mirrored(encoder):
            raise ValueError(
                "A layer trained alone needs its mirror in the decoder, which "
                f"network={self.network!r} has not. Use AutoencoderTransformer."
            )
        stages = tuple(Stage(int(self.layer_max_iter), layer) for layer in range(len(encoder)))
        if self.fine_tune:
            stages += (Stage(),)
        return self.layered_plan(encoder, decoder, stages=stages)
