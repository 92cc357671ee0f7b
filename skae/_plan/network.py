"""The network of a plan: its layers, and its weights as encoder and decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from math import prod
from typing import Any, NamedTuple

from skae._plan.layers import Dense, Layer


class SubNetwork(NamedTuple):
    """The weights of the encoder or the decoder, as arrays or tensors.

    `log_variance_layer` holds the kernel and the bias of a second code layer, which returns the
    logarithm of the codes' variances; only a variational encoder has one.

    `cut_biases` and `cut_scales` tell the decoder of ordered codes which of them are cut. Both hold
    an array for each layer of `Network.told_layers`, with a row for each code. The sum of the rows
    of the codes that are cut is added to the layer's bias, and the exponential of that sum
    multiplies the layer's inputs. The first scales multiply the codes, also those that the linear
    path takes. Where kernels are tied, `cut_scales` is empty.
    """

    layers: tuple[Layer, ...]
    kernels: tuple[Any, ...]
    biases: tuple[Any, ...]
    skip: Any | None
    log_variance_layer: tuple[Any, Any] | None = None
    cut_biases: tuple[Any, ...] = ()
    cut_scales: tuple[Any, ...] = ()

    def astype(self, dtype: Any) -> SubNetwork:
        """Return the arrays in this dtype, without copying those that have it."""

        def cast(part: Any) -> Any:
            if part is None or isinstance(part, tuple):
                return part and tuple(map(cast, part))
            return part.astype(dtype, copy=False)

        return SubNetwork(self.layers, *map(cast, self[1:]))


@dataclass(frozen=True)
class Network:
    """An encoder and a decoder, each with or without a linear path beside its layers.

    Parameters
    ----------
    encoder, decoder : tuple of Layer
        Layers from the features to the codes, and from the codes to the output.
    activation, code_activation : str
        Names of the activations.
    output_activation : str or None
        None if the decoder's output is not a reconstruction of the features.
    tied_weights : bool
        Whether the decoder's kernels are the encoder's, transposed. Mirrored layers only.
    encoder_skip, decoder_skip : bool
        Whether the encoder, or the decoder, has a linear path beside its layers.
    n_active : int or None
        Number of codes of a sample that are kept, the largest ones.
    is_variational : bool
        Whether codes are normal variables with a mean and a variance.
    standardizes : bool
        Whether the encoder sees X centered and divided by its scale, and the decoder returns the
        same, or both X itself.
    skips_missing : bool
        Whether entries of X may be missing, NaN: they have no loss. Those of flat rows are filled
        before the encoder sees them; layers of sequences skip them, and the linear path takes them
        for the center of X.
    scales_columns : bool
        Whether each number is divided by its own standard deviation, instead of one scale for all.
    categories : tuple of (int, int)
        First column, and end, of the indicators of each variable of categories. The decoder returns
        probabilities for them.
    is_ordered : bool
        Whether the decoder also reconstructs from the first codes alone, for any number of them.
    """

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    activation: str
    code_activation: str
    output_activation: str | None
    tied_weights: bool = False
    encoder_skip: bool = False
    decoder_skip: bool = False
    n_active: int | None = None
    is_variational: bool = False
    standardizes: bool = True
    skips_missing: bool = False
    scales_columns: bool = False
    categories: tuple[tuple[int, int], ...] = ()
    is_ordered: bool = False

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.encoder[0].n_in

    @property
    def n_components(self) -> int:
        """Number of codes."""
        return self.encoder[-1].n_out

    @property
    def fills_missing(self) -> bool:
        """Whether missing entries are filled for the encoder: those of flat rows."""
        return len(self.encoder[0].shape_in) == 1

    @property
    def n_normals(self) -> int:
        """Number of standard normals that each sample needs in training."""
        return self.n_components if self.is_variational else 0

    @property
    def widest(self) -> int:
        """Width of the widest layer."""
        return max(max(layer.n_in, layer.n_out) for layer in self.encoder + self.decoder)

    @property
    def n_weights(self) -> int:
        """Number of trained weights."""
        return sum(map(prod, self.shapes))

    @property
    def scales_codes(self) -> bool:
        """Whether codes are in the units of X, as those of PCA are."""
        return self.has_linear_codes and not self.has_column_scales

    @property
    def has_linear_codes(self) -> bool:
        """Whether the code layer has no activation."""
        return self.code_activation == "identity" and not self.is_variational

    @property
    def has_column_scales(self) -> bool:
        """Whether the scale is an array with an entry for each column."""
        return self.scales_columns or bool(self.categories)

    @property
    def variables(self) -> slice | list[int]:
        """The columns of numbers, and the first one of each variable of categories."""
        others = {i for begin, end in self.categories for i in range(begin + 1, end)}
        return [i for i in range(self.n_features) if i not in others] if others else slice(None)

    @property
    def n_variables(self) -> int:
        """Number of numbers and variables of categories."""
        return self.n_features - sum(end - begin - 1 for begin, end in self.categories)

    @property
    def told_layers(self) -> tuple[Layer, ...]:
        """The first layers of the decoder, all dense, that are told which ordered codes are cut."""
        if not self.is_ordered:
            return ()
        return tuple(takewhile(lambda layer: isinstance(layer, Dense), self.decoder))

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the trained arrays.

        The encoder's kernels, biases, skip, second code layer, then the decoder's kernels, biases,
        skip, biases and scales for codes that are cut.
        """
        shapes: list[tuple[int, ...]] = [layer.kernel_shape for layer in self.encoder]
        shapes += [(layer.n_biases,) for layer in self.encoder]
        if self.encoder_skip:
            shapes.append((self.n_features, self.n_components))
        if self.is_variational:
            shapes += [(self.encoder[-1].n_in, self.n_components), (self.n_components,)]
        if not self.tied_weights:
            shapes += [layer.kernel_shape for layer in self.decoder]
        shapes += [(layer.n_biases,) for layer in self.decoder]
        if self.decoder_skip and not self.tied_weights:
            shapes.append((self.n_components, self.decoder[-1].n_out))
        told = self.told_layers
        shapes += [(self.n_components, layer.n_out) for layer in told]
        if not self.tied_weights:
            shapes += [(self.n_components, layer.n_in) for layer in told]
        return tuple(shapes)

    def split(
        self, weights: Iterable[Any], transpose: Callable[[Any], Any]
    ) -> tuple[SubNetwork, SubNetwork]:
        """Split trained arrays (ordered as `shapes`) into encoder and decoder."""
        left = iter(weights)

        def take(n: int) -> tuple[Any, ...]:
            return tuple(next(left) for _ in range(n))

        encoder = SubNetwork(
            self.encoder,
            take(len(self.encoder)),
            take(len(self.encoder)),
            next(left) if self.encoder_skip else None,
            (next(left), next(left)) if self.is_variational else None,
        )
        n_layers = len(self.decoder)
        if self.tied_weights:
            kernels = tuple(
                layer.tied_kernel(kernel, transpose)
                for layer, kernel in zip(self.decoder, reversed(encoder.kernels), strict=True)
            )
            skip = transpose(encoder.skip) if self.decoder_skip else None
            biases = take(n_layers)
        else:
            kernels, biases = take(n_layers), take(n_layers)
            skip = next(left) if self.decoder_skip else None
        n_told = len(self.told_layers)
        cuts = take(n_told), take(0 if self.tied_weights else n_told)
        return encoder, SubNetwork(self.decoder, kernels, biases, skip, None, *cuts)

    def join(self, encoder: SubNetwork, decoder: SubNetwork) -> tuple[Any, ...]:
        """Join encoder and decoder again: the inverse of `split`."""
        weights = [*encoder.kernels, *encoder.biases]
        if encoder.skip is not None:
            weights.append(encoder.skip)
        weights += encoder.log_variance_layer or ()
        if not self.tied_weights:
            weights += decoder.kernels
        weights += decoder.biases
        if decoder.skip is not None and not self.tied_weights:
            weights.append(decoder.skip)
        return (*weights, *decoder.cut_biases, *decoder.cut_scales)
