"""An encoder with a linear head: the base class of classifier and regressor."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import joblib
import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skae._data.checks import finite, restored_on_failure, validated
from skae._data.divisors import code_divisors
from skae._data.rows import Rows, taken
from skae._data.sparse_rows import rows_of
from skae._data.weights import mean_and_deviation
from skae._estimators.base import codes_moments
from skae._estimators.callbacks import CallbackSupportMixin
from skae._estimators.documentation import DocumentationLink
from skae._estimators.engine import local_trainer
from skae._estimators.head_parameters import HeadParameters
from skae._estimators.loss_curves import loss_curves
from skae._estimators.pretraining import begin_untrained, begun, default_sizes, frozen
from skae._estimators.validation_sets import held_out_labels
from skae._estimators.versions import VersionStamp
from skae._estimators.weighting import positive
from skae._estimators.words import ATTRIBUTES as ELSEWHERE
from skae._estimators.words import ForeignWords, rows_alone
from skae._network.codec import Codec
from skae._training.checkpoint import Checkpoint, NoCheckpoint
from skae._training.epochs import History
from skae._training.interrupts import DeferredInterrupt, fit_until_interrupted, pass_on_interrupt
from skae._training.joint import HeadedModel, JointTask, LabelValidation
from skae._training.options import Hooks, StartPolicy
from skae._training.schedule import Snapshot, rates_of
from skae._training.stage import run_stage
from skae._version import __version__


class EncoderWithHead(
    VersionStamp,
    DocumentationLink,
    ForeignWords,
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    HeadParameters,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base class of classifier and regressor: an encoder and a linear head, trained together."""

    _attribute_advice = {
        name: f"See its autoencoder_: {advice}"
        for name, advice in {
            **ELSEWHERE,
            "components_": "components_ are the loadings of the codes",
        }.items()
    }

    # The activation of the default network.
    _activation: ClassVar[str]

    @abstractmethod
    def _targets(self, y, weights) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Return which rows are labeled, the targets of these rows, and fitted attributes."""

    @abstractmethod
    def _further_targets(self, y, fitted) -> tuple[np.ndarray, np.ndarray]:
        """Return the same for other rows, with the attributes fitted to the training rows."""

    @abstractmethod
    def _head(self, codes, targets, weights) -> tuple[np.ndarray, np.ndarray]:
        """Return kernel and bias of a linear model of the targets, fitted to codes."""

    @abstractmethod
    def _correction_weight(self, codes, targets, weights) -> float:
        """Return the weight of the correction that the network adds to a linear model."""

    @abstractmethod
    def _shares(self, codec: Codec, X: Rows) -> tuple[float, ...]:
        """Return the shares of the classes that the codec predicts for rows of X, if any."""

    @abstractmethod
    def _split(self, targets, fraction, rng) -> tuple[np.ndarray, np.ndarray]:
        """Return which of the labeled rows are for training, and which for validation."""

    def _label_weights(self, targets, weights, fitted) -> np.ndarray | None:
        """Return the weights of labeled rows in the loss on labels, given those of the samples."""
        return weights

    @rows_alone
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Train encoder, decoder and head on all samples and the labels of some of them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Or arrays of images or sequences, where the autoencoder takes these.
        y : array-like of shape (n_samples,) or, in regression, (n_samples, n_outputs)
            Targets; the class documents how unlabeled samples are marked.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, in all terms of the loss, in the linear model of the start and
            in the training of `autoencoder` before. A sample of weight k counts as k equal samples,
            and one of weight zero not at all, see the `fit` of an autoencoder. The length of an
            adversarial step depends on no weights.
        X_val, y_val : array-like, default=None
            Validation set for early stopping, in the form of X and y; its unlabeled samples do not
            count. All samples of X are then trained on. The training of `autoencoder` before uses
            X_val too, if it stops early. None holds out labeled samples of X.
        sample_weight_val : array-like of shape (n_validation,), default=None
            Weights of the samples of X_val.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y or a parameter is invalid, if no sample is labeled, if X_val is given with
            early_stopping=False, or if the loss is not finite in the first epoch. The state of an
            earlier fit is kept.
        KeyboardInterrupt
            On Ctrl-C, under the same conditions as in the `fit` of an autoencoder. If it comes
            during the training of `autoencoder`, a head is fitted to the codes learned so far.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        if callable(self.learning_rate):
            rates_of(self.learning_rate, int(self.max_iter))  # raises an error for a wrong one
        with restored_on_failure(self):
            X, y, weights = positive(X, y, sample_weight)
            autoencoder, is_fitted = begun(self.autoencoder)
            rows = rows_of(*self._checked(autoencoder, X, reset=True))
            if weights is not None:
                rows = rows.weighted(weights)
            check_consistent_length(rows, y)
            has_categories = bool(autoencoder._categories())
            if is_fitted and not has_categories:  # on samples like these
                validate_data(
                    autoencoder, autoencoder._as_rows(X), reset=False, skip_check_array=True
                )
            freezes_all, frozen_layers = frozen(self.freeze, autoencoder, X)
            labeled, targets, of_targets = self._targets(y, weights)
            label_weights = self._label_weights(targets, taken(weights, labeled), of_targets)
            held_out = held_out_labels(
                self, autoencoder, of_targets, X_val, y_val, sample_weight_val
            )
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            rng = np.random.default_rng(seed)
            checkpoint = self._checkpoint(rows, labeled, targets, held_out)
            checkpoint.begin(rng)
            if autoencoder.random_state is None and not is_fitted:
                autoencoder.set_params(random_state=int(rng.integers(2**31)))
            interrupted = False
            if self.autoencoder is None:
                sizes = default_sizes(rows.shape[1])
                autoencoder.set_params(activation=self._activation, **sizes)
            keeps_linear = self.autoencoder is None and not (freezes_all or frozen_layers)
            samples = autoencoder._like(autoencoder._unmarked(rows), X)
            if has_categories:
                samples = X
            if keeps_linear or not (self.pretrain or is_fitted):
                begin_untrained(autoencoder, samples, weights)
            elif not is_fitted:
                more = {} if weights is None else {"sample_weight": weights}
                if held_out is not None and autoencoder.early_stopping:
                    more |= {"X_val": X_val, "sample_weight_val": sample_weight_val}
                interrupted = fit_until_interrupted(autoencoder, samples, **more)
            model = autoencoder._fitted_model(rows)
            headed = HeadedModel.on(model, targets.shape[1], keeps_linear, frozen_layers)
            trains = not (freezes_all or interrupted)
            splits = self.early_stopping and trains and held_out is None
            fraction = self.validation_fraction if splits else 0.0
            training, validation = self._split(targets, fraction, rng)
            where = np.flatnonzero(labeled)
            labels = where[training], targets[training], taken(label_weights, training)
            headed, start = self._with_head(headed, rows.collection[labels[0]], *labels[1:])

            seen = {"estimator": self, "X": X, "y": y}
            context = self._init_callback_context(max_subtasks=int(self.max_iter))
            context.call_on_fit_task_begin(**seen)

            def fitted(history: History) -> dict[str, Any]:
                return {**of_targets, **self._fitted(autoencoder, headed, rows, history)}

            def begin_epoch():
                return context.subcontext(task_name="epoch").call_on_fit_task_begin(**seen)

            def end_epoch(task, history: History):
                so_far = partial(fitted, history)
                return task.call_on_fit_task_end(**seen, reconstruction_attributes=so_far)

            history = History(Snapshot(0, start, np.array([np.nan])))
            if trains:
                feed = self._feed(headed, rows, labels, where[validation], rng)
                if validation.size:
                    of_rows = taken(label_weights, validation)
                    held_out = rows.collection[where[validation]], targets[validation], of_rows
                label_validation = None
                if held_out is not None:
                    n_weights = sum(map(np.size, start))
                    label_validation = LabelValidation(
                        *held_out, self._loss, headed.codec, n_weights
                    )
                plan = self._joint_plan(headed, feed, self._shares(headed.codec(start), rows))
                with DeferredInterrupt() as interrupt:
                    history = run_stage(
                        JointTask(plan, start, feed, label_validation),
                        self._training_options(feed),
                        StartPolicy(keeps=True),
                        Hooks(begin_epoch, end_epoch, interrupt.check),
                        local_trainer,
                        checkpoint.of_stage(0),
                    )
                history.interrupted |= interrupt.pressed
            interrupted |= history.interrupted
            attributes = fitted(history)
            if not interrupted:
                checkpoint.remove()
            context.call_on_fit_task_end(**seen, reconstruction_attributes=attributes)
        self.__dict__.update(attributes)
        if interrupted:
            pass_on_interrupt()
        return self

    def transform(self, X):
        """Encode X: return the codes from which the head predicts.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Codes of the encoder that was trained together with the labels; never whitened.
        """
        codec = self._codec
        return finite(codec.encode, self._checked(self.autoencoder_, X)[0])

    def _outputs(self, X) -> np.ndarray:
        """Return the outputs of the head for rows of X."""
        codec = self._codec
        rows, _ = self._checked(self.autoencoder_, X)
        return finite(lambda rows: codec.decode(codec.encode(rows)), rows)

    def _checked(self, autoencoder, X, reset: bool = False) -> tuple[Any, bool]:
        """Return samples, validated for an autoencoder, fitted or not.

        The second value is whether entries are missing, NaN.
        """
        first = not autoencoder.__sklearn_is_fitted__()
        encoded = autoencoder._encoded(X, first and reset, 2 if reset else 1)
        if encoded is not None:
            validate_data(self, X, reset=reset, skip_check_array=True)
            return encoded, bool(np.isnan(encoded).any())
        missing_values = autoencoder._missing_values(first)
        flat = autoencoder._as_rows(X, first)
        return validated(self, flat, reset, 2 if reset else 1, missing_values)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        below = self.autoencoder
        tags.input_tags.allow_nan = below is None or get_tags(below).input_tags.allow_nan
        return tags

    @property
    def _codec(self) -> Codec:
        check_is_fitted(self)
        below = self.autoencoder_
        return Codec(
            self.network_,
            self.weights_,
            below.mean_,
            below.scale_,
            factors=below.factor_model_,
        )

    @property
    def _n_features_out(self):
        return self.network_.n_components

    def _checkpoint(self, X: Rows, labeled, targets, held_out) -> Checkpoint | NoCheckpoint:
        """Return the checkpoint of a fit with these parameters, rows and labels."""
        if self.checkpoint is None:
            return NoCheckpoint()
        parameters = {**self.get_params(deep=False), "checkpoint": None, "verbose": None}
        if self.autoencoder is not None:
            is_frozen = isinstance(self.autoencoder, FrozenEstimator)
            parameters["autoencoder"] = self.autoencoder._fingerprint(X, warm=is_frozen)
        if callable(self.learning_rate):
            parameters["learning_rate"] = rates_of(self.learning_rate, int(self.max_iter))
        samples = (X.token, labeled, targets, held_out)
        key = joblib.hash((type(self).__qualname__, __version__, parameters, *samples))
        return Checkpoint(self.checkpoint, key)

    def _fitted(
        self, autoencoder, headed: HeadedModel, X: Rows, history: History
    ) -> dict[str, Any]:
        """Return the fitted attributes at this point of the training."""
        weights = history.kept.weights
        codec, below = headed.codec(weights), headed.autoencoder(weights)
        autoencoder = copy(autoencoder)
        moments = codes_moments(below, X) if autoencoder.whiten else None
        vars(autoencoder).update(autoencoder._attributes(below, moments, X))
        return {
            "autoencoder_": autoencoder,
            "network_": codec.network,
            "weights_": codec.weights,
            **loss_curves(history),
            "best_iter_": history.kept.epoch,
            "n_iter_": max(1, len(history.loss_curve)),
        }

    def _with_head(
        self, headed: HeadedModel, X, targets, weights
    ) -> tuple[HeadedModel, tuple[Any, ...]]:
        """Return the initial weights: those of the model, and a linear model as the head.

        The linear model is fitted to codes that are divided by their standard deviations, or, if
        it is kept, by the scale of the inputs.
        """
        model, network = headed.model, headed.network
        _, scale = model.input_units
        codes = model.codec(model.weights).encode(X)
        mean, deviation = mean_and_deviation(codes, weights)
        divisor = code_divisors(deviation, mean)
        if headed.keeps_linear:
            divisor[:] = 1.0 if network.has_column_scales else scale
        codes = (codes - mean) / divisor
        kernel, bias = self._head(codes, targets, weights)
        if headed.keeps_linear:
            share = self._correction_weight(codes, targets, weights)
            headed = replace(headed, share=share)
        kernel = kernel / divisor[:, np.newaxis]
        bias = bias - mean @ kernel
        if network.scales_codes:
            kernel = kernel * scale
        return headed, (*model.weights, np.float32(kernel), np.float32(bias))
