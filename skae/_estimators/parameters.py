"""The constructor parameters of all autoencoders, and their conversion to a plan."""

from __future__ import annotations

from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    MissingValues,
    Options,
    RealNotInt,
)

from skae._data.batches import rows_in_a_batch
from skae._data.cuts import FULL_SHARE
from skae._estimators.declared import DeclaredParameters
from skae._estimators.networks.base import BaseNetwork, Layers
from skae._estimators.networks.dense import DenseNetwork
from skae._estimators.networks.sizes import hidden_widths
from skae._estimators.parameter_texts import ATTRIBUTES, PARAMETERS, REFERENCES
from skae._estimators.precision import PRECISIONS, check_layers
from skae._estimators.tables import TakesTables
from skae._estimators.words import one_of
from skae._network.backend import ACTIVATIONS
from skae._plan.layers import Dense, Layer, mirrored
from skae._plan.network import Network
from skae._plan.objectives import LOSSES, Corruption, Loss, Penalty
from skae._plan.plan import Bottleneck, Objective, Plan, Solver, Stage
from skae._training.initialization import RANDOM_INITIALIZERS
from skae._training.options import TrainingOptions
from skae._training.schedule import SCHEDULES

SOLVERS = ("adam", "adamw", "sgd", "rmsprop")
# What 'auto' stands for: so many epochs, and on few rows, where these are short, so many steps.
MOST_EPOCHS, MOST_STEPS = 200, 8000
PATIENT_EPOCHS, PATIENT_STEPS = 10, 400
# So many where columns are scaled one by one: their loss rests for long, and then falls again.
MOST_STEPS_OF_COLUMNS = 16000
# The L2 regularization. That of categories is the one of the logistic regressions that start the
# decoder, as in scikit-learn's: weights of rare categories are otherwise learned by heart.
ALPHA_OF_NUMBERS, ALPHA_OF_CATEGORIES = 0.02, 1.0
# What TensorFlow counts by.
WIDEST = 2**31 - 1


class SharedParameters(TakesTables, DeclaredParameters):
    """The parameters of all autoencoders: `n_components` first, the others by keyword."""

    _texts = {"parameters": PARAMETERS, "attributes": ATTRIBUTES, "references": REFERENCES}

    # The network that parameters of the same names describe.
    _own_network: ClassVar[type[BaseNetwork]] = DenseNetwork

    n_components: int | float | str | None = field(default=2, kw_only=False)
    hidden_layer_sizes: Any = "auto"
    network: Any = None
    activation: str = "elu"
    code_activation: str = "identity"
    output_activation: str = "identity"
    loss: str = "squared_error"
    standardize: bool = True
    missing_values: Any = np.nan
    column_scaling: bool | str = "auto"
    categorical_features: Any = "from_dtype"
    init: Any = "pca"
    tied_weights: bool = False
    whiten: bool = False
    ordered: bool = False
    alpha: float | str = "auto"
    solver: str = "adam"
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    batch_size: int | str = "auto"
    precision: str = "float32"
    learning_rate: Any = "adaptive"
    learning_rate_init: float = 0.001
    max_iter: int | str = "auto"
    shuffle: bool = True
    tol: float = 1e-4
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int | float | str = "auto"
    warm_start: bool = False
    random_state: Any = None
    verbose: bool | int = False
    checkpoint: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            one_of(["auto"]),
            None,
        ],
        "hidden_layer_sizes": [
            one_of(["auto"]),
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "network": [BaseNetwork, None],
        "activation": [one_of(ACTIVATIONS)],
        "code_activation": [one_of(ACTIVATIONS)],
        "output_activation": [one_of(ACTIVATIONS)],
        "loss": [one_of(LOSSES)],
        "init": [one_of(("pca", *RANDOM_INITIALIZERS)), callable],
        "standardize": ["boolean"],
        "missing_values": [MissingValues(numeric_only=True), None],
        "column_scaling": ["boolean", one_of(["auto"])],
        "categorical_features": ["array-like", one_of(["from_dtype"]), None],
        "tied_weights": ["boolean"],
        "whiten": ["boolean"],
        "ordered": ["boolean"],
        "alpha": [one_of(["auto"]), Interval(Real, 0, None, closed="left")],
        "solver": [one_of(SOLVERS)],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "batch_size": [one_of(["auto"]), Interval(Integral, 1, None, closed="left")],
        "precision": [one_of(PRECISIONS)],
        "learning_rate": [one_of(SCHEDULES), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [one_of(["auto"]), Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [
            one_of(["auto"]),
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "checkpoint": [str, HasMethods(["__fspath__"]), None],
    }

    def chosen_network(self) -> BaseNetwork:
        """Return the parameter `network`, or the network that other parameters describe."""
        own, names = self._own_network, self._own_network.parameter_names()
        flat = {name: getattr(self, name) for name in names if hasattr(self, name)}
        network = self.network
        if network is None:
            return own(**flat)
        for name, value in flat.items():
            # Lists, so that sizes may be given as any array-like.
            if np.asarray(value).tolist() != np.asarray(getattr(type(self), name)).tolist():
                raise ValueError(
                    f"{name}={value!r} has no effect with network={network!r}. Leave {name} out, "
                    "or set it there if the network has it."
                )
        network._validate_params()
        return network

    def network_layers(self, n_features: int, n_components: int | None) -> tuple[Layers, Layers]:
        """Return the layers of the chosen network: of its encoder and of its decoder."""
        if n_components is None and self.init == "pca":
            raise ValueError(
                f"n_components=None leaves the dense layers out, which init={self.init!r} needs. "
                "Set n_components, or init='glorot'."
            )
        shape = getattr(self, "sample_shape_", (n_features,))
        network = self.chosen_network()
        if n_components is not None and self._has_few_codes(n_features, n_components):
            network = network.for_few_codes()
        layers = network.layers(shape, n_components)
        if not (isinstance(layers, tuple) and len(layers) == 2):
            raise TypeError(
                f"{type(network).__name__}.layers returned {layers!r}, but must return the layers "
                "of the encoder and those of the decoder."
            )
        return layers

    def network_plan(self, n_features: int, n_components: int | None, **parts: Any) -> Plan:
        """Return the plan of the chosen network with the shared parameters.

        `parts` are the arguments that a subclass sets itself, see `layered_plan`.
        """
        return self.layered_plan(*self.network_layers(n_features, n_components), **parts)

    def layered_plan(
        self,
        encoder: tuple[Layer, ...],
        decoder: tuple[Layer, ...],
        *,
        loss: Loss | None = None,
        penalties: tuple[Penalty, ...] = (),
        corruption: Corruption | None = None,
        bottleneck: Bottleneck | None = None,
        stages: tuple[Stage, ...] | None = None,
    ) -> Plan:
        """Return the plan of an autoencoder with these layers and the shared parameters.

        `loss` and the activation of `bottleneck` replace the parameters `loss` and
        `code_activation`, and `stages` replaces `max_iter` epochs of the whole network.
        """
        loss = loss or LOSSES[self.loss]
        bottleneck = bottleneck or Bottleneck()
        stages = stages or (Stage(),)
        if self.tied_weights and decoder != mirrored(encoder):
            raise ValueError(
                "tied_weights=True needs a decoder that mirrors the encoder, which "
                f"{self.chosen_network()!r} has not. Set tied_weights=False."
            )
        if not self.standardize and self.init == "pca":
            self._check_biases_can_center(decoder, loss)
        if max(layer.n_out for layer in encoder + decoder) > WIDEST:
            raise ValueError(
                f"n_components={self.n_components!r} and {self.chosen_network()!r} describe a "
                f"layer that is wider than {WIDEST} units."
            )
        self._check_columns(decoder, loss)
        if self.precision != "float32":
            check_layers(encoder + decoder, self.chosen_network())
        if self.ordered:
            self._check_order(encoder, decoder, bottleneck.n_active)
        is_sgd, is_adamw = self.solver == "sgd", self.solver == "adamw"
        starts_as_pca = self.init == "pca" and stages[0].layer is None
        return Plan(
            Network(
                encoder,
                decoder,
                activation=self.activation,
                code_activation=bottleneck.activation or self.code_activation,
                output_activation=self._output_activation(loss.on_logits),
                tied_weights=bool(self.tied_weights),
                encoder_skip=starts_as_pca and not _is_linear(encoder),
                decoder_skip=starts_as_pca and not _is_linear(decoder),
                n_active=bottleneck.n_active,
                is_variational=bottleneck.is_variational,
                standardizes=bool(self.standardize),
                scales_columns=self._scales_columns(),
                categories=self._categories(),
                is_ordered=bool(self.ordered),
            ),
            Objective(loss, 0.0 if is_adamw else self._alpha(), penalties, corruption),
            # What a solver does not use must not tell its programs apart.
            Solver(
                name=self.solver,
                momentum=float(self.momentum) if is_sgd else 0.0,
                nesterovs_momentum=is_sgd and bool(self.nesterovs_momentum),
                weight_decay=self._alpha() if is_adamw else 0.0,
            ),
            stages,
            precision=self.precision,
        )

    def training_options(self, n_rows: int) -> TrainingOptions:
        """Return the training options for `n_rows` training samples."""
        most_steps = MOST_STEPS_OF_COLUMNS if self._scales_columns() else MOST_STEPS
        return TrainingOptions(
            batch_size=rows_in_a_batch(self.batch_size, n_rows),
            shuffle=self.shuffle,
            learning_rate=self.learning_rate,
            learning_rate_init=float(self.learning_rate_init),
            max_iter=int(self._in_epochs(self.max_iter, n_rows, MOST_EPOCHS, most_steps)),
            tol=self.tol,
            patience=self._in_epochs(self.n_iter_no_change, n_rows, PATIENT_EPOCHS, PATIENT_STEPS),
            warns=True,
            verbose=self.verbose,
            # The loss of unlike columns falls in leaps, when codes take up another column.
            waits=self._scales_columns() and self.n_iter_no_change == "auto",
            n_last_steps=self._n_last_steps(),
        )

    def _n_last_steps(self) -> int:
        """Return the number of steps on all samples after those that are validated.

        There are none if more validation on the same samples is to come: of ordered codes, or of
        the next call of a warm start.
        """
        validates_later = self.ordered or self.warm_start
        chosen = self.max_iter != "auto"
        return 0 if chosen or validates_later or not self._scales_columns() else PATIENT_STEPS

    def _alpha(self) -> float:
        """Return the strength of the L2 regularization, or of the weight decay of AdamW."""
        if self.alpha != "auto":
            return float(self.alpha)
        share = 0.0
        if self._table is not None and self.solver != "adamw":
            share = float(self._table.is_categorical.mean())
        return (1.0 - share) * ALPHA_OF_NUMBERS + share * ALPHA_OF_CATEGORIES

    def _in_epochs(self, asked: Any, n_rows: int, n_epochs: int, n_steps: int) -> float:
        """Return the given number; 'auto' means `n_epochs`, but at least `n_steps` steps.

        With ordered codes it means so many more that all codes together see as many rows as without
        an order.
        """
        if asked != "auto":
            return asked
        if self.ordered:
            n_epochs, n_steps = round(n_epochs / FULL_SHARE), round(n_steps / FULL_SHARE)
        steps_an_epoch = -(-n_rows // rows_in_a_batch(self.batch_size, n_rows))
        return max(n_epochs, -(-n_steps // steps_an_epoch))

    def hidden_sizes(self) -> tuple[int, ...]:
        """Return the widths of the hidden layers."""
        return hidden_widths(self.hidden_layer_sizes)

    def _check_biases_can_center(self, decoder: tuple[Layer, ...], loss: Loss) -> None:
        """Raise an error if biases cannot center X for an initialization by PCA."""
        if not isinstance(decoder[-1], Dense) and decoder[-1].n_biases != decoder[-1].n_out:
            reason = "values share biases in the last layer, which therefore cannot center X"
        elif self.tied_weights and self._output_activation(loss.on_logits) == "logistic":
            reason = "tied weights cannot adapt to the logistic output"
        else:
            return
        raise ValueError(
            f"standardize=False and init='pca' do not go together here: {reason}. Set "
            "init='glorot', or leave standardize out."
        )

    def _check_columns(self, decoder: tuple[Layer, ...], loss: Loss) -> None:
        """Raise an error for parameters that exclude categories or scales of each column."""
        categories = self._categories()
        if not self.standardize and (categories or self._scales_columns()):
            raise ValueError(
                "standardize=False leaves X as it is, but "
                + ("categories need" if categories else "column_scaling=True asks for")
                + " standardized columns. Leave one of them out."
            )
        if categories and loss.on_logits:
            raise ValueError(
                f"loss={self.loss!r} is for values in [0, 1] only, but X has categories, which "
                "always have the cross-entropy. Leave loss out."
            )
        if categories and not isinstance(decoder[-1], Dense):
            raise ValueError(
                f"{self.chosen_network()!r} does not end in a dense layer, but X has categories. "
                "Leave network out, or encode the categories as numbers."
            )

    def _check_order(
        self, encoder: tuple[Layer, ...], decoder: tuple[Layer, ...], n_active: int | None
    ) -> None:
        """Raise an error for an autoencoder whose codes cannot be ordered."""
        if n_active is not None:
            reason = "each sample has other active codes, so that the first ones may all be zero"
        elif not (isinstance(encoder[-1], Dense) and isinstance(decoder[0], Dense)):
            reason = f"{self.chosen_network()!r} has no dense layer on both sides of the codes"
        elif self.whiten:
            reason = "whiten=True mixes all codes"
        else:
            return
        raise ValueError(f"ordered=True has no meaning here: {reason}. Leave one of them out.")

    def _output_activation(self, on_logits: bool) -> str:
        if not on_logits:
            return self.output_activation
        if self.output_activation not in ("identity", "logistic"):
            raise ValueError(
                f"loss={self.loss!r} implies output_activation='logistic', got "
                f"{self.output_activation!r}. Leave output_activation out or choose another loss."
            )
        return "logistic"


def _is_linear(layers: Layers) -> bool:
    """Return whether the one layer of an encoder or a decoder is itself linear."""
    return len(layers) == 1 and isinstance(layers[0], Dense)
