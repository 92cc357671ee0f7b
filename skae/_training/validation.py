"""The loss on the validation set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from skae._data.batches import Feed, completed, corrupted
from skae._data.blocks import blocks, standardized
from skae._data.cuts import validated_sizes
from skae._data.rows import Rows, taken
from skae._data.weights import effective_size, relative
from skae._network.backend import NUMPY
from skae._network.codec import maps
from skae._network.forward import entry_losses
from skae._training.model import Model
from skae._training.protocols import Trainer


class Block(NamedTuple):
    """Some samples of the validation set, as the encoder sees them, and as they should be."""

    part: slice
    inputs: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Validation:
    """The reconstruction loss of a model on the validation set, in NumPy where possible.

    Samples are corrupted as in training, in the same way in each epoch, so that losses are
    comparable. That of ordered codes is the mean over the numbers of them that the decoder sees.

    Parameters
    ----------
    X : Rows of shape (n_samples, n_features)
        In memory.
    rows : ndarray of int
    model : Model
    noise_seed : sequence of int
    """

    X: Rows
    rows: np.ndarray
    model: Model
    noise_seed: Sequence[int] = (0,)

    @property
    def effective_size(self) -> float | None:
        """How many samples of equal weight tell as much, if samples have weights."""
        weights = taken(self.X.weights, self.rows)
        return None if weights is None else effective_size(weights)

    @property
    def n_products(self) -> int:
        """How many numbers are multiplied, at least: each sample takes each weight."""
        return len(self.rows) * self.model.plan.network.n_weights

    def losses(self, weights: tuple[Any, ...]) -> tuple[np.ndarray, dict[str, float]]:
        """Return the loss of each validation sample with other weights, and its only part.

        Losses are multiplied by the weights of the samples, of which the mean is 1.
        """
        model, network = self.model, self.model.plan.network
        loss, to = model.plan.objective.loss, maps(network, weights, np.float32)
        mean, scale = map(np.float32, model.input_units)
        losses = np.empty(len(self.rows))

        def row_losses(rows: np.ndarray, output: np.ndarray) -> np.ndarray:
            entries = entry_losses(loss, network, rows, output, mean, scale, NUMPY)
            return entries.mean(axis=1)

        with np.errstate(over="ignore", invalid="ignore"):
            for part, inputs, rows in self._only_block or self._blocks():
                codes = to.encode(inputs)
                if network.is_ordered:
                    sizes, shares = validated_sizes(network.n_components)
                    cuts = (np.insert(codes, codes.shape[1], k, axis=1) for k in sizes)
                    losses[part] = shares @ [row_losses(rows, to.decode_cut(cut)) for cut in cuts]
                else:
                    losses[part] = row_losses(rows, to.decode(codes))
        row_weights = taken(self.X.weights, self.rows)
        if row_weights is not None:
            losses *= relative(row_weights)
        return losses, {"reconstruction": float(losses.mean())}

    @cached_property
    def _only_block(self) -> list[Block]:
        """The block of a validation set that is not larger than one; else none."""
        return list(self._blocks()) if len(list(self._parts())) == 1 else []

    def _parts(self) -> Iterator[slice]:
        return blocks(len(self.rows), self.model.plan.network.widest)

    def _blocks(self) -> Iterator[Block]:
        model, units = self.model, self.model.input_units
        corruption, has_missing = model.plan.objective.corruption, self.X.has_missing
        rng = np.random.default_rng(self.noise_seed)
        for part in self._parts():
            rows = self.X.targets.take(self.rows[part])
            inputs = rows
            if self.X.is_paired:
                inputs = self.X.take(self.rows[part])
            elif corruption is not None:
                inputs = corrupted(corruption, rng, rows.copy(), has_missing)
            if model.factors is not None and has_missing:
                inputs = completed(model.factors, rng, inputs)
            is_clean = inputs is rows
            rows = standardized(rows, *units)
            yield Block(part, rows if is_clean else standardized(inputs, *units), rows)


@dataclass(frozen=True)
class PenalizedValidation:
    """The training loss on the validation set, penalties included, by the training program.

    A penalty applies to a whole batch, so there is one loss and not one for each sample.

    Parameters
    ----------
    trainer : Trainer
    feed : callable
        Makes the feed of the validation set, with the same noise every time.
    """

    trainer: Trainer
    feed: Callable[[], Feed]
    effective_size: ClassVar[float | None] = None
    n_products: ClassVar[int] = 0

    def losses(self, weights: tuple[np.ndarray, ...]) -> tuple[np.ndarray, dict[str, float]]:
        """Return the loss with other weights, as an array with one entry, and its parts."""
        loss = self.trainer.loss_on(self.feed(), weights)
        return np.array([loss.total]), {n: v for n, v in loss.parts.items() if n != "l2"}
