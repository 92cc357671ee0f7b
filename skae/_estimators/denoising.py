"""The denoising autoencoder and its corruptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, cast

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted

from skae._data.batches import corrupted
from skae._data.checks import check_dense, has_missing, shape_of, taking
from skae._data.dask_rows import is_dask
from skae._data.frames import index_of, is_frame
from skae._data.paired_rows import PairedRows
from skae._data.rows import Rows
from skae._data.table import by_variable
from skae._estimators.base import BaseAutoencoder
from skae._estimators.words import one_of
from skae._plan.objectives import Corruption
from skae._plan.plan import Plan


@dataclass(frozen=True)
class _Noise:
    """Noise of some level; the indicators of each variable of categories belong together."""

    level: float
    categories: tuple[tuple[int, int], ...] = ()

    def _drawn(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        """Return a number in [0, 1) for each entry, the same one for a variable's indicators."""
        return by_variable(rng.random(X.shape, np.float32), self.categories)

    def _hit(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        """Return a mask that is true for a share `level` of the entries."""
        return self._drawn(rng, X) < np.float32(self.level)


class Gaussian(_Noise):
    """Normal noise of this standard deviation, in the units of X."""

    def __call__(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        noise = rng.standard_normal(X.shape, np.float32)
        noise *= np.float32(self.level)
        X += noise
        return X


class Masking(_Noise):
    """A share of the values becomes zero."""

    def __call__(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        X *= ~self._hit(rng, X)
        return X


class Dropout(_Noise):
    """A share of the values becomes zero; the others are scaled up to keep the mean."""

    def __call__(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        X *= ~self._hit(rng, X)
        X *= X.dtype.type(1.0 / (1.0 - self.level))
        return X


class SaltAndPepper(_Noise):
    """A share of the values becomes the minimum or maximum of its column, among these rows.

    A category becomes one drawn from all of its variable, with equal chances.
    """

    def __call__(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        drawn = self._drawn(rng, X)
        # Of the values that are not missing.
        low, high = np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0)
        level = np.float32(self.level)
        X = np.where(drawn < level, high, X)
        X = np.where(drawn < level / 2, low, X)
        for begin, end in self.categories:
            n_categories, of_variable = end - begin, drawn[:, begin]
            hit = of_variable < level
            # In the hit rows, the numbers drawn are uniform below the level.
            chosen = (of_variable[hit] / level * n_categories).astype(int)
            X[hit, begin:end] = np.eye(n_categories)[np.minimum(chosen, n_categories - 1)]
        return X


class Swap(_Noise):
    """A share of the values is replaced by the value of another row in the same column."""

    def __call__(self, rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
        row, column = np.nonzero(self._hit(rng, X))
        if len(X) > 1:
            other = (row + rng.integers(1, len(X), len(row))) % len(X)
            clean = X.copy()
            X[row, column] = clean[other, column]
            for begin, end in self.categories:
                first = column == begin
                X[row[first], begin:end] = clean[other[first], begin:end]
        return X


CORRUPTIONS: dict[str, Callable[..., Corruption]] = {
    "gaussian": Gaussian,
    "dropout": Dropout,
    "masking": Masking,
    "salt_and_pepper": SaltAndPepper,
    "swap": Swap,
}


def _has_corruption(denoiser: DenoisingAutoencoder) -> bool:
    if denoiser.corruption is None:
        raise AttributeError("corruption=None: there is no noise to corrupt samples with.")
    return True


class DenoisingAutoencoder(BaseAutoencoder):
    """Autoencoder that learns to restore clean samples from corrupted ones.

    In training the encoder sees samples with noise, and the decoder reconstructs the samples
    without it [5]_. `transform` and `reconstruct` then take noisy samples and clean them; they add
    no noise themselves. The noise is drawn anew in each epoch, from `random_state`. The validation
    loss is measured with the same noise in every epoch.

    If each sample is known both noisy and clean, ``corruption=None`` learns from these pairs:
    ``fit(X, y)`` takes noisy samples X and clean samples y, of the same shape and in the same
    units. `mean_`, `scale_`, the principal axes of the initialization and `reconstruction_err_`
    then refer to y, and nothing is corrupted. ``score(X, y)`` measures how well y is restored from
    X, also when corruption is not None.

    Parameters
    ----------
    {parameters}

    corruption : {'gaussian', 'dropout', 'masking', 'salt_and_pepper', 'swap'} or None, \
default='gaussian'
        How the samples that the encoder sees are corrupted. 'gaussian' adds normal noise. The
        others change each value with the probability `noise_level`: 'masking' to zero; 'dropout'
        to zero, while the other values are divided by ``1 - noise_level``; 'salt_and_pepper' to
        the minimum or maximum of its feature; and 'swap' to the value of another sample in the
        same feature. The last two take their values from the batch (or from a few batches, where
        these are small). A feature of categories is changed as a whole: 'masking' and 'dropout'
        leave it without a category, and 'salt_and_pepper' draws one. None takes X as the noisy
        samples and y as the clean ones.

    noise_level : float, default=0.3
        Standard deviation of 'gaussian' noise in the units of X; otherwise the share of the values
        that are changed, in [0, 1).

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderTransformer : The same network, trained without noise.
    ContractiveAutoencoder : A penalty on the derivative of the codes instead of noise.
    sklearn.decomposition.KernelPCA : Denoising by a kernel method.

    References
    ----------
    {references}
    .. [5] Vincent et al., "Stacked Denoising Autoencoders: Learning Useful Representations in a
       Deep Network with a Local Denoising Criterion", JMLR 11, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> X = load_digits().data
    >>> noisy = X + np.random.default_rng(0).normal(scale=4.0, size=X.shape)
    >>> denoiser = DenoisingAutoencoder(16, noise_level=4.0, random_state=0).fit(X)
    >>> error = np.mean((denoiser.reconstruct(noisy) - X) ** 2)
    >>> print(f"{np.mean((noisy - X) ** 2):.0f} before, {error:.0f} after")
    16 before, 3 after
    """

    corruption: str | None = "gaussian"
    noise_level: float = 0.3

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "corruption": [one_of(CORRUPTIONS), None],
        # Noise is drawn in float32.
        "noise_level": [Interval(Real, 0, 1e30, closed="left")],
    }

    @available_if(_has_corruption)
    def corrupt(self, X, random_state=None):
        """Corrupt samples as in training.

        Not available with ``corruption=None``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        random_state : int, RandomState instance or None, default=None
            Seed of the noise.

        Returns
        -------
        X_corrupted : ndarray of shape (n_samples, n_features)
            In the dtype of X, float32 or float64. 'salt_and_pepper' and 'swap' take their values
            from the samples of this X.
        """
        check_is_fitted(self)
        self._validate_params()
        corruption = cast("Corruption", self._corruption())
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        rows = self._rows(X)
        noisy = corrupted(corruption, np.random.default_rng(seed), rows[:].copy(), rows.has_missing)
        return self._as_table(noisy, index_of(X)) if self._categories() else noisy

    def _paired(self, X: Rows, y: Any, training: bool = False) -> Rows:
        learns_pairs = self.corruption is None
        if y is None and not (learns_pairs and training):
            return X
        if learns_pairs and is_frame(y) and self._categories():
            y = self._encoded(y, first=False)
        shape = _shape(y)
        # Counting the rows of a dask collection would compute it.
        counted = slice(1 if is_dask(y) else 0, None)
        # A pipeline usually passes labels on to a transformer: not of X's shape.
        is_clean = shape is not None and shape[counted] == X.shape[counted]
        if not learns_pairs and not is_clean:
            return X
        if not learns_pairs and training:
            raise ValueError(
                f"y has the shape of X, {X.shape}, but with corruption={self.corruption!r} the "
                "samples in X are the clean ones. Set corruption=None to learn from pairs, noisy X "
                "and clean y, or leave y out."
            )
        marker = self._missing_values(first=False)
        if X.has_missing and marker is None:
            raise ValueError(
                "Pairs of noisy samples X and clean samples y must be of one length, but X holds "
                "sequences that end early, with NaN after their end. Pass pairs of one length."
            )
        if is_dask(y) or is_dask(X.collection):
            raise ValueError(
                "Noisy samples X and clean samples y must be arrays in memory: pairs of dask "
                "collections are not supported. Pass X.compute() and y.compute()."
            )
        if issparse(y) or issparse(X.collection):
            raise TypeError(
                "Noisy samples X and clean samples y must be dense arrays: pairs of sparse "
                "matrices are not supported. Pass X.toarray() and y.toarray()."
            )
        if not is_clean:
            of = "of rows that differ in length" if shape is None else f"of the shape {shape}"
            raise ValueError(
                "corruption=None learns from pairs: fit(X, y) takes noisy samples X and clean "
                f"samples y of the same shape, {X.shape}. Got y {'None' if y is None else of}. If "
                "X is clean, choose a corruption."
            )
        names = getattr(self, "feature_names_in_", None)
        if names is not None and hasattr(y, "columns") and list(y.columns) != list(names):
            raise ValueError(
                f"The columns of y must be those of X, in the same order: {list(names)}. Got "
                f"{list(y.columns)}. Pass y[X.columns]."
            )
        y = check_array(
            check_dense(y, "y"),
            dtype=[np.float64, np.float32],
            estimator=self,
            input_name="y",
            **taking(marker),
        )
        return PairedRows(X[:], y, has_missing(y, marker, self, "y") or X.has_missing)

    def _corruption(self) -> Corruption | None:
        if self.corruption is None:
            return None
        if self.corruption != "gaussian" and self.noise_level >= 1:
            raise ValueError(
                f"noise_level={self.noise_level!r} is the share of values that corruption="
                f"{self.corruption!r} changes: it must be in [0, 1)."
            )
        return CORRUPTIONS[self.corruption](float(self.noise_level), self._categories())

    def _plan(self, n_features: int, n_components: int) -> Plan:
        return self.network_plan(n_features, n_components, corruption=self._corruption())


def _shape(y: Any) -> tuple[Any, ...] | None:
    """Return the shape of y, None where its rows differ in length."""
    try:
        return shape_of(y)
    except ValueError:
        return None
