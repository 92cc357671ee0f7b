"""Arguments of training programs, by name: state, constants, batches; and their shapes."""

from __future__ import annotations

from typing import NamedTuple

from skae._data.batches import Batch
from skae._plan.network import Network
from skae._plan.plan import Plan, runtime_scalars
from skae._tensorflow import solvers
from skae._tensorflow.backend import Tensor
from skae._tensorflow.quiet import tf


class State(NamedTuple):
    """What a step changes: the weights, the slots of the solver, the number of steps taken."""

    weights: tuple[Tensor, ...]
    slots: tuple[Tensor, ...]
    n_steps: Tensor


class Constants(NamedTuple):
    """What the steps of a chunk share: runtime scalars, center and scale of X, learning rate."""

    scalars: Tensor
    mean: Tensor
    scale: Tensor
    rate: Tensor


def widths_of(network: Network) -> tuple[int, int, int]:
    """Return the widths of a row's inputs, targets and normals."""
    return network.n_features, network.decoder[-1].n_out, network.n_normals


def state_spec(structure: Plan, shapes: tuple[tuple[int, ...], ...]) -> State:
    """Return the specifications of a state whose weights have these shapes."""
    weights = tuple(of(*shape) for shape in shapes)
    return State(weights, solvers.slots_of(structure.solver, weights), of())


def constants_spec(structure: Plan) -> Constants:
    """Return the specifications of the constants of a plan."""
    n_scalars, network = len(tuple(runtime_scalars(structure))), structure.network
    scale = of(network.n_features) if network.has_column_scales else of()
    return Constants(of(n_scalars), of(network.n_features), scale, of())


def batch_spec(widths: tuple[int, int, int], *lengths: int, is_ordered: bool = False) -> Batch:
    """Return the specifications of a batch of rows of these widths, or of a chunk's batches."""
    inputs, targets, normals = (of(*lengths, width) for width in widths)
    sizes = of(*lengths) if is_ordered else ()
    return Batch(inputs, targets, normals, row_weights=of(*lengths), sizes=sizes)


def of(*shape: int) -> tf.TensorSpec:
    """Return the specification of a float32 tensor of this shape."""
    return tf.TensorSpec(shape, tf.float32)
