"""ONNX: encoders and decoders as graphs, traced through the lines that NumPy runs.

Importing this module registers converters of all kinds with `skl2onnx`, where it is installed, so
that `skl2onnx.to_onnx` takes pipelines with an autoencoder in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

import skae
from skae._base import BaseAutoencoder
from skae._serve import Arithmetic, Codec, encode, preactivation, propagate

# The first with Gelu.
OPSET = 20
# The version of ONNX' file format that goes with it.
IR_VERSION = 9


class Node(NamedTuple):
    """One operation: its name in ONNX, names of what goes in and comes out, and its settings."""

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


class Graph:
    """Operations and constants, in the order in which they were met."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, value: Any) -> str:
        """Keep a constant, in float32 unless it is of ints, and return its name."""
        array = np.asarray(value)
        if array.dtype.kind != "i":
            array = array.astype(np.float32)
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


@dataclass(frozen=True)
class Symbol:
    """A value that a graph will compute, with the arithmetic of an array."""

    graph: Graph
    name: str

    def __add__(self, other: Any) -> Symbol:
        return self.graph.add("Add", self, other)

    def __sub__(self, other: Any) -> Symbol:
        return self.graph.add("Sub", self, other)

    def __mul__(self, other: Any) -> Symbol:
        return self.graph.add("Mul", self, other)

    __rmul__ = __mul__

    def __matmul__(self, other: Any) -> Symbol:
        return self.graph.add("MatMul", self, other)


def _keep_largest(rows: Symbol, k: int) -> Symbol:
    add = rows.graph.add
    # Of the two outputs of TopK the first is read, the k largest values.
    largest = add("TopK", rows, np.array([k]))
    least = add("ReduceMin", largest, np.array([1]), keepdims=1)
    return add("Where", add("GreaterOrEqual", rows, least), rows, 0.0)


ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": lambda x: x.graph.add("Relu", x),
    "leaky_relu": lambda x: x.graph.add("LeakyRelu", x, alpha=0.2),
    "elu": lambda x: x.graph.add("Elu", x),
    "selu": lambda x: x.graph.add("Selu", x),
    "gelu": lambda x: x.graph.add("Gelu", x, approximate="tanh"),
    "softplus": lambda x: x.graph.add("Softplus", x),
    "tanh": lambda x: x.graph.add("Tanh", x),
    "logistic": lambda x: x.graph.add("Sigmoid", x),
}
SYMBOLS = Arithmetic(
    None,
    np.transpose,
    ACTIVATIONS,
    lambda layer, kernel, bias, rows: rows @ kernel + bias,
    _keep_largest,
)


def _encoder(codec: Codec, X: Symbol) -> Symbol:
    """Trace `Codec.encode`."""
    network = codec.network
    encoder, _ = network.split(codec.weights, np.transpose)
    codes = encode(network, encoder, (X - codec.mean) * (1.0 / codec.scale), SYMBOLS)
    if network.scales_codes:
        codes = codes * codec.scale
    if codec.whitening is not None:
        mean, matrix, _ = codec.whitening
        codes = (codes - mean) @ matrix
    return codes


def _decoder(codec: Codec, codes: Symbol) -> Symbol:
    """Trace `Codec.decode`."""
    network = codec.network
    _, decoder = network.split(codec.weights, np.transpose)
    if codec.whitening is not None:
        mean, _, inverse = codec.whitening
        codes = codes @ inverse + mean
    if network.scales_codes:
        codes = codes * (1.0 / codec.scale)
    output = propagate(network, decoder, codes, SYMBOLS)
    reconstruction = preactivation(network, output, codec.mean, codec.scale)
    return ACTIVATIONS[network.output_activation](reconstruction)


PARTS = {"encoder": (_encoder, "X", "codes"), "decoder": (_decoder, "codes", "X")}


def _traced(estimator: BaseAutoencoder, part: str) -> tuple[Graph, Symbol]:
    """Return the graph of a part of a fitted estimator, and its last symbol."""
    if part not in PARTS:
        raise ValueError(f"part={part!r}: give 'encoder' or 'decoder'.")
    check_is_fitted(estimator)
    if not estimator.network_.in_numpy:
        raise ValueError(
            f"{type(estimator).__name__} has layers that TensorFlow computes and that are not "
            "traced to ONNX: convolutional or recurrent ones."
        )
    graph = Graph()
    trace, begin, _ = PARTS[part]
    return graph, trace(estimator._codec, Symbol(graph, begin))


def to_onnx(estimator: BaseAutoencoder, part: str = "encoder") -> Any:
    """Return the encoder or the decoder of a fitted autoencoder as an ONNX model.

    Parameters
    ----------
    estimator : estimator instance
        Fitted autoencoder whose layers are dense.

    part : {'encoder', 'decoder'}, default='encoder'
        'encoder' computes what `transform` does, from the input 'X' to the output 'codes';
        'decoder' what `inverse_transform` does, from 'codes' to 'X'. Both in float32.

    Returns
    -------
    model : onnx.ModelProto

    Raises
    ------
    ImportError
        If `onnx` is not installed.
    ValueError
        If layers are convolutional or recurrent.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skae import AutoencoderTransformer
    >>> from skae.onnx import to_onnx
    >>> X = load_iris().data
    >>> autoencoder = AutoencoderTransformer(2, max_iter=2, learning_rate="cosine").fit(X)
    >>> to_onnx(autoencoder).graph.output[0].name
    'codes'
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "to_onnx requires onnx. You can install it with `pip install skae[onnx]`."
        ) from error
    graph, last = _traced(estimator, part)
    _, begin, end = PARTS[part]
    widths = {"X": estimator.n_features_in_, "codes": estimator.n_components_}

    def described(name: str) -> Any:
        shape = ["n_samples", widths[name]]
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    nodes = [_made(node, onnx.helper.make_node) for node in graph.nodes]
    nodes.append(onnx.helper.make_node("Identity", [last.name], [end]))
    constants = [
        onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.items()
    ]
    name = f"{type(estimator).__name__}_{part}"
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, name, [described(begin)], [described(end)], constants),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="skae",
        producer_version=skae.__version__,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _made(node: Node, make: Any, renamed: Any = str) -> Any:
    """Make one operation by a function of its name, inputs, outputs and attributes."""
    outputs = [renamed(node.output)]
    if node.operation == "TopK":
        outputs.append(renamed(f"{node.output}_indices"))
    return make(node.operation, [renamed(name) for name in node.inputs], outputs, **node.attributes)


def _shapes(operator: Any) -> None:
    """Tell skl2onnx the shape of the codes."""
    from skl2onnx.common.data_types import FloatTensorType

    n_samples = operator.inputs[0].get_first_dimension()
    width = operator.raw_operator.n_components_
    operator.outputs[0].type = FloatTensorType([n_samples, width])


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add an encoder to a graph of skl2onnx, under names of its own."""
    from onnx import helper

    graph, last = _traced(operator.raw_operator, "encoder")
    names = {"X": operator.inputs[0].full_name, last.name: operator.outputs[0].full_name}

    def renamed(name: str) -> str:
        return names.setdefault(name, scope.get_unique_variable_name(name))

    for name, array in graph.constants.items():
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        container.add_initializer(renamed(name), kind, array.shape, array.ravel().tolist())

    def add(operation: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        own = scope.get_unique_operator_name(operation)
        container.add_node(operation, inputs, outputs, op_version=OPSET, name=own, **attributes)

    for node in graph.nodes:
        _made(node, add, renamed)


def _register() -> None:
    from skl2onnx import update_registered_converter

    for name in skae.__all__:
        kind = getattr(skae, name)
        if isinstance(kind, type) and issubclass(kind, BaseAutoencoder):
            update_registered_converter(kind, f"Skae{name}", _shapes, _convert)


if find_spec("skl2onnx") is not None:
    _register()
