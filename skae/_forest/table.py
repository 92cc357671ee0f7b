"""Mixed tables as numbers: columns of numbers and of categories, and back again."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse


def is_frame(X: Any) -> bool:
    """Return whether X is a data frame of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes") and not issparse(X)


def index_of(X: Any) -> Any:
    """Return the index of a pandas data frame, None for anything else."""
    return getattr(X, "index", None) if is_frame(X) else None


class NumberColumn:
    """A column of numbers, standardized.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
    dtype : numpy.dtype or None
        Of the column that `decode` returns; None for the dtype of the codes.
    """

    def __init__(self, values: np.ndarray, dtype: Any = None) -> None:
        values = values.astype(float)
        self.low, self.high = float(values.min()), float(values.max())
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean, self.scale = float(values.mean()), float(values.std())
        if not np.isfinite(self.scale):
            raise ValueError(
                f"X reaches {max(-self.low, self.high):g} in size, so that its variance "
                "overflows. Divide X by a constant."
            )
        # Below it there is rounding alone.
        if self.scale <= 1e-12 * max(-self.low, self.high):
            self.scale = 1.0
        self.whole = dtype is not None and dtype.kind in "iu"
        self.width = 1

    def encode(self, values: np.ndarray) -> np.ndarray:
        return ((values.astype(float) - self.mean) / self.scale)[:, None]

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        values = np.clip(numbers[:, 0] * self.scale + self.mean, self.low, self.high)
        return np.rint(values).astype(np.int64) if self.whole else values

    def agreement(self, values: np.ndarray, others: np.ndarray) -> float:
        """Return R^2 about the mean of the training samples, or zero if it is negative."""
        values = values.astype(float)
        explainable = ((values - self.mean) ** 2).sum()
        unexplained = ((values - others) ** 2).sum()
        if explainable == 0.0:
            return float(unexplained == 0.0)
        return max(0.0, float(1.0 - unexplained / explainable))


class CategoryColumn:
    """A column of categories: an indicator for each, of total variance 1 as a standardized number.

    A category that the training samples do not have is none of them: all indicators are zero.
    """

    def __init__(self, values: np.ndarray) -> None:
        self.categories = np.array(sorted(set(values.tolist()), key=str), dtype=object)
        self.scale, self.width = 1.0, len(self.categories)
        spread = float(np.sqrt(self.encode(values).var(axis=0).sum()))
        if spread > 0.0:
            self.scale = spread

    def encode(self, values: np.ndarray) -> np.ndarray:
        numbers = {category: i for i, category in enumerate(self.categories.tolist())}
        found = np.array([numbers.get(value, -1) for value in values.tolist()], dtype=int)
        return (found[:, None] == np.arange(self.width)) / self.scale

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        return self.categories[numbers.argmax(axis=1)]

    def agreement(self, values: np.ndarray, others: np.ndarray) -> float:
        """Return the share of equal values."""
        equal = [one == other for one, other in zip(values.tolist(), others.tolist(), strict=True)]
        return float(np.mean(equal))


class Table:
    """The map between a table and an array of numbers in which every column has variance 1.

    Parameters
    ----------
    X : ndarray or data frame of shape (n_samples, n_features)
        The training samples. Columns of a data frame that are no numbers are categories.
    """

    def __init__(self, X: Any) -> None:
        # An empty frame has the names and the dtypes.
        self.template = X[:0] if is_frame(X) else None
        self.columns: list[NumberColumn | CategoryColumn] = []
        for values in columns_of(X):
            if values.dtype.kind in "iuf":
                dtype = None if self.template is None else values.dtype
                self.columns.append(NumberColumn(values, dtype))
            else:
                self.columns.append(CategoryColumn(values))
        self.ends = np.cumsum([column.width for column in self.columns])

    def encode(self, X: Any) -> np.ndarray:
        """Return a table as an array of numbers."""
        parts = zip(self.columns, columns_of(X), strict=True)
        return np.hstack([column.encode(values) for column, values in parts])

    def decode(self, numbers: np.ndarray, index: Any = None) -> Any:
        """Return a table from numbers, as a data frame if the training table was one."""
        parts = np.split(numbers, self.ends[:-1], axis=1)
        data = [each.decode(part) for each, part in zip(self.columns, parts, strict=True)]
        if self.template is None:
            return np.stack(data, axis=1)
        named = dict(zip(self.template.columns, data, strict=True))
        if hasattr(self.template, "schema"):  # polars
            named = {name: values.tolist() for name, values in named.items()}
            return type(self.template)(named, schema=self.template.schema)
        frame = type(self.template)(named, index=index)
        return frame.astype(dict(self.template.dtypes))

    def score(self, X: Any, reconstruction: Any) -> float:
        """Return the mean over the columns of R^2 for numbers and accuracy for categories."""
        parts = zip(self.columns, columns_of(X), columns_of(reconstruction), strict=True)
        return float(np.mean([column.agreement(one, other) for column, one, other in parts]))


def columns_of(X: Any) -> list[np.ndarray]:
    """Return the columns of a table as arrays; refuse missing values and dates in data frames."""
    if not is_frame(X):
        return list(X.T)
    is_polars = hasattr(X, "schema")
    columns, missing = [], []
    for j, name in enumerate(X.columns):
        column = X[name] if is_polars else X.iloc[:, j]
        if (column.null_count() if is_polars else column.isna().sum()) > 0:
            missing.append(name)
            continue
        values = column.to_numpy()
        if values.dtype.kind in "mM":
            raise ValueError(
                f"Column {name!r} of X has the dtype {column.dtype}. Replace it by numbers, such "
                "as days since a date, or by categories, such as the day of the week."
            )
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            missing.append(name)
        # Categories may be numbers.
        columns.append(values.astype(object) if column.dtype == "category" else values)
    if missing:
        raise ValueError(
            f"Input X contains NaN or infinity in the columns {missing}. Impute missing values, "
            "for example by SimpleImputer, or drop these rows or columns; in a column of "
            "categories, 'missing' can be a category of its own."
        )
    return columns
