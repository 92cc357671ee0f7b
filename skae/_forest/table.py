"""Mixed tables as rows in which every column has the same weight, and back again."""

from __future__ import annotations

from typing import Any

import numpy as np

from skae._data.table import Table, categorical_mask, columns_of


class EvenTable(Table):
    """The map between a table and rows in which each column of the table has variance 1.

    The indicators of categories are divided by one number for each column of the table. A category
    that the training samples do not have is none of theirs: all indicators are zero.

    Parameters
    ----------
    X : ndarray or data frame of shape (n_samples, n_features)
        The training samples. Columns of a data frame that are no numbers are categories.
    """

    def __init__(self, X: Any) -> None:
        super().__init__(X, categorical_mask(X, "from_dtype"))
        rows = self.rows(X, missing_values=None)
        self.low, self.high = rows.min(axis=0), rows.max(axis=0)
        size = np.maximum(-self.low, self.high)
        with np.errstate(over="ignore", invalid="ignore"):
            self.center, self.scale = rows.mean(axis=0), rows.std(axis=0)
        if not np.isfinite(self.scale).all():
            raise ValueError(
                f"X reaches {size.max():g} in size, so that its variance overflows. Divide X by a "
                "constant."
            )
        for begin, end in self.categories:
            part = slice(begin, end)
            self.scale[part] = np.sqrt(np.square(self.scale[part]).sum())
            self.center[part], self.low[part], self.high[part] = 0.0, -np.inf, np.inf
        # Below it there is rounding alone.
        self.scale[self.scale <= 1e-12 * size] = 1.0

    def encode(self, X: Any) -> np.ndarray:
        """Return a table as such rows."""
        rows = (self.rows(X, missing_values=None) - self.center) / self.scale
        return np.nan_to_num(rows, copy=False)

    def decode(self, numbers: np.ndarray, index: Any = None) -> Any:
        """Return the table of such rows, with numbers in the range of the training samples."""
        rows = numbers * self.scale + self.center
        return self.table(np.clip(rows, self.low, self.high), index)

    def score(self, X: Any, reconstruction: Any) -> float:
        """Return the mean over the columns of R^2 for numbers and accuracy for categories."""
        one, other = (columns_of(each, self.is_categorical, False) for each in (X, reconstruction))
        begins = self.ends - [column.width for column in self.columns]
        parts = zip(self.columns, one, other, self.center[begins], strict=True)
        return float(np.mean([column.agreement(*part) for column, *part in parts]))
