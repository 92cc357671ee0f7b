"""The training program for several workers, which average their gradients in every step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skae._data.batches import Batch
from skae._plan.plan import Plan, runtime_scalars, with_runtime_scalars
from skae._tensorflow.arguments import (
    Constants,
    State,
    batch_spec,
    constants_spec,
    of,
    state_spec,
    widths_of,
)
from skae._tensorflow.backend import Tensor, on_xla
from skae._tensorflow.program import gradient, n_rows_of, step
from skae._tensorflow.quiet import tf
from skae._tensorflow.session import Program, locked_cache

# The error that TensorFlow raises if memory is short.
OUT_OF_MEMORY = tf.errors.ResourceExhaustedError


def shared_program(
    structure: Plan,
    steps: int,
    batch_size: int,
    all_reduce: Callable[[np.ndarray], np.ndarray],
) -> Callable[..., tuple[State, float, tuple[float, ...]]]:
    """Return a program for each of several workers, with the arguments and results of `program`.

    Each worker has its share of a batch. In each step, one sum over the workers (`all_reduce`) of a
    vector with the gradients, the loss, its terms and the number of rows gives the step that one
    process would take on the whole batch. Chunks may have any number of steps; `steps` is here as
    in `program`, and is not used.
    """
    batch_sums, solver_step = _batch_sums(structure, batch_size), _solver_step(structure)
    n_terms = len(structure.added_terms)

    def train(
        state: State, constants: Constants, batches: Batch, n_steps: int
    ) -> tuple[State, float, tuple[float, ...]]:
        alpha = with_runtime_scalars(structure, constants.scalars).objective.alpha
        l2_term = 0.5 * alpha * sum(np.vdot(w, w) for w in state.weights if w.ndim > 1)
        total, added, l2 = 0.0, np.zeros(n_terms), 0.0
        for i in range(n_steps):
            batch = batches.step(i)
            sums = all_reduce(batch_sums(state.weights, constants, batch))
            state = solver_step(sums, state, constants)
            loss, n_rows = float(sums[-2 - n_terms]), float(sums[-1])
            total += loss + l2_term * n_rows
            added += sums[-1 - n_terms : -1]
            l2 += l2_term * n_rows
        return state, total, (*added, l2)

    return train


@locked_cache
def _batch_sums(structure: Plan, batch_size: int) -> Callable[..., np.ndarray]:
    """Return the function for a worker's part of the sum.

    It holds the gradients, the loss, its added terms and the number of rows.
    """
    network, n_scalars = structure.network, len(tuple(runtime_scalars(structure)))

    def batch_sums(weights: tuple[Tensor, ...], constants: Constants, batch: Batch) -> Tensor:
        plan = with_runtime_scalars(structure, tf.unstack(constants.scalars, num=n_scalars))
        n_rows = n_rows_of(plan, batch)
        (loss, terms), gradients = gradient(plan, weights, batch, constants.mean, constants.scale)
        parts = [tf.reshape(part, [-1]) for part in (*gradients, loss, *terms)]
        # A worker without rows has no mean, and adds zero.
        mine = tf.where(n_rows > 0.0, n_rows * tf.concat(parts, 0), 0.0)
        return tf.concat([mine, [n_rows]], 0)

    return Program(
        batch_sums,
        (
            state_spec(structure, network.shapes).weights,
            constants_spec(structure),
            batch_spec(widths_of(network), batch_size, is_ordered=network.is_ordered),
        ),
        on_xla=on_xla(network),
    )


@locked_cache
def _solver_step(structure: Plan) -> Callable[..., State]:
    """Return the function for the step that every worker takes, from the sum over workers."""
    network, n_scalars = structure.network, len(tuple(runtime_scalars(structure)))
    spec = state_spec(structure, network.shapes)
    sizes = [weight.shape.num_elements() for weight in spec.weights]
    n_gradients = sum(sizes)

    def solver_step(sums: Tensor, state: State, constants: Constants) -> State:
        gradients = tf.split(sums[:n_gradients] / sums[-1], sizes)
        shaped = [tf.reshape(g, w.shape) for g, w in zip(gradients, state.weights, strict=True)]
        plan = with_runtime_scalars(structure, tf.unstack(constants.scalars, num=n_scalars))
        return step(plan, shaped, state, constants.rate)

    return Program(
        solver_step,
        (of(n_gradients + 2 + len(structure.added_terms)), spec, constants_spec(structure)),
        on_xla=on_xla(network),
    )
