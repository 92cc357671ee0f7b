"""Operations: the same in NumPy, in TensorFlow and in ONNX."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from skae._exchange.onnx_backend import ONNX
from skae._exchange.onnx_backend import OPS as IN_ONNX
from skae._exchange.onnx_graph import Graph, Symbol
from skae._tensorflow.ops import OPS

A = np.float32(np.random.default_rng(0).uniform(0.1, 2.0, (4, 6)))
B = np.float32(np.random.default_rng(1).uniform(0.1, 2.0, (4, 6)))
CALLS = {
    "clip": lambda ops, a, b: ops.clip(a, 0.5, 1.0),
    "concatenate": lambda ops, a, b: ops.concatenate([a, b], axis=1),
    "einsum": lambda ops, a, b: ops.einsum("ij,ij->i", a, b),
    "max": lambda ops, a, b: ops.max(a, axis=1),
    "maximum": lambda ops, a, b: ops.maximum(a, b),
    "mean": lambda ops, a, b: ops.mean(a, axis=0),
    "min": lambda ops, a, b: ops.min(a, axis=1, keepdims=True),
    "minimum": lambda ops, a, b: ops.minimum(a, b),
    "reshape": lambda ops, a, b: ops.reshape(a, (-1, 3)),
    "stack": lambda ops, a, b: ops.stack([a, b], axis=1),
    "sum": lambda ops, a, b: ops.sum(a),
    "tensordot": lambda ops, a, b: ops.tensordot(a[0], ops.transpose(b), axes=1),
    "transpose": lambda ops, a, b: ops.transpose(ops.reshape(a, (4, 2, 3)), (0, 2, 1)),
    "where": lambda ops, a, b: ops.where(a < b, a, 2.0 - b / a),
}


def call(name, ops, *arrays):
    return CALLS.get(name, lambda ops, a, b: getattr(ops, name)(a))(ops, *arrays)


@pytest.mark.parametrize("name", sorted(set(vars(OPS)) - {"derivative"}))
def test_an_operation_is_numpys(name):
    expected = call(name, np, A, B)
    assert_allclose(call(name, OPS, tf.constant(A), tf.constant(B)), expected, rtol=1e-5)


@pytest.mark.parametrize("name", IN_ONNX)
def test_an_operation_is_numpys_in_onnx(name):
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    graph = Graph()
    last = call(name, ONNX.ops, Symbol(graph, "a"), Symbol(graph, "b"))
    nodes = [node.created(onnx.helper.make_node) for node in graph.nodes]
    constants = [onnx.numpy_helper.from_array(array, own) for own, array in graph.constants.items()]
    described = onnx.helper.make_tensor_value_info
    values = [described(each, onnx.TensorProto.FLOAT, None) for each in ("a", "b", last.name)]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, name, values[:2], values[2:], constants),
        opset_imports=[onnx.helper.make_opsetid("", 20)],
    )
    (result,) = ReferenceEvaluator(model).run(None, {"a": A, "b": B})
    assert_allclose(result, call(name, np, A, B), rtol=1e-5)


def test_the_derivative_is_that_of_each_value():
    slopes = OPS.derivative(OPS.square, tf.constant(A))
    assert_allclose(slopes, 2.0 * A, rtol=1e-6)
