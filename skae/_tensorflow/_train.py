"""Epochs: batches in, weights out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from skae._feed import Chunk, Feed, ahead
from skae._plan import Plan, numbers, structure
from skae._tensorflow import _solvers
from skae._tensorflow._program import State, Tensor, program


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
    ) -> None:
        self._between_chunks = between_chunks
        self._program = program(structure(plan))
        self._concrete: Any = None
        self._numbers = tf.constant(list(numbers(plan)), tf.float32)
        self._mean = tf.constant(feed.mean, tf.float32)
        self._scale = tf.constant(feed.scale, tf.float32)
        self._n_rows = len(feed.rows)
        self._chunks = ahead(map(_to_tensors, feed))
        self.weights = tuple(tf.constant(weight) for weight in weights)
        slots, n_steps = solver_state or (_solvers.first_slots(plan.solver, self.weights), 0.0)
        self._slots = tuple(tf.constant(slot) for slot in slots)
        self._n_steps = tf.constant(n_steps, tf.float32)

    def epoch(self, rate: float) -> float:
        """Pass once over the rows and return the mean training loss on the way."""
        state, loss = self._pass(rate)
        self.weights, self._slots, self._n_steps = state
        return loss

    def loss(self) -> float:
        """Pass once over the rows without moving and return the mean training loss."""
        return self._pass(0.0)[1]

    def _pass(self, rate: float) -> tuple[State, float]:
        rate = tf.constant(rate, tf.float32)
        state = self.weights, self._slots, self._n_steps
        totals = []
        for chunk in self._chunks:
            self._between_chunks()
            arguments = (state, self._numbers, self._mean, self._scale, rate, *chunk[:-1])
            if self._concrete is None:
                # All chunks have one shape, so that its program need not be looked up again.
                self._concrete = self._program.get_concrete_function(*arguments)
            state, total = self._concrete(*arguments)
            totals.append(total)
            if chunk.ends_epoch:
                break
        return state, sum(map(float, totals)) / self._n_rows

    def close(self) -> None:
        """Stop the thread that prepares chunks."""
        self._chunks.close()

    @property
    def solver_state(self) -> tuple[tuple[np.ndarray, ...], float]:
        """What the solver remembers, in NumPy arrays and a number."""
        return to_numpy(self._slots), float(self._n_steps)


def _to_tensors(chunk: Chunk) -> Chunk:
    inputs = tf.constant(chunk.inputs)
    clean = chunk.targets is chunk.inputs
    return Chunk(
        inputs,
        inputs if clean else tf.constant(chunk.targets),
        tf.constant(chunk.row_weights),
        tf.constant(chunk.n_steps),
        chunk.ends_epoch,
    )


def to_numpy(tensors: tuple[Tensor, ...]) -> tuple[np.ndarray, ...]:
    """Copy tensors into arrays that own their memory."""
    return tuple(np.array(tensor) for tensor in tensors)
