"""The training program of several processes, which average their gradients in every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skae._plan import Plan, numbers, with_numbers
from skae._tensorflow._arithmetic import Tensor
from skae._tensorflow._program import State, gradient, l2_term, step
from skae._tensorflow._quiet import tf


def shared_program(
    structure: Plan, steps: int, batch_size: int, strategy: tf.distribute.Strategy
) -> Callable[..., tuple[State, Any]]:
    """Return a program that takes and gives what `program` does, on each of several processes.

    Each brings its share of a batch. One sum over the processes a step, of a vector with the
    gradients, the loss and the number of rows, makes the step that one process would make of the
    whole batch. XLA compiles what lies before and after that sum.
    """
    floats = tuple(numbers(structure))
    on_xla = structure.network.on_xla
    sizes = [tf.TensorShape(shape).num_elements() for shape in structure.network.shapes]

    def plan_of(values: Tensor) -> Plan:
        return with_numbers(structure, tf.unstack(values, num=len(floats)))

    @tf.function(jit_compile=on_xla, autograph=False)
    def share(
        weights: tuple[Tensor, ...],
        values: Tensor,
        mean: Tensor,
        scale: Tensor,
        inputs: Tensor,
        targets: Tensor,
        normals: Tensor,
        row_weights: Tensor,
    ) -> Tensor:
        batch = inputs, targets, normals, row_weights
        n_rows = tf.reduce_sum(row_weights)
        loss, gradients = gradient(plan_of(values), weights, batch, mean, scale)
        parts = [tf.reshape(part, [-1]) for part in (*gradients, loss)]
        # Without a row there is no mean, and nothing to be added to those of the others.
        mine = tf.where(n_rows > 0.0, n_rows * tf.concat(parts, 0), 0.0)
        return tf.concat([mine, [n_rows]], 0)

    @tf.function(jit_compile=on_xla, autograph=False)
    def move(
        together: Tensor,
        weights: tuple[Tensor, ...],
        slots: tuple[Tensor, ...],
        n_steps: Tensor,
        values: Tensor,
        rate: Tensor,
    ) -> State:
        gradients = tf.split(together[:-2] / together[-1], sizes)
        shaped = [tf.reshape(g, w.shape) for g, w in zip(gradients, weights, strict=True)]
        return step(plan_of(values), shaped, weights, slots, n_steps, rate)

    def over_all(mine: Tensor) -> Tensor:
        context = tf.distribute.get_replica_context()
        # What is computed outside has no device yet, which the sum asks for.
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(mine))

    @tf.function(autograph=False)
    def train(
        state: State,
        values: Tensor,
        mean: Tensor,
        scale: Tensor,
        rate: Tensor,
        inputs: Tensor,
        targets: Tensor,
        normals: Tensor,
        row_weights: Tensor,
        n_chunk_steps: Tensor,
    ) -> tuple[State, Tensor]:
        def advance(
            i: Tensor,
            weights: tuple[Tensor, ...],
            slots: tuple[Tensor, ...],
            n_steps: Tensor,
            total: Tensor,
            n_rows: Tensor,
        ) -> tuple[Any, ...]:
            batch = inputs[i], targets[i], normals[i], row_weights[i]
            mine = share(weights, values, mean, scale, *batch)
            # TensorFlow wants the loop outside of what each process runs.
            together = strategy.run(over_all, args=(mine,))
            state = move(together, weights, slots, n_steps, values, rate)
            return i + 1, *state, total + together[-2], n_rows + together[-1]

        _, weights, slots, n_steps, total, n_rows = tf.while_loop(
            lambda i, *_: i < n_chunk_steps, advance, (0, *state, 0.0, 0.0)
        )
        total += l2_term(plan_of(values), state[0]) * n_rows
        return (weights, slots, n_steps), total

    def on_arrays(*arguments: Any) -> tuple[State, Any]:
        made: dict[int, Tensor] = {}

        def tensor(value: Any) -> Tensor:
            # Clean targets are the inputs themselves, and need not be copied twice.
            if id(value) not in made:
                dtype = tf.int32 if isinstance(value, int) else tf.float32
                made[id(value)] = tf.constant(value, dtype)
            return made[id(value)]

        return tf.nest.map_structure(np.array, train(*tf.nest.map_structure(tensor, arguments)))

    return on_arrays
