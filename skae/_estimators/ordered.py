"""Ordered codes: what the first ones explain, and estimators of these alone."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skae._data.rows import Rows, taken, weight_observed
from skae._data.split import Split
from skae._data.weights import relative
from skae._estimators.views import FittedNetwork
from skae._network.codec import ERROR_ROWS, Codec
from skae._training.model import is_share
from skae._training.schedule import MIN_GAINS

# Up to so many codes, what each explains is computed on as many samples as other errors.
USUAL_SIZES = 32
# Rows, their targets and their weights.
Part = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def errors_by_size(
    codec: Codec, rows: np.ndarray, targets: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, float]:
    """Return the summed errors from the first 1, 2, ... codes, and what there is to explain.

    Both are those of `score`.
    """
    weights = np.ones(len(rows)) if weights is None else weights
    unexplained = codec.squared_errors_by_size(rows, targets) @ weights
    if codec.error_scale is not None:
        return unexplained, float(weight_observed(targets, weights)[codec.network.variables].sum())
    centered = targets - codec.mean
    return unexplained, float(weights @ np.nansum(np.square(centered), axis=1))


def explained_shares(codec: Codec, parts: Iterable[Part]) -> np.ndarray:
    """Return the shares of the variance of samples that the first 1, 2, ... codes explain."""
    errors, totals = zip(*(errors_by_size(codec, *part) for part in parts), strict=True)
    unexplained, total = np.sum(errors, axis=0), sum(totals)
    return 1.0 - unexplained / total if total else (unexplained == 0.0).astype(float)


def shares_of_fit(codec: Codec, X: Rows) -> np.ndarray | None:
    """Return the shares that the first codes explain of X; None if codes have no order."""
    if not codec.is_ordered:
        return None
    n_rows = ERROR_ROWS * USUAL_SIZES // max(codec.network.n_components, USUAL_SIZES)
    return explained_shares(codec, X.evenly_spaced_parts(n_rows))


def validation_part(split: Split) -> Part:
    """Return the rows of the validation set, with targets and weights."""
    held, rows = split.held_out()
    return held.take(rows), held.targets.take(rows), taken(held.weights, rows)


def chosen(codec: Codec, n_components: Any, X: Rows, split: Split | None) -> Codec:
    """Return the codec with the number of codes that the parameter `n_components` asks for.

    A share asks for the least number of codes that explain it. 'auto' asks for the least number
    whose error on the validation set is within one standard error of the smallest one (Breiman et
    al., "Classification and Regression Trees", 1984).
    """
    if is_share(n_components):
        shares = shares_of_fit(codec, X)
        assert shares is not None
        enough = shares > n_components
    elif n_components == "auto" and split is not None and len(split.validation) >= MIN_GAINS:
        rows, targets, weights = validation_part(split)
        errors = codec.squared_errors_by_size(rows, targets)
        if weights is not None:
            errors *= relative(weights)
        means = errors.mean(axis=1)
        best = means.argmin()
        _, size = split.effective_sizes()
        enough = means <= means[best] + errors[best].std(ddof=1) / np.sqrt(size)
    else:
        return codec
    return codec.truncated(int(enough.argmax()) + 1) if enough.any() else codec


class OrderedCodes(FittedNetwork):
    """What the first of ordered codes explain, and the autoencoder of these alone."""

    # Running sums; None without an order, and in what was stored before there was one.
    _explained: np.ndarray | None = None
    _validation_explained: np.ndarray | None = None
    _attribute_advice: ClassVar[dict[str, str]]

    def truncated(self, k):
        """Return the autoencoder of the first `k` codes alone.

        Its codes are ``transform(X)[:, :k]``, and its reconstruction is that of
        ``inverse_transform`` of these. Nothing is trained, and kernels of the encoder are not
        copied. Attributes that describe the training, such as the loss curves, stay those of all
        codes; `score_columns_` is None.

        Parameters
        ----------
        k : int
            Number of codes, from 1 to `n_components_`.

        Returns
        -------
        autoencoder : object
            A fitted estimator of the same class with ``n_components=k``.

        Raises
        ------
        ValueError
            If the autoencoder was not fitted with ``ordered=True``, or if it has less than `k`
            codes.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skae import AutoencoderTransformer
        >>> X = load_iris().data
        >>> autoencoder = AutoencoderTransformer(3, ordered=True, random_state=0).fit(X)
        >>> autoencoder.truncated(2).transform(X).shape
        (150, 2)
        """
        codec = self._codec
        if not codec.is_ordered:
            raise ValueError(
                f"truncated needs codes in order, but this {type(self).__name__} was fitted "
                "without. Fit it with ordered=True."
            )
        if not isinstance(k, Integral) or not 1 <= k <= self.n_components_:
            raise ValueError(
                f"k={k!r} must be an int from 1 to n_components_={self.n_components_}."
            )
        k = int(k)
        autoencoder = copy(self)
        autoencoder.__dict__.update(_truncation(self, codec, k), n_components=k)
        return autoencoder

    @property
    def explained_variance_ratio_(self):
        """Share of the variance that each code adds to what those before it explain."""
        return np.diff(self._shares("explained_variance_ratio_"), prepend=0.0)

    @property
    def validation_explained_variance_ratio_(self):
        """The same on the validation set; None where the training loss was monitored."""
        self._shares("validation_explained_variance_ratio_")
        shares = self._validation_explained
        return None if shares is None else np.diff(shares, prepend=0.0)

    @property
    def explained_variance_(self):
        """Variance that each code adds to what those before it explain, as that of PCA."""
        ratio = np.diff(self._shares("explained_variance_"), prepend=0.0)
        if self.network_.has_column_scales:
            raise AttributeError(
                "Columns are scaled one by one, so that there is no variance in one unit. Use "
                "explained_variance_ratio_.",
                name="explained_variance_",
                obj=self,
            )
        n = self.n_samples_seen_
        return ratio * (self.scale_**2 * len(self.mean_) * n / max(1, n - 1))

    @property
    def singular_values_(self):
        """Norm of what each code adds to the reconstruction, as that of PCA."""
        self._shares("singular_values_")
        variances = np.maximum(self.explained_variance_, 0.0)
        return np.sqrt(variances * max(1, self.n_samples_seen_ - 1))

    def _shares(self, name: str) -> np.ndarray:
        """Return the running sum of what codes explain; raise an error if they have no order."""
        if self._explained is None:
            advice = self._attribute_advice.get(name, "Fit with ordered=True to get it")
            message = f"{type(self).__name__!r} object has no attribute {name!r}. {advice}."
            raise AttributeError(message, name=name, obj=self)
        return self._explained


def _truncation(fitted: Any, codec: Codec, k: int) -> dict[str, Any]:
    """Return the attributes that differ in the autoencoder of the first `k` codes."""
    shares, of_validation = fitted._explained, fitted._validation_explained
    own = codec.truncated(k)
    variance = 1.0 if codec.error_scale is not None else codec.scale**2
    return {
        "network_": own.network,
        "weights_": own.weights,
        "n_components_": k,
        "reconstruction_err_": fitted.reconstruction_err_ + variance * (shares[-1] - shares[k - 1]),
        "score_columns_": None,
        "_components": None,
        "_explained": shares[:k],
        "_validation_explained": None if of_validation is None else of_validation[:k],
        "_memory": (None, None, None),
    }
