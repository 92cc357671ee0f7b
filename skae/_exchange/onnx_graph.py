"""ONNX graphs of encoders and decoders: the code for arrays is run on symbols instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skae._estimators.words import whereabouts
from skae._exchange.onnx_backend import ONNX
from skae._network.backend import NUMPY
from skae._network.codec import Codec
from skae._network.forward import encode, propagate

# The first version with Gelu.
OPSET = 20


def codec_of(estimator: Any) -> Codec:
    """Return the codec of a fitted estimator; raise an error if its layers cannot be traced."""
    check_is_fitted(estimator)
    codec = getattr(estimator, "_codec", None)
    if not isinstance(codec, Codec) or not NUMPY.computes(codec.network):
        raise ValueError(
            f"{type(estimator).__name__} cannot be converted to ONNX: only autoencoders of skae "
            "with dense layers can, without convolutional or recurrent layers."
            f"{whereabouts(estimator)}"
        )
    return codec


class Node(NamedTuple):
    """One operation: its name in ONNX, names of inputs and output, and attributes."""

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]

    def created(self, create: Any, renamed: Any = str) -> Any:
        """Return the node that `create` makes of name, inputs, outputs and attributes."""
        inputs, outputs = [renamed(name) for name in self.inputs], [renamed(self.output)]
        if self.operation == "TopK":
            outputs.append(renamed(f"{self.output}_indices"))
        return create(self.operation, inputs, outputs, **self.attributes)


class Graph:
    """The operations of a trace, in their order, and its constants."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, value: Any) -> str:
        """Store a constant of floats (as float32), ints or strings, and return its name."""
        array = np.asarray(value)
        array = array.astype(
            {"f": np.float32, "i": np.int64, "b": bool}.get(array.dtype.kind, object)
        )
        name = f"constant{len(self.constants)}"
        self.constants[name] = array
        return name

    def add(self, operation: str, *inputs: Any, **attributes: Any) -> Symbol:
        """Add an operation on symbols and constants."""
        names = tuple(
            each.name if isinstance(each, Symbol) else self.constant(each) for each in inputs
        )
        node = Node(operation, names, f"value{len(self.nodes)}", attributes)
        self.nodes.append(node)
        return Symbol(self, node.output)


def _operator(name: str) -> tuple[Callable[..., Symbol], Callable[..., Symbol]]:
    """Return the methods of an operator for a symbol on its left and on its right."""

    def left(self: Symbol, other: Any) -> Symbol:
        return self.graph.add(name, self, other)

    def right(self: Symbol, other: Any) -> Symbol:
        return self.graph.add(name, other, self)

    return left, right


@dataclass(frozen=True)
class Symbol:
    """A value that a graph computes. Arithmetic on it adds operations to the graph."""

    graph: Graph
    name: str

    # NumPy leaves an operation of an array and a symbol to the symbol.
    __array_ufunc__ = None

    __add__, __radd__ = _operator("Add")
    __sub__, __rsub__ = _operator("Sub")
    __mul__, __rmul__ = _operator("Mul")
    __truediv__, __rtruediv__ = _operator("Div")
    __matmul__, __rmatmul__ = _operator("MatMul")
    __lt__, __gt__ = _operator("Less")
    __le__, __ge__ = _operator("LessOrEqual")

    def __neg__(self) -> Symbol:
        return self.graph.add("Neg", self)


def traced_encoder(codec: Codec, X: Symbol) -> Symbol:
    """Trace `Codec.encode`."""
    network, units = codec.network, codec.units(np.float32)
    encoder, _ = network.split(codec.weights, np.transpose)
    return units.codes(encode(network, encoder, units.standardized(X), ONNX))


def traced_decoder(codec: Codec, codes: Symbol) -> Symbol:
    """Trace `Codec.decode`."""
    network, units = codec.network, codec.units(np.float32)
    _, decoder = network.split(codec.weights, np.transpose)
    output = propagate(network, decoder, units.decoder_inputs(codes), ONNX)
    return units.reconstruction(output, ONNX)
