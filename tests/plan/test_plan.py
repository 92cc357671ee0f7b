"""Plans: structure separated from runtime scalars."""

from dataclasses import dataclass, replace

from skae._estimators.denoising import Gaussian
from skae._plan.objectives import LOSSES
from skae._plan.plan import (
    Objective,
    Plan,
    Solver,
    Stage,
    compile_key,
    runtime_scalars,
    with_runtime_scalars,
)
from tests.networks import dense_network


@dataclass(frozen=True)
class Two:
    strength: float
    order: int


def plan(alpha=0.5, strength=2.0, order=1, momentum=0.9):
    objective = Objective(LOSSES["squared_error"], alpha, (Two(strength, order),))
    network = dense_network(6, 2, (4, 3))
    return Plan(network, objective, Solver("sgd", momentum, True, 0.0))


def test_runtime_scalars_are_the_floats_and_can_be_replaced():
    values = list(runtime_scalars(plan()))
    assert values == [0.5, 2.0, 0.9, 0.0]
    assert with_runtime_scalars(plan(), values) == plan()
    assert with_runtime_scalars(plan(), [0.1, 3.0, 0.8, 0.0]) == plan(0.1, 3.0, momentum=0.8)


def test_compile_key_ignores_only_scalars_stages_and_corruption():
    assert compile_key(plan(alpha=0.1)) == compile_key(plan(alpha=0.0, strength=9.0))
    assert hash(compile_key(plan(alpha=0.1))) == hash(compile_key(plan(alpha=0.2)))
    assert compile_key(plan(order=1)) != compile_key(plan(order=2))
    assert compile_key(replace(plan(), stages=(Stage(7),))) == compile_key(plan())
    noisy = replace(plan().objective, corruption=Gaussian(0.3))
    assert compile_key(replace(plan(), objective=noisy)) == compile_key(plan())


def test_a_separate_layer_reconstructs_its_inputs():
    whole = plan()
    first, top = whole.layer(0), whole.layer(2)
    assert [(p.network.n_features, p.network.n_components) for p in (first, top)] == [
        (6, 4),
        (3, 2),
    ]
    assert first.network.code_activation == "elu"
    assert first.network.output_activation == "identity"
    assert first.objective == whole.objective
    assert top.network.code_activation == "identity"
    assert top.network.output_activation == "elu"
    assert top.objective.penalties == ()
