"""Loadings: how the decoded features follow each code, and the codes the features."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skae._data.checks import finite
from skae._estimators.views import FittedNetwork
from skae._network.codec import Codec
from skae._network.derivatives import DecoderDerivatives, are_dense, encoder_derivatives
from skae._network.whitening import Whitening

# Samples whose mean derivative is that of all, where many are expensive.
LEAST_SAMPLES = 256

INSTEAD = (
    "inverse_transform(codes) shows what codes stand for, and skae.plotting.ManifoldDisplay draws "
    "it along one code"
)


class FittedLoadings(FittedNetwork):
    """Derivatives of decoder and encoder, where their layers are dense."""

    # None if the decoder has other layers, in a truncated autoencoder, and in what was stored
    # before there were loadings.
    _components: np.ndarray | None = None

    @property
    def components_(self) -> np.ndarray:
        """Mean derivative of the decoder by each code, over the samples of the last fit."""
        check_is_fitted(self)
        if self._components is None:
            if are_dense(self._codec.network.decoder):
                advice = "local_components(X).mean(axis=0) is what they are for samples X"
            else:
                advice = f"The decoder has layers that are not dense: {INSTEAD}"
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'components_'. {advice}.",
                name="components_",
                obj=self,
            )
        return self._components

    def local_components(self, X):
        """Return the derivatives of the decoder by each code, at the codes of samples.

        They tell by how much each feature of the reconstruction changes with a small change of one
        code. `components_` is their mean over the training samples. With PCA they would be the
        same for all samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        components : ndarray of shape (n_samples, n_components_, n_features)
            In units of X per unit of a code as `transform` returns it. A feature of categories has
            a column for each category, in the order of `categories_`: the derivative of its
            probability.

        Raises
        ------
        NotImplementedError
            If the decoder has layers that are not dense.

        See Also
        --------
        encoder_sensitivity : Derivatives of the codes by the features.
        skae.plotting.LoadingsDisplay : Visualization of `components_`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skae import AutoencoderTransformer
        >>> X = load_iris().data
        >>> autoencoder = AutoencoderTransformer(2, max_iter=5, learning_rate="cosine").fit(X)
        >>> autoencoder.local_components(X[:3]).shape
        (3, 2, 4)
        """
        codec = self._codec
        self._need_dense("local_components", "decoder", INSTEAD)
        rows = self._rows_in_memory(X)
        derivatives = DecoderDerivatives(codec, rows.dtype)
        return finite(lambda rows: derivatives.at(codec.encode(rows)), rows)

    def encoder_sensitivity(self, X):
        """Return the derivatives of the codes by each feature, at samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values count as what they are filled with.

        Returns
        -------
        sensitivity : ndarray of shape (n_samples, n_components_, n_features)
            In units of a code as `transform` returns it per unit of X. A feature of categories has
            a column for each category, in the order of `categories_`: the derivative by its
            indicator.

        Raises
        ------
        NotImplementedError
            If the encoder has layers that are not dense.

        See Also
        --------
        local_components : Derivatives of the decoded features by the codes.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skae import AutoencoderTransformer
        >>> X = load_iris().data
        >>> autoencoder = AutoencoderTransformer(2, max_iter=5, learning_rate="cosine").fit(X)
        >>> autoencoder.encoder_sensitivity(X[:3]).shape
        (3, 2, 4)
        """
        codec = self._codec
        advice = "transform(X) of samples that differ in one feature shows how codes depend on it"
        self._need_dense("encoder_sensitivity", "encoder", advice)
        rows = self._rows_in_memory(X)
        return finite(lambda rows: encoder_derivatives(codec, rows), rows)

    def _need_dense(self, method: str, half: str, instead: str) -> None:
        """Raise an error if the encoder or the decoder has layers whose derivative is not known."""
        if not are_dense(getattr(self._codec.network, half)):
            raise NotImplementedError(
                f"{method} needs a derivative in closed form, but the {half} of this "
                f"{type(self).__name__} has layers that are not dense. {instead}."
            )


def mean_components(
    codec: Codec, whitening: Whitening | None, codes: np.ndarray, weights: np.ndarray
) -> np.ndarray | None:
    """Return the mean of the derivatives of a decoder over codes before they are whitened.

    None if it is not dense. If the derivatives of each sample are needed, these are as many less as
    there are codes, so that they cost as much as one decoding of all codes.
    """
    if not are_dense(codec.network.decoder):
        return None
    # The weights have this precision, too, and a fitted estimator is little larger than they are.
    derivatives = DecoderDerivatives(codec, np.float32)
    of_some = slice(None)
    if not derivatives.mean_is_cheap:
        of_some = slice(None, None, max(1, min(codes.shape[1], len(codes) // LEAST_SAMPLES)))
    mean = derivatives.mean(codes[of_some], weights[of_some])
    return mean if whitening is None else (whitening.inverse @ mean).astype(np.float32)
