"""The constructor parameters of a classifier and a regressor, and the training they describe."""

from __future__ import annotations

from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import HasMethods, Interval, Options

from skae._data.batches import AUTO_BATCH_SIZE, rows_in_a_batch
from skae._data.rows import Rows, RowSubset
from skae._estimators.base import BaseAutoencoder
from skae._estimators.declared import DeclaredParameters
from skae._estimators.parameters import SOLVERS
from skae._estimators.words import one_of
from skae._plan.objectives import Loss
from skae._plan.plan import Objective, Solver
from skae._training.joint import HeadedModel, JointFeed, JointPlan, step_lengths
from skae._training.options import TrainingOptions
from skae._training.schedule import SCHEDULES

# Weights of the terms that are added to the loss on labels: the entropy of the predicted classes
# of each row, the shares of the classes, the reconstruction.
ENTROPY, BALANCE, RECONSTRUCTION = 0.3, 1.0, 0.1

PARAMETERS = """\
autoencoder : estimator or None
        Any autoencoder of skae; it is cloned, trained on all samples, and then once more together
        with the labels and a head on standardized codes. Its corruption and penalties
        apply to the first training only. A fitted one in a
        :class:`~sklearn.frozen.FrozenEstimator` is not trained before: a copy of its weights,
        center and scale is the start. None starts with the labels at once: an
        `AutoencoderTransformer` starts as PCA, with as many codes as X has features, at most 64,
        and two hidden layers (ReLU in classification, tanh in regression), the first one as wide
        as X (a power of two from 64 to 512) and the second half as wide. Its linear path and
        the head keep the linear model of the labeled samples with which they start, and the
        parallel layers learn a correction to it.

    pretrain : bool
        Whether a given `autoencoder` is trained on all samples before. With False its initial
        weights are the start, which shows what the training before contributes. Without effect on
        one in a `FrozenEstimator`, and on None without `freeze`.

    freeze : bool or array-like of int
        What stays as the training of the autoencoder left it. True freezes the encoder, so that
        only the head sees labels; TensorFlow then trains only the autoencoder, also for None.
        Numbers freeze these layers of the encoder in the joint training, counted from 0 at the
        input; the last one computes the codes, and its linear path is frozen with it.

    alpha : float
        Strength of the L2 regularization, ``alpha / 2`` times the sum of squared kernel entries: of
        the head divided by the number of labeled samples, so that it corresponds to ``1 / C`` in
        `LogisticRegression`, of the autoencoder by the number of all samples. The linear model with
        which a regressor starts is a `Ridge` with this `alpha`, or up to 10,000 times as much if
        errors on labeled samples left out one by one favor it.

    solver : {'adam', 'adamw', 'sgd', 'rmsprop'}
        Solver of the joint training. 'sgd' has Nesterov's momentum of 0.9; 'adamw' decays all
        kernels by `alpha` divided by the number of samples, in place of their L2 term.

    batch_size : int or 'auto'
        Number of labeled samples in a step of the joint training, which also sees twice as many of
        all samples; 'auto' is 64. Smaller if there are fewer samples.

    learning_rate : {'constant', 'adaptive', 'exponential', 'cosine'} or callable
        Schedule of the joint training, as for the autoencoders. 'adaptive' reduces the rate where
        `early_stopping` would stop.

    learning_rate_init : float
        Initial learning rate of the joint training; not used if `learning_rate` is a function.

    max_iter : int
        Maximum number of epochs of the joint training. An epoch has enough steps to draw all
        samples once (128 in a step by default) and all labeled ones (64), and at least 6.

    tol : float
        A smaller decrease of the validation loss does not count as an improvement.

    early_stopping : bool
        Whether to hold out labeled samples as a validation set. The weights with the lowest
        validation loss are kept, and training ends after `n_iter_no_change` epochs without
        improvement. Worth it if there are many labels.

    validation_fraction : float
        Share of the labeled samples in the validation set. At least 30 are, or a quarter where
        that is less, and none of fewer than 8. Each class keeps one training sample.

    n_iter_no_change : int or inf
        Epochs without improvement of the validation loss that end training, with `early_stopping`.

    random_state : int, RandomState instance or None
        Seed of the batches and directions of the joint training, and of `autoencoder` if its own
        is None.

    verbose : bool or int
        Whether to print a line for each epoch of the joint training, and a message when compiling
        takes long.

    checkpoint : str, path-like or None
        Directory in which `fit` stores its progress after each epoch of the joint training; after
        an interruption the same call continues from there, see :ref:`checkpoint`. A given
        `autoencoder` is then trained again, unless its own `checkpoint` was not done."""

ATTRIBUTES = """\
autoencoder_ : estimator
        The autoencoder, as trained together with the labels. Its curves and `n_iter_` belong to its
        earlier training; with None there was none.

    network_ : Network
        Frozen description of encoder and head.

    weights_ : tuple of ndarray
        Trained arrays of encoder and head, in the order of ``network_.shapes``.

    loss_curve_ : list of float
        Loss of each epoch of the joint training, all terms except the L2 term; empty with
        ``freeze=True``.

    loss_parts_curve_ : dict of str to list of float
        The parts of `loss_curve_`, which add up to it: 'labels', 'consistency' (virtual adversarial
        training), 'reconstruction' and, in classification, 'entropy' and 'balance'.

    validation_loss_curve_ : list of float
        Validation loss of the labels after each epoch; empty without `early_stopping`.

    validation_loss_parts_curve_ : dict of str to list of float
        The same by its only part, 'labels'.

    n_iter_ : int
        Number of epochs of the joint training, 1 with ``freeze=True``.

    best_iter_ : int
        Epoch whose weights are kept, 0 for the initialization: that of the lowest validation loss,
        or else of the lowest training loss.

    n_features_in_ : int
        Number of features seen by `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features; defined only if X has feature names that are all strings."""

REFERENCES = """\
.. [1] Miyato et al., "Virtual Adversarial Training: A Regularization Method for Supervised and
       Semi-Supervised Learning", IEEE TPAMI 41, 2019.
    .. [2] Hu et al., "Learning Discrete Representations via Information Maximizing Self-Augmented
       Training", ICML 2017.
    .. [3] Erhan et al., "Why Does Unsupervised Pre-training Help Deep Learning?", JMLR 11, 2010."""


class HeadParameters(DeclaredParameters):
    """The parameters of classifier and regressor: `autoencoder` first, the others by keyword."""

    _texts = {"parameters": PARAMETERS, "attributes": ATTRIBUTES, "references": REFERENCES}

    # Compares outputs of the head with targets.
    _loss: ClassVar[Loss]

    autoencoder: BaseAutoencoder | FrozenEstimator | None = field(default=None, kw_only=False)
    pretrain: bool = True
    freeze: Any = False
    alpha: float = 1.0
    solver: str = "adam"
    batch_size: int | str = "auto"
    learning_rate: Any = "cosine"
    learning_rate_init: float = 0.001
    max_iter: int = 50
    tol: float = 1e-4
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int | float = 10
    random_state: Any = None
    verbose: bool | int = False
    checkpoint: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [BaseAutoencoder, FrozenEstimator, None],
        "pretrain": ["boolean"],
        "freeze": ["boolean", "array-like"],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "solver": [one_of(SOLVERS)],
        "batch_size": [one_of(["auto"]), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [one_of(SCHEDULES), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "checkpoint": [str, HasMethods(["__fspath__"]), None],
    }

    def _feed(self, headed: HeadedModel, X: Rows, labels, validation, rng) -> JointFeed:
        """Return the batches of all rows of X that are not for validation."""
        labeled, targets, label_weights = labels
        rows = np.setdiff1d(np.arange(len(X)), validation)
        size = AUTO_BATCH_SIZE if self.batch_size == "auto" else int(self.batch_size)
        return JointFeed(
            X,
            rows,
            labeled,
            np.asarray(targets, np.float32),
            *headed.model.input_units,
            (rows_in_a_batch(size, len(labeled)), rows_in_a_batch(2 * size, len(rows))),
            step_lengths(X, headed.model, rng),
            rng,
            label_weights,
            headed.model.factors,
        )

    def _joint_plan(self, headed: HeadedModel, feed: JointFeed, shares) -> JointPlan:
        """Return the plan of the joint training on these batches."""
        model, is_adamw = headed.model, self.solver == "adamw"
        weight, labeled = (RowSubset(feed.X, rows).weight for rows in (feed.rows, feed.labeled))
        on_labels = labeled if feed.label_weights is None else float(feed.label_weights.sum())
        alpha = float(self.alpha) / weight
        momentum = 0.9 if self.solver == "sgd" else 0.0
        # Consistency and certainty are terms for unlabeled rows: the fewer of these, the less they
        # weigh.
        unlabeled = 1.0 - labeled / weight
        return JointPlan(
            headed.network,
            Objective(self._loss),
            Solver(self.solver, momentum, bool(momentum), alpha if is_adamw else 0.0),
            autoencoder=model.plan.network,
            reconstruction=model.plan.objective.loss,
            n_labeled=feed.sizes[0],
            is_weighted=feed.label_weights is not None,
            fixed=headed.fixed,
            alpha=0.0 if is_adamw else alpha,
            head_alpha=float(self.alpha) / on_labels,
            consistency_weight=unlabeled,
            entropy_weight=ENTROPY * unlabeled,
            balance_weight=BALANCE * unlabeled,
            reconstruction_weight=RECONSTRUCTION,
            shares=shares,
        )

    def _training_options(self, feed: JointFeed) -> TrainingOptions:
        """Return the training options of the joint training."""
        return TrainingOptions(
            batch_size=feed.batch_size,
            shuffle=True,
            learning_rate=self.learning_rate,
            learning_rate_init=float(self.learning_rate_init),
            max_iter=int(self.max_iter),
            tol=float(self.tol) if self.early_stopping else 0.0,
            patience=self.n_iter_no_change if self.early_stopping else np.inf,
            warns=self.early_stopping,
            verbose=self.verbose,
        )
