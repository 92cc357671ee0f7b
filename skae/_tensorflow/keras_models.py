"""Users' Keras models: check their shapes, and apply them to rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from skae._tensorflow import quiet  # noqa: F401  (before Keras imports TensorFlow)

# isort: split
import keras
import numpy as np

from skae._data.blocks import blocks
from skae._data.checks import without_ones
from skae._network.codec import AbstractCodec

Shape = tuple[int, ...]

# Entries of rows or codes in a block. Hidden layers may be many times wider, and Keras holds
# several of them at once.
BLOCK_ENTRIES = 1 << 17


@dataclass(frozen=True)
class KerasCodec(AbstractCodec):
    """An encoder and a decoder with their input shapes, without the number of rows.

    It computes in float32, and returns the dtype of its input.
    """

    encoder: keras.Model
    decoder: keras.Model
    row_shape: Shape
    code_shape: Shape

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Return the codes of rows of X."""
        return self._mapped(self.encoder, X, self.row_shape, self.code_shape)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the reconstructed rows of codes."""
        return self._mapped(self.decoder, codes, self.code_shape, self.row_shape)

    def _blocks(self, n_rows: int) -> Iterator[slice]:
        return blocks(n_rows, max(prod(self.row_shape), prod(self.code_shape)), BLOCK_ENTRIES)

    def _mapped(self, model: keras.Model, rows: np.ndarray, taken: Shape, given: Shape) -> Any:
        out = np.empty((len(rows), prod(given)), rows.dtype)
        for block in self._blocks(len(rows)):
            batch = rows[block].astype(np.float32, copy=False).reshape(-1, *taken)
            # A model may return its one output in a list.
            (result,) = keras.tree.flatten(model.predict_on_batch(batch))
            out[block] = result.reshape(len(batch), -1)
        return out


def checked_shapes(encoder: Any, decoder: Any) -> tuple[Shape, Shape]:
    """Return the shapes of a row and of its code; raise an error if the models do not match."""
    row, code = _shapes("encoder", encoder)
    taken, given = _shapes("decoder", decoder)
    if without_ones(taken) != without_ones(code):
        raise ValueError(
            f"encoder={encoder!r} returns codes of shape {code}, but decoder={decoder!r} takes "
            f"{taken}. Pass a decoder whose input has the shape of the encoder's output."
        )
    if without_ones(given) != without_ones(row):
        raise ValueError(
            f"decoder={decoder!r} returns rows of shape {given}, but encoder={encoder!r} takes "
            f"{row}. Pass a decoder whose output has the shape of the encoder's input, for example "
            "by a keras.layers.Reshape at its end."
        )
    return row, taken


def _shapes(name: str, model: Any) -> tuple[Shape, Shape]:
    """Return a model's input and output shape, without the number of rows."""
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"{name}={model!r} has the type {type(model).__name__}, but must be a keras.Model: "
            "Sequential, functional or subclassed. keras.Sequential makes one of layers."
        )
    if not model.built:
        raise ValueError(
            f"{name}={model!r} is not built, so its shapes are unknown. Begin it with a "
            "keras.Input, or call it once on some rows."
        )
    # Subclassed models only know the shapes that they were built for.
    built_for = model.get_build_config() or {}
    taken = getattr(model, "input_shape", built_for.get("input_shape", built_for))
    row = _known(name, model, "takes", [taken] if isinstance(taken, tuple) else taken)
    try:
        given = keras.tree.flatten(model.compute_output_spec(keras.KerasTensor((None, *row))))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name}={model!r} cannot be called on one array of rows of shape {row}, which it "
            "was built for. Pass a model whose call takes one array."
        ) from error
    return row, _known(name, model, "returns", [each.shape for each in given])


def _known(name: str, model: Any, verb: str, shapes: Any) -> Shape:
    """Return the only shape, without the number of rows; it must be known."""
    if not isinstance(shapes, list) or len(shapes) != 1:
        raise ValueError(
            f"{name}={model!r} {verb} several arrays, of shapes {shapes}. Pass a model of one "
            "input and one output, such as keras.Model(model.inputs[0], model.outputs[0])."
        )
    shape = tuple(shapes[0][1:])
    if None in shape:
        raise ValueError(
            f"{name}={model!r} {verb} arrays of shape {shapes[0]}: all sizes except the number of "
            "rows must be known. Pass the sizes to the model's keras.Input."
        )
    return shape
