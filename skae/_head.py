"""An autoencoder's encoder under a linear head: what a classifier and a regressor share."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from contextlib import closing
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skae._base import BaseAutoencoder
from skae._documentation import DocumentationLink
from skae._epochs import History, run_epochs
from skae._feed import Feed, rows_in_a_batch
from skae._interrupts import DeferredInterrupt, fit_until_interrupted, pass_on_interrupt
from skae._layers import Dense
from skae._parts import Loss
from skae._plan import Half, Objective, Plan, Solver
from skae._rows import finite, restored_on_failure
from skae._schedule import Schedule
from skae._serve import Codec
from skae._stacked import StackedAutoencoder
from skae._storage import VersionStamp
from skae._words import ATTRIBUTES as ELSEWHERE
from skae._words import ForeignWords, one_of, rows_alone, translating

DEFAULT = StackedAutoencoder(64, hidden_layer_sizes=(128,), code_activation="elu")


class EncoderWithHead(
    VersionStamp,
    DocumentationLink,
    ForeignWords,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """What the classifier and the regressor share: pretraining, a linear head, fine-tuning."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [BaseAutoencoder, None],
        "freeze": ["boolean"],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [one_of(["auto"]), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _attribute_advice = {name: f"See its autoencoder_: {told}" for name, told in ELSEWHERE.items()}

    # How the head's outputs are compared with targets.
    _loss: ClassVar[Loss]

    @translating
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

    @rows_alone
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Train the autoencoder on all rows, then head and encoder on the labelled ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Or arrays of images or sequences, where the autoencoder takes these.
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
        KeyboardInterrupt
            As by the autoencoders' `fit`. Ctrl-C while the autoencoder is trained leaves it as it
            is by then, with the head that suits it and without fine-tuning.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        with restored_on_failure(self):
            autoencoder = clone(DEFAULT if self.autoencoder is None else self.autoencoder)
            rows = validate_data(
                self,
                autoencoder._as_rows(X, first=True),
                dtype=[np.float64, np.float32],
                ensure_min_samples=2,
            )
            check_consistent_length(rows, y)
            labelled, targets, of_targets = self._targets(y)
            rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
            if autoencoder.random_state is None:
                autoencoder.set_params(random_state=int(rng.integers(2**31)))
            interrupted = fit_until_interrupted(autoencoder, autoencoder._like(rows, X))
            freeze = self.freeze or interrupted
            fitted, history = self._with_head(autoencoder, rows[labelled], targets, rng, freeze)
        vars(self).update(of_targets, autoencoder_=autoencoder, **fitted)
        if interrupted or history.interrupted:
            pass_on_interrupt()
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
        return finite(codec.encode, self._rows(X))

    def _outputs(self, X) -> np.ndarray:
        """Return what the head gives for rows of X."""
        codec = self._codec
        return finite(lambda rows: codec.decode(codec.encode(rows)), self._rows(X))

    def _rows(self, X) -> np.ndarray:
        X = self.autoencoder_._as_rows(X)
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

    def _with_head(
        self, autoencoder, X, targets, rng, freeze: bool
    ) -> tuple[dict[str, Any], History]:
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
        if freeze:
            history = History()
            weights = codec.weights
        else:
            history = self._fine_tuned(codec, X, targets, rng)
            weights = tuple(np.array(weight) for weight in history.kept.weights)
        fitted = {
            "network_": network,
            "weights_": weights,
            "loss_curve_": history.loss_curve,
            "n_iter_": max(1, len(history.loss_curve)),
        }
        return fitted, history

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
            closing(
                Trainer(
                    plan,
                    codec.weights,
                    feed,
                    between_chunks=interrupt.check,
                    verbose=self.verbose,
                )
            ) as trainer,
        ):
            history = run_epochs(
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
        history.interrupted |= interrupt.pressed
        return history


PARAMETERS = """\
autoencoder : estimator or None, default=None
        Any autoencoder of skae; it is cloned. None is ``StackedAutoencoder(64,
        hidden_layer_sizes=(128,), code_activation='elu')``.

    freeze : bool, default=False
        Whether the encoder stays as the autoencoder has left it, so that the head alone sees
        labels. Nothing is then trained by TensorFlow but the autoencoder.

    alpha : float, default=1.0
        Strength of the L2 term: ``alpha / 2`` times the sum of squared kernel entries, divided by
        the number of labelled rows, is added to the loss. The first head's kernel is penalised
        in units in which each code has unit variance.

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
        Whether to print a line an epoch of the fine-tuning, and to say so when compiling takes
        long."""

ATTRIBUTES = """\
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
        Names of the columns, where X had string names."""

REFERENCES = """\
.. [1] Erhan et al., "Why Does Unsupervised Pre-training Help Deep Learning?", JMLR 11, 2010.
    .. [2] Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform
       Out-of-Distribution", ICLR 2022."""
