"""Private features of TensorFlow that skae uses: a version without them fails here."""

import sys

import pytest
import tensorflow as tf

from skae._tensorflow.session import Program

SCALAR = tf.TensorSpec((), tf.float32)
# Its callables need no look at names in every call.
FAST = "_make_callable_from_options"


def test_a_session_makes_fast_callables():
    assert callable(getattr(tf.compat.v1.Session, FAST))


def test_the_public_callable_is_the_fallback(monkeypatch):
    monkeypatch.setattr(tf.compat.v1.Session, FAST, None)
    program = Program(lambda x, y: (x + y, (x * y, x - y)), (SCALAR, SCALAR))
    assert program(2.0, 3.0) == (5.0, (6.0, -1.0))


def test_the_eager_context_shows_whether_tensorflow_has_run():
    """A fork is refused after other code has used TensorFlow, which only this tells."""
    assert tf.constant(1.0) + 1.0 == 2.0
    context = sys.modules["tensorflow.python.eager.context"]
    assert context._context._initialized is True


@pytest.mark.parametrize(
    "name", ["BlockLSTMV2", "BlockLSTMGradV2", "GRUBlockCell", "GRUBlockCellGrad"]
)
def test_there_are_fused_kernels(name):
    assert callable(getattr(tf.raw_ops, name))
