"""Train by epochs with a compiled program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import numpy as np

from skae._data.aligned import aligned
from skae._data.batches import GATHER_ENTRIES, Batch, Chunk, Feed, Prefetcher
from skae._plan.plan import Plan, compile_key, compiled_part, runtime_scalars
from skae._tensorflow import solvers
from skae._tensorflow.arguments import Constants, State
from skae._tensorflow.bfloat16_program import bfloat16_program
from skae._tensorflow.first_call import interruptibly
from skae._tensorflow.joint import joint_program
from skae._tensorflow.program import program
from skae._training.joint import JointPlan
from skae._training.protocols import Job, MeanLoss, TrainerState


class ProgramTrainer:
    """Trains with a compiled program, one epoch per call.

    Parameters
    ----------
    job : Job
    program : callable
        The training program for `program_key(job)`.
    n_rows : int or None
        Number of rows in an epoch, if other feeds contribute too.

    Attributes
    ----------
    weights : tuple of ndarray
        The current weights. They are never modified in place, so keeping them needs no copy.
    """

    def __init__(self, job: Job, program: Callable[..., Any], n_rows: int | None = None) -> None:
        self._check, self._verbose = job.check, job.verbose
        plan, feed = compiled_part(job.plan), job.feed
        self._parts = job.plan.loss_parts
        self._n_layers = len(plan.network.encoder + plan.network.decoder)
        self._program = program
        self._scalars = _scalar_array(plan)
        self._scalars_without_l2 = _scalar_array(plan.without_l2())
        self._mean, self._scale = np.float32(feed.mean), np.float32(feed.scale)
        self._n_rows = n_rows or feed.n_rows
        if job.state is None:
            self.weights = job.weights
            slots = solvers.slots_of(plan.solver, job.weights)
            self._slots, self._n_steps = tuple(map(np.zeros_like, slots)), 0.0
        else:
            self.weights, self._slots, self._n_steps, feeds = job.state
            # With several processes, each had its own share of the rows, in its own order.
            if feeds is not None and len(feeds) == 1:
                feed.rng.bit_generator.state = feeds[0]
        # A thread would wait for Python longer than it takes to gather so few rows. Without one the
        # program has read a chunk before the next one overwrites it, so that none is copied.
        is_small = feed.n_rows * feed.X.shape[1] <= GATHER_ENTRIES
        self._chunks: Any = iter(feed) if is_small else Prefetcher(map(_copied, feed))
        self._feed_state: Any = None

    def epoch(self, rate: float) -> MeanLoss:
        """Train for one epoch and return the mean training loss during it."""
        state, loss = self._pass(rate)
        self.weights, self._slots, self._n_steps = state
        return loss

    def loss(self) -> MeanLoss:
        """Return the mean training loss over one epoch without training."""
        return self._pass(0.0)[1]

    def loss_on(self, feed: Feed, weights: tuple[np.ndarray, ...]) -> MeanLoss:
        """Return the mean training loss of other weights on other rows, without the L2 term.

        The feed must have the batch size and the columns of the training feed.
        """
        state = State(weights, self._slots, self._n_steps)
        _, sums, _ = self._run(state, iter(feed), self._scalars_without_l2, 0.0)
        return self._mean_loss(sums, len(feed.rows))

    def _pass(self, rate: float) -> tuple[State, MeanLoss]:
        state = State(self.weights, self._slots, self._n_steps)
        state, sums, self._feed_state = self._run(state, self._chunks, self._scalars, rate)
        return state, self._mean_loss(sums, self._n_rows)

    def _mean_loss(self, sums: np.ndarray, n_rows: int) -> MeanLoss:
        """Return the mean of a sum of losses and of those of its terms after the first."""
        total, *terms = map(float, sums / n_rows)
        parts = dict.fromkeys(self._parts, 0.0)
        for name, term in zip(self._parts[1:], terms, strict=False):
            parts[name] += term
        # Not summed by itself: the parts add up to the total.
        parts[self._parts[0]] += total - sum(terms[: len(self._parts) - 1])
        return MeanLoss(total, parts)

    def _run(
        self, state: State, chunks: Iterator[Chunk], scalars: np.ndarray, rate: float
    ) -> tuple[State, np.ndarray, Any]:
        """Pass once over the rows; return the final state, the sums of the loss and of its terms,
        and the final state of the feed's generator.
        """
        constants = Constants(scalars, self._mean, self._scale, _float32(rate))
        sums: Any = 0.0
        for chunk in chunks:
            self._check()
            state, total, terms = self._call(state, constants, chunk.batches, chunk.n_steps)
            sums = sums + np.array([total, *terms], np.float64)
            if chunk.ends_epoch:
                break
        return state, sums, chunk.state_after

    def _call(self, *arguments: Any) -> tuple[State, Any, tuple[Any, ...]]:
        if getattr(self._program, "is_compiled", True):
            return self._program(*arguments)
        call = partial(self._program, *arguments)
        return interruptibly(call, self._check, self._report_compiling if self._verbose else None)

    def _report_compiling(self) -> None:
        print(
            f"Compiling the training program of {self._n_layers} layers. This is done once per "
            "process, and takes minutes for hundreds of layers."
        )

    def close(self) -> None:
        """Stop the thread that prepares chunks, if there is one."""
        if isinstance(self._chunks, Prefetcher):
            self._chunks.close()

    @property
    def state(self) -> TrainerState:
        """All that another trainer needs to resume, as NumPy arrays and numbers."""
        return TrainerState(self.weights, self._slots, float(self._n_steps), [self._feed_state])


@contextmanager
def local_trainer(job: Job) -> Iterator[ProgramTrainer]:
    """Train in this process, with the program for the type of plan and its precision."""
    compiled = joint_program if isinstance(job.plan, JointPlan) else program
    if job.plan.precision == "bfloat16":
        compiled = bfloat16_program
    with (
        compiled(*program_key(job)).session() as run,
        closing(ProgramTrainer(job, run)) as trainer,
    ):
        yield trainer


def program_key(job: Job) -> tuple[Plan, int, int]:
    """Return what the program of a job is compiled for: structure, steps, rows in a batch."""
    return compile_key(compiled_part(job.plan)), job.feed.steps, job.feed.batch_size


def _scalar_array(plan: Plan) -> np.ndarray:
    return _float32(list(runtime_scalars(plan)))


def _float32(values: Any) -> np.ndarray:
    """Return float32 values; too large ones become infinite, as does the loss, which is checked."""
    with np.errstate(over="ignore"):
        return np.array(values, np.float32)


def _copied(chunk: Chunk) -> Chunk:
    """Return a copy of a chunk, which the next one does not overwrite."""
    given = chunk.batches
    inputs = aligned(given.inputs)
    batches = Batch(
        inputs,
        inputs if given.targets is given.inputs else aligned(given.targets),
        aligned(given.normals),
        aligned(given.row_weights),
        given.sizes if isinstance(given.sizes, tuple) else aligned(given.sizes),
    )
    return chunk._replace(batches=batches)
