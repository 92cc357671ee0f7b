"""Outlier detection by what an autoencoder fails to reconstruct, and by unusual codes."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OutlierMixin, _fit_context, clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils._set_output import _get_container_adapter
from sklearn.utils.validation import _check_feature_names_in, check_array, check_is_fitted

from skae._data.dask_lazy import lazily
from skae._data.dask_rows import is_dask
from skae._data.rows import finite
from skae._estimators.documentation import DocumentationLink
from skae._estimators.outlier_scores import Scorer, cutoff
from skae._estimators.plain import AutoencoderTransformer
from skae._estimators.versions import VersionStamp
from skae._estimators.words import ForeignWords, one_of, rows_alone, translating
from skae._training.interrupts import pass_on_interrupt

# Measured on digits with one class held out: more codes reconstruct unseen classes too.
SHARE_OF_VARIANCE = 0.7


class AutoencoderOutlierDetector(
    VersionStamp, DocumentationLink, ForeignWords, OutlierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Outlier, novelty and anomaly detection by what an autoencoder says about rows.

    An autoencoder with few codes learns what the training rows have in common. Two distances tell
    how far a row is from that: its squared reconstruction error [1]_, and how far its codes are
    from those of other rows [2]_, `code_distances`. Each is turned into the probability that an
    inlier is as far, and the score is the sum of their logarithms. The errors by column,
    `feature_errors`, tell what is odd about a row.

    Outliers may be among the training rows. The tenth of these with the farthest neighbours is
    left out when the autoencoder is trained, so that it does not learn what is odd.

    Parameters
    ----------
    autoencoder : object, default=None
        Any autoencoder of skae, or an estimator with `fit`, `score_samples` and `reconstruct`
        like theirs. A clone of it is fitted. None is ``AutoencoderTransformer(0.7)``, which has
        as many codes as principal components hold 70 % of the variance.

        The autoencoder needs fewer codes than X has columns, and few rather than many: one that
        reconstructs everything finds nothing. Columns in different units should be scaled
        before, since distances are in the units of X.

    contamination : 'auto' or float, default='auto'
        Which rows `predict` calls outliers. A float in (0, 0.5] is their share of the
        training rows. 'auto' finds the cutoff from the central 80 % of the training rows'
        scores, which outliers hardly move if they are fewer than a tenth of the rows; where they
        are more, it finds fewer of them. A power of minus the score is normal there [3]_, and
        outliers lie beyond the 0.975 quantile of that normal distribution. Of new rows without
        outliers some 4 % lie there.

    cv : int, cross-validation generator or iterable, default=None
        Whose scores `contamination` is about. None takes the training rows' own, which suits
        finding outliers among them. Rows never seen score lower, and for normal ones among
        them to pass too, the scores can be taken by cross-validation, each row's from
        a detector fitted without it: at the price of a fit for each fold. An int is a
        number of folds that are not shuffled, see :class:`~sklearn.model_selection.KFold`.

    random_state : int, RandomState instance or None, default=None
        Set as the autoencoder's `random_state`; None leaves that as it is. Of more than 1000
        training rows it also draws the 1000 that codes are compared with.

    Attributes
    ----------
    autoencoder_ : object
        The fitted autoencoder.

    offset_ : float
        What `decision_function` subtracts from `score_samples`: rows that score lower are
        outliers.

    n_features_in_ : int
        Number of columns seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had string names.

    Raises
    ------
    ValueError
        By `fit`, if X or a parameter cannot be used. What an earlier call has fitted is kept.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Outliers are soon isolated by random splits.
    sklearn.neighbors.LocalOutlierFactor : Outliers have few neighbours.

    References
    ----------
    .. [1] Hawkins et al., "Outlier Detection Using Replicator Neural Networks", DaWaK 2002.
    .. [2] Sugiyama and Borgwardt, "Rapid Distance-Based Outlier Detection via Sampling",
       NeurIPS 2013: the distance to the nearest row of a small random sample, which outliers
       that lie close together are seldom in.
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
    def fit(self, X, y=None):
        """Fit the autoencoder, and what scores are compared with.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Or whatever else the autoencoder takes, such as arrays of images. A dask collection is
            held in memory.
        y : Ignored

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        KeyboardInterrupt
            As by the autoencoders' `fit`. With `cv`, Ctrl-C leaves nothing that could be kept.
        """
        if is_dask(X):
            X = X.compute()
        if self.autoencoder is None:
            autoencoder = AutoencoderTransformer(SHARE_OF_VARIANCE)
        else:
            autoencoder = clone(self.autoencoder)
        if self.random_state is not None:
            autoencoder.set_params(random_state=self.random_state)
        splits = [] if self.cv is None else _splits(self.cv, X)
        scorer, scores, interrupted = Scorer.fitted(autoencoder, X)
        if interrupted and splits:
            raise KeyboardInterrupt
        if splits:
            scores = _scores_unseen(autoencoder, X, splits)
        elif self.contamination != "auto":
            # As `predict` scores them, so that it finds this share.
            scores = scorer.scores(X)
        if self.contamination == "auto":
            offset = -cutoff(-scores)
        else:
            offset = np.percentile(scores, 100.0 * self.contamination)
        self.autoencoder_ = autoencoder
        self.offset_ = float(offset)
        self._scorer = scorer
        if interrupted:
            pass_on_interrupt()
        return self

    def predict(self, X):
        """Tell outliers from inliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,)
            1 for inliers, -1 for outliers.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def decision_function(self, X):
        """Return how far rows are on the side of the inliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``, negative for outliers.
        """
        return self.score_samples(X) - self.offset_

    @lazily
    def score_samples(self, X):
        """Return how usual rows are: the sum of the logarithms of two tail probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The greater the more normal, at most 0: the natural logarithms of how probable it is
            that an inlier is reconstructed as badly, and that its codes are as far from others.
        """
        check_is_fitted(self)
        if self._scorer is None:
            return self.autoencoder_.score_samples(X)
        return self._scorer.scores(X)

    def code_distances(self, X):
        """Return how far the codes of rows are from those of the training rows.

        Distances are measured between reconstructions, in which each code counts by what it does
        to the columns: from a row's reconstruction to the nearest of those of a small random
        sample of the training rows, in the mean over samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        distances : ndarray of shape (n_samples,)
            Squared distances, in squared units of X, as `feature_errors` are.
        """
        check_is_fitted(self)
        if self._scorer is None:
            raise ValueError(
                f"This {type(self).__name__} was stored by a version of skae without distances of "
                "codes. Fit it anew."
            )
        return self._scorer.code_distances(X)

    def feature_errors(self, X):
        """Return the squared error of each entry's reconstruction.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        errors : ndarray or data frame of shape (n_samples, n_features)
            What each column contributes to a row's error: rows sum to the squared error of the
            reconstruction, ``-autoencoder_.score_samples(X)``. Of the shape of X, if X is an array
            of images or sequences. A data frame, with the names of the columns, where `set_output`
            asks for one.
        """
        check_is_fitted(self)
        reconstruction = self.autoencoder_.reconstruct(X)
        given = X
        X = check_array(X, dtype=reconstruction.dtype, allow_nd=True)
        X = X.reshape(reconstruction.shape)
        errors = finite(lambda rows: np.square(rows - reconstruction, dtype=np.float64), X)
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
            'default' is an ndarray, 'pandas' and 'polars' a data frame. None leaves the choice as
            it is: at first that of ``sklearn.set_config(transform_output=...)``.

        Returns
        -------
        self : object
            The estimator itself.
        """
        if transform is not None:
            # Where scikit-learn looks it up, and `clone` copies it from.
            self._sklearn_output_config = {"transform": transform}
        return self

    @property
    def n_features_in_(self):
        """Number of columns seen by `fit`."""
        return self.autoencoder_.n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the columns, where X had string names."""
        return self.autoencoder_.feature_names_in_


def _splits(cv, X) -> list[tuple]:
    """Return rows to fit on and rows to leave out, in pairs."""
    try:
        splits = [(rows, others) for rows, others in check_cv(cv).split(X)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"cv={cv!r} does not split the rows of X: {error}") from error
    if not splits:
        raise ValueError(f"cv={cv!r} holds no split.")
    return splits


def _scores_unseen(autoencoder, X, splits) -> np.ndarray:
    """Return the scores of the rows that each split leaves out of a fit."""
    scores = []
    for rows, others in splits:
        scorer, _, interrupted = Scorer.fitted(clone(autoencoder), _safe_indexing(X, rows))
        if interrupted:
            raise KeyboardInterrupt
        scores.append(scorer.scores(_safe_indexing(X, others)))
    return np.concatenate(scores)
