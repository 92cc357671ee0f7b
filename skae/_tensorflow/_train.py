"""Epochs: batches in, weights out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from skae._epochs import TrainerState
from skae._feed import Ahead, Chunk, Feed
from skae._plan import Plan, compiled_part, numbers, structure
from skae._tensorflow import _solvers
from skae._tensorflow._arithmetic import Tensor
from skae._tensorflow._program import State, program


class Trainer:
    """Trains one plan on one feed, an epoch at a call.

    Parameters
    ----------
    plan : Plan
    weights : tuple of ndarray
        Where training starts.
    feed : Feed
    solver_state : (slots, n_steps) or None
        What the solver remembers of earlier training.
    between_chunks : callable
        Called before each chunk; what it raises ends the pass.
    compiled : callable
        Makes a training program of a plan's structure.
    n_rows : int or None
        How many rows an epoch has, where they are not those of the feed alone.

    Attributes
    ----------
    weights : tuple of Tensor
        The current weights. Tensors never change, so keeping a set of them costs no copy.
    """

    def __init__(
        self,
        plan: Plan,
        weights: tuple[np.ndarray, ...],
        feed: Feed,
        solver_state: tuple[tuple[np.ndarray, ...], float] | None = None,
        between_chunks: Callable[[], None] = lambda: None,
        compiled: Callable[[Plan], Any] = program,
        n_rows: int | None = None,
    ) -> None:
        self._between_chunks = between_chunks
        plan = compiled_part(plan)
        self._program = compiled(structure(plan))
        self._concrete: Any = None
        self._numbers = _numbers(plan)
        self._numbers_without_l2 = _numbers(plan.without_l2())
        self._mean = tf.constant(feed.mean, tf.float32)
        self._scale = tf.constant(feed.scale, tf.float32)
        self._n_rows = n_rows or len(feed.rows)
        self._chunks = Ahead(map(_to_tensors, feed))
        self.weights = tuple(tf.constant(weight) for weight in weights)
        slots, n_steps = solver_state or (_solvers.first_slots(plan.solver, self.weights), 0.0)
        self._slots = tuple(tf.constant(slot) for slot in slots)
        self._n_steps = tf.constant(n_steps, tf.float32)
        self._feed_state: Any = None

    def epoch(self, rate: float) -> float:
        """Pass once over the rows and return the mean training loss on the way."""
        state, loss = self._pass(rate)
        self.weights, self._slots, self._n_steps = state
        return loss

    def loss(self) -> float:
        """Pass once over the rows without moving and return the mean training loss."""
        return self._pass(0.0)[1]

    def loss_on(self, feed: Feed, weights: tuple[Tensor, ...]) -> float:
        """Return the mean training loss of other weights on other rows, the L2 term left out.

        The feed must have the batches and the columns of the one trained on.
        """
        state = weights, self._slots, self._n_steps
        chunks = map(_to_tensors, feed)
        _, total, _ = self._run(state, chunks, self._numbers_without_l2, 0.0)
        return total / len(feed.rows)

    def _pass(self, rate: float) -> tuple[State, float]:
        state = self.weights, self._slots, self._n_steps
        state, total, self._feed_state = self._run(state, self._chunks, self._numbers, rate)
        return state, total / self._n_rows

    def _run(
        self, state: State, chunks: Iterator[Chunk], values: Tensor, rate: float
    ) -> tuple[State, float, Any]:
        """Pass once over the rows; return the state it ends in, the sum of their losses, and how
        they leave the feed's generator.
        """
        rate = tf.constant(rate, tf.float32)
        totals = []
        for chunk in chunks:
            self._between_chunks()
            arguments = (state, values, self._mean, self._scale, rate, *chunk[:-1])
            if self._concrete is None:
                # All chunks have one shape, so that its program need not be looked up again.
                self._concrete = self._program.get_concrete_function(*arguments)
            state, total = self._concrete(*arguments)
            totals.append(total)
            if chunk.ends_epoch:
                break
        return state, sum(map(float, totals)), chunk.state_after

    def close(self) -> None:
        """Stop the thread that prepares chunks."""
        self._chunks.close()

    @property
    def state(self) -> TrainerState:
        """All that another trainer needs to go on, in NumPy arrays and numbers."""
        return TrainerState(to_numpy(self.weights), *self.solver_state, self._feed_state)

    @property
    def solver_state(self) -> tuple[tuple[np.ndarray, ...], float]:
        """What the solver remembers, in NumPy arrays and a number."""
        return to_numpy(self._slots), float(self._n_steps)


class PenalisedValidation:
    """The training loss on rows set aside, penalties included, by the training program itself.

    A penalty sees a batch at a time, so that there is one loss and not one for each row.

    Parameters
    ----------
    trainer : Trainer
    feed : callable
        Makes the feed of the rows set aside, with the same noise every time.
    """

    def __init__(self, trainer: Trainer, feed: Callable[[], Feed]) -> None:
        self._trainer, self._feed = trainer, feed

    def losses(self, weights: tuple[Tensor, ...]) -> np.ndarray:
        """Return the loss with other weights, as an array of one entry."""
        return np.array([self._trainer.loss_on(self._feed(), weights)])


def _numbers(plan: Plan) -> Tensor:
    return tf.constant(list(numbers(plan)), tf.float32)


def _to_tensors(chunk: Chunk) -> Chunk:
    inputs = tf.constant(chunk.inputs)
    clean = chunk.targets is chunk.inputs
    return Chunk(
        inputs,
        inputs if clean else tf.constant(chunk.targets),
        tf.constant(chunk.normals),
        tf.constant(chunk.row_weights),
        tf.constant(chunk.n_steps),
        chunk.state_after,
    )


def to_numpy(tensors: tuple[Tensor, ...]) -> tuple[np.ndarray, ...]:
    """Copy tensors into arrays that own their memory."""
    return tuple(np.array(tensor) for tensor in tensors)
