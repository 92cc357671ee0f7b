"""Layers of sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skae._plan.layers import Initializer, Layer

GATES = {"lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Recurrence(Layer):
    """A recurrent layer; its kernel stacks the input's kernel on that of the state.

    The columns are ordered by gate: input, forget, candidate, output for an LSTM; reset, update,
    candidate for a GRU. If the layer is bidirectional, those of the reading from the last step to
    the first come second.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    n_steps : int
    n_inputs : int
        Number of values in a step.
    n_units : int
    repeats_input : bool
        Whether every step reads the same inputs, instead of a sequence.
    returns_sequence : bool
        Whether to return the state of every step, instead of the last one.
    is_bidirectional : bool
        Whether the layer also reads the steps from the last to the first, with weights of their
        own; the states of both readings are returned side by side.
    skips_missing : bool
        Whether a sequence may end early: its steps of NaN, the last ones, change no state, and
        their own states are NaN.
    """

    cell: str
    n_steps: int
    n_inputs: int
    n_units: int
    repeats_input: bool = False
    returns_sequence: bool = False
    is_bidirectional: bool = False
    skips_missing: bool = False

    applies_activation: ClassVar[bool] = False

    @property
    def shape_in(self) -> tuple[int, ...]:
        return self.n_steps, self.n_inputs

    @property
    def n_in(self) -> int:
        return self.n_inputs * (1 if self.repeats_input else self.n_steps)

    @property
    def n_readings(self) -> int:
        """Number of directions in which the steps are read."""
        return 2 if self.is_bidirectional else 1

    @property
    def n_out(self) -> int:
        return self.n_readings * self.n_units * (self.n_steps if self.returns_sequence else 1)

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_inputs + self.n_units, self.n_biases

    @property
    def n_biases(self) -> int:
        return self.n_readings * GATES[self.cell] * self.n_units

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_inputs + self.n_units, self.n_units

    def skipping(self) -> Recurrence:
        return replace(self, skips_missing=True)

    def initial_weights(
        self, draw: Initializer, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Open the forget gates of an LSTM, by a bias of 1 (Jozefowicz et al., 2015)."""
        kernel, bias = super().initial_weights(draw, rng)
        if self.cell == "lstm":
            bias.reshape(self.n_readings, GATES["lstm"], self.n_units)[:, 1] = 1.0
        return kernel, bias


@dataclass(frozen=True)
class Feedback(Layer):
    """A recurrent layer that returns the values of each step, and reads those of the step before.

    A step reads its inputs, the last values (zeros before the first step) and the last state. Its
    values are a linear function of the inputs, the last values and the new state (Cho et al.,
    2014), plus the linear path beside the layers. The kernel's rows belong to the inputs, the last
    values and the state; its columns to the gates of the cell, see :class:`Recurrence`, and to the
    values.
    """

    cell: str
    n_steps: int
    n_inputs: int
    n_units: int
    n_values: int
    repeats_input: bool

    reads_path: ClassVar[bool] = True

    @property
    def recurrence(self) -> Recurrence:
        """The recurrent layer inside, which reads inputs and values."""
        n_read = self.n_inputs + self.n_values
        return Recurrence(self.cell, self.n_steps, n_read, self.n_units, returns_sequence=True)

    @property
    def n_in(self) -> int:
        return self.n_inputs * (1 if self.repeats_input else self.n_steps)

    @property
    def n_out(self) -> int:
        return self.n_steps * self.n_values

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.recurrence.kernel_shape[0], self.n_biases

    @property
    def n_biases(self) -> int:
        return self.recurrence.n_biases + self.n_values

    @property
    def fans(self) -> tuple[float, float]:
        return self.recurrence.fans

    def initial_weights(
        self, draw: Initializer, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        kernel = draw(rng, self)
        _, bias = self.recurrence.initial_weights(draw, rng)
        return kernel, np.append(bias, np.zeros(self.n_values))

    def readout(self, kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return kernel[:, -self.n_values :], bias[-self.n_values :]


@dataclass(frozen=True)
class EachStep(Layer):
    """One dense layer, applied to each step of a sequence."""

    n_steps: int
    n_inputs: int
    n_outputs: int

    @property
    def n_in(self) -> int:
        return self.n_steps * self.n_inputs

    @property
    def n_out(self) -> int:
        return self.n_steps * self.n_outputs

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        return self.n_inputs, self.n_outputs

    @property
    def n_biases(self) -> int:
        return self.n_outputs

    @property
    def fans(self) -> tuple[float, float]:
        return self.n_inputs, self.n_outputs

    def forward(self, ops: Any, kernel: Any, bias: Any, rows: Any) -> Any:
        steps = ops.reshape(rows, (-1, self.n_inputs)) @ kernel + bias
        return ops.reshape(steps, (-1, self.n_out))
