"""Converters with which `skl2onnx.to_onnx` supports estimators of skae, also in pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from skl2onnx.common.utils_classifier import get_label_classes
from sklearn.utils.validation import check_is_fitted

import skae
from skae._estimators.base import BaseAutoencoder
from skae._estimators.outlier_scores import References, Tail
from skae._exchange.onnx_graph import OPSET, Graph, Symbol, codec_of, traced_decoder, traced_encoder

# From this number of standard deviations on, a continued fraction of this depth computes the
# logarithm of a normal tail.
TAIL_START, FRACTION_DEPTH = 2.0, 16
TINY = np.finfo(np.float32).tiny

# Each pair of the following functions traces an estimator's outputs, and returns their types for n
# samples.


def _codes(estimator: Any, scope: Any, X: Symbol) -> tuple[Symbol, ...]:
    return (traced_encoder(codec_of(estimator), X),)


def _type_of_codes(estimator: Any, scope: Any, n: Any) -> tuple[Any, ...]:
    return (FloatTensorType([n, estimator.n_components_]),)


def _decoded(estimator: Any, X: Symbol) -> Symbol:
    codec = codec_of(estimator)
    return traced_decoder(codec, traced_encoder(codec, X))


def _labels(estimator: Any, scope: Any) -> np.ndarray:
    """Return the classes: strings, or ints (also for floats and bools); indices with nocl=True."""
    labels = get_label_classes(scope, estimator)
    return labels if labels.dtype.kind in "UO" else labels.astype(np.int64)


def _classes(estimator: Any, scope: Any, X: Symbol) -> tuple[Symbol, ...]:
    add = X.graph.add
    logits = _decoded(estimator, X)
    most_probable = add("ArgMax", logits, axis=1, keepdims=0)
    return add("Gather", _labels(estimator, scope), most_probable), add("Softmax", logits, axis=1)


def _types_of_classes(estimator: Any, scope: Any, n: Any) -> tuple[Any, ...]:
    labels = _labels(estimator, scope)
    label_type = Int64TensorType if labels.dtype.kind == "i" else StringTensorType
    return label_type([n]), FloatTensorType([n, len(labels)])


def _targets(estimator: Any, scope: Any, X: Symbol) -> tuple[Symbol, ...]:
    return (_decoded(estimator, X) * estimator.target_scale_ + estimator.target_mean_,)


def _type_of_targets(estimator: Any, scope: Any, n: Any) -> tuple[Any, ...]:
    return (FloatTensorType([n, len(estimator.target_mean_)]),)


def _inliers(estimator: Any, scope: Any, X: Symbol) -> tuple[Symbol, ...]:
    add = X.graph.add
    scorer = estimator._scorer
    reconstruction = _decoded(scorer.autoencoder, X)
    unit = codec_of(scorer.autoencoder).error_scale
    if unit is not None:
        X, reconstruction = X * (1.0 / unit), reconstruction * (1.0 / unit)
    errors = add("ReduceSumSquare", X - reconstruction, np.array([1]), keepdims=1)
    distances = _code_distances(scorer.references, reconstruction)
    surprises = _surprise(scorer.of_errors, errors) + _surprise(scorer.of_codes, distances)
    scores = surprises * -1.0 - estimator.offset_
    is_inlier = add("GreaterOrEqual", scores, 0.0)
    return add("Where", is_inlier, np.array([1]), np.array([-1])), scores


def _code_distances(references: References, rows: Symbol) -> Symbol:
    """Trace `References.squared_distances`."""
    add = rows.graph.add
    center = references.rows.mean(axis=0)
    others, rows = references.rows - center, rows - center
    own = add("ReduceSumSquare", rows, np.array([1]), keepdims=1)
    squares = own + np.square(others).sum(axis=1) + rows @ (-2.0 * others.T)
    count = np.array([len(references.weights)])
    nearest = add("TopK", add("Relu", squares), count, axis=1, largest=0)
    means = add("Sqrt", nearest) @ references.weights[:, np.newaxis]
    return means * means


def _surprise(tail: Tail, squares: Symbol) -> Symbol:
    """Trace `Tail.surprise`: the error function near the center, a continued fraction beyond.

    The error function in float32 rounds to 1 too early.
    """
    add = squares.graph.add
    ratios = add("Max", squares, max(tail.least, TINY)) * (1.0 / tail.center)
    if tail.power:
        z = (add("Pow", ratios, tail.power) - 1.0) * (1.0 / (tail.power * tail.spread))
    else:
        z = add("Log", ratios) * (1.0 / tail.spread)
    inside, outside = add("Min", z, TAIL_START), add("Max", z, TAIL_START)
    near = add("Log", add("Erf", inside * -np.sqrt(0.5)) * 0.5 + 0.5) * -1.0
    fraction = outside
    for k in range(FRACTION_DEPTH, 0, -1):
        fraction = outside + add("Div", float(k), fraction)
    far = outside * outside * 0.5 + add("Log", fraction) + 0.5 * np.log(2.0 * np.pi)
    return add("Where", add("Greater", z, TAIL_START), far, near)


def _types_of_inliers(estimator: Any, scope: Any, n: Any) -> tuple[Any, ...]:
    return Int64TensorType([n, 1]), FloatTensorType([n, 1])


def _register(
    estimator_class: type,
    trace: Callable[[Any, Any, Symbol], tuple[Symbol, ...]],
    types: Callable[[Any, Any, Any], tuple[Any, ...]],
    **options: Any,
) -> None:
    """Register a converter: `trace` computes the outputs of an estimator, `types` their types."""

    def shapes(operator: Any) -> None:
        estimator = operator.raw_operator
        check_is_fitted(estimator)
        n_samples = operator.inputs[0].get_first_dimension()
        output_types = types(estimator, operator.scope_inst, n_samples)
        for output, output_type in zip(operator.outputs, output_types, strict=True):
            output.type = output_type

    def convert(scope: Any, operator: Any, container: Any) -> None:
        graph = Graph()
        X = Symbol(graph, "X")
        names = {"X": operator.inputs[0].full_name}
        if not isinstance(operator.inputs[0].type, FloatTensorType):
            X = graph.add("Cast", X, to=TensorProto.FLOAT)
        outputs = trace(operator.raw_operator, scope, X)
        for symbol, output in zip(outputs, operator.outputs, strict=True):
            names[symbol.name] = output.full_name
        _add(graph, names, scope, container)

    alias = f"Skae{estimator_class.__name__}"
    update_registered_converter(estimator_class, alias, shapes, convert, options=options or None)


def _add(graph: Graph, names: dict[str, str], scope: Any, container: Any) -> None:
    """Add a graph to a container of skl2onnx; values without a given name get unique ones."""

    def renamed(name: str) -> str:
        return names.setdefault(name, scope.get_unique_variable_name(name))

    for name, array in graph.constants.items():
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        values = array.ravel().tolist()
        if kind == TensorProto.STRING:
            # By default, older versions of onnx accept only ASCII.
            values = [value.encode() for value in values]
        container.add_initializer(renamed(name), kind, array.shape, values)

    def add(operation: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        own = scope.get_unique_operator_name(operation)
        container.add_node(operation, inputs, outputs, op_version=OPSET, name=own, **attributes)

    for node in graph.nodes:
        node.created(add, renamed)


for _name in skae.__all__:
    _public = getattr(skae, _name)
    if isinstance(_public, type) and issubclass(_public, BaseAutoencoder):
        _register(_public, _codes, _type_of_codes)
_register(
    skae.AutoencoderClassifier,
    _classes,
    _types_of_classes,
    zipmap=[True, False, "columns"],
    nocl=[True, False],
    output_class_labels=[False, True],
)
_register(skae.AutoencoderRegressor, _targets, _type_of_targets)
_register(skae.AutoencoderOutlierDetector, _inliers, _types_of_inliers)
