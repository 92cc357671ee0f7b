"""Encoders and decoders as Keras models of ordinary Keras layers with the fitted weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skae._tensorflow import quiet  # noqa: F401  (before Keras imports TensorFlow)

# isort: split
import keras
import numpy as np

from skae._network.codec import Codec
from skae._network.units import Units
from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._plan.layers import Dense, Layer
from skae._plan.network import Network, SubNetwork
from skae._plan.recurrences import EachStep, Recurrence

Tensor = Any


def encoder_of(codec: Codec) -> keras.Model:
    """Return a Keras model equivalent to `Codec.encode`."""
    network, units = codec.network, codec.units(np.float32)
    encoder, _ = network.split(codec.weights, np.transpose)
    X = keras.Input((network.n_features,), name="X")
    rows = keras.layers.Normalization(mean=units.mean, variance=_variance(units))(X)
    codes = ACTIVATIONS[network.code_activation](_propagated(network, encoder, rows))
    if network.n_active is not None:
        codes = _KeepLargest(network.n_active)(codes)
    if network.scales_codes:
        codes = keras.layers.Rescaling(units.scale)(codes)
    if codec.whitening is not None:
        mean, matrix, _ = codec.whitening
        codes = _with_weights(keras.layers.Dense(matrix.shape[1]), codes, matrix, -mean @ matrix)
    return keras.Model(X, codes, name="encoder")


def decoder_of(codec: Codec) -> keras.Model:
    """Return a Keras model equivalent to `Codec.decode`."""
    network, units = codec.network, codec.units(np.float32)
    if network.categories:
        raise ValueError(
            "Fitted on a table with categories, the estimator returns probabilities for them, "
            "which have no layer in Keras. Convert the estimator by skae.onnx.to_onnx."
        )
    _, decoder = network.split(codec.weights, np.transpose)
    codes = rows = keras.Input((network.n_components,), name="codes")
    if codec.whitening is not None:
        mean, _, inverse = codec.whitening
        rows = _with_weights(keras.layers.Dense(inverse.shape[1]), rows, inverse, mean)
    if network.scales_codes:
        rows = keras.layers.Rescaling(1.0 / units.scale)(rows)
    output = _propagated(network, decoder, rows)
    units_of_x = {"mean": units.mean, "variance": _variance(units), "invert": True}
    X = keras.layers.Normalization(**units_of_x)(output)
    if network.output_activation == "logistic" and network.standardizes:
        X = keras.layers.Rescaling(4.0, offset=-2.0)(X)
    return keras.Model(codes, ACTIVATIONS[network.output_activation](X), name="decoder")


def chained(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    """Return encoder and decoder as one model."""
    X = keras.Input(encoder.input_shape[1:], name="X")
    return keras.Model(X, decoder(encoder(X)), name="autoencoder")


@keras.saving.register_keras_serializable("skae")
class _KeepLargest(keras.layers.Layer):
    """Keeps the `n_active` largest values of each row and sets the others to zero."""

    def __init__(self, n_active: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.n_active = n_active

    def call(self, rows: Tensor) -> Tensor:
        least = keras.ops.top_k(rows, self.n_active)[0][:, -1:]
        return keras.ops.where(rows >= least, rows, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_active": self.n_active}


def _variance(units: Units) -> np.ndarray:
    return np.full(units.mean.shape, units.scale**2)


def _propagated(network: Network, half: SubNetwork, rows: Tensor) -> Tensor:
    """Apply a sub-network to rows, without the last layer's activation."""
    out = rows
    last = len(half.layers) - 1
    for i, parts in enumerate(zip(half.layers, half.kernels, half.biases, strict=True)):
        out = _apply(*parts, out)
        if i < last and parts[0].applies_activation:
            out = ACTIVATIONS[network.activation](out)
    if half.skip is None:
        return out
    path = keras.layers.Dense(half.skip.shape[1], use_bias=False)
    return keras.layers.Add()([out, _with_weights(path, rows, half.skip)])


def _apply(layer: Layer, kernel: np.ndarray, bias: np.ndarray, rows: Tensor) -> Tensor:
    """Apply a layer to flat rows, and return flat rows."""
    if type(layer) not in LAYERS:
        raise ValueError(
            f"{type(layer).__name__} cannot be converted to Keras, which has no such layer. "
            "Convert the estimator by skae.onnx.to_onnx, or keep it as it is."
        )
    return LAYERS[type(layer)](layer, kernel, bias, rows)


def _dense(layer: Dense, kernel: np.ndarray, bias: np.ndarray, rows: Tensor) -> Tensor:
    return _with_weights(keras.layers.Dense(layer.n_out), rows, kernel, bias)


def _dense_each_step(layer: EachStep, kernel: np.ndarray, bias: np.ndarray, rows: Tensor) -> Tensor:
    steps = keras.layers.Reshape((layer.n_steps, layer.n_inputs))(rows)
    return _flat(_with_weights(keras.layers.Dense(layer.n_outputs), steps, kernel, bias))


def _convolved(layer: Convolution, kernel: np.ndarray, bias: np.ndarray, rows: Tensor) -> Tensor:
    sizes = layer.kernel, layer.strides, layer.padding
    convolution = keras.layers.Conv2D(layer.n_filters, *sizes)
    images = _with_weights(convolution, keras.layers.Reshape(layer.image)(rows), kernel, bias)
    if layer.pooling != (1, 1):
        images = keras.layers.MaxPooling2D(layer.windows, padding="same")(images)
    return _flat(images)


def _convolved_back(
    transposed: TransposedConvolution, kernel: np.ndarray, bias: np.ndarray, rows: Tensor
) -> Tensor:
    """Apply the way back from a convolution: compute full outputs, and crop them to the images."""
    layer = transposed.mirrored
    images = keras.layers.Reshape(layer.filtered)(rows)
    if layer.pooling != (1, 1):
        images = keras.layers.UpSampling2D(layer.windows)(images)
        spread = zip(layer.filtered, layer.windows, layer.convolved, strict=False)
        images = keras.layers.Cropping2D([_halves(n * m - size) for n, m, size in spread])(images)
    sizes = tuple(zip(layer.convolved, layer.kernel, layer.strides, layer.image, strict=False))
    whole = [(n - 1) * stride + width for n, width, stride, _ in sizes]
    # The pixels at the end that valid convolutions in strides leave out.
    rest = tuple(size - n for n, size in zip(whole, layer.image, strict=False))
    back = keras.layers.Conv2DTranspose(
        layer.image[-1],
        layer.kernel,
        layer.strides,
        "valid",
        output_padding=rest if layer.padding == "valid" else None,
    )
    images = _with_weights(back, images, kernel, bias)
    if layer.padding == "valid":
        return _flat(images)
    crops = []
    for length, (_, width, stride, size) in zip(whole, sizes, strict=True):
        before = max(length - size, 0) // 2
        crops.append((before, length + max(stride - width, 0) - before - size))
    return _flat(keras.layers.Cropping2D(crops)(images))


def _halves(n: int) -> tuple[int, int]:
    return n // 2, n - n // 2


def _recurred(layer: Recurrence, kernel: np.ndarray, bias: np.ndarray, rows: Tensor) -> Tensor:
    if layer.skips_missing:
        raise ValueError(
            "Fitted on sequences of unequal lengths, the estimator skips steps of NaN, which Keras "
            "does not. Fit it on sequences of one length to convert it."
        )
    if layer.repeats_input:
        steps = keras.layers.RepeatVector(layer.n_steps)(rows)
    else:
        steps = keras.layers.Reshape((layer.n_steps, layer.n_inputs))(rows)
    settings = {"return_sequences": layer.returns_sequence}
    if layer.cell == "lstm":
        recurrence = keras.layers.LSTM(layer.n_units, **settings)
    else:
        recurrence = keras.layers.GRU(layer.n_units, reset_after=False, **settings)
        # In Keras the update gate comes first.
        order = np.arange(len(bias)).reshape(-1, 3, layer.n_units)[:, [1, 0, 2]].ravel()
        kernel, bias = kernel[:, order], bias[order]
    if layer.is_bidirectional:
        recurrence = keras.layers.Bidirectional(recurrence)
    n, weights = layer.n_inputs, []
    for one, its_bias in zip(
        np.split(kernel, layer.n_readings, axis=1), np.split(bias, layer.n_readings), strict=True
    ):
        weights += [one[:n], one[n:], its_bias]
    states = _with_weights(recurrence, steps, *weights)
    return _flat(states) if layer.returns_sequence else states


def _by_name(name: str) -> Callable[[Tensor], Tensor]:
    return lambda rows: keras.layers.Activation(name)(rows)


def _flat(rows: Tensor) -> Tensor:
    return keras.layers.Flatten()(rows)


def _with_weights(layer: Any, rows: Tensor, *weights: np.ndarray) -> Tensor:
    """Call a layer, which builds it, and set its weights."""
    out = layer(rows)
    layer.set_weights(weights)
    return out


LAYERS: dict[type[Layer], Callable[..., Tensor]] = {
    Dense: _dense,
    EachStep: _dense_each_step,
    Convolution: _convolved,
    TransposedConvolution: _convolved_back,
    Recurrence: _recurred,
}
ACTIVATIONS: dict[str | None, Callable[[Tensor], Tensor]] = {
    None: lambda rows: rows,
    "identity": lambda rows: rows,
    "leaky_relu": lambda rows: keras.layers.LeakyReLU(negative_slope=0.2)(rows),
    "gelu": lambda rows: keras.ops.gelu(rows, approximate=True),
    "logistic": _by_name("sigmoid"),
    **{name: _by_name(name) for name in ("relu", "elu", "selu", "softplus", "tanh")},
}
