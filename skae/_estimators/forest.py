"""An autoencoder made of trees."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt
from sklearn.utils.validation import check_is_fitted, validate_data

from skae._data.checks import check_dense, checked_codes, restored_on_failure
from skae._data.dask_rows import is_dask
from skae._data.frames import index_of, is_frame
from skae._estimators.documentation import DocumentationLink
from skae._estimators.versions import VersionStamp
from skae._estimators.words import (
    ATTRIBUTES_OF_CODES,
    ForeignWords,
    one_of,
    rows_alone,
    translating,
)
from skae._forest.boxes import LeafCodes
from skae._forest.decoders import BoxDecoder, NeighborDecoder
from skae._forest.spectral import SpectralCodes
from skae._forest.table import EvenTable
from skae._forest.trees import enough_at_random, grown, held_out_rows

# Samples in a leaf, with spectral codes: few where there is one tree, whose leaves are all that
# codes tell apart, and many where leaves are averaged over many trees.
IN_LEAF_OF_ONE, IN_LEAF_OF_MANY = 5, 20
# Leaves for each code, at least, where samples are few.
LEAVES_PER_CODE = 4
# Fewer held-out samples do not tell whether one tree is better than many.
LEAST_HELD_OUT = 10


class ForestAutoencoder(
    DocumentationLink,
    ForeignWords,
    VersionStamp,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Autoencoder made of trees, for mixed tables of numbers and categories.

    A forest is grown on the samples without labels, and a sample is encoded by the leaves that it
    is in. Nothing needs scaling, no network is trained, and TensorFlow is never imported. X may be
    a data frame of pandas or polars with columns of text, categories or booleans;
    `inverse_transform` and `reconstruct` then return a data frame with the same columns and dtypes.

    There are two kinds of codes. *Spectral codes* [1]_ are few numbers in which samples that share
    leaves are near each other: the leading singular vectors of the matrix of leaves. *Leaf codes*
    [2]_ are the numbers of the leaves, one for each tree. They are compact rather than smooth:
    each says in which box of the space of features a sample lies, and the boxes of all trees
    together leave little room. They reconstruct best.

    Parameters
    ----------
    n_components : int, default=2
        Number of codes. With leaf codes, also the number of trees.

    codes : {'spectral', 'leaves'}, default='spectral'
        The kind of codes. 'spectral' for few features to look at or to learn from, 'leaves' for
        compression.

    n_estimators : int, default=200
        Number of trees, with spectral codes. More trees make codes of new samples more precise.

    max_features : 'auto', int or float, default='auto'
        Number of features among which each split is chosen, or their share. A category counts as
        a feature. With 1, trees are completely random. Other trees choose splits after which the
        samples in a leaf are alike in all features. With 1.0 they choose among all.

        'auto' with spectral codes compares completely random trees with a single tree that chooses
        among all, by the reconstruction of held-out samples. The latter reconstructs better if
        codes are few. 'auto' with leaf codes chooses among all features, unless trees are so many
        that random ones cut each feature 4 times on average, or features are more than 100.

    min_samples_leaf : int or None, default=None
        Least number of samples in a leaf. None is 1 with leaf codes. With spectral codes it is 20,
        and 5 for a single tree, but at most as many as leave 4 leaves for each code.

    random_state : int, RandomState instance or None, default=None
        Seed of the trees. Pass an int for reproducible results.

    n_jobs : int or None, default=None
        Number of trees that are grown and applied in parallel, see the glossary of scikit-learn.

    Attributes
    ----------
    n_components_ : int
        Number of codes.

    forest_ : sklearn.ensemble.ExtraTreesRegressor or RandomForestRegressor
        The trees. They are grown on standardized numbers, and on an indicator for each category.

    eigenvalues_ : ndarray of shape (n_components,)
        With spectral codes only: the squared singular values in descending order, by which codes
        are scaled. At most 1. With a single tree all are 1.

    n_features_in_ : int
        Number of features seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features; defined only if X has feature names that are all strings.

    Raises
    ------
    ValueError
        By `fit`, if X or a parameter is invalid, for example if X has missing values. The state of
        an earlier fit is kept.

    See Also
    --------
    AutoencoderTransformer : Smooth codes by a network, for numbers of similar scale.
    sklearn.ensemble.RandomTreesEmbedding : The leaves of random trees as indicators, without a
        way back.

    References
    ----------
    .. [1] Vu, Kapar, Wright and Watson, "Autoencoding Random Forests", NeurIPS 2025.
    .. [2] Feng and Zhou, "AutoEncoder by Forest", AAAI 2018.

    Examples
    --------
    >>> import pandas as pd
    >>> from skae import ForestAutoencoder
    >>> X = pd.DataFrame({"kind": ["oak", "fir"] * 20, "height": range(40)})
    >>> forest = ForestAutoencoder(2, codes="leaves", random_state=0).fit(X)
    >>> codes = forest.transform(X)
    >>> codes.shape
    (40, 2)
    >>> forest.inverse_transform(codes).head(2)
      kind  height
    0  oak       0
    1  fir       1
    """

    _attribute_advice = ATTRIBUTES_OF_CODES

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "codes": [one_of(["spectral", "leaves"])],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_features": [
            one_of(["auto"]),
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0.0, 1.0, closed="right"),
        ],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    @translating
    def __init__(
        self,
        n_components=2,
        *,
        codes="spectral",
        n_estimators=200,
        max_features="auto",
        min_samples_leaf=None,
        random_state=None,
        n_jobs=None,
    ):
        self.n_components = n_components
        self.codes = codes
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state
        self.n_jobs = n_jobs

    @rows_alone
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Grow the forest, and learn the way back from its codes.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : ForestAutoencoder
        """
        rng = check_random_state(self.random_state)
        with restored_on_failure(self):
            X = self._validated(X, first=True)
            table = EvenTable(X)
            numbers = table.encode(X)
            if self.codes == "leaves":
                encoder, decoder = self._leaf_coder(numbers, rng)
            else:
                encoder, decoder = self._spectral_coder(table, numbers, rng)
        self._table, self._encoder, self._decoder = table, encoder, decoder
        self.forest_ = encoder.forest
        self.n_components_ = self.n_components
        vars(self).pop("eigenvalues_", None)
        if self.codes == "spectral":
            self.eigenvalues_ = encoder.eigenvalues
        return self

    def transform(self, X):
        """Encode X: return its codes.

        A category that the training samples do not have is treated as none of theirs.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components_)
            Leaf codes are whole numbers.
        """
        check_is_fitted(self)
        return self._encoder.encode(self._table.encode(self._validated(X)))

    def inverse_transform(self, X):
        """Decode codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            Codes, as `transform` returns them.

        Returns
        -------
        X_original : ndarray or data frame of shape (n_samples, n_features)
            A data frame with the columns and dtypes of the training samples if these were one.
        """
        check_is_fitted(self)
        codes = checked_codes(self, X, np.float64)
        return self._table.decode(self._decoder.decode(codes), index_of(X))

    def reconstruct(self, X):
        """Encode X and decode the codes again.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)

        Returns
        -------
        reconstruction : ndarray or data frame of shape (n_samples, n_features)
            A data frame with the columns and dtypes of the training samples if these were one.
        """
        check_is_fitted(self)
        X = self._validated(X)
        codes = self._encoder.encode(self._table.encode(X))
        return self._table.decode(self._decoder.decode(codes), index_of(X))

    @rows_alone
    def score(self, X, y=None):
        """Return how well X is reconstructed: the mean over the features of R^2 or accuracy.

        $R^2$ is that of a feature of numbers, about its mean in the training samples, and zero
        where it would be negative; the accuracy is that of a feature of categories. Each feature
        counts the same, as in the paper on spectral codes.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : Ignored
            Present for API consistency.

        Returns
        -------
        score : float
            Between 0 and 1.
        """
        reconstruction = self.reconstruct(X)
        return self._table.score(self._validated(X), reconstruction)

    def score_samples(self, X):
        """Return the negative squared reconstruction error of each sample.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Higher is better. Each feature is measured in units of its standard deviation, and a
            category by its indicators, whose variances sum to 1.
        """
        check_is_fitted(self)
        numbers = self._table.encode(self._validated(X))
        return -((numbers - self._decoder.decode(self._encoder.encode(numbers))) ** 2).sum(axis=1)

    @property
    def _n_features_out(self):
        return self.n_components_

    def _validated(self, X: Any, first: bool = False) -> Any:
        """Return X as a validated array, or the data frame that it is."""
        if is_dask(X):
            raise TypeError(
                f"{type(self).__name__} works in memory and takes no Dask collections. Pass "
                "X.compute(), or some of its samples."
            )
        if is_frame(X) and (first or self._table.format is not None):
            validate_data(self, X, reset=first, skip_check_array=True)
            if len(X) < (2 if first else 1) or len(X.columns) == 0:
                raise ValueError(
                    f"X has {len(X)} samples and {len(X.columns)} features, but "
                    f"{type(self).__name__} needs at least {2 if first else 1} samples and a "
                    "feature."
                )
            return X
        if isinstance(X, np.ndarray) and any(isinstance(each, str) for each in X[:1].flat):
            raise ValueError(
                "X is an array with text. Pass a data frame of pandas or polars, whose columns of "
                "text are categories, or encode text to numbers."
            )
        return validate_data(
            self,
            check_dense(X),
            dtype=[np.float64, np.float32],
            reset=first,
            ensure_min_samples=2 if first else 1,
        )

    def _leaf_coder(self, numbers, rng):
        max_features = self.max_features
        if max_features == "auto":
            is_random = enough_at_random(self.n_components, *numbers.shape)
            max_features = 1 if is_random else 1.0
        forest = self._grown(numbers, self.n_components, max_features, 1, rng)
        encoder = LeafCodes(forest, numbers)
        return encoder, BoxDecoder(encoder, numbers, rng)

    def _spectral_coder(self, table, numbers, rng):
        if self.n_components >= len(numbers):
            raise ValueError(
                f"n_components={self.n_components} must be less than n_samples={len(numbers)} "
                "with spectral codes. Choose fewer codes."
            )
        if self.max_features != "auto":
            return self._spectral(numbers, self.n_estimators, self.max_features, rng)
        kept, held_out = held_out_rows(numbers, rng)
        if len(held_out) < LEAST_HELD_OUT:
            return self._spectral(numbers, self.n_estimators, 1, rng)
        scores = {}
        for setting in ((self.n_estimators, 1), (1, 1.0)):
            encoder, decoder = self._spectral(kept, *setting, rng)
            found = decoder.decode(encoder.encode(held_out))
            scores[setting] = table.score(table.decode(held_out), table.decode(found))
        return self._spectral(numbers, *max(scores, key=scores.__getitem__), rng)

    def _spectral(self, numbers, n_trees, max_features, rng):
        in_leaf = min(
            IN_LEAF_OF_ONE if n_trees == 1 else IN_LEAF_OF_MANY,
            max(1, len(numbers) // (LEAVES_PER_CODE * (self.n_components + 1))),
        )
        forest = self._grown(numbers, n_trees, max_features, in_leaf, rng)
        encoder = SpectralCodes(forest, numbers, self.n_components, rng)
        return encoder, NeighborDecoder(encoder.encode(numbers), numbers)

    def _grown(self, numbers, n_trees, max_features, in_leaf, rng):
        if isinstance(max_features, Integral):
            max_features = int(min(max_features, numbers.shape[1]))
        in_leaf = in_leaf if self.min_samples_leaf is None else self.min_samples_leaf
        return grown(numbers, n_trees, max_features, in_leaf, rng, self.n_jobs)
