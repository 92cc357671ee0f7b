"""Epochs: batches in, weights out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from skae._epochs import TrainerState
from skae._feed import Ahead, Chunk, Feed
from skae._plan import Plan, compiled_part, numbers, structure
from skae._tensorflow import _solvers
from skae._tensorflow._first_call import interruptibly
from skae._tensorflow._program import State, program
from skae._tensorflow._session import aligned


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
        Called before each chunk and while the program is compiled; what it raises ends the pass.
    compiled : callable or None
        Makes a training program of a plan's structure and a chunk's shape; None is `program`.
    n_rows : int or None
        How many rows an epoch has, where they are not those of the feed alone.
    verbose : bool or int
        Whether to say so when compiling takes long.

    Attributes
    ----------
    weights : tuple of ndarray
        The current weights. Nothing writes to them, so keeping a set of them costs no copy.
    """

    def __init__(
        self,
        plan: Plan,
        weights: tuple[np.ndarray, ...],
        feed: Feed,
        solver_state: tuple[tuple[np.ndarray, ...], float] | None = None,
        between_chunks: Callable[[], None] = lambda: None,
        compiled: Callable[[Plan, int, int], Any] | None = None,
        n_rows: int | None = None,
        verbose: bool | int = False,
    ) -> None:
        self._between_chunks, self._verbose = between_chunks, verbose
        plan = compiled_part(plan)
        self._n_layers = len(plan.network.encoder + plan.network.decoder)
        self._program = (compiled or program)(structure(plan), feed.steps, feed.batch_size)
        self._numbers = _numbers(plan)
        self._numbers_without_l2 = _numbers(plan.without_l2())
        self._mean, self._scale = np.float32(feed.mean), np.float32(feed.scale)
        self._n_rows = n_rows or len(feed.rows)
        self._chunks = Ahead(map(_lasting, feed))
        self.weights = weights
        first_slots = tuple(map(np.zeros_like, _solvers.slots_of(plan.solver, weights)))
        self._slots, self._n_steps = solver_state or (first_slots, 0.0)
        self._feed_state: Any = None

    def epoch(self, rate: float) -> float:
        """Pass once over the rows and return the mean training loss on the way."""
        state, loss = self._pass(rate)
        self.weights, self._slots, self._n_steps = state
        return loss

    def loss(self) -> float:
        """Pass once over the rows without moving and return the mean training loss."""
        return self._pass(0.0)[1]

    def loss_on(self, feed: Feed, weights: tuple[np.ndarray, ...]) -> float:
        """Return the mean training loss of other weights on other rows, the L2 term left out.

        The feed must have the batches and the columns of the one trained on.
        """
        state = weights, self._slots, self._n_steps
        _, total, _ = self._run(state, iter(feed), self._numbers_without_l2, 0.0)
        return total / len(feed.rows)

    def _pass(self, rate: float) -> tuple[State, float]:
        state = self.weights, self._slots, self._n_steps
        state, total, self._feed_state = self._run(state, self._chunks, self._numbers, rate)
        return state, total / self._n_rows

    def _run(
        self, state: State, chunks: Iterator[Chunk], values: np.ndarray, rate: float
    ) -> tuple[State, float, Any]:
        """Pass once over the rows; return the state it ends in, the sum of their losses, and how
        they leave the feed's generator.
        """
        single_rate, sum_of_losses = _single(rate), 0.0
        for chunk in chunks:
            self._between_chunks()
            state, total = self._called(
                state, values, self._mean, self._scale, single_rate, *chunk[:-1]
            )
            sum_of_losses += float(total)
            if chunk.ends_epoch:
                break
        return state, sum_of_losses, chunk.state_after

    def _called(self, *arguments: Any) -> tuple[State, Any]:
        if getattr(self._program, "is_compiled", True):
            return self._program(*arguments)
        call = partial(self._program, *arguments)
        return interruptibly(call, self._between_chunks, self._say if self._verbose else None)

    def _say(self) -> None:
        print(
            f"Compiling the training program of {self._n_layers} layers. This is done once in a "
            "process, and takes minutes for hundreds of layers."
        )

    def close(self) -> None:
        """Stop the thread that prepares chunks."""
        self._chunks.close()

    @property
    def state(self) -> TrainerState:
        """All that another trainer needs to go on, in NumPy arrays and numbers."""
        return TrainerState(self.weights, *self.solver_state, [self._feed_state])

    @property
    def solver_state(self) -> tuple[tuple[np.ndarray, ...], float]:
        """What the solver remembers, in arrays and a number."""
        return self._slots, float(self._n_steps)


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

    def losses(self, weights: tuple[np.ndarray, ...]) -> np.ndarray:
        """Return the loss with other weights, as an array of one entry."""
        return np.array([self._trainer.loss_on(self._feed(), weights)])


def _numbers(plan: Plan) -> np.ndarray:
    return _single(list(numbers(plan)))


def _single(values: Any) -> np.ndarray:
    """Return float32, where what is too large is infinite: so will be the loss, which says why."""
    with np.errstate(over="ignore"):
        return np.array(values, np.float32)


def _lasting(chunk: Chunk) -> Chunk:
    """Return a chunk with arrays of its own, ready for TensorFlow."""
    inputs = aligned(chunk.inputs)
    is_clean = chunk.targets is chunk.inputs
    return chunk._replace(
        inputs=inputs,
        targets=inputs if is_clean else aligned(chunk.targets),
        normals=aligned(chunk.normals),
        row_weights=aligned(chunk.row_weights),
    )
