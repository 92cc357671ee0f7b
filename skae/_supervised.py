"""An autoencoder trained on all rows, with a head trained on the labelled ones."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from contextlib import closing
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from skae._epochs import History, run_epochs
from skae._feed import Feed, rows_in_a_batch
from skae._interrupts import DeferredInterrupt
from skae._layers import Dense
from skae._parts import LOSSES, Loss
from skae._plan import Half, Objective, Plan, Solver
from skae._rows import restored_on_failure
from skae._schedule import Schedule
from skae._serve import Codec
from skae._stacked import StackedAutoencoder

DEFAULT = StackedAutoencoder(64, hidden_layer_sizes=(128,), code_activation="elu")


@dataclass(frozen=True)
class SoftmaxCrossentropy:
    """Minus the log-probability of a row's class; the factor undoes the mean over classes."""

    on_logits: ClassVar[bool] = True

    def __call__(self, m: Any, target: Any, output: Any) -> Any:
        return -target.shape[1] * target * m.log_softmax(output)


class _WithHead(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, metaclass=ABCMeta
):
    """What the classifier and the regressor share: pretraining, a linear head, fine-tuning."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [HasMethods(["fit", "transform", "reconstruct"]), None],
        "freeze": ["boolean"],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # How the head's outputs are compared with targets.
    _loss: ClassVar[Loss]

    def __init__(
        self,
        autoencoder=None,
        *,
        freeze=False,
        alpha=1.0,
        batch_size="auto",
        learning_rate_init=3e-4,
        max_iter=50,
        random_state=None,
        verbose=False,
    ):
        self.autoencoder = autoencoder
        self.freeze = freeze
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose

    @abstractmethod
    def _targets(self, y) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Return which rows are labelled, a target for each of these, and fitted attributes."""

    @abstractmethod
    def _head(self, codes, targets) -> tuple[np.ndarray, np.ndarray]:
        """Return kernel and bias of the linear map that brings codes closest to targets."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Train the autoencoder on all rows, then head and encoder on the labelled ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or, in regression, (n_samples, n_outputs)
            Targets; unlabelled rows are marked as the class says.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y or a parameter cannot be used, or if no row is labelled. What an earlier call
            has fitted is kept.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        with restored_on_failure(self):
            X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
            check_consistent_length(X, y)
            labelled, targets, of_targets = self._targets(y)
            rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
            autoencoder = self._pretrained(X, rng)
            fitted = self._with_head(autoencoder, X[labelled], targets, rng)
        vars(self).update(of_targets, autoencoder_=autoencoder, **fitted)
        return self

    def transform(self, X):
        """Return the codes that the head sees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Of the encoder as the labelled rows have left it, without `whiten`.
        """
        codec = self._codec
        return codec.encode(self._rows(X))

    def _outputs(self, X) -> np.ndarray:
        """Return what the head gives for rows of X."""
        codec = self._codec
        return codec.decode(codec.encode(self._rows(X)))

    def _rows(self, X) -> np.ndarray:
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    @property
    def _codec(self) -> Codec:
        check_is_fitted(self)
        return Codec(
            self.network_, self.weights_, self.autoencoder_.mean_, self.autoencoder_.scale_
        )

    @property
    def _n_features_out(self):
        return self.network_.n_components

    def _pretrained(self, X, rng):
        """Return the autoencoder, trained on all rows."""
        autoencoder = clone(DEFAULT if self.autoencoder is None else self.autoencoder)
        if autoencoder.random_state is None:
            autoencoder.set_params(random_state=int(rng.integers(2**31)))
        return autoencoder.fit(X)

    def _with_head(self, autoencoder, X, targets, rng) -> dict[str, Any]:
        """Return the fitted attributes of the autoencoder's encoder with a head."""
        below = autoencoder.network_
        network = replace(
            below,
            decoder=(Dense(below.n_components, targets.shape[1]),),
            output_activation=None,
            tied_weights=False,
            decoder_skip=False,
            is_variational=False,
        )
        encoder, _ = below.split(autoencoder.weights_, np.transpose)
        codec = Codec(below, autoencoder.weights_, autoencoder.mean_, autoencoder.scale_)
        kernel, bias = self._first_head(codec.encode(X), targets)
        if network.scales_codes:
            kernel = kernel * codec.scale
        head = Half(network.decoder, (np.float32(kernel),), (np.float32(bias),), None)
        codec = replace(
            codec, network=network, weights=network.join(encoder._replace(spread=None), head)
        )
        if self.freeze:
            history = History()
            weights = codec.weights
        else:
            history = self._fine_tuned(codec, X, targets, rng)
            weights = tuple(np.array(weight) for weight in history.kept.weights)
        return {
            "network_": network,
            "weights_": weights,
            "loss_curve_": history.loss_curve,
            "n_iter_": max(1, len(history.loss_curve)),
        }

    def _first_head(self, codes, targets) -> tuple[np.ndarray, np.ndarray]:
        """Return the head for codes as they are, its penalty that of standardised ones."""
        mean, deviation = codes.mean(axis=0), codes.std(axis=0)
        deviation[deviation == 0.0] = 1.0
        kernel, bias = self._head((codes - mean) / deviation, targets)
        kernel = kernel / deviation[:, np.newaxis]
        return kernel, bias - mean @ kernel

    def _fine_tuned(self, codec: Codec, X, targets, rng) -> History:
        """Train encoder and head together on labelled rows."""
        from skae._tensorflow._train import Trainer

        n = len(X)
        objective = Objective(self._loss, float(self.alpha))
        plan = Plan(codec.network, objective, Solver("adam", 0.0, False, 0.0)).for_rows(n)
        feed = Feed(
            X,
            np.arange(n),
            codec.mean,
            codec.scale,
            rows_in_a_batch(self.batch_size, n),
            shuffle=True,
            rng=rng,
            targets=np.float32(targets),
        )
        with (
            DeferredInterrupt() as interrupt,
            closing(Trainer(plan, codec.weights, feed, between_chunks=interrupt.check)) as trainer,
        ):
            return run_epochs(
                trainer,
                None,
                Schedule("cosine", float(self.learning_rate_init), int(self.max_iter)),
                tol=0.0,
                patience=np.inf,
                keeps_start=True,
                trusts_start=False,
                begin_epoch=lambda: None,
                end_epoch=lambda task, history: False,
                warns=False,
                verbose=self.verbose,
            )


class AutoencoderClassifier(ClassifierMixin, _WithHead):
    """Classifier on the codes of an autoencoder that also learns from unlabelled rows.

    The autoencoder is trained on all rows [1]_. Then a logistic regression of the labelled rows'
    codes becomes the head, and unless frozen, encoder and head are trained together on the
    labelled rows: first the head, then the whole, so that a random head does not spoil what
    the encoder has learned [2]_.

    Rows with the label -1 are unlabelled, as everywhere in scikit-learn; for classes that are
    strings let y have the dtype object. With no such row this is supervised learning with
    pretraining. Where there is but one other label, -1 is a class: from rows of one class nothing
    could be learned.

    Parameters
    ----------
    autoencoder : estimator or None, default=None
        Any autoencoder of skae; it is cloned. None is ``StackedAutoencoder(64,
        hidden_layer_sizes=(128,), code_activation='elu')``.

    freeze : bool, default=False
        Whether the encoder stays as the autoencoder has left it, so that the head alone sees
        labels. Nothing is then trained by TensorFlow but the autoencoder.

    alpha : float, default=1.0
        Strength of the L2 term: ``alpha / 2`` times the sum of squared kernel entries, divided by
        the number of labelled rows, is added to the cross-entropy in nats. The head's first
        kernel is penalised in units in which each code has unit variance.

    batch_size : int or 'auto', default='auto'
        Labelled rows in a step of the fine-tuning; 'auto' is 64.

    learning_rate_init : float, default=3e-4
        Initial learning rate of the fine-tuning by Adam, which falls to zero along a cosine. Low,
        because encoder and head have been trained before.

    max_iter : int, default=50
        Number of epochs of the fine-tuning.

    random_state : int, RandomState instance or None, default=None
        Seeds the shuffling of labelled rows, and `autoencoder` where its own is None.

    verbose : bool or int, default=False
        Whether to print a line an epoch of the fine-tuning.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    autoencoder_ : estimator
        The autoencoder, as trained on all rows.

    network_ : Network
        Frozen description of encoder and head.

    weights_ : tuple of ndarray
        Trained arrays of encoder and head, in the order of ``network_.shapes``.

    loss_curve_ : list of float
        Training loss of each epoch of the fine-tuning, empty with ``freeze=True``.

    n_iter_ : int
        Number of epochs of the fine-tuning, 1 with ``freeze=True``.

    n_features_in_ : int
        Number of columns seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had string names.

    References
    ----------
    .. [1] Erhan et al., "Why Does Unsupervised Pre-training Help Deep Learning?", JMLR 11, 2010.
    .. [2] Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform
       Out-of-Distribution", ICLR 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skae import AutoencoderClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    >>> y[100:] = -1
    >>> classifier = AutoencoderClassifier(random_state=0).fit(X, y)
    >>> print(f"{classifier.score(X_test, y_test):.1f}")
    0.9
    """

    _loss = SoftmaxCrossentropy()

    def decision_function(self, X):
        """Return the logits of the classes; for two classes, the second's minus the first's.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        logits : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        logits = self._outputs(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X):
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return softmax(self._outputs(X), axis=1)

    def predict(self, X):
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        classes : ndarray of shape (n_samples,)
        """
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def _targets(self, y):
        y = column_or_1d(y, warn=True)
        check_finite(y, "-1")
        # Strings never equal a number: an array of strings alone has no unlabelled rows.
        labelled = np.ones(len(y), bool) if y.dtype.kind in "US" else np.asarray(y != -1, bool)
        check_labelled(labelled)
        if (y[labelled] == y[labelled][0]).all():
            labelled[:] = True
        check_classification_targets(y[labelled])
        classes, indices = np.unique(y[labelled], return_inverse=True)
        if len(classes) == 1:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes, but all rows have one class: "
                f"{classes[0]!r}."
            )
        return labelled, np.eye(len(classes))[indices], {"classes_": classes}

    def _head(self, codes, targets):
        # A softmax of two classes knows their difference alone.
        logistic = LogisticRegression(C=1.0 / self.alpha, max_iter=1000)
        logistic.fit(codes, targets.argmax(axis=1))
        kernel, bias = logistic.coef_.T, logistic.intercept_
        if targets.shape[1] == 2:
            kernel, bias = kernel * [-0.5, 0.5], bias * [-0.5, 0.5]
        return kernel, bias


class AutoencoderRegressor(RegressorMixin, _WithHead):
    """Regressor on the codes of an autoencoder that also learns from unlabelled rows.

    The autoencoder is trained on all rows [1]_. Then a ridge regression on the labelled rows' codes
    becomes the head, and unless frozen, encoder and head are trained together on the
    labelled rows: first the head, then the whole, so that a random head does not spoil what
    the encoder has learned [2]_. Targets are standardised inside.

    Rows whose target (or one of whose targets) is NaN are unlabelled.

    Parameters
    ----------
    autoencoder : estimator or None, default=None
        Any autoencoder of skae; it is cloned. None is ``StackedAutoencoder(64,
        hidden_layer_sizes=(128,), code_activation='elu')``.

    freeze : bool, default=False
        Whether the encoder stays as the autoencoder has left it, so that the head alone sees
        labels. Nothing is then trained by TensorFlow but the autoencoder.

    alpha : float, default=1.0
        Strength of the L2 term: ``alpha / 2`` times the sum of squared kernel entries, divided by
        the number of labelled rows, is added to the mean squared error of standardised targets. The
        head's first kernel is penalised in units in which each code has unit variance.

    batch_size : int or 'auto', default='auto'
        Labelled rows in a step of the fine-tuning; 'auto' is 64.

    learning_rate_init : float, default=3e-4
        Initial learning rate of the fine-tuning by Adam, which falls to zero along a cosine. Low,
        because encoder and head have been trained before.

    max_iter : int, default=50
        Number of epochs of the fine-tuning.

    random_state : int, RandomState instance or None, default=None
        Seeds the shuffling of labelled rows, and `autoencoder` where its own is None.

    verbose : bool or int, default=False
        Whether to print a line an epoch of the fine-tuning.

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_outputs,)
        Mean and standard deviation of the targets.

    autoencoder_ : estimator
        The autoencoder, as trained on all rows.

    network_ : Network
        Frozen description of encoder and head.

    weights_ : tuple of ndarray
        Trained arrays of encoder and head, in the order of ``network_.shapes``.

    loss_curve_ : list of float
        Training loss of each epoch of the fine-tuning, empty with ``freeze=True``.

    n_iter_ : int
        Number of epochs of the fine-tuning, 1 with ``freeze=True``.

    n_features_in_ : int
        Number of columns seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had string names.

    References
    ----------
    .. [1] Erhan et al., "Why Does Unsupervised Pre-training Help Deep Learning?", JMLR 11, 2010.
    .. [2] Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform
       Out-of-Distribution", ICLR 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skae import AutoencoderRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> y[100:200] = np.nan
    >>> model = make_pipeline(StandardScaler(), AutoencoderRegressor(random_state=0)).fit(X, y)
    >>> print(f"{model.score(X[:100], y[:100]):.1f}")
    0.5
    """

    _loss = LOSSES["squared_error"]

    def predict(self, X):
        """Return the targets of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        y = self._outputs(X) * self.target_scale_ + self.target_mean_
        return y if self._is_multioutput else y.ravel()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _targets(self, y):
        y = check_array(
            y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y"
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        columns = y.reshape(len(y), -1)
        labelled = ~np.isnan(columns).any(axis=1)
        check_labelled(labelled)
        known = columns[labelled]
        mean, scale = known.mean(axis=0), known.std(axis=0)
        scale[scale == 0.0] = 1.0
        fitted = {"target_mean_": mean, "target_scale_": scale, "_is_multioutput": y.ndim == 2}
        return labelled, (known - mean) / scale, fitted

    def _head(self, codes, targets):
        # The squared error is averaged over the outputs, each of which Ridge fits alone.
        ridge = Ridge(alpha=0.5 * self.alpha * targets.shape[1]).fit(codes, targets)
        return ridge.coef_.reshape(targets.shape[1], -1).T, ridge.intercept_


def check_labelled(labelled: np.ndarray) -> None:
    """Refuse targets without a labelled row."""
    if not labelled.any():
        raise ValueError(f"y marks all {len(labelled)} rows as unlabelled. Label some of them.")


def check_finite(y: np.ndarray, mark: str) -> None:
    """Refuse labels that are NaN or infinite."""
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError(f"Input y contains NaN or infinity. Mark unlabelled rows by {mark}.")
