"""Semi-supervised classification and regression on latent codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import _safe_indexing
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from skae._data.rows import taken
from skae._data.split import train_validation_rows
from skae._data.weights import mean_and_deviation
from skae._estimators.head import EncoderWithHead
from skae._estimators.labels import check_labeled, is_no_mark, labels, numbers
from skae._estimators.left_out import network_share, penalty_factor
from skae._estimators.words import one_of
from skae._plan.objectives import LOSSES


@dataclass(frozen=True)
class SoftmaxCrossentropy:
    """Minus the log-probability of a row's class; the factor undoes the mean over classes."""

    on_logits: ClassVar[bool] = True

    def __call__(self, ops: Any, target: Any, output: Any) -> Any:
        shifted = output - ops.max(output, axis=1, keepdims=True)
        log_sums = ops.log(ops.sum(ops.exp(shifted), axis=1, keepdims=True))
        return target.shape[1] * target * (log_sums - shifted)


class ScoredWhereLabeled:
    """Predictors whose `score` leaves unlabeled rows out, as their `fit` does."""

    def score(self, X, y, sample_weight=None):
        """Return scikit-learn's score of the labeled samples.

        That is the accuracy of a classifier and $R^2$ of a regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or, in regression, (n_samples, n_outputs)
            Targets; unlabeled samples are marked as in `fit`, and do not count.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float

        Raises
        ------
        ValueError
            If no sample is labeled.
        """
        check_is_fitted(self)
        check_consistent_length(X, y, sample_weight)
        labeled = self._is_labeled(y)
        if not labeled.all():
            check_labeled(labeled)
            rows = np.flatnonzero(labeled)
            X, y = _safe_indexing(X, rows), _safe_indexing(y, rows)
            if sample_weight is not None:
                sample_weight = _safe_indexing(sample_weight, rows)
        return super().score(X, y, sample_weight)


class AutoencoderClassifier(ScoredWhereLabeled, ClassifierMixin, EncoderWithHead):
    """Semi-supervised classifier on the codes of an autoencoder, for few labels.

    Encoder, reconstruction and a linear head on the codes are trained together. By default they
    start as PCA and a logistic regression of the labeled samples, and learn a correction to it from
    all samples. The loss is the log-loss of the labeled samples, the reconstruction error of all,
    and two more terms. Virtual adversarial training [1]_ penalizes predictions that change when a
    sample moves a small step in the direction in which they change most. The other term makes the
    class of each sample certain and keeps the shares of the classes that the logistic regression
    predicts, as in [2]_. A step is as long as the distance to the nearest other sample, and at most
    a fifth of the median distance between two samples. A given `autoencoder` is first trained on
    all samples [3]_.

    Samples with the label -1 are unlabeled, as everywhere in scikit-learn; if classes are strings,
    y needs dtype object. Without such samples this is supervised learning. If 1 is the only other
    label, -1 and 1 are two classes.

    Parameters
    ----------
    {parameters}

    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, by which those of labeled samples are multiplied in the log-loss:
        a dict by label, whose other classes have weight 1, or 'balanced', by which all classes have
        the same weight in total. The shares of the classes that unlabeled samples keep are those
        of the weighted model.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    {attributes}

    See Also
    --------
    AutoencoderRegressor : The same for continuous targets.
    sklearn.semi_supervised.SelfTrainingClassifier : Learns from its own predictions.

    References
    ----------
    {references}

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
    >>> print(classifier.score(X_test, y_test) > 0.9)
    True
    """

    class_weight: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **EncoderWithHead._parameter_constraints,
        "class_weight": [dict, one_of(["balanced"]), None],
    }

    _loss = SoftmaxCrossentropy()
    _activation = "relu"

    def decision_function(self, X):
        """Return the logits of the classes; for two classes, the second's minus the first's.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

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
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return softmax(self._outputs(X), axis=1)

    def predict(self, X):
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        classes : ndarray of shape (n_samples,)
        """
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def _targets(self, y, weights):
        y = labels(y)
        labeled = is_no_mark(y)
        check_labeled(labeled)
        if set(y[labeled].tolist()) == {1}:
            labeled[:] = True  # -1 and 1 are the two classes
        check_classification_targets(y[labeled])
        classes, indices = np.unique(y[labeled], return_inverse=True)
        if len(classes) == 1:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes, but all labeled rows have one "
                f"class: {classes.tolist()[0]!r}."
            )
        return labeled, np.eye(len(classes))[indices], {"classes_": classes}

    def _label_weights(self, targets, weights, fitted):
        if self.class_weight is None:
            return weights
        sums = targets.sum(axis=0) if weights is None else weights @ targets
        if self.class_weight == "balanced":
            of_classes = sums.sum() / (len(sums) * sums)
        else:
            classes = fitted["classes_"]
            of_classes = compute_class_weight(self.class_weight, classes=classes, y=classes)
        of_rows = targets @ of_classes
        return of_rows if weights is None else weights * of_rows

    def _further_targets(self, y, fitted):
        classes, y = fitted["classes_"], labels(y)
        labeled = is_no_mark(y) | (-1 in classes.tolist())
        check_labeled(labeled)
        unknown = set(y[labeled].tolist()) - set(classes.tolist())
        if unknown:
            raise ValueError(f"y_val has classes that y does not have: {sorted(unknown, key=str)}.")
        return labeled, np.eye(len(classes))[np.searchsorted(classes, y[labeled])]

    def _is_labeled(self, y):
        labeled = is_no_mark(labels(y))
        # Of two classes, -1 may be one.
        return labeled | (-1 in self.classes_.tolist())

    def _correction_weight(self, codes, targets, weights):
        # Unlabeled samples say most where classes are clusters, and errors on labeled samples left
        # out do not know it: with their weight 300 labels of MNIST gave .950 instead of .967.
        return 1.0

    def _shares(self, codec, X):
        probabilities = softmax(codec.decode(codec.encode(X.collection)), axis=1)
        return tuple(map(float, np.average(probabilities, axis=0, weights=X.weights)))

    def _split(self, targets, fraction, rng):
        _, validation = train_validation_rows(len(targets), fraction, rng)
        # Each class keeps a row to train on.
        _, first = np.unique(targets.argmax(axis=1), return_index=True)
        validation = np.setdiff1d(validation, first)
        return np.setdiff1d(np.arange(len(targets)), validation), validation

    def _head(self, codes, targets, weights):
        # A softmax of two classes knows their difference alone.
        logistic = LogisticRegression(C=1.0 / self.alpha, max_iter=1000)
        logistic.fit(codes, targets.argmax(axis=1), weights)
        kernel, bias = logistic.coef_.T, logistic.intercept_
        if targets.shape[1] == 2:
            kernel, bias = kernel * [-0.5, 0.5], bias * [-0.5, 0.5]
        return kernel, bias


class AutoencoderRegressor(ScoredWhereLabeled, RegressorMixin, EncoderWithHead):
    """Semi-supervised regressor on the codes of an autoencoder, for few labels.

    Encoder, reconstruction and a linear head on the codes are trained together. By default they
    start as PCA and a ridge regression of the labeled samples, and learn a correction to it from
    all samples. The loss is the squared error of the labeled samples, the reconstruction error of
    all, and virtual adversarial training [1]_, which penalizes predictions that change when a
    sample moves a small step in the direction in which they change most. A step is as long as the
    distance to the nearest other sample [2]_, and at most a fifth of the median distance between
    two samples. The penalty of the ridge regression is `alpha`, and larger if errors on labeled
    samples left out one by one favor it. The correction has the more weight, the larger the error
    of the ridge regression on these is compared with that of a kernel regression. A given
    `autoencoder` is first trained on all samples [3]_, and its correction has full weight. Targets
    are standardized internally.

    Samples whose target (or one of whose targets) is NaN are unlabeled.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_outputs,)
        Mean and standard deviation of the targets.

    {attributes}

    See Also
    --------
    AutoencoderClassifier : The same for classes.

    References
    ----------
    {references}

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
    >>> print(model.score(X[:100], y[:100]) > 0.4)
    True
    """

    _loss = LOSSES["squared_error"]
    # What saturates does not run away from the targets on rows far from the others.
    _activation = "tanh"

    def predict(self, X):
        """Return the predicted targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

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

    def _targets(self, y, weights):
        y = numbers(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        labeled = self._is_labeled(y)
        check_labeled(labeled)
        known = y.reshape(len(y), -1)[labeled]
        with np.errstate(over="ignore", invalid="ignore"):
            mean, scale = mean_and_deviation(known, taken(weights, labeled))
        if not np.isfinite([mean, scale]).all():
            raise ValueError(
                f"y is too large: it reaches {np.abs(known).max():g} in size, so that its variance "
                "overflows. Divide y by a constant."
            )
        scale[scale == 0.0] = 1.0
        fitted = {"target_mean_": mean, "target_scale_": scale, "_is_multioutput": y.ndim == 2}
        return labeled, (known - mean) / scale, fitted

    def _further_targets(self, y, fitted):
        y, mean = numbers(y), fitted["target_mean_"]
        y = y.reshape(len(y), -1)
        if y.shape[1] != len(mean):
            raise ValueError(f"y_val has {y.shape[1]} outputs, but y has {len(mean)}.")
        labeled = self._is_labeled(y)
        check_labeled(labeled)
        return labeled, (y[labeled] - mean) / fitted["target_scale_"]

    def _is_labeled(self, y):
        y = numbers(y)
        return ~np.isnan(y.reshape(len(y), -1)).any(axis=1)

    def _correction_weight(self, codes, targets, weights):
        return network_share(codes, targets, float(self.alpha), weights)

    def _shares(self, codec, X):
        return ()

    def _split(self, targets, fraction, rng):
        return train_validation_rows(len(targets), fraction, rng)

    def _head(self, codes, targets, weights):
        factor = penalty_factor(codes, targets, self.alpha, weights)
        ridge = Ridge(self.alpha * factor).fit(codes, targets, weights)
        return ridge.coef_.reshape(targets.shape[1], -1).T, ridge.intercept_
