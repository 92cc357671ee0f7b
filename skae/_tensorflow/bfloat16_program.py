"""The training program of dense networks with products in bfloat16.

XLA multiplies bfloat16 no faster than float32 on CPUs; TensorFlow's kernels (oneDNN) do. These
compute the products, and XLA compiles the rest of a step: losses, and the update of float32
weights, which also rounds them for the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from skae._data.batches import Batch
from skae._plan.plan import Plan, runtime_scalars, with_runtime_scalars
from skae._tensorflow import bfloat16
from skae._tensorflow.arguments import (
    Constants,
    State,
    batch_spec,
    constants_spec,
    state_spec,
    widths_of,
)
from skae._tensorflow.backend import Tensor
from skae._tensorflow.program import Loss, Products, batch_loss, l2_term, n_rows_of, step
from skae._tensorflow.quiet import tf
from skae._tensorflow.session import Program, locked_cache

# Each call of the operation that makes a variable of this name makes another one.
ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"


class _Variable:
    """A tensor of one call of a program that is updated in place, without a copy in each step."""

    def __init__(self, value: Tensor) -> None:
        self._dtype = value.dtype
        self._handle = tf.raw_ops.VarHandleOp(
            dtype=value.dtype, shape=value.shape, shared_name=ANONYMOUS
        )
        self.assign(value)

    def read(self) -> Tensor:
        return tf.raw_ops.ReadVariableOp(resource=self._handle, dtype=self._dtype)

    def assign(self, value: Tensor) -> None:
        tf.raw_ops.AssignVariableOp(resource=self._handle, value=value)

    def remove(self) -> None:
        tf.raw_ops.DestroyResourceOp(resource=self._handle)


def _read(variables: Iterable[_Variable]) -> tuple[Tensor, ...]:
    return tuple(variable.read() for variable in variables)


def _on_xla(function: Callable[..., Any]) -> Callable[..., Any]:
    return tf.function(function, jit_compile=True, autograph=False)


# Gradients with respect to weights and to rounded matrices; None where there is none.
Gradients = tuple[list[Tensor | None], list[Tensor | None]]


def _gradients(
    plan: Plan,
    weights: tuple[Tensor, ...],
    matrices: tuple[Tensor, ...],
    batch: Batch,
    mean: Tensor,
    scale: Tensor,
) -> tuple[Loss, Gradients]:
    """Return the training loss of one batch and its gradients, both without the L2 term."""
    products = Products(
        lambda network, weights: bfloat16.split(network, weights, matrices),
        bfloat16.BFLOAT16,
        lambda function: _on_xla(function)(),
    )
    with tf.GradientTape() as tape:
        tape.watch((weights, matrices))
        loss, terms = batch_loss(plan, weights, batch, mean, scale, products)
    return (loss, terms), tape.gradient(loss, (weights, matrices))


def _summed(weights: tuple[Tensor, ...], gradients: Gradients) -> list[Tensor]:
    """Return the gradients with respect to float32 weights."""
    of_weights, of_matrices = gradients
    left, sums = iter(of_matrices), []
    for weight, gradient in zip(weights, of_weights, strict=True):
        parts = [gradient, next(left) if bfloat16.is_rounded(weight) else None]
        found = [tf.cast(part, tf.float32) for part in parts if part is not None]
        sums.append(sum(found[1:], found[0]) if found else tf.zeros_like(weight))
    return sums


@locked_cache
def bfloat16_program(structure: Plan, steps: int, batch_size: int) -> Program:
    """Return the compiled program of a plan's structure for chunks of this shape.

    Its arguments and results are those of :func:`~skae._tensorflow.program.program`.
    """
    network, n_scalars = structure.network, len(tuple(runtime_scalars(structure)))
    n_terms = len(structure.added_terms)

    def planned(scalars: Tensor) -> Plan:
        return with_runtime_scalars(structure, tf.unstack(scalars, num=n_scalars))

    def train(
        start: State, constants: Constants, batches: Batch, n_steps: Tensor
    ) -> tuple[State, Tensor, tuple[Tensor, ...]]:
        plan = planned(constants.scalars)
        mean, scale = constants.mean, constants.scale
        weights, slots, matrices = (
            tuple(map(_Variable, values))
            for values in (start.weights, start.slots, bfloat16.rounded(start.weights))
        )

        @_on_xla
        def update(gradients: Gradients, scalars: Tensor, rate: Tensor, n_before: Tensor) -> Tensor:
            before = State(_read(weights), _read(slots), n_before)
            after = step(planned(scalars), _summed(before.weights, gradients), before, rate)
            values = (*after.weights, *after.slots, *bfloat16.rounded(after.weights))
            for variable, value in zip((*weights, *slots, *matrices), values, strict=True):
                variable.assign(value)
            return after.n_steps

        def advance(i: Tensor, n: Tensor, total: Tensor, sums: tuple[Tensor, ...]) -> Any:
            batch = batches.step(i)
            read = _read(weights), _read(matrices)
            (loss, terms), gradients = _gradients(plan, *read, batch, mean, scale)
            n = update(gradients, constants.scalars, constants.rate, n)
            n_rows = n_rows_of(plan, batch)
            sums = tuple(sum + term * n_rows for sum, term in zip(sums, terms, strict=True))
            return i + 1, n, total + loss * n_rows, sums

        begin = (0, start.n_steps, 0.0, (0.0,) * n_terms)
        # One step after the other: each reads what the one before has written.
        _, n, total, sums = tf.while_loop(
            lambda i, *_: i < n_steps, advance, begin, parallel_iterations=1
        )
        l2 = l2_term(plan, start.weights) * n_rows_of(plan, batches)
        with tf.control_dependencies([n]):
            state = State(_read(weights), _read(slots), tf.identity(n))
        with tf.control_dependencies(tf.nest.flatten(state)):
            for variable in (*weights, *slots, *matrices):
                variable.remove()
        return state, total + l2, (*sums, l2)

    return Program(
        train,
        (
            state_spec(structure, network.shapes),
            constants_spec(structure),
            batch_spec(widths_of(network), steps, batch_size, is_ordered=network.is_ordered),
            tf.TensorSpec((), tf.int32),
        ),
        on_xla=True,
        as_a_whole=False,
        # TensorFlow 2.21 fuses product, bias and the biases of a cut to a broken operation.
        is_fused=not network.is_ordered,
    )
