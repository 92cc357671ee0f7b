"""The stages of a fit: the whole network, or before it one layer at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from skae._checkpoint import Checkpoint
from skae._epochs import History
from skae._model import Model, first_model
from skae._parameters import SharedParameters
from skae._plan import Half, Stage
from skae._schedule import Kept
from skae._serve import blocks, preactivation
from skae._training import run_stage


class Trained(NamedTuple):
    """A model, the history of its training as a whole, and the loss curves of its layers."""

    model: Model
    history: History
    layer_curves: list[list[float]]

    @property
    def weights(self) -> tuple[Any, ...]:
        """The weights kept."""
        return self.model.kept(self.history.kept)


def run_stages(
    settings: SharedParameters,
    stages: tuple[Stage, ...],
    model: Model,
    X: np.ndarray,
    rows: np.ndarray,
    aside: np.ndarray,
    rng: np.random.Generator,
    *,
    warm: bool,
    checkpoint: Checkpoint | None,
    end_epoch: Callable[[Any, Trained], bool],
    **more: Any,
) -> Trained:
    """Train a model stage by stage, until someone ends it.

    Parameters
    ----------
    settings, model, X, rows, aside, rng
        See :func:`~skae._training.run_stage`, which takes `more` too.
    stages : tuple of Stage
    warm : bool
        Whether the model was trained before.
    checkpoint : Checkpoint or None
        Where to go on, and where to write how far the fit has come.
    end_epoch : callable
        Called after each epoch with what `begin_epoch` returned and what has been trained by
        then; True ends the fit.
    """
    layers = LayerByLayer(model, X, rows, settings.init, rng)
    curves: list[list[float]] = []
    starts_as_pca = settings.init == "pca"

    def untrained(**how_it_ended: bool) -> Trained:
        kept = Kept(0, layers.model.weights, np.array([np.nan]))
        return Trained(layers.model, History(kept, **how_it_ended), curves)

    for i, stage in enumerate(stages):
        whole = stage.layer is None
        part, below = (layers.model, X) if whole else layers.layer(stage.layer)

        def trained(history: History, whole: bool = whole) -> Trained:
            return Trained(layers.model, history, curves) if whole else untrained()

        history = run_stage(
            settings,
            stage,
            part,
            below,
            rows,
            aside,
            rng,
            keeps_start=warm or starts_as_pca or bool(curves),
            trusts_start=starts_as_pca and whole and not (warm or curves),
            progress_file=None if checkpoint is None else checkpoint.of_stage(i),
            end_epoch=lambda task, history, trained=trained: end_epoch(task, trained(history)),
            **more,
        )
        if whole:
            return trained(history)
        layers.put(stage.layer, part.trained(part.kept(history.kept)))
        curves.append(history.loss_curve)
        if history.ended:
            return untrained(ended=True, interrupted=history.interrupted)
    return untrained()


class LayerByLayer:
    """Hands out each layer and its mirror as a model of their own, and puts them back trained.

    The codes below a layer are computed once, row by row in place: the cache is one float32 matrix
    as wide as the widest layer below the codes.

    Parameters
    ----------
    model : Model
        The whole network.
    X : ndarray of shape (n_samples, n_features)
    rows : ndarray of int
        Rows to train on.
    init : str
        How a layer starts.
    rng : Generator
    """

    def __init__(
        self, model: Model, X: np.ndarray, rows: np.ndarray, init: str, rng: np.random.Generator
    ) -> None:
        self.model = model
        self._X, self._below, self._rows = X, X, rows
        self._init, self._rng = init, rng
        self._cache: np.ndarray | None = None

    def layer(self, i: int) -> tuple[Model, np.ndarray]:
        """Return layer `i` as a model, and the rows it is to be trained on."""
        plan = self.model.plan.layer(i)
        alone = first_model(
            self._below,
            plan.network.n_components,
            self._init,
            lambda *_: plan,
            self._rng,
            self._rows,
            evens_codes=False,
        )
        return alone, self._below

    def put(self, i: int, alone: Model) -> None:
        """Put a trained layer into the whole network, and its codes into the cache for the next."""
        encoder, decoder = alone.plan.network.split(alone.weights, np.transpose)
        if i:
            encoder, decoder = _without_units(alone, encoder, decoder)
        network = self.model.plan.network
        whole = network.split([weight.copy() for weight in self.model.weights], np.transpose)
        for half, part, at in zip(whole, (encoder, decoder), (i, -1 - i), strict=True):
            half.kernels[at][...] = part.kernels[0]
            half.biases[at][...] = part.biases[0]
        self.model = replace(self.model, weights=network.join(*whole))
        if i + 1 < len(network.encoder):
            self._advance(alone)

    def _advance(self, alone: Model) -> None:
        """Replace the rows below by their codes."""
        codec, width = alone.codec(alone.weights), alone.plan.network.n_components
        if self._cache is None:
            widths = (layer.n_out for layer in self.model.plan.network.encoder[:-1])
            self._cache = np.empty((len(self._X), max(widths)), np.float32)
        for rows in blocks(len(self._X), codec.network.widest):
            self._cache[rows, :width] = codec.encode(self._below[rows])
        self._below = self._cache[:, :width]


def _without_units(alone: Model, encoder: Half, decoder: Half) -> tuple[Half, Half]:
    """Let the weights of a layer above others do without its mean and scale.

    Inside the whole network a layer sees the codes below as they are. What the mirror gives is
    linear in its weights up to its activation, so that units go into kernel and bias.
    """
    mean, scale = alone.mean, alone.scale
    kernel = encoder.kernels[0] / scale
    encoder = encoder._replace(kernels=(kernel,), biases=(encoder.biases[0] - mean @ kernel,))
    network = alone.plan.network
    offset = preactivation(network, 0.0, mean, scale)
    slope = preactivation(network, 1.0, mean, scale) - offset
    decoder = decoder._replace(
        kernels=(decoder.kernels[0] * slope,), biases=(decoder.biases[0] * slope + offset,)
    )
    return encoder, decoder
