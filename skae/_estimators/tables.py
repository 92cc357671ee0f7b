"""Data frames and categories, as estimators take them and give them back."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from skae._data.dask_rows import is_dask
from skae._data.divisors import column_divisors
from skae._data.frames import is_frame
from skae._data.table import Table, categorical_mask


class TakesTables:
    """An estimator whose X may be a table with columns of categories, or a data frame."""

    categorical_features: Any
    column_scaling: Any
    chosen_network: Any
    _missing_values: Any

    # The columns that `fit` saw; None for arrays without categories.
    _table: Table | None = None

    @property
    def categories_(self) -> list[np.ndarray | None] | None:
        """The categories of each feature, None for numbers; None if all features are numbers."""
        if self._table is None or not self._categories():
            return None
        return [getattr(column, "categories", None) for column in self._table.columns]

    def _scales_columns(self) -> bool:
        """Return whether each number is divided by its own standard deviation."""
        if self.column_scaling == "auto":
            return bool(self._categories())
        return bool(self.column_scaling)

    def _has_few_codes(self, n_features: int, n_components: int) -> bool:
        """Return whether each code stands for three or more columns that are scaled one by one."""
        n_columns = n_features if self._table is None else len(self._table.columns)
        return self._scales_columns() and n_columns >= 3 * n_components

    def _categories(self) -> tuple[tuple[int, int], ...]:
        return () if self._table is None else self._table.categories

    def _encoded(self, X: Any, first: bool, least: int = 1) -> np.ndarray | None:
        """Return a table with categories as rows of numbers; None if X holds numbers alone."""
        chosen = self.categorical_features
        if first:
            self._table = None
            by_dtype = isinstance(chosen, str)
            if not is_frame(X) and (chosen is None or by_dtype):
                return None
            if is_dask(X) and (by_dtype or chosen is None):
                return None
            if is_dask(X) or issparse(X):
                raise TypeError(
                    f"categorical_features={chosen!r}: categories in Dask collections and sparse "
                    "matrices are not supported. Pass X.compute() or X.toarray(), or encode them."
                )
            X = X if is_frame(X) else np.asarray(X)
            if len(X.shape) != 2:
                return None
            is_categorical = categorical_mask(X, chosen)
            if not is_categorical.any():
                self._table = Table(X, is_categorical) if is_frame(X) else None
                return None
            network = self.chosen_network()
            if network.shape_parameter is not None:
                raise ValueError(
                    f"categorical_features={chosen!r}: X has categories, but {network!r} takes "
                    "images or sequences of numbers. Leave network out, or encode the categories."
                )
        elif not self._categories():
            return None
        if is_frame(X):
            validate_data(self, X, reset=first, skip_check_array=True)
        else:
            X = validate_data(
                self, X, dtype=None, ensure_all_finite=False, ensure_min_samples=least, reset=first
            )
        if len(X) < least:
            raise ValueError(
                f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of {least} "
                f"is required by {type(self).__name__}."
            )
        if first:
            self._table = Table(X, is_categorical)
        assert self._table is not None
        return self._table.rows(X, self._missing_values(first))

    def _even_rows(self, X: Any) -> np.ndarray | None:
        """Return a table with categories as rows in which each column of X has variance 1.

        None means that X holds numbers alone. A fitted estimator encodes X anew.
        """
        fresh = clone(self)
        rows = fresh._encoded(X, first=True, least=2)
        if rows is None:
            return None
        scale = column_divisors(np.nanstd(rows, axis=0), np.nanmean(rows, axis=0))
        for begin, end in fresh._categories():
            scale[begin:end] = np.sqrt(np.square(scale[begin:end]).sum())
        return rows / scale

    def _as_table(self, rows: np.ndarray, index: Any) -> Any:
        """Return rows as a table like that of `fit`: a data frame, or an array."""
        return rows if self._table is None else self._table.table(rows, index)
