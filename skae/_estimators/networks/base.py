"""The base class of networks."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from dataclasses import fields
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from skae._estimators.declared import DeclaredParameters
from skae._plan.layers import Layer

Layers = tuple[Layer, ...]


class BaseNetwork(DeclaredParameters, BaseEstimator, metaclass=ABCMeta):
    """Base class of networks, the parameter `network` of every autoencoder.

    A network is a description: it holds parameters, which a search reaches as
    ``network__<parameter>``, and makes layers from them. It is never fitted or changed. A subclass
    declares its parameters as annotated fields and implements `layers`.
    """

    # Name of the parameter that gives the shape of a sample, for images or sequences.
    shape_parameter: ClassVar[str | None] = None
    # Whether n_components=None means a network without a dense code layer.
    plans_without_codes: ClassVar[bool] = False
    # Whether samples are sequences that may end early, with NaN after their end.
    takes_padding: ClassVar[bool] = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    @abstractmethod
    def layers(
        self, sample_shape: tuple[int, ...], n_components: int | None
    ) -> tuple[Layers, Layers]:
        """Return the layers of the encoder and those of the decoder.

        Parameters
        ----------
        sample_shape : tuple of int
            Shape of a sample of X: ``(n_features,)`` for flat samples.
        n_components : int or None
            Number of codes. None only if `plans_without_codes`.

        Returns
        -------
        encoder, decoder : tuple of Layer
            Layers from the features to the codes, and from the codes to the features.
        """

    def for_few_codes(self) -> BaseNetwork:
        """Return the network for codes each of which stands for several unlike columns."""
        return self

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Return the names of the parameters."""
        return tuple(field.name for field in fields(cls))
