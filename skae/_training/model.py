"""The initial model of a fit: a plan, its weights, and center and scale of X."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np

from skae._data.blocks import standardized
from skae._data.divisors import column_divisors
from skae._data.factors import FactorModel, FilledRows, factor_model
from skae._data.pca import Axes, center, column_variances, principal_axes, variance, with_signs_of
from skae._data.rows import Matrix, Rows, RowSubset, StandardizedColumns, taken
from skae._network.codec import Codec
from skae._network.forward import groups_of
from skae._network.units import input_units
from skae._plan.layers import Dense, Initializer
from skae._plan.network import Network
from skae._plan.plan import Plan
from skae._training.initialization import REGRESSION_ROWS, pca_weights, random_weights
from skae._training.options import unchanged
from skae._training.schedule import Snapshot

# With more samples per code, using the last tenth of the samples for the principal axes reduces the
# unexplained variance by less than a thousandth, which is not worth a second pass over X.
MANY_ROWS = 100


@dataclass(frozen=True)
class Model:
    """A plan with weights, for data of this mean and scale.

    Parameters
    ----------
    plan : Plan
    weights : tuple of ndarray
    mean : ndarray of shape (n_features,)
    scale : float, or ndarray of shape (n_features,)
    start_on_all_samples : callable or None
        Returns the initial weights from the principal axes of all samples, if those in `weights`
        are from the training samples alone.
    factors : FactorModel or None
        Fills missing entries of flat rows, if X has some.
    """

    plan: Plan
    weights: tuple[np.ndarray, ...]
    mean: np.ndarray
    scale: Any
    start_on_all_samples: Callable[[], tuple[np.ndarray, ...]] | None = None
    factors: FactorModel | None = None

    def expected_start_losses(
        self, losses_of: Callable[[tuple[Any, ...]], np.ndarray], n_rows: float, n_validation: float
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function that estimates the losses of the initialization on all samples.

        It takes the losses of the initialization on the training samples. A fit of p parameters to
        m samples leaves about 1 + p / m of the noise on samples it has not seen, and 1 - p / m on
        those it has. So the validation losses of this initialization and of that on all n samples
        differ by p / n_rows + p / n of the noise; the latter, on unseen samples, would be lower by
        p / n_rows - p / n.

        Parameters
        ----------
        losses_of : callable
            Returns the validation losses of weights.
        n_rows, n_validation : float
            Number of training and of validation samples, or of as many of equal weight as tell as
            much.
        """
        n_all, n_codes = n_rows + n_validation, self.plan.network.n_components
        start_on_all_samples = self.start_on_all_samples
        if start_on_all_samples is None or n_all > MANY_ROWS * (n_codes + 1):
            return unchanged
        share = n_validation / (n_rows + n_all)
        return lambda losses: losses - share * (losses - losses_of(start_on_all_samples()))

    def kept(self, kept: Snapshot) -> tuple[Any, ...]:
        """Return the weights kept; for kept initial weights, those from all samples."""
        if kept.epoch == 0 and self.start_on_all_samples is not None:
            return self.start_on_all_samples()
        return kept.weights

    @property
    def input_units(self) -> tuple[np.ndarray, Any]:
        """What the network's inputs are centered by and divided by."""
        return input_units(self.plan.network, self.mean, self.scale)

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """Return rows as the network sees them; they may be overwritten."""
        rows = rows if self.factors is None else self.factors.filled(rows)
        return standardized(rows, *self.input_units)

    def trained(self, weights: tuple[Any, ...]) -> Model:
        """Return the model with copies of other weights, arrays or tensors."""
        return replace(self, weights=tuple(np.array(weight, np.float32) for weight in weights))

    def codec(self, weights: tuple[Any, ...]) -> Codec:
        """Return the codec with copies of other weights, arrays or tensors."""
        weights = self.trained(weights).weights
        return Codec(self.plan.network, weights, self.mean, self.scale, factors=self.factors)


def initial_model(
    X: Rows,
    n_components: int | float | None,
    init: str | Initializer,
    plan_for: Callable[[int, Any], Plan],
    rng: np.random.Generator,
    rows: np.ndarray | None = None,
    equalizes_code_variance: bool = True,
) -> Model:
    """Compute mean and scale from X, and initial weights from some of its rows.

    Parameters
    ----------
    X : Rows of shape (n_samples, n_features)
    n_components : int, float or None
        Number of codes, the share of the variance that as many principal components explain, or
        None if the plan alone decides.
    init : {"pca", "he", "glorot", "lecun"} or callable
    plan_for : callable
        Returns the plan for a number of features and of codes.
    rng : Generator
    rows : ndarray of int or None
        Training rows, the only ones that the principal axes use, so that the loss on other rows is
        an unbiased validation loss. None means all rows.
    equalizes_code_variance : bool
        See :func:`~skae._training.initialization.pca_weights`.
    """
    n_features = X.shape[1]
    # Planned before anything is computed, so that errors in the plan are raised at once.
    plan = plan_for(n_features, 1 if is_share(n_components) else n_components and int(n_components))
    check_range(plan, X)
    mean, scale = center_and_scale(X)
    scales = column_scales(X, mean, plan.network) if plan.network.has_column_scales else None
    units = mean, scale if scales is None else scales
    # A first layer that is trained alone computes its own initialization from X.
    starts_as_pca = init == "pca" and (not plan.stages or plan.stages[0].layer is None)
    every, factors, all_axes = np.arange(len(X)), None, None
    rows, empty = every if rows is None else rows, np.zeros(n_features, bool)
    if X.has_missing and plan.network.fills_missing:
        factors = factor_model(X, rows, mean, rng, plan.network.categories)
        empty = ~X.total(lambda block: (~np.isnan(block)).any(axis=0))

    def axes_of(rows: np.ndarray, n_axes: int | None, rng: np.random.Generator) -> Axes:
        seen: Matrix = X if len(rows) == len(X) else RowSubset(X, rows)
        if factors is not None:
            seen = FilledRows(seen, factors)
        if scales is None:
            return principal_axes(seen, mean, n_axes, rng)
        standard = StandardizedColumns(seen, mean, scales)
        return principal_axes(standard, np.zeros_like(mean), n_axes, rng)

    if is_share(n_components):
        all_axes = axes_of(every, None, rng)
        plan = plan_for(n_features, _n_for_share(all_axes.variances, n_components))
    if not starts_as_pca:
        weights = random_weights(plan.network, "he" if init == "pca" else init, rng)
        _ignore(empty, plan.network, weights)
        return Model(plan, weights, *units, factors=factors)

    def start(rows: np.ndarray, axes: Axes, rng: np.random.Generator) -> Any:
        chosen = rows[rng.permutation(len(rows))[:REGRESSION_ROWS]]

        def some_rows() -> tuple[np.ndarray, np.ndarray | None]:
            some = X.take(chosen)
            some = some if factors is None else factors.filled(some)
            rows = standardized(some, *input_units(plan.network, *units))
            return rows, taken(X.weights, chosen)

        network = plan.network
        weights = pca_weights(network, axes, some_rows, units, rng, equalizes_code_variance)
        _ignore(empty, network, weights)
        return weights

    has_split = len(rows) < len(X)
    rng_of_all = deepcopy(rng) if has_split else rng
    if all_axes is None:
        all_axes = axes_of(every, plan.network.n_components, rng_of_all)
    start_on_all_samples = cache(partial(start, every, all_axes, rng_of_all))
    if not has_split:
        return Model(plan, start_on_all_samples(), *units, factors=factors)
    # The same signs for every split, so that another seed does not turn codes round.
    axes = with_signs_of(axes_of(rows, plan.network.n_components, rng), all_axes)
    return Model(plan, start(rows, axes, rng), *units, start_on_all_samples, factors)


def _ignore(empty: np.ndarray, network: Network, weights: tuple[np.ndarray, ...]) -> None:
    """Set to zero the weights of columns without any value; training does not change them."""
    if not empty.any():
        return
    encoder, decoder = network.split(weights, np.transpose)
    if isinstance(encoder.layers[0], Dense):
        encoder.kernels[0][empty] = 0.0
    if isinstance(decoder.layers[-1], Dense):
        decoder.kernels[-1][:, empty] = 0.0
    if encoder.skip is not None:
        encoder.skip[empty] = 0.0
    if decoder.skip is not None:
        decoder.skip[:, empty] = 0.0


def center_and_scale(X: Rows) -> tuple[np.ndarray, float]:
    """Return the mean of each column and the square root of their mean variance.

    The scale of constant data is 1, or their rounding error if that is larger.
    """
    if X.size == 0:
        raise ValueError("Input X contains NaN alone: there is no value to learn from.")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = center(X)
        mean_variance = variance(X, mean)
    scale = float(np.sqrt(mean_variance))
    size = np.abs(mean).max()
    # Products of columns are summed in the dtype of X; mean and scale are fed as float32.
    single = np.finfo(np.float32)
    sum_fits = mean_variance * X.size <= float(np.finfo(X.dtype).max)
    if not (sum_fits and max(scale, size) <= float(single.max)):
        low, high = X.extremes()
        raise ValueError(
            f"X is too large: it ranges from {low:g} to {high:g}, so that its variance "
            f"overflows {X.dtype}, or its values overflow float32. Divide X by a constant, or use "
            "StandardScaler."
        )
    rounding = 16 * np.finfo(np.float64).eps * float(size)
    is_constant = scale <= max(rounding, float(single.tiny))
    return mean, max(1.0, rounding) if is_constant else scale


def column_scales(X: Rows, mean: np.ndarray, network: Network) -> np.ndarray:
    """Return what each column is divided by: a number by its standard deviation, 1 if it is zero.

    Indicators of categories stay as they are, so that the variance of such a variable, over all
    its indicators, is the probability that two samples differ: less than 1, like what a code can
    gain in accuracy. Without `scales_columns` all numbers are divided by the root of their mean
    variance.
    """
    variances = column_variances(X, mean)
    are_numbers = ~groups_of(network).are_categories
    if not network.scales_columns:
        variances[:] = variances[are_numbers].mean() if are_numbers.any() else 1.0
    return np.where(are_numbers, column_divisors(np.sqrt(variances), mean), 1.0)


def is_share(n_components: int | float | None) -> TypeGuard[float]:
    """Return whether the number of codes is given as a share of the variance."""
    return isinstance(n_components, Real) and not isinstance(n_components, Integral)


def check_range(plan: Plan, X: Rows, name: str = "X") -> None:
    """Raise an error for values outside the range of a loss on logits."""
    if not plan.objective.loss.on_logits:
        return
    beyond = X.beyond_unit_interval()
    if beyond is not None:
        low, high = beyond
        raise ValueError(
            f"loss='binary_crossentropy' needs values in [0, 1], but {name} ranges from {low:g} "
            f"to {high:g}. Scale {name}, for example by MinMaxScaler(clip=True), or choose another "
            "loss."
        )


def _n_for_share(variances: np.ndarray, share: float) -> int:
    """Return the number of components that explain more than this share, as in `PCA`."""
    if variances.size == 0:
        return 1
    shares = np.cumsum(variances) / variances.sum()
    return min(int(np.searchsorted(shares, share, side="right")) + 1, len(shares))
