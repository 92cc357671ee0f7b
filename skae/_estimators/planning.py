"""From parameters and X to what a fit begins with: a plan, a model, a hash of the fit."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from functools import partial
from typing import Any

import joblib
import numpy as np
from sklearn.utils._missing import is_pandas_na

from skae._data.factors import factor_model
from skae._data.rows import Rows
from skae._estimators.fitted import FittedAutoencoder
from skae._estimators.loadings import FittedLoadings
from skae._estimators.ordered import OrderedCodes
from skae._estimators.parameters import SharedParameters
from skae._plan.network import Network
from skae._plan.plan import Plan
from skae._training.initialization import random_weights
from skae._training.model import Model, check_range, initial_model, is_share
from skae._training.schedule import rates_of
from skae._version import __version__

# n_components='auto' begins with the principal components that explain this share.
MOST_SHARE = 0.99


class PlannedFit(
    SharedParameters, OrderedCodes, FittedLoadings, FittedAutoencoder, metaclass=ABCMeta
):
    """The plan and the model of a fit; a subclass implements `_plan`."""

    @abstractmethod
    def _plan(self, n_features: int, n_components: int) -> Plan:
        """Return the plan for `n_features` features and `n_components` codes."""

    def _row_shape(self, first: bool) -> tuple[str, tuple[int, ...] | None] | None:
        if first or not self.__sklearn_is_fitted__():
            network = self.chosen_network()
            name = network.shape_parameter
            return None if name is None else (name, getattr(network, name))
        shape = self.network_.encoder[0].shape_in
        if len(shape) == 1:
            return None
        return self.chosen_network().shape_parameter or "sample_shape_", shape

    def _takes_padding(self, first: bool) -> bool:
        if first or not self.__sklearn_is_fitted__():
            return self.chosen_network().takes_padding
        return self.network_.skips_missing and not self.network_.fills_missing

    def _missing_values(self, first: bool) -> float | None:
        if self._row_shape(first) is not None:
            return None
        marker = self.missing_values
        return np.nan if marker is None or is_pandas_na(marker) else float(marker)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        network = self._own_network if self.network is None else self.network
        tags.input_tags.allow_nan = getattr(network, "shape_parameter", None) is None
        return tags

    def _planned(self, n_features: int, n_components: Any, skips_missing: bool = False) -> Plan:
        plan = self._plan(n_features, n_components)
        if not isinstance(plan, Plan):
            raise TypeError(
                f"{type(self).__name__}._plan returned {plan!r}, but must return a Plan, such as "
                "that of self.network_plan(n_features, n_components)."
            )
        return plan.skipping_missing() if skips_missing else plan

    def _first_model(
        self, X: Rows, rng: np.random.Generator, rows: np.ndarray | None = None
    ) -> Model:
        n_components = self._first_n_components(X)
        planned = partial(self._planned, skips_missing=X.has_missing)
        return initial_model(X.targets, n_components, self.init, planned, rng, rows)

    def _first_n_components(self, X: Rows) -> Any:
        if self.n_components == "auto":
            if not (self.ordered and self.early_stopping):
                raise ValueError(
                    "n_components='auto' compares the numbers of codes of one fit on a validation "
                    "set, which needs ordered=True and early_stopping=True. Set both, or "
                    "n_components=0.95, the share of the variance that the codes are to hold."
                )
            return MOST_SHARE
        if self.n_components is None and not self.chosen_network().plans_without_codes:
            return min(X.shape)
        return self.n_components

    def _fitted_model(self, X: Rows) -> Model:
        """Return the fitted model to continue with, if the parameters still describe it."""
        n_components: Any = self.n_components
        plans_without_codes = self.chosen_network().plans_without_codes
        if (
            n_components == "auto"
            or is_share(n_components)
            or (n_components is None and not plans_without_codes)
        ):
            n_components = self.n_components_
        n_components = n_components and int(n_components)
        skips_missing = self.network_.skips_missing
        plan = self._planned(X.shape[1], n_components, skips_missing)
        if plan.network != self.network_:
            raise ValueError(
                f"The parameters describe another network than the fitted one: {plan.network} "
                f"instead of {self.network_}. Restore the parameters, or fit a new model with "
                "warm_start=False."
            )
        check_range(plan, X.targets)
        factors = self.factor_model_
        if X.has_missing and plan.network.fills_missing:
            # The first samples that have any.
            plan = plan.skipping_missing()
            factors = factors or factor_model(
                X.targets,
                np.arange(len(X)),
                self.mean_,
                self._generator(self.n_iter_),
                plan.network.categories,
            )
        return Model(plan, self.weights_, self.mean_, self.scale_, factors=factors)

    def _fingerprint(self, X: Rows, warm: bool, held_out: Rows | None = None) -> str:
        """Return a hash that identifies the fit: parameters, samples, initial state."""
        parameters = {**self.get_params(), **self._functions(X)}
        parameters |= {"checkpoint": None, "verbose": None}
        start = (self.weights_, self.mean_, self.scale_, self._split_seed) if warm else None
        shape = getattr(self, "sample_shape_", None)
        token = X.token if held_out is None else (X.token, held_out.token)
        told = (type(self).__qualname__, __version__, parameters, token, shape, start)
        return joblib.hash(told)

    def _functions(self, X: Rows) -> dict[str, Any]:
        """Return the values of parameters that are functions: an edited one keeps its name."""
        values: dict[str, Any] = {}
        if callable(self.learning_rate):
            n_epochs = self.training_options(len(X)).max_iter
            values["learning_rate"] = rates_of(self.learning_rate, n_epochs)
        if callable(self.init):
            network = self._first_network(X)
            values["init"] = random_weights(network, self.init, np.random.default_rng(0))
        return values

    def _first_network(self, X: Rows) -> Network:
        """Return the network for X, with one code if a share of the variance gives their number."""
        n_components = self._first_n_components(X)
        return self._planned(X.shape[1], 1 if is_share(n_components) else n_components).network
