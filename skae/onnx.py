"""Export of encoders and decoders to ONNX, traced through the code that NumPy runs.

Importing this module registers converters of all estimators with `skl2onnx`, if it is installed,
so that `skl2onnx.to_onnx` converts them and pipelines that contain them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

from sklearn.pipeline import Pipeline

import skae
from skae._exchange.onnx_graph import OPSET, Graph, Symbol, codec_of, traced_decoder, traced_encoder
from skae._network.codec import Codec

# The version of ONNX' file format that goes with the operations.
IR_VERSION = 9


class Part(NamedTuple):
    """A part of an autoencoder: its method, what traces it, names of what goes in and comes out."""

    method: str
    trace: Callable[[Codec, Symbol], Symbol]
    begin: str
    end: str


PARTS = {
    "encoder": Part("transform", traced_encoder, "X", "codes"),
    "decoder": Part("inverse_transform", traced_decoder, "codes", "X"),
}


def to_onnx(estimator: Any, part: str = "encoder") -> Any:
    """Convert the encoder or the decoder of a fitted autoencoder to an ONNX model.

    Missing values are not filled: the codes of a sample with NaN are NaN.

    Parameters
    ----------
    estimator : estimator instance
        Fitted autoencoder whose layers are dense. For an :class:`~skae.AutoencoderClassifier` or an
        :class:`~skae.AutoencoderRegressor` only the encoder is converted; ``skl2onnx.to_onnx``
        converts their predictions and those of an :class:`~skae.AutoencoderOutlierDetector`.

    part : {'encoder', 'decoder'}, default='encoder'
        'encoder' computes `transform`, from the input 'X' to the output 'codes';
        'decoder' computes `inverse_transform`, from 'codes' to 'X'. Both in float32. For tables
        with categories, 'X' is the encoded matrix: in the order of the features a column for each
        number, and for each of the `categories_` of a feature an indicator, 0 or 1, for which the
        decoder returns a probability.

    Returns
    -------
    model : onnx.ModelProto

    Raises
    ------
    ImportError
        If `onnx` is not installed.
    TypeError
        If it is a pipeline, which ``skl2onnx.to_onnx`` converts.
    ValueError
        If layers are convolutional or recurrent, or if the estimator has no such part.

    See Also
    --------
    skae.keras.to_keras : Encoder and decoder as Keras models.

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
            "to_onnx requires onnx. You can install it with `pip install 'skae[onnx]'`."
        ) from error
    if part not in PARTS:
        raise ValueError(f"part={part!r}: give 'encoder' or 'decoder'.")
    if isinstance(estimator, Pipeline):
        raise TypeError(
            "to_onnx takes an autoencoder of skae, got Pipeline. Convert the whole pipeline by "
            "skl2onnx.to_onnx(pipeline, X[:1]), or the autoencoder alone: to_onnx(pipeline[-1])."
        )
    method, trace, begin, end = PARTS[part]
    name = type(estimator).__name__
    if not hasattr(estimator, method):
        raise ValueError(
            f"part={part!r}: {name} has no {method}. Give its autoencoder_, or convert what it "
            "predicts by skl2onnx.to_onnx(estimator, X[:1])."
        )
    codec = codec_of(estimator)
    graph = Graph()
    last = trace(codec, Symbol(graph, begin))
    widths = {"X": codec.network.n_features, "codes": codec.network.n_components}

    def described(end: str) -> Any:
        shape: list[Any] = ["n_samples", widths[end]]
        return onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, shape)

    nodes = [node.created(onnx.helper.make_node) for node in graph.nodes]
    nodes.append(onnx.helper.make_node("Identity", [last.name], [end]))
    constants = [onnx.numpy_helper.from_array(array, own) for own, array in graph.constants.items()]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes, f"{name}_{part}", [described(begin)], [described(end)], constants
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="skae",
        producer_version=skae.__version__,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


if find_spec("skl2onnx") is not None:
    from skae._exchange import skl2onnx  # noqa: F401
