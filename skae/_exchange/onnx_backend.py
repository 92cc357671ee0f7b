"""Tables for ONNX: operations by the names of NumPy's, and activations, on symbols of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skae._network.backend import Backend

Symbol = Any


def _elementwise(
    name: str, of_constants: Callable[..., Any] | None = None, **attributes: Any
) -> Callable[..., Symbol]:
    """Return an operation on symbols and constants, at least one of them a symbol.

    A function for constants alone computes these at once.
    """

    def apply(*values: Any) -> Symbol:
        graphs = [value.graph for value in values if hasattr(value, "graph")]
        if of_constants is not None and not graphs:
            return of_constants(*values)
        return graphs[0].add(name, *values, **attributes)

    return apply


def _reduction(name: str) -> Callable[..., Symbol]:
    def apply(x: Symbol, axis: Any = None, keepdims: bool = False) -> Symbol:
        axes = [] if axis is None else [np.atleast_1d(axis)]
        return x.graph.add(name, x, *axes, keepdims=int(keepdims))

    return apply


def _transpose(x: Symbol, axes: Any = None) -> Symbol:
    return x.graph.add("Transpose", x, **({} if axes is None else {"perm": list(axes)}))


def _concatenate(arrays: Any, axis: int = 0) -> Symbol:
    return _elementwise("Concat", axis=axis)(*arrays)


def _einsum(subscripts: str, *arrays: Symbol) -> Symbol:
    return _elementwise("Einsum", equation=subscripts)(*arrays)


OPS: dict[str, Callable[..., Symbol]] = {
    "abs": _elementwise("Abs"),
    "clip": _elementwise("Clip"),
    "concatenate": _concatenate,
    "cos": _elementwise("Cos"),
    "einsum": _einsum,
    "exp": _elementwise("Exp"),
    "log": _elementwise("Log", np.log),
    "max": _reduction("ReduceMax"),
    "maximum": _elementwise("Max", np.maximum),
    "mean": _reduction("ReduceMean"),
    "min": _reduction("ReduceMin"),
    "minimum": _elementwise("Min"),
    "reshape": lambda x, shape: x.graph.add("Reshape", x, np.array(shape)),
    "sign": _elementwise("Sign"),
    "sin": _elementwise("Sin"),
    "sqrt": _elementwise("Sqrt"),
    "square": lambda x: x * x,
    "sum": _reduction("ReduceSum"),
    "tanh": _elementwise("Tanh"),
    "transpose": _transpose,
    "where": _elementwise("Where", np.where),
}


class _Operations:
    """The table of operations as attributes."""

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name not in OPS:
            raise ValueError(
                f"A layer uses ops.{name}, which cannot be converted to ONNX. Write its `forward` "
                f"with operators and these: {', '.join(OPS)}."
            )
        return OPS[name]


def _keep_largest(rows: Symbol, k: int) -> Symbol:
    add = rows.graph.add
    # Only the first of the two outputs of TopK is used, the k largest values.
    largest = add("TopK", rows, np.array([k]))
    least = add("ReduceMin", largest, np.array([1]), keepdims=1)
    return add("Where", add("GreaterOrEqual", rows, least), rows, 0.0)


ACTIVATIONS: dict[str, Callable[[Symbol], Symbol]] = {
    "identity": lambda x: x,
    "relu": _elementwise("Relu"),
    "leaky_relu": _elementwise("LeakyRelu", alpha=0.2),
    "elu": _elementwise("Elu"),
    "selu": _elementwise("Selu"),
    "gelu": _elementwise("Gelu", approximate="tanh"),
    "softplus": _elementwise("Softplus"),
    "tanh": _elementwise("Tanh"),
    "logistic": _elementwise("Sigmoid"),
}
ONNX = Backend(_Operations(), ACTIVATIONS, _keep_largest)
