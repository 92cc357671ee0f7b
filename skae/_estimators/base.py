"""The base class of all autoencoders: `fit` and `partial_fit`."""

from __future__ import annotations

from abc import ABCMeta
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import _fit_context

from skae._data.checks import restored_on_failure
from skae._data.rows import Rows
from skae._data.split import Split, copies_among, train_validation_rows
from skae._estimators.callbacks import CallbackSupportMixin
from skae._estimators.engine import local_trainer
from skae._estimators.loadings import mean_components
from skae._estimators.locks import one_at_a_time
from skae._estimators.loss_curves import loss_curves
from skae._estimators.ordered import chosen, explained_shares, shares_of_fit, validation_part
from skae._estimators.planning import PlannedFit
from skae._estimators.precision import warn_of_no_gain
from skae._estimators.validation_sets import held_out_rows
from skae._estimators.versions import VersionStamp
from skae._estimators.weighting import weighted, without_unweighted
from skae._estimators.words import ATTRIBUTES, rows_alone
from skae._network.codec import ERROR_ROWS, Codec
from skae._network.whitening import Moments
from skae._plan.plan import Stage
from skae._training.checkpoint import Checkpoint, NoCheckpoint
from skae._training.collapse import warn_of_collapse
from skae._training.epochs import History
from skae._training.interrupts import DeferredInterrupt, pass_on_interrupt
from skae._training.model import Model, check_range
from skae._training.options import Hooks
from skae._training.protocols import TrainerFactory
from skae._training.schedule import LAST_EPOCHS, still_falls
from skae._training.stage import feed_of, run_pass
from skae._training.stages import Run, Trained, run_stages


class BaseAutoencoder(VersionStamp, CallbackSupportMixin, PlannedFit, metaclass=ABCMeta):
    """Base class of all autoencoders.

    A subclass declares its own parameters as annotated fields and implements one method, `_plan`.
    """

    _attribute_advice = ATTRIBUTES
    _takes_sparse = True

    @rows_alone
    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Train the autoencoder on X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples. A `numpy.memmap` may be larger than memory, and so may a dask array
            or dataframe, see :ref:`dask`. Of a sparse matrix a batch or a block at a time becomes
            dense. The sum of squares about the mean must fit into its dtype, and values into
            float32.
        y : array-like of shape (n_samples, n_features), default=None
            Clean samples to reconstruct from X, for `DenoisingAutoencoder` with corruption=None.
            Otherwise it is ignored, and passed on to callbacks.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, see Notes. None means that all count the same.
        X_val : {array-like, sparse matrix} of shape (n_validation, n_features), default=None
            Validation set for early stopping, at least 2 samples, which are kept in memory. All
            samples of X are then trained on, and center, scale and principal axes are theirs. None
            holds out a part of X. A `Pipeline` transforms X_val as it transforms X with
            ``transform_input=["X_val"]``, see :ref:`x-val`.
        y_val : array-like of shape (n_validation, n_features), default=None
            Clean samples to reconstruct from X_val, where y are those for X. Otherwise ignored.
        sample_weight_val : array-like of shape (n_validation,), default=None
            Weights of the samples of X_val.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, X_val or a parameter is invalid, if X_val is given with early_stopping=False, or
            if the loss is not finite in the first epoch. The state of an earlier fit is kept.
        RuntimeError
            In a process forked from one in which TensorFlow was in use.
        KeyboardInterrupt
            On Ctrl-C, if `fit` was called by other code (see Notes), if Ctrl-C was pressed twice,
            or if there are no weights worth keeping yet.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` is reached while the loss still falls (for learning_rate='constant' and
            'adaptive'); if the loss becomes non-finite, where the best weights so far are kept; or
            if most units of a layer are dead or the reconstruction is no better than the mean,
            while PCA with as many codes explains more.
        UserWarning
            If Ctrl-C has ended the fit.

        Notes
        -----
        Ctrl-C ends a fit after the current batches, or at once while the training program is being
        compiled. Compilation continues in the background, and the process waits for it at exit. The
        best weights so far are kept, and the estimator is fitted. If the script or notebook has
        called `fit` itself, at top level or from one of its functions, `fit` then returns with a
        warning. Inside a pipeline, a search, another estimator or any other imported function it
        warns and raises KeyboardInterrupt, so that these stop as well. With `checkpoint` the next
        call continues the fit. Python delivers Ctrl-C to the main thread only.

        A sample of weight k counts as k equal samples: in center, scale and principal axes, in the
        number of codes for a share of the variance, in the losses, in `reconstruction_err_` and in
        whitening. `alpha` is divided by the sum of the weights. Weights whose mean is below 1 are
        first divided by it, so that weights which sum to 1 do not make regularization stronger.
        Samples of weight zero change nothing at all. An epoch draws each sample once, whatever its
        weight, and a batch counts by the weights in it: steps differ from those on repeated
        samples. The validation set is drawn without regard to weights. A few large weights prove
        less than as many equal ones, which the decision to leave the initialization takes into
        account by the effective sample size of Kish.
        """
        import skae._tensorflow  # noqa: F401  (says now where TensorFlow is missing)

        validation = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        return self._fit_by(local_trainer, X, y, sample_weight, **validation)

    @one_at_a_time
    @_fit_context(prefer_skip_nested_validation=True)
    def _fit_by(self, trainers: TrainerFactory, X, y=None, sample_weight=None, **validation):
        """Train with the trainers of a factory: `fit` in this process or on a cluster.

        `validation` may hold `X_val`, `y_val` and `sample_weight_val`.
        """
        with restored_on_failure(self):
            warm = self.warm_start and self.__sklearn_is_fitted__()
            X, y, sample_weight = without_unweighted(X, y, sample_weight)
            X = self._paired(self._rows(X, first=not warm, least=2), y, training=True)
            X, y = weighted(X, y, sample_weight, least=2)
            held_out = held_out_rows(self, X, **validation)
            checkpoint: Checkpoint | NoCheckpoint = NoCheckpoint()
            if self.checkpoint is not None:
                checkpoint = Checkpoint(self.checkpoint, self._fingerprint(X, warm, held_out))
            rng = self._generator()
            checkpoint.begin(rng)
            # A warm start must not train on the earlier validation set.
            split_seed = self._split_seed if warm else int(rng.integers(2**63))
            fraction = self.validation_fraction if self.early_stopping else 0.0
            # The validation set is evaluated after every epoch: for a dask collection it is held
            # in memory, and limited to what fits there.
            most, split_rng = X.max_validation_rows, np.random.default_rng(split_seed)
            if held_out is None:
                copies = copies_among(X) if fraction and self._scales_columns() else None
                rows = train_validation_rows(len(X), fraction, split_rng, most, copies)
                split = Split(X, *rows)
            else:
                split = Split.given(X, held_out)
            options = self.training_options(len(split.training))
            model = self._fitted_model(X) if warm else self._first_model(X, rng, split.training)
            if held_out is not None:
                check_range(model.plan, held_out.targets, "X_val")
            warn_of_no_gain(model.plan, options.batch_size)
            run = Run(options, self.init, warm, rng, [split_seed, 1], trainers, checkpoint)
            fitted, interrupted = self._train(run, model, split, y)
            self.__dict__.update(fitted, _split_seed=split_seed, _precision=self.precision)
        if interrupted:
            pass_on_interrupt()
        return self

    @rows_alone
    @one_at_a_time
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one epoch on X.

        The first call sets center, scale and initial weights from its samples. Only the training
        loss is monitored, and the weights after the call are kept. The learning rate is
        `learning_rate_init`, or, if `learning_rate` is a function, its value for `n_iter_`, the
        number of epochs before. With `whiten`, all samples seen count, each with its codes at the
        time of its call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples, at least 2 in the first call.
        y : array-like of shape (n_samples, n_features), default=None
            Clean samples to reconstruct from X, for `DenoisingAutoencoder` with corruption=None.
            Otherwise it is ignored, and passed on to callbacks.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in `fit`. Steps are as long as without: only weights in
            relation to others of the same call count in them.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X or a parameter is invalid, or if the loss is not finite. The state of earlier
            calls is kept.
        KeyboardInterrupt
            On Ctrl-C, which undoes this call: the state of earlier calls is kept.
        """
        import skae._tensorflow  # noqa: F401  (says now where TensorFlow is missing)

        # scikit-learn's decorator checks the parameters before the first call only.
        self._validate_params()
        with restored_on_failure(self):
            first = not self.__sklearn_is_fitted__()
            least = 2 if first else 1
            X, y, sample_weight = without_unweighted(X, y, sample_weight)
            X = self._paired(self._rows(X, first=first, least=least), y, training=True)
            X, y = weighted(X, y, sample_weight, least)
            rng = self._generator(0 if first else self.n_iter_)
            model = self._first_model(X, rng) if first else self._fitted_model(X)
            if self.precision != self.__dict__.get("_precision"):
                warn_of_no_gain(model.plan, self.training_options(len(X)).batch_size)
            self.__dict__.update(self._train_one_pass(X, y, model, rng))
        return self

    def _generator(self, n_calls: int = 0) -> np.random.Generator:
        """Return the random generator of a call; no global state is used."""
        seed = self.random_state
        if isinstance(seed, np.random.RandomState):
            seed = seed.randint(np.iinfo(np.int32).max)
        return np.random.default_rng(None if seed is None else [seed, n_calls])

    def _begin_task(self, X: Rows, y, max_subtasks: int) -> tuple[Any, dict[str, Any]]:
        """Tell callbacks that a fit begins; return its context and the arguments of its hooks."""
        # An autoencoder's target is its input.
        seen = {"estimator": self, "X": X.collection, "y": X.collection if y is None else y}
        context = self._init_callback_context(max_subtasks=max_subtasks)
        return context.call_on_fit_task_begin(**seen), seen

    def _train(self, run: Run, model: Model, split: Split, y) -> tuple[dict[str, Any], bool]:
        """Train stage by stage; return the fitted attributes, and whether Ctrl-C was pressed."""
        X = split.X
        # A warm start trains the whole network.
        stages = (Stage(),) if run.warm else model.plan.stages
        n_epochs = sum(stage.max_iter or run.options.max_iter for stage in stages)
        context, seen = self._begin_task(X, y, n_epochs)

        def begin_epoch():
            return context.subcontext(task_name="epoch").call_on_fit_task_begin(**seen)

        def end_epoch(task, trained):
            fitted = partial(self._fitted, X, trained, run.warm, split)
            return task.call_on_fit_task_end(**seen, reconstruction_attributes=fitted)

        with DeferredInterrupt() as interrupt:
            hooks = Hooks(begin_epoch, end_epoch, interrupt.check)
            trained = run_stages(run, hooks, stages, model, split)
            fitted = self._fitted(X, trained, run.warm, split)
        self._warn_of_failure(X, trained, fitted)
        # An interrupted fit keeps its checkpoint, so that the next call continues it.
        interrupted = interrupt.pressed or trained.history.interrupted
        if not interrupted:
            run.checkpoint.remove()
        context.call_on_fit_task_end(**seen, reconstruction_attributes=fitted)
        return fitted, interrupted

    def _warn_of_failure(self, X: Rows, trained: Trained, fitted: dict[str, Any]) -> None:
        """Warn if a completed fit has learned nothing."""
        history, model = trained.history, trained.model
        kept_start = self.init == "pca" and history.kept.epoch == 0
        if history.ended or kept_start:
            return
        curve = history.monitored_curve
        begun = len(curve) < LAST_EPOCHS
        options = self.training_options(len(X))
        falls = begun or still_falls(curve, self.tol, options.patience)
        codec = model.codec(trained.weights)
        error = fitted["reconstruction_err_"]
        warn_of_collapse(model, codec, X, error, options.rate_setting, falls)

    def _fitted(
        self, X: Rows, trained: Trained, warm: bool, split: Split | None = None
    ) -> dict[str, Any]:
        """Return the fitted attributes of the current state."""
        history = trained.history
        codec = trained.model.codec(trained.weights)
        if codec.is_ordered and not warm:
            codec = chosen(codec, self.n_components, X, split)
        moments = codes_moments(codec, X) if self.whiten else None
        validated = bool(history.validation_loss_curve)
        layered = {"stage_loss_curves_": trained.layer_curves} if trained.layer_curves else {}
        ordered = {}
        if codec.is_ordered and split is not None and split.validation.size:
            ordered["_validation_explained"] = explained_shares(codec, [validation_part(split)])
        return {
            **self._attributes(codec, moments, X),
            **layered,
            **ordered,
            "n_iter_": len(history.loss_curve),
            "best_iter_": history.kept.epoch,
            "loss_": history.loss_curve[-1] if history.loss_curve else float("nan"),
            **loss_curves(history, self if warm else None),
            "best_validation_loss_": history.kept.loss if validated else None,
            "n_samples_seen_": X.weight,
            "_memory": (moments, None, None),
        }

    def _train_one_pass(self, X: Rows, y, model: Model, rng: np.random.Generator) -> dict[str, Any]:
        """Train for one epoch and return the fitted attributes."""
        first = not self.__sklearn_is_fitted__()
        moments, solver, solver_state = (None, None, None) if first else self._memory
        if solver != self.solver:
            solver_state = None  # the state of another solver cannot be used
        context, seen = self._begin_task(X, y, max_subtasks=0)
        n = X.weight + (0 if first else self.n_samples_seen_)
        options = self.training_options(len(X))
        feed = feed_of(X, np.arange(len(X)), model, options, rng)
        n_iter = 1 if first else self.n_iter_ + 1
        rate = options.rate_of_pass(n_iter - 1)
        loss, codec, solver_state = run_pass(
            model, feed, n, options, solver_state, local_trainer, rate
        )
        if self.whiten:
            now = codes_moments(codec, X)
            moments = now if moments is None else moments + now
        else:
            moments = None
        fitted = {
            **self._attributes(codec, moments, X),
            "n_iter_": n_iter,
            "best_iter_": n_iter,
            "loss_": loss.total,
            **loss_curves(History.of_pass(loss), None if first else self),
            "validation_loss_curve_": [],
            "validation_loss_parts_curve_": {},
            "best_validation_loss_": None,
            "n_samples_seen_": n,
            "_memory": (moments, self.solver, solver_state),
            "_split_seed": int(rng.integers(2**63)) if first else self._split_seed,
            "_precision": self.precision,
        }
        context.call_on_fit_task_end(**seen, reconstruction_attributes=fitted)
        return fitted

    def _attributes(self, codec: Codec, moments: Moments | None, X: Rows) -> dict[str, Any]:
        """Return the fitted attributes that `transform` and `inverse_transform` use."""
        whitening = None if moments is None else moments.whitening()
        error, codes, weights = some_errors(codec, X)
        return {
            "network_": codec.network,
            "weights_": codec.weights,
            "mean_": codec.mean,
            "scale_": codec.scale,
            "whitening_": whitening,
            "factor_model_": codec.factors,
            "n_components_": codec.network.n_components,
            "reconstruction_err_": error,
            "score_columns_": column_scores(codec, X),
            "_explained": shares_of_fit(codec, X),
            "_validation_explained": None,
            "_components": mean_components(codec, whitening, codes, weights),
            **self._own_attributes(codec, X.evenly_spaced(ERROR_ROWS)[0] if X.is_lazy else X[:]),
        }

    def _own_attributes(self, codec: Codec, X: np.ndarray) -> dict[str, Any]:
        """Return the fitted attributes of a subclass; none by default.

        X is an array of all training samples, or at most 10,000 evenly spaced ones of a Dask
        collection or a sparse matrix.
        """
        return {}


def some_errors(codec: Codec, X: Rows) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the mean squared error of some evenly spaced samples, their codes and weights."""
    errors, codes, sizes = [], [], []
    for rows, targets, weights in X.evenly_spaced_parts(ERROR_ROWS):
        codes.append(codec.encode(rows))
        errors.append(codec.mean_squared_error(rows, targets, weights, codes[-1]))
        sizes.append(np.ones(len(rows)) if weights is None else weights)
    error = errors[0] if len(errors) == 1 else np.average(errors, weights=[*map(np.sum, sizes)])
    return float(error), np.concatenate(codes), np.concatenate(sizes)


def column_scores(codec: Codec, X: Rows) -> np.ndarray | None:
    """Return the share of each column's variance that the reconstruction of these samples explains.

    None where all columns have one scale.
    """
    if codec.error_scale is None:
        return None
    total, observed = 0.0, 0.0
    for rows, targets, weights in X.evenly_spaced_parts(ERROR_ROWS):
        errors = codec.column_errors(rows, targets)
        weights = np.ones(len(rows)) if weights is None else weights
        total = total + weights @ np.nan_to_num(errors)
        observed = observed + weights @ ~np.isnan(errors)
    return 1.0 - total / np.maximum(observed, 1.0)


def codes_moments(codec: Codec, X: Rows) -> Moments:
    """Return the moments of the codes of all samples."""
    return X.weighted_total(lambda rows, weights: Moments.of(codec.encode(rows), weights))
