"""The task of a network that corrects the linear imputation of missing entries.

The network sees a row whose missing entries are filled by a factor model, and which entries these
are. Its output is added to the filled entries. It starts at zero, as linear imputation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skae._data.batches import CHUNK_ENTRIES, CHUNK_STEPS, Batch, Chunk
from skae._network.imputation import Imputation
from skae._plan.layers import Dense
from skae._plan.network import Network
from skae._plan.plan import Objective, Plan, Solver
from skae._training.initialization import random_weights
from skae._training.options import unchanged
from skae._training.protocols import Trainer, Validator

# Shares of a row's observed entries that are hidden in training, drawn anew for each row and step:
# rows with few missing entries are imputed as well as rows with many.
HIDDEN_SHARES = 0.1, 0.6
# Smallest number of validation rows: each is used several times, with other entries hidden, because
# the error of a row depends on which entries these are.
VALIDATION_ROWS = 500


@dataclass(frozen=True)
class HiddenEntriesError:
    """Squared error of hidden entries, multiplied by the entries of a row over the hidden ones."""

    factor: float

    on_logits: ClassVar[bool] = False

    def __call__(self, ops: Any, target: Any, output: Any) -> Any:
        return self.factor * ops.square(target - output)


def imputation_plan(
    n_features: int, widths: tuple[int, ...], activation: str, solver: Solver, observed: float
) -> Plan:
    """Return the plan of a network with hidden layers of these widths.

    `observed` is the share of entries that are observed.
    """
    sizes = (2 * n_features, *widths)
    network = Network(
        encoder=tuple(map(Dense, sizes[:-1], sizes[1:])),
        decoder=(Dense(sizes[-1], n_features),),
        activation=activation,
        code_activation=activation,
        output_activation=None,
        skips_missing=True,
    )
    n_hidden = observed * np.mean(HIDDEN_SHARES)
    return Plan(network, Objective(HiddenEntriesError(float(1.0 / n_hidden))), solver)


def zero_start(network: Network, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return random weights with which the output of the network is zero."""
    weights = random_weights(network, "he", rng)
    _, decoder = network.split(weights, np.transpose)
    decoder.kernels[-1][...] = 0.0
    return weights


def hidden_entries(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return which entries of rows to hide: a random share of each row."""
    return rng.random(shape) < rng.uniform(*HIDDEN_SHARES, size=(shape[0], 1))


def examples(
    imputation: Imputation, rows: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs of the only network for rows with hidden entries, and its targets.

    These are the errors of the factor model, and NaN for entries that are not hidden.
    """
    (member,) = imputation.members
    inputs = imputation.inputs(member, np.where(hidden, np.nan, rows))
    standard = (rows - member.factors.center) / imputation.scale
    return inputs, np.where(hidden, standard - inputs[:, : rows.shape[1]], np.nan)


@dataclass
class ImputationFeed:
    """Endless epochs of rows, of which other entries are hidden each time.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    imputation : Imputation
    batch_size : int
    most_rows : int
        Largest number of rows in an epoch. Of more, each epoch draws others.
    rng : Generator
    """

    X: np.ndarray
    imputation: Imputation
    batch_size: int
    most_rows: int
    rng: np.random.Generator

    @property
    def mean(self) -> np.ndarray:
        """What the inputs, which are standardized, are still centered by."""
        return np.zeros(2 * self.X.shape[1])

    scale: ClassVar[float] = 1.0

    @property
    def n_rows(self) -> int:
        """Number of rows in an epoch."""
        return min(len(self.X), self.most_rows)

    @property
    def steps(self) -> int:
        """Number of batches in a chunk."""
        width = 2 * self.X.shape[1] * self.batch_size
        return max(1, min(CHUNK_STEPS, CHUNK_ENTRIES // width, -(-self.n_rows // self.batch_size)))

    def __iter__(self) -> Iterator[Chunk]:
        n_rows, n_features = self.n_rows, self.X.shape[1]
        size = self.steps * self.batch_size
        shape = self.steps, self.batch_size
        while True:
            order = self.rng.permutation(len(self.X))[:n_rows]
            for begin in range(0, n_rows, size):
                chosen = order[begin : begin + size]
                n = len(chosen)
                inputs = np.zeros((size, 2 * n_features), np.float32)
                targets = np.full((size, n_features), np.nan, np.float32)
                rows = self.X[chosen]
                hidden = hidden_entries(self.rng, rows.shape)
                inputs[:n], targets[:n] = examples(self.imputation, rows, hidden)
                row_weights = (np.arange(size) < n).astype(np.float32)
                batches = Batch(
                    inputs.reshape(*shape, -1),
                    targets.reshape(*shape, -1),
                    np.empty((*shape, 0), np.float32),
                    row_weights.reshape(shape),
                )
                ends_epoch = begin + size >= n_rows
                state_after = self.rng.bit_generator.state if ends_epoch else None
                yield Chunk(batches, -(-n // self.batch_size), state_after)


class HiddenValidation:
    """The error of entries of held-out rows, of which the same are hidden in each epoch.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    imputation : Imputation
    rng : Generator
    """

    effective_size: ClassVar[float | None] = None

    def __init__(self, X: np.ndarray, imputation: Imputation, rng: np.random.Generator) -> None:
        times = -(-VALIDATION_ROWS // len(X))
        hidden = [hidden_entries(rng, X.shape) for _ in range(times)]
        self._examples = [examples(imputation, X, each) for each in hidden]
        self._n_hidden = sum(np.count_nonzero(~np.isnan(target)) for _, target in self._examples)
        self._imputation = imputation
        self._n_rows = len(X)
        assert imputation.network is not None
        self.n_products = times * len(X) * imputation.network.n_weights

    def losses(self, weights: tuple[Any, ...]) -> tuple[np.ndarray, dict[str, float]]:
        """Return the loss of each row; their mean is the mean over all hidden entries."""
        (member,) = self._imputation.members
        member = member._replace(weights=weights)
        losses = np.zeros(self._n_rows)
        with np.errstate(over="ignore", invalid="ignore"):
            for inputs, targets in self._examples:
                errors = np.square(targets - self._imputation.correction(member, inputs))
                losses += np.nansum(errors, axis=1, dtype=np.float64)
        losses *= self._n_rows / max(self._n_hidden, 1)
        return losses, {"reconstruction": float(losses.mean())}


@dataclass(frozen=True)
class ImputationTask:
    """The task of an imputer: to predict hidden entries of rows.

    Parameters
    ----------
    plan : Plan
    weights : tuple of ndarray
        Initial weights.
    batches : ImputationFeed
    held_out : HiddenValidation or None
    """

    plan: Plan
    weights: tuple[np.ndarray, ...]
    batches: ImputationFeed
    held_out: HiddenValidation | None

    def feed(self) -> ImputationFeed:
        """Return the batches of an epoch."""
        return self.batches

    def validation(self, trainer: Trainer) -> Validator | None:
        """Return the validation to monitor; None monitors the training loss."""
        return self.held_out

    def expected_losses(self, validation: Validator) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function that leaves the initial losses unchanged."""
        return unchanged
