"""The training program for several workers, which average their gradients in every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skae._plan.plan import Plan, runtime_scalars, with_runtime_scalars
from skae._tensorflow import solvers
from skae._tensorflow.backend import Tensor, on_xla
from skae._tensorflow.program import State, gradient, of, step
from skae._tensorflow.quiet import tf
from skae._tensorflow.session import Program, locked_cache

# The error that TensorFlow raises if memory is short.
OUT_OF_MEMORY = tf.errors.ResourceExhaustedError


def shared_program(
    structure: Plan,
    steps: int,
    batch_size: int,
    all_reduce: Callable[[np.ndarray], np.ndarray],
) -> Callable[..., tuple[State, Any]]:
    """Return a program for each of several workers, with the arguments and results of `program`.

    Each worker has its share of a batch. In each step, one sum over the workers (`all_reduce`) of a
    vector with the gradients, the loss and the number of rows gives the step that one process would
    take on the whole batch. Chunks may have any number of steps; `steps` is here as in `program`,
    and is not used.
    """
    batch_sums, solver_step = _batch_sums(structure, batch_size), _solver_step(structure)

    def train(
        state: State,
        values: np.ndarray,
        mean: np.ndarray,
        scale: np.ndarray,
        rate: np.ndarray,
        inputs: np.ndarray,
        targets: np.ndarray,
        normals: np.ndarray,
        row_weights: np.ndarray,
        n_chunk_steps: int,
    ) -> tuple[State, float]:
        alpha = with_runtime_scalars(structure, values).objective.alpha
        l2_term = 0.5 * alpha * sum(np.vdot(w, w) for w in state[0] if w.ndim > 1)
        total = 0.0
        for i in range(n_chunk_steps):
            batch = inputs[i], targets[i], normals[i], row_weights[i]
            sums = all_reduce(batch_sums(state[0], values, mean, scale, *batch))
            state = solver_step(sums, *state, values, rate)
            loss, n_rows = map(float, sums[-2:])
            total += loss + l2_term * n_rows
        return state, total

    return train


@locked_cache
def _batch_sums(structure: Plan, batch_size: int) -> Callable[..., np.ndarray]:
    """Return the function for a worker's terms of the sum: gradients, loss, number of rows."""
    network, floats = structure.network, tuple(runtime_scalars(structure))

    def batch_sums(
        weights: tuple[Tensor, ...],
        values: Tensor,
        mean: Tensor,
        scale: Tensor,
        inputs: Tensor,
        targets: Tensor,
        normals: Tensor,
        row_weights: Tensor,
    ) -> Tensor:
        plan = with_runtime_scalars(structure, tf.unstack(values, num=len(floats)))
        batch = inputs, targets, normals, row_weights
        n_rows = tf.reduce_sum(row_weights)
        loss, gradients = gradient(plan, weights, batch, mean, scale)
        parts = [tf.reshape(part, [-1]) for part in (*gradients, loss)]
        # A worker without rows has no mean, and adds zero.
        mine = tf.where(n_rows > 0.0, n_rows * tf.concat(parts, 0), 0.0)
        return tf.concat([mine, [n_rows]], 0)

    return Program(
        batch_sums,
        (
            tuple(of(*shape) for shape in network.shapes),
            of(len(floats)),
            of(network.n_features),
            of(),
            of(batch_size, network.n_features),
            of(batch_size, network.decoder[-1].n_out),
            of(batch_size, network.n_normals),
            of(batch_size),
        ),
        on_xla=on_xla(network),
    )


@locked_cache
def _solver_step(structure: Plan) -> Callable[..., State]:
    """Return the function for the step that every worker takes, from the sum over workers."""
    network, floats = structure.network, tuple(runtime_scalars(structure))
    weights = tuple(of(*shape) for shape in network.shapes)
    sizes = [spec.shape.num_elements() for spec in weights]

    def solver_step(
        sums: Tensor,
        weights: tuple[Tensor, ...],
        slots: tuple[Tensor, ...],
        n_steps: Tensor,
        values: Tensor,
        rate: Tensor,
    ) -> State:
        gradients = tf.split(sums[:-2] / sums[-1], sizes)
        shaped = [tf.reshape(g, w.shape) for g, w in zip(gradients, weights, strict=True)]
        plan = with_runtime_scalars(structure, tf.unstack(values, num=len(floats)))
        return step(plan, shaped, weights, slots, n_steps, rate)

    return Program(
        solver_step,
        (
            of(sum(sizes) + 2),
            weights,
            solvers.slots_of(structure.solver, weights),
            of(),
            of(len(floats)),
            of(),
        ),
        on_xla=on_xla(network),
    )
