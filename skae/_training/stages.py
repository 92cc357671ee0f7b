"""The stages of a fit: the whole network, or before it one layer at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from skae._data.blocks import blocks
from skae._data.rows import ArrayRows
from skae._data.split import Split
from skae._network.forward import to_output_units
from skae._plan.layers import Dense, Initializer
from skae._plan.network import SubNetwork
from skae._plan.plan import Stage
from skae._training.checkpoint import Checkpoint, NoCheckpoint
from skae._training.epochs import History
from skae._training.model import Model, initial_model
from skae._training.options import Hooks, StartPolicy, TrainingOptions
from skae._training.protocols import TrainerFactory
from skae._training.schedule import MIN_GAINS, Snapshot
from skae._training.stage import Reconstruction, run_last_steps, run_stage


class Trained(NamedTuple):
    """A model, the history of its training as a whole, and the loss curves of its layers."""

    model: Model
    history: History
    layer_curves: list[list[float]]

    @property
    def weights(self) -> tuple[Any, ...]:
        """The weights kept."""
        return self.model.kept(self.history.kept)


@dataclass(frozen=True)
class Run:
    """Settings of all stages of a fit.

    Parameters
    ----------
    options : TrainingOptions
    init : {"pca", "he", "glorot", "lecun"} or callable
        Initialization of the network, or of each of its layers.
    warm : bool
        Whether the model was trained before.
    rng : Generator
    noise_seed : sequence of int
        Seeds the noise on the validation set.
    trainers : callable
        Makes trainers.
    checkpoint : Checkpoint or NoCheckpoint
        The files to resume from, and to write the progress to.
    """

    options: TrainingOptions
    init: str | Initializer
    warm: bool
    rng: np.random.Generator
    noise_seed: Sequence[int]
    trainers: TrainerFactory
    checkpoint: Checkpoint | NoCheckpoint


def run_stages(
    run: Run, hooks: Hooks, stages: tuple[Stage, ...], model: Model, split: Split
) -> Trained:
    """Train a model stage by stage, until the last stage, a callback or Ctrl-C ends the fit.

    The hook `end_epoch` receives what has been trained so far.
    """
    layers = LayerByLayer(model, split, run.init, run.rng)
    curves: list[list[float]] = []
    starts_as_pca = run.init == "pca"
    # PCA of indicators is a weak start: what was better on the validation set, although not
    # significantly, was better on new samples, too.
    trusts_mean = model.plan.network.categories and len(split.validation) >= MIN_GAINS

    def untrained(ended: bool = False, interrupted: bool = False) -> Trained:
        kept = Snapshot(0, layers.model.weights, np.array([np.nan]))
        return Trained(layers.model, History(kept, ended=ended, interrupted=interrupted), curves)

    for i, stage in enumerate(stages):
        whole = stage.layer is None
        part, below = layers.part(stage)

        def trained(history: History, whole: bool = whole) -> Trained:
            return Trained(layers.model, history, curves) if whole else untrained()

        def end_epoch(task: Any, history: History, trained: Any = trained) -> bool:
            return hooks.end_epoch(task, trained(history))

        # The user has chosen the number of a layer's epochs, so there is no warning.
        options = replace(run.options, max_iter=stage.max_iter or run.options.max_iter, warns=whole)
        task = Reconstruction(part, below, options, run.rng, run.noise_seed)
        history = run_stage(
            task,
            options,
            StartPolicy(
                keeps=run.warm or starts_as_pca or bool(curves),
                requires_significant_gain=starts_as_pca
                and whole
                and not (run.warm or curves or trusts_mean),
            ),
            replace(hooks, end_epoch=end_epoch),
            run.trainers,
            run.checkpoint.of_stage(i),
        )
        if stage.layer is None:
            if options.n_last_steps and below.is_held_out and not history.ended:
                _train_on_all(task, history, hooks, run.trainers)
            return trained(history)
        layers.put(stage.layer, part.trained(part.kept(history.kept)))
        curves.append(history.loss_curve)
        if history.ended:
            return untrained(ended=True, interrupted=history.interrupted)
    return untrained()


def _train_on_all(
    task: Reconstruction, history: History, hooks: Hooks, trainers: TrainerFactory
) -> None:
    """Train the weights kept on all samples; Ctrl-C leaves them as they were.

    An initialization that is kept is computed from all samples anyway.
    """
    if history.kept.epoch == 0:
        return
    try:
        history.snapshot = run_last_steps(task, history.kept, hooks, trainers)
    except KeyboardInterrupt:
        history.ended = history.interrupted = True


class LayerByLayer:
    """Extracts each layer and its mirror as a separate model, and stores the trained weights.

    The codes below a layer are computed once, in place: the cache is one float32 matrix as wide as
    the widest layer below the codes.

    Parameters
    ----------
    model : Model
        The whole network.
    split : Split
        Rows of X to train on and to validate by.
    init : str or callable
        Initialization of a layer.
    rng : Generator
    """

    def __init__(
        self, model: Model, split: Split, init: str | Initializer, rng: np.random.Generator
    ) -> None:
        self.model = model
        self._whole = self._split = split
        self._init, self._rng = init, rng
        self._cache: np.ndarray | None = None

    def part(self, stage: Stage) -> tuple[Model, Split]:
        """Return the model that a stage trains, and its data."""
        if stage.layer is None:
            return self.model, self._whole
        plan = self.model.plan.layer(stage.layer)
        is_dense = isinstance(plan.network.encoder[0], Dense)
        alone = initial_model(
            self._split.X,
            plan.network.n_components,
            self._init if is_dense or self._init != "pca" else "he",
            lambda *_: plan,
            self._rng,
            self._split.training,
            equalizes_code_variance=False,
        )
        return alone, self._split

    def put(self, i: int, alone: Model) -> None:
        """Copy a trained layer into the whole network, and cache its codes for the next layer."""
        encoder, decoder = alone.plan.network.split(alone.weights, np.transpose)
        if i and alone.plan.network.standardizes:
            encoder, decoder = _fold_standardization(alone, encoder, decoder)
        network = self.model.plan.network
        whole = network.split([weight.copy() for weight in self.model.weights], np.transpose)
        for half, part, at in zip(whole, (encoder, decoder), (i, -1 - i), strict=True):
            half.kernels[at][...] = part.kernels[0]
            half.biases[at][...] = part.biases[0]
            if part.cut_biases:
                # Of all layers alone, only the top one has them, those of the decoder's first.
                cuts = half.cut_biases[:1] + half.cut_scales[:1]
                for whole_cut, cut in zip(cuts, part.cut_biases + part.cut_scales, strict=True):
                    whole_cut[...] = cut
        self.model = replace(self.model, weights=network.join(*whole))
        if i + 1 < len(network.encoder):
            self._advance(alone)

    def _advance(self, alone: Model) -> None:
        """Replace the inputs of the layer by its codes."""
        codec, width = alone.codec(alone.weights), alone.plan.network.n_components
        X = self._split.X
        if self._cache is None:
            widths = (layer.n_out for layer in self.model.plan.network.encoder[:-1])
            self._cache = np.empty((len(X), max(widths)), np.float32)
        for rows in blocks(len(X), codec.network.widest):
            self._cache[rows, :width] = codec.encode(X[rows])
        X_val = self._split.X_val
        if X_val is not None:
            codes_val = codec.encode(X_val.collection).astype(np.float32)
            X_val = ArrayRows(codes_val, weights=X_val.weights)
        codes = ArrayRows(self._cache[:, :width], weights=X.weights)
        self._split = replace(self._split, X=codes, X_val=X_val)


def _fold_standardization(
    alone: Model, encoder: SubNetwork, decoder: SubNetwork
) -> tuple[SubNetwork, SubNetwork]:
    """Fold the mean and scale of a layer above others into its kernels and biases.

    Only dense layers above others are trained on standardized codes.
    Inside the whole network, a layer receives the codes below unstandardized. The mirror's output
    before the activation is linear in its weights, so that kernel and bias can absorb the units.
    """
    mean, scale = alone.input_units
    kernel = encoder.kernels[0] / scale
    encoder = encoder._replace(kernels=(kernel,), biases=(encoder.biases[0] - mean @ kernel,))
    network = alone.plan.network
    offset = to_output_units(network, 0.0, mean, scale)
    slope = to_output_units(network, 1.0, mean, scale) - offset
    decoder = decoder._replace(
        kernels=(decoder.kernels[0] * slope,),
        biases=(decoder.biases[0] * slope + offset,),
        cut_biases=tuple(of_codes * slope for of_codes in decoder.cut_biases),
    )
    return encoder, decoder
