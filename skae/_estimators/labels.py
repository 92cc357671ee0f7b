"""Labels and targets as they are passed, some of them marked as unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils._missing import is_pandas_na, is_scalar_nan
from sklearn.utils.validation import check_array, column_or_1d

from skae._data.checks import check_dense


def labels(y: Any) -> np.ndarray:
    """Return labels of classes as an array of one dimension, all of them known."""
    y = column_or_1d(check_dense(y, "y", "-1"), warn=True)
    if y.dtype.kind == "f":
        unknown = not np.isfinite(y).all()
    else:
        unknown = y.dtype.kind == "O" and any(
            each is None or is_scalar_nan(each) or is_pandas_na(each) for each in y
        )
    if unknown:
        raise ValueError("Input y contains NaN or infinity. Mark unlabeled rows with -1.")
    if y.dtype.kind in "OUT" and np.any(y == "-1"):
        raise ValueError(
            "y has the string '-1' among its labels: NumPy has turned -1 into the string '-1'. "
            "Mark unlabeled rows with the number -1 in an array of dtype object: "
            "np.array(['a', 'b', -1], dtype=object)."
        )
    return y


def is_no_mark(y: np.ndarray) -> np.ndarray:
    """Return which labels are not -1; strings never equal a number."""
    return np.ones(len(y), bool) if y.dtype.kind in "UST" else np.asarray(y != -1, bool)


def numbers(y: Any) -> np.ndarray:
    """Return the targets of a regression, NaN where they are unknown."""
    return check_array(
        check_dense(y, "y"),
        ensure_2d=False,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name="y",
    )


def check_labeled(labeled: np.ndarray) -> None:
    """Refuse targets without a labeled row."""
    if not labeled.any():
        raise ValueError(f"y marks all {len(labeled)} rows as unlabeled. Label some of them.")
