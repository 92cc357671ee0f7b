"""The constructor parameters of a classifier and a regressor."""

from __future__ import annotations

from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import HasMethods, Interval, Options

from skae._estimators.base import BaseAutoencoder
from skae._estimators.declared import DeclaredParameters
from skae._estimators.parameters import SOLVERS
from skae._estimators.words import one_of
from skae._training.schedule import SCHEDULES

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
