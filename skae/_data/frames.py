"""Data frames of pandas and polars: what they are, and others like them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from scipy.sparse import issparse


def is_frame(X: Any) -> bool:
    """Return whether X is a data frame of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes") and not issparse(X)


def is_polars(X: Any) -> bool:
    """Return whether a data frame is one of polars."""
    return hasattr(X, "schema")


def names_of(X: Any) -> Any:
    """Return the names of the columns of a table, or their numbers."""
    return X.columns if is_frame(X) else range(np.shape(X)[1])


def index_of(X: Any) -> Any:
    """Return the index of a pandas data frame, None for anything else."""
    return getattr(X, "index", None) if is_frame(X) else None


class FrameFormat:
    """Names and dtypes of a data frame, as plain values.

    Stored files thus hold no data frame, which skops cannot store, and which pickle restores only
    where pandas is installed, in a version that reads it.

    Parameters
    ----------
    X : data frame of pandas or polars
    """

    def __init__(self, X: Any) -> None:
        self.library = "polars" if is_polars(X) else "pandas"
        self.names = list(X.columns)
        self.level_names = list(getattr(X.columns, "names", []))
        describe = _of_polars if is_polars(X) else _of_pandas
        self.dtypes = [describe(dtype) for dtype in X.dtypes]

    def frame(self, columns: list[np.ndarray], are_categories: np.ndarray, index: Any) -> Any:
        """Return a data frame of these columns; pandas alone has an index.

        Columns of a dtype of categories that are taken for numbers are returned as numbers, because
        others than these categories may come back.
        """
        library = import_module(self.library)
        if self.library == "polars":
            schema = {
                name: _to_polars(library, dtype)
                for name, dtype in zip(self.names, self.dtypes, strict=True)
            }
            named = zip(self.names, columns, strict=True)
            return library.DataFrame({name: each.tolist() for name, each in named}, schema=schema)
        # Names of columns may repeat.
        frame = library.DataFrame(dict(enumerate(columns)), index=index)
        chosen = zip(self.dtypes, are_categories, strict=True)
        frame = frame.astype(
            {
                i: _to_pandas(library, dtype)
                for i, (dtype, of_categories) in enumerate(chosen)
                if of_categories or not isinstance(dtype, dict)
            }
        )
        if len(self.level_names) > 1:
            frame.columns = library.MultiIndex.from_tuples(self.names, names=self.level_names)
        else:
            frame.columns = library.Index(self.names, name=self.level_names[0])
        return frame


def _of_pandas(dtype: Any) -> Any:
    """Return a dtype of pandas as its name, or a dict if it has categories.

    It is returned as it is if pandas does not read its name.
    """
    import pandas

    if isinstance(dtype, pandas.CategoricalDtype):
        categories = dtype.categories
        return {
            "categories": categories.tolist(),
            "dtype": _of_pandas(categories.dtype),
            "ordered": bool(dtype.ordered),
        }
    try:
        is_read = pandas.api.types.pandas_dtype(str(dtype)) == dtype
    except (TypeError, ValueError):
        is_read = False
    return str(dtype) if is_read else dtype


def _to_pandas(pandas: Any, dtype: Any) -> Any:
    """Return the dtype that `_of_pandas` described."""
    if not isinstance(dtype, dict):
        return pandas.api.types.pandas_dtype(dtype)
    categories = pandas.Index(dtype["categories"], dtype=_to_pandas(pandas, dtype["dtype"]))
    return pandas.CategoricalDtype(categories, dtype["ordered"])


def _of_polars(dtype: Any) -> Any:
    """Return a dtype of polars as its name, or a dict if it has categories; others as they are."""
    import polars

    if isinstance(dtype, polars.Enum):
        return {"categories": dtype.categories.to_list()}
    name = str(dtype)
    return name if getattr(polars, name, None) == dtype else dtype


def _to_polars(polars: Any, dtype: Any) -> Any:
    """Return the dtype that `_of_polars` described."""
    if isinstance(dtype, dict):
        return polars.Enum(dtype["categories"])
    return getattr(polars, dtype) if isinstance(dtype, str) else dtype
