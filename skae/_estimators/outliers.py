"""Outlier detection by reconstruction errors and distances between latent codes."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OutlierMixin, _fit_context, clone
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils._set_output import _get_container_adapter
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_array,
    check_is_fitted,
    has_fit_parameter,
)

from skae._data.blocks import dense
from skae._data.checks import finite, has_missing, taking
from skae._data.dask_lazy import lazily
from skae._data.dask_rows import is_dask
from skae._data.weights import weighted_quantiles
from skae._estimators.documentation import DocumentationLink
from skae._estimators.fitted import FittedAutoencoder
from skae._estimators.outlier_scores import Scorer, cutoff, marker_of
from skae._estimators.plain import AutoencoderTransformer
from skae._estimators.unseen_scores import scores_unseen, splits_of
from skae._estimators.versions import VersionStamp
from skae._estimators.weighting import positive
from skae._estimators.words import ForeignWords, one_of, rows_alone, translating
from skae._training.interrupts import pass_on_interrupt

# Measured on digits with one class held out: more codes reconstruct unseen classes too.
SHARE_OF_VARIANCE = 0.7


class AutoencoderOutlierDetector(
    VersionStamp, DocumentationLink, ForeignWords, OutlierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Outlier, novelty and anomaly detection by an autoencoder.

    An autoencoder with few codes learns what the training samples have in common. Two distances
    measure how far a sample is from that: its squared reconstruction error [1]_, and the distance
    of its codes from those of other samples [2]_, `code_distances`. Each is converted to the
    probability that an inlier is as far, and the score is the sum of their logarithms. The errors
    by feature, `feature_errors`, show which features of a sample are anomalous.

    The training set may contain outliers. The tenth of the training samples with the most distant
    neighbors is left out when the autoencoder is trained, so that it does not learn outliers.

    Parameters
    ----------
    autoencoder : object, default=None
        Any autoencoder of skae, or an estimator with `fit`, `score_samples` and `reconstruct`
        like theirs. A clone of it is fitted. None is ``AutoencoderTransformer(0.7)``, which has
        as many codes as principal components are needed to explain 70 % of the variance.

        The autoencoder needs fewer codes than X has features, and rather few: one that
        reconstructs everything detects nothing. Scale features in different units first, because
        distances are in the units of X.

    contamination : 'auto' or float, default='auto'
        Threshold of `predict`. A float in (0, 0.5] is the share of outliers in the training set.
        'auto' finds the cutoff from the central 80 % of the training scores, which outliers
        hardly affect if they are fewer than a tenth of the samples; if there are more, it finds
        fewer of them. A power of minus the score is normal there [3]_, and outliers lie beyond
        the 0.975 quantile of that normal distribution. About 4 % of new samples without outliers
        lie there.

    cv : int, cross-validation generator or iterable, default=None
        The scores to which `contamination` refers. None takes the scores of the training samples,
        which suits finding outliers among them. New samples score lower. To accept normal new
        samples too, take the scores by cross-validation, each from a detector fitted without
        that sample, at the cost of one fit for each fold. An int is a
        number of folds that are not shuffled, see :class:`~sklearn.model_selection.KFold`.

    random_state : int, RandomState instance or None, default=None
        Set as the autoencoder's `random_state`; None leaves that unchanged. With more than
        1000 training samples it also draws the 1000 with which codes are compared.

    Attributes
    ----------
    autoencoder_ : object
        The fitted autoencoder.

    offset_ : float
        The threshold that `decision_function` subtracts from `score_samples`: samples with lower
        scores are outliers.

    n_features_in_ : int
        Number of features seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features; defined only if X has feature names that are all strings.

    Raises
    ------
    ValueError
        By `fit`, if X or a parameter is invalid. The state of an earlier fit is kept.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Random splits isolate outliers quickly.
    sklearn.neighbors.LocalOutlierFactor : Outliers have a low local density.

    References
    ----------
    .. [1] Hawkins et al., "Outlier Detection Using Replicator Neural Networks", DaWaK 2002.
    .. [2] Sugiyama and Borgwardt, "Rapid Distance-Based Outlier Detection via Sampling",
       NeurIPS 2013: the distance to the nearest point of a small random sample, which rarely
       contains outliers that lie close together.
    .. [3] Raymaekers and Rousseeuw, "Transforming Variables to Central Normality", Machine
       Learning 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skae import AutoencoderOutlierDetector
    >>> X = load_iris().data
    >>> detector = AutoencoderOutlierDetector(random_state=0).fit(X)
    >>> no_such_flower = [[5.8, 9.0, 3.8, 1.2]]
    >>> detector.predict(no_such_flower)
    array([-1])
    >>> detector.feature_errors(no_such_flower).argmax(axis=1)
    array([1])
    """

    _parameter_constraints = {
        "autoencoder": [HasMethods(["fit", "score_samples", "reconstruct"]), None],
        "contamination": [one_of(["auto"]), Interval(Real, 0, 0.5, closed="right")],
        "cv": ["cv_object"],
        "random_state": ["random_state"],
    }

    @translating
    def __init__(self, autoencoder=None, *, contamination="auto", cv=None, random_state=None):
        self.autoencoder = autoencoder
        self.contamination = contamination
        self.cv = cv
        self.random_state = random_state

    # Detectors that were stored before codes counted have none, and score by errors alone.
    _scorer = None

    # The autoencoder checks its own parameters.
    @rows_alone
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None, *, X_val=None, sample_weight_val=None):
        """Fit the autoencoder and the reference distances of the scores.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Or other input that the autoencoder accepts, such as arrays of images. A dask
            collection is loaded into memory.
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. A sample of weight k counts as k equal samples in the training
            of the autoencoder, in the tenth that is left out of it, and in the medians and
            quantiles from which the scores and their threshold follow: `contamination` is a share
            of the weight. It is one sample where distances to neighbors are measured. One of weight
            zero does not count at all.
        X_val : {array-like, sparse matrix} of shape (n_validation, n_features), default=None
            Validation set for the early stopping of the autoencoder, passed on to its `fit`. It
            should hold inliers.
        sample_weight_val : array-like of shape (n_validation,), default=None
            Weights of the samples of X_val.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        KeyboardInterrupt
            As in the autoencoders' `fit`. With `cv`, nothing is kept after Ctrl-C.
        """
        if is_dask(X):
            X = X.compute()
        if self.autoencoder is None:
            autoencoder = AutoencoderTransformer(SHARE_OF_VARIANCE)
        else:
            autoencoder = clone(self.autoencoder)
        if self.random_state is not None:
            autoencoder.set_params(random_state=self.random_state)
        splits = [] if self.cv is None else splits_of(self.cv, X)
        validation = {"X_val": X_val, "sample_weight_val": sample_weight_val}
        validation = {name: given for name, given in validation.items() if given is not None}
        given = X
        X, _, weights = positive(X, None, sample_weight)
        if weights is not None and not has_fit_parameter(autoencoder, "sample_weight"):
            raise TypeError(
                f"autoencoder={autoencoder!r} takes no sample_weight in fit. Leave sample_weight "
                "out, or choose another autoencoder."
            )
        scorer, scores, interrupted = Scorer.fitted(autoencoder, X, weights, **validation)
        if interrupted and splits:
            raise KeyboardInterrupt
        if splits:
            scores, weights = scores_unseen(autoencoder, given, sample_weight, splits, **validation)
        elif self.contamination != "auto":
            # As `predict` scores them, so that it finds this share.
            scores = scorer.scores(X)
        if self.contamination == "auto":
            offset = -cutoff(-scores, weights)
        elif weights is None:
            offset = np.percentile(scores, 100.0 * self.contamination)
        else:
            offset = weighted_quantiles(scores, self.contamination, weights)
        self.autoencoder_ = autoencoder
        self.offset_ = float(offset)
        self._scorer = scorer
        if interrupted:
            pass_on_interrupt()
        return self

    def predict(self, X):
        """Return 1 for inliers and -1 for outliers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,)
            1 for inliers, -1 for outliers.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def decision_function(self, X):
        """Return the scores relative to the threshold; outliers are negative.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``, negative for outliers.
        """
        return self.score_samples(X) - self.offset_

    @lazily
    def score_samples(self, X):
        """Return how normal samples are: the sum of the logarithms of two tail probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Higher is more normal, at most 0: the natural logarithms of the probabilities that an
            inlier is reconstructed as badly, and that its codes are as far from others.
        """
        check_is_fitted(self)
        if self._scorer is None:
            return self.autoencoder_.score_samples(X)
        return self._scorer.scores(X)

    def code_distances(self, X):
        """Return the distances of the codes from those of the training samples.

        Distances are measured between reconstructions, in which each code counts by its effect on
        the features: from the reconstruction of a sample to the nearest reconstruction in a small
        random subset of the training set, averaged over such subsets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        distances : ndarray of shape (n_samples,)
            Squared distances, in squared units of X, as `feature_errors` are.
        """
        check_is_fitted(self)
        if self._scorer is None:
            raise ValueError(
                f"This {type(self).__name__} was stored by a version of skae without distances of "
                "codes. Fit it again."
            )
        return self._scorer.code_distances(X)

    def feature_errors(self, X):
        """Return the squared reconstruction error of each feature of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        errors : ndarray or data frame of shape (n_samples, n_features)
            Contribution of each feature to the error of a sample: rows sum to the squared error of
            the reconstruction, ``-autoencoder_.score_samples(X)``. NaN for missing values; the mean
            of the others times the number of features is that error then. In the shape of X, if X
            is an array of images or sequences. A data frame with the feature names, if `set_output`
            selects one. A feature of categories has one error, that of all its categories;
            ``autoencoder_.reconstruct(X)`` shows which category would fit.
        """
        check_is_fitted(self)
        given, autoencoder = X, self.autoencoder_
        if isinstance(autoencoder, FittedAutoencoder) and autoencoder._scales_errors:
            errors = autoencoder._codec.column_errors(autoencoder._rows(X)[:])
        else:
            errors = _squared_differences(autoencoder, X)
        adapter = _get_container_adapter("transform", self)
        if adapter is None:
            return errors
        table = errors.reshape(len(errors), -1)
        return adapter.create_container(table, given, columns=_check_feature_names_in(self))

    def set_output(self, *, transform=None):
        """Choose what `feature_errors` returns, as for the output of a transformer.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'} or None, default=None
            'default' is an ndarray, 'pandas' and 'polars' a data frame. None leaves the choice
            unchanged: initially that of ``sklearn.set_config(transform_output=...)``.

        Returns
        -------
        self : object
            The estimator itself.
        """
        if transform is not None:
            # Where scikit-learn looks it up, and `clone` copies it from.
            self._sklearn_output_config = {"transform": transform}
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = AutoencoderTransformer() if self.autoencoder is None else self.autoencoder
        tags.input_tags.sparse = get_tags(inner).input_tags.sparse
        tags.input_tags.allow_nan = get_tags(inner).input_tags.allow_nan
        return tags

    @property
    def n_features_in_(self):
        """Number of features seen by `fit`."""
        return self.autoencoder_.n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the features, where X had string names."""
        return self.autoencoder_.feature_names_in_


def _squared_differences(autoencoder, X) -> np.ndarray:
    """Return the squared differences between samples of numbers and their reconstruction."""
    if isinstance(autoencoder, FittedAutoencoder):
        reconstruction = autoencoder._reconstructed(X)
    else:
        reconstruction = np.asarray(autoencoder.reconstruct(X))
    missing_values = marker_of(autoencoder)
    X = check_array(
        X,
        accept_sparse="csr",
        dtype=reconstruction.dtype,
        allow_nd=True,
        **taking(missing_values),
    )
    X = dense(X).reshape(reconstruction.shape)
    some_missing = has_missing(X, missing_values)
    missing = np.isnan(X) if some_missing else False
    X = np.where(missing, reconstruction, X) if some_missing else X
    errors = finite(lambda rows: np.square(rows - reconstruction, dtype=np.float64), X)
    if some_missing:
        errors[missing] = np.nan
    return errors
