"""(network, objective, solver) -> one compiled training program, cached in the process.

A program depends only on a plan's structure and on the shape of chunks. The plan's runtime scalars,
the learning rate and the number of real steps in a chunk are fed as tensors, so that another seed,
fold, rate or penalty strength compiles nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from skae._data.batches import Batch
from skae._network.backend import Backend
from skae._network.forward import code_normals, encode, entry_losses, propagate, propagate_cut
from skae._plan.network import Network, SubNetwork
from skae._plan.objectives import Step
from skae._plan.plan import Plan, runtime_scalars, with_runtime_scalars
from skae._tensorflow import solvers
from skae._tensorflow.arguments import (
    Constants,
    State,
    batch_spec,
    constants_spec,
    state_spec,
    widths_of,
)
from skae._tensorflow.backend import TENSORFLOW, Tensor, map_parts, n_parts, on_xla
from skae._tensorflow.ops import OPS
from skae._tensorflow.quiet import tf
from skae._tensorflow.session import Program, locked_cache

# Below this many multiplications in the forward pass of a batch, a product of matrices by XLA takes
# some 10 microseconds, and other cores gain nothing.
FEW_PRODUCTS = 1 << 22


class Products(NamedTuple):
    """How a training program multiplies rows by matrices.

    Parameters
    ----------
    split : callable
        Returns the encoder and the decoder of a network with these weights.
    backend : Backend
    call : callable
        Calls the function of no arguments that compares rows with their reconstruction.
    """

    split: Callable[[Network, tuple[Tensor, ...]], tuple[SubNetwork, SubNetwork]]
    backend: Backend
    call: Callable[[Callable[[], Any]], Any]


IN_FLOAT32 = Products(
    lambda network, weights: network.split(weights, tf.transpose),
    TENSORFLOW,
    lambda function: function(),
)


def apply_in_parts(
    of: Callable[..., Tensor],
    network: Network,
    half: SubNetwork,
    rows: Tensor,
    by: Backend = TENSORFLOW,
) -> Tensor:
    """Apply a function of a sub-network to rows, in parts."""
    # XLA has its own threads; a penalty may encode rows whose number is not known here.
    parts = 1 if on_xla(network) else n_parts(rows.shape.as_list()[0] or 1)
    return map_parts(lambda part: of(network, half, part, by), rows, parts)


def _code_normals(*arguments: Any) -> Tensor:
    """Return means and log-variances of codes side by side."""
    return tf.concat(code_normals(*arguments), axis=1)


# A loss, with the terms in it that were added to the first one.
Loss = tuple[Tensor, tuple[Tensor, ...]]


def batch_loss(
    plan: Plan,
    weights: tuple[Tensor, ...],
    batch: Batch,
    mean: Tensor,
    scale: Tensor,
    products: Products = IN_FLOAT32,
) -> Loss:
    """Return the training loss of one batch, with its penalties."""
    network, objective, by = plan.network, plan.objective, products.backend
    encoder, decoder = products.split(network, weights)

    def means_of(rows: Tensor) -> Tensor:
        return apply_in_parts(encode, network, encoder, rows, by)

    code_log_variances = None
    if network.is_variational:
        both = apply_in_parts(_code_normals, network, encoder, batch.inputs, by)
        means, code_log_variances = tf.split(both, 2, axis=1)
        codes = means + tf.exp(0.5 * code_log_variances) * batch.normals
    else:
        codes = means = means_of(batch.inputs)
    if network.is_ordered:
        rows = tf.concat([codes, batch.sizes[:, tf.newaxis]], axis=1)
        outputs = apply_in_parts(propagate_cut, network, decoder, rows, by)
    else:
        outputs = apply_in_parts(propagate, network, decoder, codes, by)

    def compare() -> Loss:
        entries = entry_losses(
            objective.loss, network, batch.targets, outputs, mean, scale, TENSORFLOW
        )
        step = Step(
            network=network,
            weights=weights,
            inputs=batch.inputs,
            codes=codes,
            means=means,
            log_variances=code_log_variances,
            outputs=outputs,
            row_weights=batch.row_weights,
            encode=means_of,
            backend=TENSORFLOW,
        )
        loss = step.mean(OPS, tf.reduce_mean(entries, axis=1))
        terms = tuple(penalty(OPS, step) for penalty in objective.penalties)
        if plan.is_weighted:
            # A batch counts by its weights, which `step.mean` divides by.
            share = tf.reduce_sum(batch.row_weights) / n_rows_of(plan, batch)
            loss, terms = share * loss, tuple(share * term for term in terms)
        return sum(terms, loss), terms

    return products.call(compare)


def n_rows_of(plan: Plan, batch: Batch) -> Tensor:
    """Return the number of rows in a batch, or in the batches of a chunk."""
    weights = batch.row_weights
    return tf.reduce_sum(tf.sign(weights) if plan.is_weighted else weights)


def gradient(
    plan: Plan, weights: tuple[Tensor, ...], batch: Batch, mean: Tensor, scale: Tensor
) -> tuple[Loss, list[Tensor]]:
    """Return the training loss of one batch and its gradient, both without the L2 term."""
    return with_gradient(lambda weights: batch_loss(plan, weights, batch, mean, scale), weights)


def with_gradient(
    loss_of: Callable[[tuple[Tensor, ...]], Loss], weights: tuple[Tensor, ...]
) -> tuple[Loss, list[Tensor]]:
    """Return a loss and its gradient with respect to the weights."""
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss, terms = loss_of(weights)
    return (loss, terms), tape.gradient(loss, weights, unconnected_gradients="zero")


def step(plan: Plan, gradients: list[Tensor], state: State, rate: Tensor) -> State:
    """Return the state after one step of the solver, the L2 term included.

    Weights whose gradient is None stay as they are.
    """
    # Adds zero, but makes the updates wait for the last gradient. XLA would otherwise copy every
    # kernel in every step, at 8 % of a step of 784-300-150.
    last = next(gradient for gradient in gradients if gradient is not None)
    late_rate = rate + 0.0 * tf.reshape(last, [-1])[0]
    # The gradient of the L2 term is added by hand: its sum of squares would cost 15 % of a step.
    alpha = plan.objective.alpha
    gradients = [
        gradient + alpha * weight if gradient is not None and weight.shape.rank > 1 else gradient
        for weight, gradient in zip(state.weights, gradients, strict=True)
    ]
    n_steps = state.n_steps + 1.0
    weights, slots = solvers.update(
        plan.solver, state.weights, gradients, state.slots, late_rate, n_steps
    )
    return State(weights, slots, n_steps)


def l2_term(plan: Plan, weights: tuple[Tensor, ...]) -> Tensor:
    """Return the L2 term of a loss."""
    kernels = (tf.square(weight) for weight in weights if weight.shape.rank > 1)
    return 0.5 * plan.objective.alpha * sum(map(tf.reduce_sum, kernels))


@locked_cache
def program(structure: Plan, steps: int, batch_size: int) -> Program:
    """Return the compiled program of a plan's structure for chunks of this shape.

    It takes a `State`, `Constants`, the batches of a chunk as one `Batch` of arrays of shape
    (steps, batch_size, ...), and the number of real steps. It returns the new state, the
    training loss summed over the chunk's rows, in which the L2 term is that of the weights before
    the chunk, and the same of its terms after the first. All of these are arrays.
    """
    network = structure.network
    return chunk_program(
        structure, gradient, network.shapes, widths_of(network), (steps, batch_size)
    )


def chunk_program(
    structure: Plan,
    gradient: Callable[..., tuple[Loss, list[Tensor]]],
    shapes: tuple[tuple[int, ...], ...],
    widths: tuple[int, int, int],
    chunk: tuple[int, int],
) -> Program:
    """Return the program that trains on a chunk by the given gradient function, see `program`.

    `shapes` are those of the weights, `widths` those of a row's inputs, targets and normals.
    """
    n_scalars, n_terms = len(tuple(runtime_scalars(structure))), len(structure.added_terms)
    is_on_xla = on_xla(structure.network)

    def train(
        start: State, constants: Constants, batches: Batch, n_steps: Tensor
    ) -> tuple[State, Tensor, tuple[Tensor, ...]]:
        plan = with_runtime_scalars(structure, tf.unstack(constants.scalars, num=n_scalars))
        mean, scale = constants.mean, constants.scale

        def advance(i: Tensor, state: State, total: Tensor, sums: tuple[Tensor, ...]) -> Any:
            batch = batches.step(i)
            (loss, terms), gradients = gradient(plan, state.weights, batch, mean, scale)
            state = step(plan, gradients, state, constants.rate)
            n_rows = n_rows_of(plan, batch)
            sums = tuple(sum + term * n_rows for sum, term in zip(sums, terms, strict=True))
            return i + 1, state, total + loss * n_rows, sums

        begin = (0, start, 0.0, (0.0,) * n_terms)
        _, state, total, sums = tf.while_loop(lambda i, *_: i < n_steps, advance, begin)
        l2 = l2_term(plan, start.weights) * n_rows_of(plan, batches)
        return state, total + l2, (*sums, l2)

    return Program(
        train,
        (
            state_spec(structure, shapes),
            constants_spec(structure),
            batch_spec(widths, *chunk, is_ordered=structure.network.is_ordered),
            tf.TensorSpec((), tf.int32),
        ),
        on_xla=is_on_xla,
        # Convolutions and recurrences use each weight many times for a row, and several cores.
        on_one_core=is_on_xla and structure.network.n_weights * chunk[1] < FEW_PRODUCTS,
    )
