"""The program for joint training of an encoder, its reconstruction and a head for labels."""

from __future__ import annotations

from skae._data.batches import Batch
from skae._network.forward import encode, entry_losses, propagate
from skae._plan.network import SubNetwork
from skae._tensorflow.backend import TENSORFLOW, Tensor
from skae._tensorflow.ops import OPS
from skae._tensorflow.program import Loss, apply_in_parts, chunk_program, with_gradient
from skae._tensorflow.quiet import tf
from skae._tensorflow.session import Program, locked_cache
from skae._training.joint import JointPlan

# The direction of the largest change in output is estimated by a step of this share of the length.
PROBE = 0.05
# Below this a gradient counts as zero.
TINY = 1e-20


def _loss(
    plan: JointPlan, weights: tuple[Tensor, ...], batch: Batch, mean: Tensor, scale: Tensor
) -> Loss:
    """Return the loss of one batch: labeled rows first, then unlabeled ones."""
    rows, targets, directions = batch.inputs, batch.targets, batch.normals
    network, autoencoder, n = plan.network, plan.autoencoder, plan.n_labeled
    originals = rows
    if plan.n_originals:
        n_outputs = network.decoder[-1].n_out
        targets, originals = targets[:, :n_outputs], targets[:, n_outputs:]

    def parts(weights: tuple[Tensor, ...]) -> tuple[SubNetwork, SubNetwork, SubNetwork]:
        encoder, decoder = autoencoder.split(weights[:-2], tf.transpose)
        return encoder, decoder, SubNetwork(network.decoder, weights[-2:-1], weights[-1:], None)

    def outputs(rows: Tensor, encoder: SubNetwork, head: SubNetwork) -> Tensor:
        return propagate(network, head, apply_in_parts(encode, network, encoder, rows), TENSORFLOW)

    def weighted(values: Tensor, row_weights: Tensor) -> Tensor:
        return values * row_weights[:, tf.newaxis] if plan.is_weighted else values

    def compare(target: Tensor, output: Tensor, row_weights: Tensor) -> Tensor:
        return tf.reduce_mean(weighted(plan.objective.loss(OPS, target, output), row_weights))

    def expected(output: Tensor) -> Tensor:
        return tf.nn.softmax(output) if plan.shares else output

    encoder, decoder, head = parts(weights)
    codes = apply_in_parts(encode, network, encoder, rows)
    output = propagate(network, head, codes, TENSORFLOW)
    unlabeled, clean = rows[n:], output[n:]
    of_labeled, of_unlabeled = batch.row_weights[:n], batch.row_weights[n:]

    # Virtual adversarial training: one power iteration from a random direction.
    fixed = parts(tuple(map(tf.stop_gradient, weights)))
    wanted = tf.stop_gradient(expected(clean))
    steps = directions[n:]
    with tf.GradientTape() as tape:
        probe = PROBE * steps
        tape.watch(probe)
        change = compare(wanted, outputs(unlabeled + probe, fixed[0], fixed[2]), of_unlabeled)
    length = tf.sqrt(tf.reduce_sum(tf.square(steps), axis=1, keepdims=True))
    worst = tf.stop_gradient(length * _unit(tape.gradient(change, probe)))
    moved = outputs(unlabeled + worst, encoder, head)

    reconstruction = apply_in_parts(propagate, autoencoder, decoder, codes)
    entries = entry_losses(
        plan.reconstruction, autoencoder, originals, reconstruction, mean, scale, TENSORFLOW
    )
    terms: tuple[Tensor, ...] = (
        plan.consistency_weight
        * (compare(wanted, moved, of_unlabeled) - compare(wanted, clean, of_unlabeled)),
        plan.reconstruction_weight * tf.reduce_mean(weighted(entries, batch.row_weights)),
    )
    if plan.shares:
        predicted = tf.nn.softmax(clean)
        shares = tf.reduce_mean(weighted(predicted, of_unlabeled), axis=0)
        if plan.is_weighted:
            shares /= tf.reduce_mean(of_unlabeled)
        means = tf.math.log(shares + TINY)
        terms += (
            plan.entropy_weight * compare(predicted, clean, of_unlabeled),
            -plan.balance_weight * tf.reduce_sum(tf.stack(plan.shares) * means),
        )
    return sum(terms, compare(targets[:n], output[:n], of_labeled)), terms


def _unit(rows: Tensor) -> Tensor:
    """Return rows scaled to unit length; rows of zeros stay zero."""
    rows /= tf.reduce_max(tf.abs(rows), axis=1, keepdims=True) + TINY
    return rows * tf.math.rsqrt(tf.reduce_sum(tf.square(rows), axis=1, keepdims=True) + TINY)


def joint_gradient(
    plan: JointPlan, weights: tuple[Tensor, ...], batch: Batch, mean: Tensor, scale: Tensor
) -> tuple[Loss, list[Tensor]]:
    """Return the loss of one batch and its gradient; only the gradient includes the L2 terms.

    That of fixed weights is None.
    """
    alphas = [plan.alpha if weight.shape.rank > 1 else 0.0 for weight in weights]
    alphas[-2] = plan.head_alpha
    loss, gradients = with_gradient(
        lambda weights: _loss(plan, weights, batch, mean, scale), weights
    )
    gradients = list(gradients)
    for i, (weight, alpha) in enumerate(zip(weights, alphas, strict=True)):
        if i in plan.fixed:
            gradients[i] = None
        elif weight.shape.rank > 1:
            gradients[i] += alpha * weight
    return loss, gradients


@locked_cache
def joint_program(structure: JointPlan, steps: int, batch_size: int) -> Program:
    """Return the compiled program of a joint plan's structure for chunks of this shape.

    Its arguments and results are those of :func:`~skae._tensorflow.program.program`. The normals
    are the random initial directions of the search for adversarial ones.
    """
    n_features, n_outputs = structure.network.n_features, structure.network.decoder[-1].n_out
    return chunk_program(
        structure,
        joint_gradient,
        structure.shapes,
        (n_features, n_outputs + structure.n_originals, n_features),
        (steps, batch_size),
    )
