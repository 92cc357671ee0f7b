"""Solvers as pure functions on lists of tensors.

Keras' optimizers own variables and cannot be called statelessly on the TensorFlow backend.
Each function here takes a weight's gradient and slots, and returns the step to subtract and the
new slots.
"""

from __future__ import annotations

from typing import Any, TypeVar

from skae._plan.plan import Solver
from skae._tensorflow.quiet import tf

T = TypeVar("T")
Tensor = Any
Update = tuple[Tensor, tuple[Tensor, ...]]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
RMSPROP_DECAY = 0.9

N_SLOTS = {"adam": 2, "adamw": 2, "sgd": 1, "rmsprop": 1}


def slots_of(solver: Solver, weights: tuple[T, ...]) -> tuple[T, ...]:
    """Return values with the shapes of a solver's slots: each weight, once per slot."""
    return tuple(weight for weight in weights for _ in range(N_SLOTS[solver.name]))


def update(
    solver: Solver,
    weights: tuple[Tensor, ...],
    gradients: list[Tensor | None],
    slots: tuple[Tensor, ...],
    rate: Tensor,
    n_steps: Tensor,
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Take one step; `n_steps` is its number, counted from 1, as a float.

    Weights whose gradient is None are not changed.
    """
    n = N_SLOTS[solver.name]
    moved: list[Tensor] = []
    kept: list[Tensor] = []
    for i, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        own = slots[n * i : n * (i + 1)]
        if gradient is None:
            moved.append(weight)
            kept += own
            continue
        step, memory = _step(solver, gradient, own, rate, n_steps)
        if solver.name == "adamw" and weight.shape.rank > 1:
            step += rate * solver.weight_decay * weight
        moved.append(weight - step)
        kept += memory
    return tuple(moved), tuple(kept)


def _step(
    solver: Solver, gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor, n_steps: Tensor
) -> Update:
    match solver.name:
        case "adam" | "adamw":
            return _adam(gradient, slots, rate, n_steps)
        case "sgd":
            return _sgd(gradient, slots, rate, solver)
        case "rmsprop":
            return _rmsprop(gradient, slots, rate)
    raise AssertionError(solver.name)


def _adam(gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor, n_steps: Tensor) -> Update:
    """Adam (Kingma and Ba, 2015)."""
    first, second = slots
    first = BETA_1 * first + (1.0 - BETA_1) * gradient
    second = BETA_2 * second + (1.0 - BETA_2) * tf.square(gradient)
    rate *= tf.sqrt(1.0 - tf.pow(BETA_2, n_steps)) / (1.0 - tf.pow(BETA_1, n_steps))
    return rate * first / (tf.sqrt(second) + EPSILON), (first, second)


def _sgd(gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor, solver: Solver) -> Update:
    """SGD with Polyak's momentum, or Nesterov's (Sutskever et al., 2013)."""
    (velocity,) = slots
    velocity = solver.momentum * velocity + rate * gradient
    if solver.nesterovs_momentum:
        return solver.momentum * velocity + rate * gradient, (velocity,)
    return velocity, (velocity,)


def _rmsprop(gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor) -> Update:
    """RMSprop (Tieleman and Hinton, 2012)."""
    (second,) = slots
    second = RMSPROP_DECAY * second + (1.0 - RMSPROP_DECAY) * tf.square(gradient)
    return rate * gradient / (tf.sqrt(second) + EPSILON), (second,)
