"""Programs do not depend on the caller's TensorFlow settings, nor on an earlier failed call."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone

from skae import AutoencoderTransformer
from skae._tensorflow.session import Program, _Trace

X = np.random.default_rng(0).standard_normal((40, 7))
DENSE = AutoencoderTransformer(
    2, hidden_layer_sizes=(), solver="sgd", learning_rate="cosine", max_iter=2, random_state=0
)
SCALAR = (tf.TensorSpec((), tf.float32),)


def same(a, b):
    return all(np.array_equal(*pair) for pair in zip(a.weights_, b.weights_, strict=True))


def test_a_fit_under_check_numerics_and_one_after():
    tf.debugging.enable_check_numerics()
    try:
        checked = clone(DENSE).fit(X)
    finally:
        tf.debugging.disable_check_numerics()
    assert same(clone(DENSE).fit(X), checked)


def test_a_program_is_traced_again_after_a_failed_call():
    traced = []

    def of(x):
        traced.append(x)
        # As with what XLA cannot compile, the call fails, and not what makes the program.
        check = tf.debugging.Assert(tf.constant(len(traced) > 2), ["broken"])
        with tf.control_dependencies([check]):
            return 2.0 * x

    program = Program(of, SCALAR)
    for _ in range(2):
        with pytest.raises(tf.errors.InvalidArgumentError, match="broken"):
            program(1.0)
    assert [program(1.0), program(2.0)] == [2.0, 4.0]
    assert len(traced) == 3


def eagerly():
    class Eagerly:
        def __enter__(self):
            tf.config.run_functions_eagerly(True)

        def __exit__(self, *_):
            tf.config.run_functions_eagerly(False)

    return Eagerly()


@pytest.mark.parametrize(
    "state",
    [
        eagerly,
        lambda: tf.device("/gpu:0"),
        lambda: tf.GradientTape(),
        lambda: tf.Graph().as_default(),
        lambda: tf.distribute.OneDeviceStrategy("/cpu:0").scope(),
    ],
    ids=["run_functions_eagerly", "device", "tape", "graph", "strategy"],
)
def test_settings_of_a_thread_do_not_affect_programs(state):
    seen = []

    def of(x):
        y = 2.0 * x
        seen.append((y.device, tf.distribute.has_strategy(), tf.executing_eagerly()))
        seen.append(type(y.graph).__name__)
        return y

    with state():
        program = Program(of, SCALAR, on_xla=True)
        assert program(3.0) == 6.0
    assert seen == [("", False, False), "FuncGraph"]


@pytest.mark.parametrize("on_one_core", [True, False])
def test_threads_have_sessions_of_their_own_on_one_core(on_one_core, monkeypatch):
    monkeypatch.setattr("skae._tensorflow.session.n_processors", lambda: 2)
    program = Program(lambda x: 2.0 * x, SCALAR, on_one_core=on_one_core)
    with program.session() as a, program.session() as b, program.session() as c:
        assert [run(3.0) for run in (a, b, c)] == [6.0] * 3
    # Of two cores, the third thread shares one.
    assert (b is not a, c is a) == (on_one_core, True)
    with program.session() as again:
        assert again in (a, b)


def test_sessions_of_a_function_trace_it_once(monkeypatch):
    monkeypatch.setattr("skae._tensorflow.session.n_processors", lambda: 2)
    traced = []

    def of(x):
        traced.append(x)
        return 2.0 * x

    program = Program(of, SCALAR, on_one_core=True)
    with program.session() as a, program.session() as b:
        assert a(1.0) == b(1.0) == 2.0
    assert len(traced) == 1


def test_a_failed_call_forgets_the_graph_while_another_thread_asks_for_it():
    class Forgotten(_Trace):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "_graph" and value is not None:
                self.forget()

    assert Forgotten(lambda on_xla: "graph", False, True, True).graph() == "graph"
