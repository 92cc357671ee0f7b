"""Mixed tables as rows of numbers: columns of numbers and of categories, and back again."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils._missing import is_pandas_na, is_scalar_nan

from skae._data.frames import FrameFormat, is_frame, is_polars, names_of

# As in scikit-learn's gradient boosting: what has more is a name of each sample rather than a
# category, and each category is a column of indicators.
MAX_CATEGORIES = 255


class NumberColumn:
    """A column of numbers, which is a column of rows as it is.

    Parameters
    ----------
    dtype : numpy.dtype
        Of the column that `decode` returns, if these are no floats.
    """

    width = 1

    def __init__(self, dtype: np.dtype) -> None:
        # A name, because stored files hold values of few types.
        self.dtype = dtype.str

    def encode(self, values: np.ndarray) -> np.ndarray:
        return values.astype(float)[:, None]

    def decode(self, rows: np.ndarray) -> np.ndarray:
        kind = np.dtype(self.dtype).kind
        if kind == "b":
            return rows[:, 0] > 0.5
        if kind not in "iu":
            return rows[:, 0]
        limits = np.iinfo(self.dtype)
        return np.rint(np.clip(rows[:, 0], limits.min, limits.max)).astype(self.dtype)

    def agreement(self, values: np.ndarray, others: np.ndarray, center: float) -> float:
        """Return R^2 about the mean of the training samples, or zero if it is negative."""
        values = values.astype(float)
        explainable = ((values - center) ** 2).sum()
        unexplained = ((values - others) ** 2).sum()
        if explainable == 0.0:
            return float(unexplained == 0.0)
        return max(0.0, float(1.0 - unexplained / explainable))


class CategoryColumn:
    """A column of categories: a column of indicators for each.

    Indicators are NaN where the category is missing, or where the training samples do not have it.

    Parameters
    ----------
    values : ndarray of object, shape (n_samples,)
        Those of the training samples, None where they are missing.
    """

    def __init__(self, values: np.ndarray) -> None:
        present = set(values.tolist()) - {None}
        self.categories = np.array([*sorted(present, key=str), None], dtype=object)[:-1]
        self.width = len(self.categories)

    def encode(self, values: np.ndarray) -> np.ndarray:
        numbers = {category: i for i, category in enumerate(self.categories.tolist())}
        found = np.array([numbers.get(value, -1) for value in values.tolist()], dtype=int)
        indicators = (found[:, None] == np.arange(self.width)).astype(float)
        indicators[found < 0] = np.nan
        return indicators

    def decode(self, rows: np.ndarray) -> np.ndarray:
        decoded = self.categories[rows.argmax(axis=1)]
        decoded[~rows.any(axis=1) | np.isnan(rows).any(axis=1)] = None
        return decoded

    def agreement(self, values: np.ndarray, others: np.ndarray, center: float) -> float:
        """Return the share of equal values."""
        equal = [one == other for one, other in zip(values.tolist(), others.tolist(), strict=True)]
        return float(np.mean(equal))


class Table:
    """The map between a table and rows: numbers as they are, and an indicator for each category.

    Parameters
    ----------
    X : ndarray or data frame of shape (n_samples, n_features)
        The training samples.
    is_categorical : ndarray of bool, shape (n_features,)
        Which columns are categories, see `categorical_mask`.
    """

    def __init__(self, X: Any, is_categorical: np.ndarray) -> None:
        self.format = FrameFormat(X) if is_frame(X) else None
        # Of arrays that come back.
        are_numbers = self.format is None and X.dtype.kind in "biuf"
        self.dtype = "float" if are_numbers else "object"
        self.is_categorical = is_categorical
        self.columns: list[NumberColumn | CategoryColumn] = []
        for name, column, of_categories in zip(
            names_of(X), _columns(X), is_categorical, strict=True
        ):
            if not of_categories:
                self.columns.append(NumberColumn(_dtype_of(column)))
                continue
            self.columns.append(CategoryColumn(_categories(column)))
            n_categories = self.columns[-1].width
            if not 0 < n_categories <= MAX_CATEGORIES:
                raise ValueError(
                    f"Column {name!r} of X has {n_categories} categories, but must have 1 to "
                    f"{MAX_CATEGORIES}. Leave it out, put rare categories together, or convert "
                    "it to numbers."
                )
        self.ends = np.cumsum([column.width for column in self.columns])

    @property
    def categories(self) -> tuple[tuple[int, int], ...]:
        """First column, and end, of the indicators of each column of categories in the rows."""
        parts = zip(self.columns, self.ends.tolist(), self.is_categorical, strict=True)
        return tuple((end - each.width, end) for each, end, chosen in parts if chosen)

    def rows(self, X: Any, missing_values: float | None = np.nan) -> np.ndarray:
        """Return a table as rows of numbers and indicators, NaN where these are missing.

        `missing_values` marks missing numbers besides NaN; None refuses them.
        """
        columns = columns_of(X, self.is_categorical, missing_values is not None)
        parts = zip(self.columns, columns, strict=True)
        rows = np.hstack([column.encode(values) for column, values in parts])
        if missing_values is not None and not np.isnan(missing_values):
            begins = self.ends[~self.is_categorical] - 1
            numbers = rows[:, begins]
            rows[:, begins] = np.where(numbers == missing_values, np.nan, numbers)
        return rows

    def table(self, rows: np.ndarray, index: Any = None) -> Any:
        """Return a table from rows, as a data frame if the training table was one.

        A category is that of the largest indicator; it is missing if all of them are zero.
        """
        parts = np.split(rows, self.ends[:-1], axis=1)
        data = [each.decode(part) for each, part in zip(self.columns, parts, strict=True)]
        if self.format is None:
            return np.stack(data, axis=1).astype(self.dtype)
        return self.format.frame(data, self.is_categorical, index)


def categorical_mask(X: Any, categorical_features: Any) -> np.ndarray:
    """Return which columns are categories, as scikit-learn's gradient boosting reads the parameter.

    'from_dtype' means the columns of a data frame that hold categories, text or booleans.
    """
    n_features = np.shape(X)[1]
    chosen: Any = categorical_features
    if chosen is None:
        return np.zeros(n_features, bool)
    if isinstance(chosen, str):
        mask = [_is_categorical(column) for column in _columns(X)] if is_frame(X) else []
        return np.array(mask or [False] * n_features)
    chosen = np.asarray(chosen)
    if chosen.dtype.kind == "O" and all(isinstance(each, str) for each in chosen):
        chosen = chosen.astype(str)
    if chosen.size == 0:
        return np.zeros(n_features, bool)
    what = f"categorical_features={categorical_features!r}"
    if chosen.dtype.kind not in "ibU" or chosen.ndim != 1:
        raise ValueError(
            f"{what} must be 'from_dtype', None, or an array-like of bool, int or str."
        )
    if chosen.dtype.kind == "b":
        if len(chosen) != n_features:
            raise ValueError(
                f"{what} is a mask of {len(chosen)} entries for {n_features} features."
            )
        return chosen
    if chosen.dtype.kind == "U":
        if not is_frame(X):
            raise ValueError(
                f"{what} holds names, but X has no feature names. Give integers or a mask."
            )
        names = list(X.columns)
        unknown = [name for name in chosen.tolist() if name not in names]
        if unknown:
            raise ValueError(f"{what}: {unknown} are no features of X, which has {names}.")
        return np.isin(names, chosen)
    if chosen.min() < 0 or chosen.max() >= n_features:
        raise ValueError(f"{what} must hold integers from 0 to {n_features - 1}.")
    return np.isin(np.arange(n_features), chosen)


def by_variable(entries: np.ndarray, categories: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Return entries drawn for rows, after the indicators of a variable take that of the first."""
    for begin, end in categories:
        entries[:, begin:end] = entries[:, begin : begin + 1]
    return entries


def columns_of(X: Any, is_categorical: np.ndarray, takes_missing: bool) -> list[np.ndarray]:
    """Return the columns of a table as arrays, None for missing categories and NaN for numbers.

    Missing values may be refused, and dates are.
    """
    columns: list[np.ndarray] = []
    missing: list[Any] = []
    for name, column, of_categories in zip(names_of(X), _columns(X), is_categorical, strict=True):
        some_missing = _n_missing(column) > 0
        if some_missing and not takes_missing:
            missing.append(name)
            continue
        if of_categories:
            columns.append(_categories(column))
            continue
        if some_missing and not is_polars(X):
            values = column.to_numpy(dtype=float, na_value=np.nan)
        else:
            values = column if isinstance(column, np.ndarray) else column.to_numpy()
        if values.dtype.kind in "mM":
            raise ValueError(
                f"Column {name!r} of X has the dtype {column.dtype}. Replace it by numbers, such "
                "as days since a date, or by categories, such as the day of the week."
            )
        if values.dtype.kind == "c":
            raise ValueError(f"Complex data not supported: column {name!r} of X. Take real parts.")
        if values.dtype.kind not in "iuf":
            try:
                values = values.astype(float)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"Column {name!r} of X holds no numbers: {error}. Name it in "
                    "categorical_features, or convert it."
                ) from error
        is_odd = np.isinf if takes_missing else (lambda values: ~np.isfinite(values))
        if values.dtype.kind == "f" and is_odd(values).any():
            missing.append(name)
        columns.append(values)
    if missing:
        raise ValueError(
            f"Input X contains NaN or infinity in the columns {missing}. Impute missing values, "
            "for example by SimpleImputer, or drop these rows or columns; in a column of "
            "categories, 'missing' can be a category of its own."
        )
    return columns


def without_numbers(X: Any) -> Any | None:
    """Return the name of the first column of a data frame that holds categories, text or booleans.

    None means that there is none.
    """
    pairs = zip(names_of(X), _columns(X), strict=True) if is_frame(X) else ()
    return next((name for name, column in pairs if _is_categorical(column)), None)


def _columns(X: Any) -> list[Any]:
    """Return the columns of a table: series of a data frame, or arrays."""
    if not is_frame(X):
        return list(np.asarray(X).T)
    if is_polars(X):
        return [X[name] for name in X.columns]
    return [X.iloc[:, j] for j in range(X.shape[1])]


def _is_categorical(column: Any) -> bool:
    """Return whether a column of a data frame holds categories, text or booleans."""
    name = str(column.dtype).lower()
    if name.startswith(("categor", "enum", "str", "bool", "large_str")):
        return True
    # Python's own objects: text, or numbers.
    return name == "object" and any(isinstance(each, str | bool) for each in column)


def _dtype_of(column: Any) -> np.dtype:
    """Return the dtype in NumPy of a column of numbers; floats for an array without names."""
    if isinstance(column, np.ndarray):
        return np.dtype(float)
    # Nullable types of pandas say what is below them.
    return getattr(column.dtype, "numpy_dtype", None) or column[:0].to_numpy().dtype


def _n_missing(column: Any) -> int:
    if isinstance(column, np.ndarray):
        return 0
    return int(column.null_count() if hasattr(column, "null_count") else column.isna().sum())


def _categories(column: Any) -> np.ndarray:
    """Return a column of categories as an array of objects, None for missing ones."""
    if hasattr(column, "null_count"):  # polars
        return np.array([*column.to_list(), None], dtype=object)[:-1]
    values = np.array(column, dtype=object)
    if hasattr(column, "isna"):
        values[column.isna().to_numpy()] = None
    elif column.dtype.kind == "f":
        values[np.isnan(column)] = None
    elif column.dtype.kind == "O":
        values[[is_scalar_nan(each) or is_pandas_na(each) for each in column]] = None
    return values
