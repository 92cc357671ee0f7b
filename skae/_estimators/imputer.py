"""Imputation of missing values: a linear model, and networks that correct it."""

from __future__ import annotations

from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import Interval, MissingValues
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skae._data.checks import check_dense, finite, restored_on_failure, validated
from skae._estimators.declared import DeclaredParameters
from skae._estimators.documentation import DocumentationLink
from skae._estimators.engine import local_trainer
from skae._estimators.locks import one_at_a_time
from skae._estimators.networks.sizes import ints
from skae._estimators.versions import VersionStamp
from skae._estimators.words import ForeignWords, one_of, rows_alone
from skae._network.backend import ACTIVATIONS
from skae._network.imputation import Imputation, Member
from skae._training.imputation import Settings, fitted_imputation
from skae._training.interrupts import pass_on_interrupt


class AutoencoderImputer(
    VersionStamp,
    DocumentationLink,
    ForeignWords,
    DeclaredParameters,
    TransformerMixin,
    BaseEstimator,
):
    """Imputation of missing values by networks that start as a linear model.

    The linear model is a factor analysis of the rows with their missing values [1]_: it fills a
    value with its expectation given the observed values of the row, with at most 20 factors.
    Denoising networks [2]_ then learn to correct it. They see the filled row and which values were
    missing. In each step of training, 10 to 60 % of the observed values of each row are hidden
    anew, and the squared error on these is minimized. The correction starts at zero. The weights
    are means over the last quarter of the epochs [3]_.

    Each network holds out other samples than the others. Their values, predicted from the rest of
    the sample, tell which share of the correction is best, between none and all, and how large the
    errors are. The imputation is the mean of linear models from the training samples of each
    network, and of this share of the corrections. Few samples are all held out by one network or
    another; with less than 60 no network is trained, and the linear model is that of all samples.

    `transform` fills no value beyond the range of the observed values of its feature in `fit`: a
    linear model extrapolates, so that one extreme value of a sample could be followed by others.
    What `sample` draws may lie beyond it.

    Rows to fill need not be those of `fit`, and values may be missing anywhere in them, also where
    none was in `fit`.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(128, 128, 128)
        Widths of the hidden layers of each network. Wider ones may be better with many samples,
        and take longer.

    activation : str, default='elu'
        Activation of the hidden layers, one of those of :class:`AutoencoderTransformer`.

    missing_values : int, float, np.nan, None or pandas.NA, default=np.nan
        The value that stands for a missing one in X. The last three all mean NaN and None, and the
        missing values of data frames.

    add_indicator : bool, default=False
        Whether `transform` adds the output of :class:`~sklearn.impute.MissingIndicator`: a column
        for each feature of which values were missing in `fit`, with 1 where they are missing.

    keep_empty_features : bool, default=False
        Whether features without any value in `fit` are kept, with 0 for missing values. By default
        `transform` leaves them out.

    batch_size : int or 'auto', default='auto'
        Number of samples in a batch. 'auto' divides an epoch into about 16 batches, of 32, 64 or
        128 samples.

    learning_rate_init : float, default=0.002
        Learning rate of the first epoch of AdamW. It falls to zero as a cosine.

    alpha : float, default=0.004
        Weight decay of AdamW: the share of a kernel, times the learning rate, that each step
        subtracts.

    max_iter : int, default=200
        Number of epochs of each network. An epoch repeats less than 500 samples, with other values
        hidden, and is 5,000 samples drawn anew of more.

    n_iter_no_change : int, default=25
        Training ends if the validation loss has not decreased in as many epochs.

    validation_fraction : float, default=0.1
        Share of the samples that a network holds out, at least 30 samples, or a quarter if that is
        less, and at most 2,000. As many networks are trained as hold out 400 samples together, or
        all; of large X with many features, two.

    random_state : int, RandomState instance or None, default=None
        Determines the held-out samples, the initial weights, the order of samples, and what is
        hidden. Pass an int for reproducible results.

    verbose : bool or int, default=False
        Whether to print the losses of each epoch.

    Attributes
    ----------
    factor_model_ : FactorModel
        The linear model of the features with values, from all samples.

    factor_models_ : tuple of FactorModel
        Those from the training samples of each network.

    network_ : Network or None
        The network that corrects it. None if the imputation is linear.

    weights_ : tuple of tuple of ndarray
        Trained arrays of each network of this kind.

    network_share_ : float
        The share of the networks' mean correction that is added, 0 to 1.

    scale_ : ndarray of shape (n_features_with_values,)
        Standard deviation of each feature with values.

    data_min_, data_max_ : ndarray of shape (n_features_with_values,)
        The least and the greatest observed value of each feature with values. What `transform`
        fills lies between them.

    indicator_ : sklearn.impute.MissingIndicator or None
        Marks missing values, if `add_indicator`.

    loss_curve_, validation_loss_curve_ : list of float
        Mean squared error of hidden values after each epoch of the first network, in units of the
        variance of the features: on its training samples, estimated, and on those held out. Empty
        if no network was trained.

    n_iter_ : int
        Number of epochs of the first network; 1 if no network was trained.

    best_iter_ : int
        Epoch of the weights kept of the first network; 0 if they are the initial ones.

    n_features_in_ : int
        Number of features seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features; defined only if X has feature names that are all strings.

    See Also
    --------
    sklearn.impute.IterativeImputer : A regression of each feature on the others.
    sklearn.impute.KNNImputer : Means of the nearest samples.
    AutoencoderTransformer : Latent codes of samples with missing values.

    References
    ----------
    .. [1] Ilin and Raiko, "Practical Approaches to Principal Component Analysis in the Presence of
       Missing Values", Journal of Machine Learning Research 11, 2010.
    .. [2] Vincent, Larochelle, Bengio and Manzagol, "Extracting and Composing Robust Features with
       Denoising Autoencoders", ICML 2008.
    .. [3] Shamir and Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skae import AutoencoderImputer
    >>> X = load_iris().data.copy()
    >>> X[::3, 2] = np.nan
    >>> imputer = AutoencoderImputer(random_state=0, max_iter=20).fit(X)
    >>> X_filled = imputer.transform(X)
    >>> print(np.isnan(X_filled).any())
    False
    >>> imputer.sample(X[:1], 3, random_state=0).shape
    (3, 1, 4)
    """

    hidden_layer_sizes: Any = field(default=(128, 128, 128), kw_only=False)
    activation: str = "elu"
    missing_values: Any = np.nan
    add_indicator: bool = False
    keep_empty_features: bool = False
    batch_size: int | str = "auto"
    learning_rate_init: float = 0.002
    alpha: float = 0.004
    max_iter: int = 200
    n_iter_no_change: int = 25
    validation_fraction: float = 0.1
    random_state: Any = None
    verbose: bool | int = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [one_of(ACTIVATIONS)],
        "missing_values": [MissingValues(numeric_only=True), None],
        "add_indicator": ["boolean"],
        "keep_empty_features": ["boolean"],
        "batch_size": [one_of(["auto"]), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @rows_alone
    @one_at_a_time
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn to fill missing values of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training samples. None of their values need be missing.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : AutoencoderImputer

        Raises
        ------
        ValueError
            If X or a parameter is invalid, or if X has no value at all. The state of an earlier
            fit is kept.
        """
        import skae._tensorflow  # noqa: F401  (says now where TensorFlow is missing)

        with restored_on_failure(self):
            rows, _ = self._validated(X, first=True)
            missing = np.isnan(rows)
            has_values = ~missing.all(axis=0)
            if not has_values.any():
                raise ValueError("Input X contains NaN alone: there is no value to learn from.")
            seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            settings = Settings(
                widths=ints("hidden_layer_sizes", self.hidden_layer_sizes),
                activation=self.activation,
                batch_size=self.batch_size,
                rate=float(self.learning_rate_init),
                weight_decay=float(self.alpha),
                max_iter=int(self.max_iter),
                patience=int(self.n_iter_no_change),
                validation_fraction=float(self.validation_fraction),
                verbose=self.verbose,
            )
            trained = fitted_imputation(
                rows[:, has_values], settings, np.random.default_rng(seed), local_trainer
            )
        indicator = None
        if self.add_indicator:
            # Imported here because it takes time.
            from sklearn.impute import MissingIndicator

            indicator = MissingIndicator(error_on_new=False).fit(rows)
        imputation, histories = trained.imputation, trained.histories
        self._has_values, self._error_quantiles = has_values, trained.error_quantiles
        self.factor_model_, self.scale_ = imputation.factors, imputation.scale
        self.data_min_, self.data_max_ = imputation.bounds
        self.network_ = imputation.network
        self.factor_models_, self.weights_ = zip(*imputation.members, strict=True)
        self.network_share_ = imputation.share if imputation.network else 0.0
        self.indicator_ = indicator
        self.loss_curve_ = histories[0].loss_curve if histories else []
        self.validation_loss_curve_ = histories[0].validation_loss_curve if histories else []
        # scikit-learn's checks ask for at least one.
        self.n_iter_ = max(1, len(self.loss_curve_))
        self.best_iter_ = histories[0].kept.epoch if histories else 0
        if histories and histories[-1].interrupted:
            pass_on_interrupt()
        return self

    def transform(self, X):
        """Fill the missing values of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_filled : ndarray of shape (n_samples, n_features_out)
            In the dtype of X, float32 or float64. Observed values are those of X.
        """
        check_is_fitted(self)
        rows, _ = self._validated(X)
        filled = self._with_empty(rows, finite(self._imputation.filled, rows[:, self._has_values]))
        if self.indicator_ is None:
            return filled
        return np.hstack([filled, self.indicator_.transform(rows)], dtype=filled.dtype)

    def sample(self, X, n=1, random_state=None):
        """Draw several imputations of X: multiple imputation.

        An imputation is what `transform` returns plus a random error, so that the spread of the
        imputations of a value says how uncertain it is, and a statistic can be computed on each
        (Rubin, 1987). Errors have the variance that the linear model expects, given what is
        observed in a row, and depend on each other as there. Their distribution in each feature is
        that of the errors on values of held-out samples. The uncertainty of the trained weights is
        left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n : int, default=1
            Number of imputations.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        X_filled : ndarray of shape (n, n_samples, n_features_out)
            Without the columns of `add_indicator`.

        Raises
        ------
        ValueError
            If `n` is less than 1.
        """
        check_is_fitted(self)
        if n < 1:
            raise ValueError(f"n={n!r} must be at least 1.")
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        rows, _ = self._validated(X)
        known = rows[:, self._has_values]
        imputation, filled = self._imputation, finite(self._imputation.filled, known)
        drawn = [imputation.drawn(rng, known, filled, self._error_quantiles) for _ in range(n)]
        return np.array([self._with_empty(rows, each) for each in drawn])

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features of the output.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features of X. None takes `feature_names_in_`, or else x0, x1, and so on.

        Returns
        -------
        feature_names_out : ndarray of str objects
            Names of the features that are kept, then those of the indicator.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        kept = names if self.keep_empty_features else names[self._has_values]
        if self.indicator_ is None:
            return kept
        return np.concatenate([kept, self.indicator_.get_feature_names_out(names)])

    @property
    def _imputation(self) -> Imputation:
        members = tuple(map(Member, self.factor_models_, self.weights_))
        return Imputation(
            self.factor_model_,
            self.scale_,
            np.array([self.data_min_, self.data_max_]),
            self.network_,
            members,
            self.network_share_,
        )

    def _validated(self, X: Any, first: bool = False) -> tuple[np.ndarray, bool]:
        """Return samples with NaN for missing values, and whether there are any."""
        marker = self.missing_values
        marker = np.nan if marker is None or is_pandas_na(marker) else float(marker)
        return validated(self, check_dense(X), first, missing_values=marker)

    def _with_empty(self, rows: np.ndarray, filled: np.ndarray) -> np.ndarray:
        """Return filled rows with the features that had no values in `fit`, if they are kept."""
        if not self.keep_empty_features:
            return filled
        whole = np.nan_to_num(rows)
        whole[:, self._has_values] = filled
        return whole

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
