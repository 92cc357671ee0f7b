"""Joint training of encoder, reconstruction and labels: plan, batches, validation, task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skae._data.batches import CHUNK_ENTRIES, CHUNK_STEPS, Batch, Chunk, completed
from skae._data.blocks import blocks, standardized
from skae._data.factors import FactorModel
from skae._data.rows import Rows, taken
from skae._data.weights import effective_size, relative
from skae._network.backend import NUMPY
from skae._network.codec import Codec
from skae._plan.layers import Dense
from skae._plan.network import Network, SubNetwork
from skae._plan.objectives import Loss
from skae._plan.plan import Plan
from skae._training.model import Model
from skae._training.options import unchanged
from skae._training.protocols import Trainer, Validator

# An adversarial step is at most as long as the distance to a row's nearest neighbor and, because
# that is large for many or noisy rows, as this share of the median distance between two rows.
SHARE_OF_DISTANCE = 0.2
# Number of rows to search for neighbors.
NEIGHBORING_ROWS = 2000
# Rows that differ by less than this share of that distance are equal up to rounding.
ROUNDING = 1e-3
# Smallest number of steps in an epoch: few rows give few steps, and networks learn in steps. Far
# more steps on few rows lead away from the linear model without reason.
MIN_STEPS = 6


@dataclass(frozen=True, kw_only=True)
class JointPlan(Plan):
    """A plan of an encoder with a head, trained together with the reconstruction.

    The weights are those of the autoencoder, then kernel and bias of the head.

    Parameters
    ----------
    autoencoder : Network
        Its encoder is that of `network`.
    reconstruction : Loss
    n_labeled : int
        Number of labeled rows in a batch, which come first.
    fixed : tuple of int
        Indices of the weights that training does not change.
    alpha, head_alpha : float
        Strength of the L2 term of the autoencoder's kernels and of the head's kernel; that of the
        objective is zero.
    consistency_weight, entropy_weight, balance_weight, reconstruction_weight : float
        Weights of the terms added to the loss of the labeled rows.
    shares : tuple of float
        Shares of the classes among all rows; empty in regression.
    """

    autoencoder: Network
    reconstruction: Loss
    n_labeled: int
    fixed: tuple[int, ...]
    alpha: float
    head_alpha: float
    consistency_weight: float
    entropy_weight: float
    balance_weight: float
    reconstruction_weight: float
    shares: tuple[float, ...] = ()

    @property
    def added_terms(self) -> tuple[str, ...]:
        """Names of the terms that are added to the loss of a batch."""
        of_classes = ("entropy", "balance") if self.shares else ()
        return "consistency", "reconstruction", *of_classes

    @property
    def loss_parts(self) -> tuple[str, ...]:
        """Names of all terms of the training loss, which leaves the L2 terms out."""
        return "labels", *self.added_terms

    @property
    def n_originals(self) -> int:
        """Number of entries of the rows as they are, before missing ones were filled."""
        below = self.autoencoder
        return below.n_features if below.skips_missing and below.fills_missing else 0

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the trained arrays."""
        (head,) = self.network.decoder
        return (*self.autoencoder.shapes, head.kernel_shape, (head.n_biases,))


@dataclass(frozen=True)
class HeadedModel:
    """An autoencoder's model, and the network of its encoder with a linear head.

    Its weights are those of the autoencoder, then kernel and bias of the head.

    Parameters
    ----------
    model : Model
    network : Network
    keeps_linear : bool
        Whether the linear path and the head stay fixed, so that training adds the output of the
        encoder's layers to a linear model.
    share : float
        Weight of that output.
    frozen_layers : tuple of int
        Numbers of the encoder's layers that stay fixed.
    """

    model: Model
    network: Network
    keeps_linear: bool
    share: float = 1.0
    frozen_layers: tuple[int, ...] = ()

    @staticmethod
    def on(
        model: Model, n_outputs: int, keeps_linear: bool, frozen_layers: tuple[int, ...] = ()
    ) -> HeadedModel:
        """Add a head with `n_outputs` outputs to a model."""
        below = model.plan.network
        head = (Dense(below.n_components, n_outputs),)
        network = replace(
            below,
            decoder=head,
            output_activation=None,
            tied_weights=False,
            decoder_skip=False,
            is_variational=False,
            is_ordered=False,
        )
        return HeadedModel(model, network, keeps_linear, frozen_layers=frozen_layers)

    @property
    def fixed(self) -> tuple[int, ...]:
        """Indices of the weights that training does not change."""
        n, n_layers = len(self.model.weights), len(self.network.encoder)
        if self.keeps_linear:
            return 2 * n_layers, n, n + 1
        fixed = [i for layer in self.frozen_layers for i in (layer, n_layers + layer)]
        if n_layers - 1 in self.frozen_layers:
            # What else leads to the codes: the linear path, and the layer of their variances.
            below = self.model.plan.network
            n_more = below.encoder_skip + 2 * below.is_variational
            fixed += range(2 * n_layers, 2 * n_layers + n_more)
        return tuple(fixed)

    def codec(self, weights: tuple[Any, ...]) -> Codec:
        """Return the codec whose decoder is the head."""
        encoder, _ = self.model.plan.network.split(weights[:-2], np.transpose)
        if self.keeps_linear:
            *kernels, kernel = encoder.kernels
            *biases, bias = encoder.biases
            encoder = encoder._replace(
                kernels=(*kernels, self.share * kernel), biases=(*biases, self.share * bias)
            )
        head = SubNetwork(self.network.decoder, weights[-2:-1], weights[-1:], None)
        own = self.network.join(encoder._replace(log_variance_layer=None), head)
        own = tuple(np.array(weight, np.float32) for weight in own)
        model = self.model
        return Codec(self.network, own, model.mean, model.scale, factors=model.factors)

    def autoencoder(self, weights: tuple[Any, ...]) -> Codec:
        """Return the codec of the autoencoder without the head."""
        return self.model.codec(weights[:-2])


@dataclass
class JointFeed:
    """Endless epochs of batches: some labeled rows, then some of all rows, without their labels.

    An epoch draws all rows at least once and the labeled ones at least once more, in at least
    `MIN_STEPS` steps. The smaller set is drawn repeatedly.

    Parameters
    ----------
    X : Rows of shape (n_samples, n_features)
    rows, labeled : ndarray of int
        Indices of all rows to train on, and of the labeled ones.
    targets : ndarray of shape (n_labeled, n_outputs)
    mean : ndarray of shape (n_features,)
    scale : float
    sizes : (int, int)
        Numbers of labeled and of other rows in a batch.
    lengths : ndarray of shape (n_samples,)
        Length of an adversarial step from each row, see `step_lengths`. A chunk's normals, the
        initial directions of the search for such steps, have the same length.
    rng : Generator
    label_weights : ndarray of shape (n_labeled,) or None
        Weights of the labeled rows where these are drawn as such. Otherwise they have those of X.
    factors : FactorModel or None
        Fills what is missing in X, if anything is. Behind the targets then stand the rows as they
        are, to compare the reconstruction with.
    """

    X: Rows
    rows: np.ndarray
    labeled: np.ndarray
    targets: np.ndarray
    mean: np.ndarray
    scale: float
    sizes: tuple[int, int]
    lengths: np.ndarray
    rng: np.random.Generator
    label_weights: np.ndarray | None = None
    factors: FactorModel | None = None

    @property
    def batch_size(self) -> int:
        """Number of rows in a batch."""
        return sum(self.sizes)

    @property
    def steps(self) -> int:
        """Number of batches in a chunk."""
        return max(1, min(CHUNK_STEPS, CHUNK_ENTRIES // (self.batch_size * self.X.shape[1])))

    @property
    def n_rows(self) -> int:
        """Number of rows in an epoch, counted each time they are drawn."""
        return self.epoch_steps * self.batch_size

    @property
    def epoch_steps(self) -> int:
        """Number of batches in an epoch."""
        numbers = zip((len(self.labeled), len(self.rows)), self.sizes, strict=True)
        return max(MIN_STEPS, *(-(-n // size) for n, size in numbers))

    def __iter__(self) -> Iterator[Chunk]:
        """Yield chunks whose arrays the next chunk overwrites: copy them to keep them."""
        n_features, (n_labeled, n_others) = self.X.shape[1], self.sizes
        shape = (self.steps, self.batch_size)
        inputs = np.zeros((*shape, n_features), np.float32)
        n_outputs = self.targets.shape[1]
        n_clean = 0 if self.factors is None else n_features
        targets = np.zeros((*shape, n_outputs + n_clean), np.float32)
        normals = np.empty_like(inputs)
        row_weights = np.ones(shape, np.float32)
        batches = Batch(inputs, targets, normals, row_weights)
        of_labels, of_rows = self.label_weights, taken(self.X.weights, self.rows)
        while True:
            labeled = self._drawn(len(self.labeled), n_labeled)
            others = self._drawn(len(self.rows), n_others)
            for begin in range(0, self.epoch_steps, self.steps):
                now = slice(begin, begin + self.steps)
                n_steps = len(labeled[now])
                chosen = np.hstack([self.labeled[labeled[now]], self.rows[others[now]]])
                rows = self.X.take(chosen.ravel())
                flat = inputs[:n_steps].reshape(-1, n_features)
                if self.factors is not None:
                    clean = standardized(rows.copy(), self.mean, self.scale)
                    targets[:n_steps, :, n_outputs:] = clean.reshape(n_steps, -1, n_features)
                    if self.X.has_missing:
                        rows = completed(self.factors, self.rng, rows)
                standardized(rows, self.mean, self.scale, out=flat)
                targets[:n_steps, :n_labeled, :n_outputs] = self.targets[labeled[now]]
                if of_labels is not None:
                    row_weights[:n_steps, :n_labeled] = relative(of_labels)[labeled[now]]
                if of_rows is not None:
                    row_weights[:n_steps, n_labeled:] = relative(of_rows)[others[now]]
                self.rng.standard_normal(out=normals, dtype=np.float32)
                sizes = np.sqrt(np.einsum("ijk,ijk->ij", normals[:n_steps], normals[:n_steps]))
                normals[:n_steps] *= (self.lengths[chosen] / sizes)[:, :, np.newaxis]
                ends_epoch = now.stop >= self.epoch_steps
                state_after = self.rng.bit_generator.state if ends_epoch else None
                yield Chunk(batches, n_steps, state_after)

    def _drawn(self, n: int, size: int) -> np.ndarray:
        """Return an epoch's batches of `size` of `n` rows; no row repeats before all are drawn."""
        n_drawn = self.epoch_steps * size
        orders = [self.rng.permutation(n) for _ in range(-(-n_drawn // n))]
        return np.concatenate(orders)[:n_drawn].reshape(-1, size)


@dataclass(frozen=True)
class LabelValidation:
    """The loss on labeled validation rows, computed by NumPy.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    targets : ndarray of shape (n_samples, n_outputs)
    row_weights : ndarray of shape (n_samples,) or None
    loss : Loss
    codec : callable
        Returns the codec of trained weights.
    n_weights : int
        Number of these weights.
    """

    X: Any
    targets: np.ndarray
    row_weights: np.ndarray | None
    loss: Loss
    codec: Callable[[tuple[Any, ...]], Codec]
    n_weights: int

    @property
    def effective_size(self) -> float | None:
        """How many rows of equal weight tell as much, if rows have weights."""
        return None if self.row_weights is None else effective_size(self.row_weights)

    @property
    def n_products(self) -> int:
        """How many numbers are multiplied, at least: each sample takes each weight."""
        return self.X.shape[0] * self.n_weights

    def losses(self, weights: tuple[Any, ...]) -> tuple[np.ndarray, dict[str, float]]:
        """Return the loss of each row with other weights, and its only part."""
        codec = self.codec(weights)
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = codec.decode(codec.encode(self.X))
            losses = self.loss(NUMPY.ops, self.targets, outputs).mean(axis=1)
        if self.row_weights is not None:
            losses *= relative(self.row_weights)
        return losses, {"labels": float(losses.mean())}


@dataclass(frozen=True)
class JointTask:
    """The task of an encoder with a head: labels and reconstruction together.

    Parameters
    ----------
    plan : JointPlan
    weights : tuple of ndarray
        Initial weights.
    batches : JointFeed
    labels : LabelValidation or None
        Labeled validation rows, if any.
    """

    plan: JointPlan
    weights: tuple[np.ndarray, ...]
    batches: JointFeed
    labels: LabelValidation | None

    def feed(self) -> JointFeed:
        """Return the batches of an epoch."""
        return self.batches

    def validation(self, trainer: Trainer) -> LabelValidation | None:
        """Return the validation to monitor; None monitors the training loss."""
        return self.labels

    def expected_losses(self, validation: Validator) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function that leaves the initial losses unchanged."""
        return unchanged


def step_lengths(X: Rows, model: Model, rng: np.random.Generator) -> np.ndarray:
    """Return the length of an adversarial step from each row, in standardized units.

    It is the distance to the nearest of some other rows (Hu et al., 2017, take a share of that
    to the tenth), but at most a share of the median distance between two rows. Equal rows do not
    count as neighbors.
    """
    from sklearn.metrics import pairwise_distances

    chosen = rng.permutation(len(X))[:NEIGHBORING_ROWS]
    others = model.inputs(X.take(chosen))
    between = pairwise_distances(others[: len(others) // 2], others[len(others) // 2 :])
    lengths = np.full(len(X), SHARE_OF_DISTANCE * np.median(between), np.float32)
    for part in blocks(len(X), len(others)):
        rows = model.inputs(X[part].copy())
        distances = pairwise_distances(rows, others)
        distances[distances <= ROUNDING * np.median(between)] = np.inf
        lengths[part] = np.minimum(lengths[part], distances.min(axis=1))
    return lengths
