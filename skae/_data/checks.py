"""Checks of users' input before it becomes :class:`~skae._data.rows.Rows`, and of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, TypeGuard

import numpy as np
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, validate_data

from skae._data.blocks import dense
from skae._data.table import without_numbers


@contextmanager
def restored_on_failure(estimator: Any) -> Iterator[None]:
    """Restore the attributes that validation sets on an estimator if the block raises."""
    names = ("n_features_in_", "feature_names_in_", "sample_shape_", "_table")
    before = {name: vars(estimator)[name] for name in names if name in vars(estimator)}
    try:
        yield
    except BaseException:
        for name in names:
            vars(estimator).pop(name, None)
        vars(estimator).update(before)
        raise


def check_dense(X: Any, name: str = "X", filled: str = "np.nan") -> Any:
    """Return X; refuse sparse data, and masked values, which scikit-learn would read as valid."""
    if issparse(X):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required here. Pass "
            f"{name}.toarray() if that fits into memory."
        )
    return check_readable(X, name, filled)


def check_readable(X: Any, name: str = "X", filled: str = "np.nan") -> Any:
    """Return X; refuse masked values, which scikit-learn would read as valid.

    Refuse arrays of other libraries where scikit-learn would not make arrays of NumPy of them.
    """
    if get_config()["array_api_dispatch"] and is_foreign(X):
        raise TypeError(
            f"{name} is a {type(X).__module__}.{type(X).__name__}, and array_api_dispatch=True "
            f"asks for results of the same kind, but skae computes in NumPy. Pass "
            f"np.asarray({name}), or leave array_api_dispatch=False, by which {name} is converted."
        )
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise ValueError(
            f"{name} is a masked array: {np.ma.count_masked(X)} of its values are masked and would "
            f"be read as valid values. Pass {name}.filled({filled})"
            + (", where NaN stands for missing values." if name == "X" else ".")
        )
    return X


def is_foreign(X: Any) -> bool:
    """Return whether X is an array of another library that follows the array API standard."""
    return hasattr(X, "__array_namespace__") and not isinstance(X, np.ndarray)


def checked_codes(estimator: Any, X: Any, dtype: Any, takes_fewer: bool = False) -> np.ndarray:
    """Return codes passed to `inverse_transform` of an estimator as an array.

    `takes_fewer` allows the first ones alone.
    """
    codes = check_array(check_dense(X), dtype=dtype, estimator=estimator, input_name="X")
    n_codes, n_components = codes.shape[1], estimator.n_components_
    if n_codes > n_components or (n_codes < n_components and not takes_fewer):
        can_order = n_codes < n_components and hasattr(estimator, "ordered")
        advice = " Fit with ordered=True to decode the first ones alone." if can_order else ""
        raise ValueError(
            f"X has {n_codes} columns, but inverse_transform of {type(estimator).__name__} "
            f"expects codes with n_components_={n_components} columns, as transform "
            f"returns them.{advice}"
        )
    return codes


def validated(
    estimator: Any,
    X: Any,
    first: bool,
    least: int = 1,
    missing_values: float | None = None,
    allow_nan: bool = False,
) -> tuple[Any, bool]:
    """Return flat samples, and whether entries of them are missing, NaN.

    The first ones set the features of an estimator, against which later ones are checked. Sparse
    samples are returned in compressed sparse row format. Values are finite; in an array they may be
    NaN with `allow_nan`, and where `missing_values` are taken, see `has_missing`.
    """
    if not (first or allow_nan or least > 1) and _needs_no_change(estimator, X, missing_values):
        return X, has_missing(X, missing_values, estimator)
    is_sparse = issparse(X)
    taken = {"ensure_all_finite": "allow-nan"} if allow_nan else taking(missing_values)
    try:
        rows = validate_data(
            estimator,
            X,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            reset=first,
            ensure_min_samples=least,
            **({"ensure_all_finite": False} if is_sparse else taken),
        )
    except ValueError as error:
        if "could not convert" not in str(error) or (name := without_numbers(X)) is None:
            raise
        raise ValueError(
            f"Column {name!r} of X holds no numbers: {error}. Leave it out, or encode it, for "
            "example by OneHotEncoder."
        ) from error
    if not is_sparse:
        if allow_nan:
            return rows, bool(np.isnan(rows).any())
        return rows, has_missing(rows, missing_values, estimator)
    if not np.isfinite(rows.data).all():
        what = "NaN" if np.isnan(rows.data).any() else "infinity"
        raise ValueError(
            f"Input X contains {what}: the entries of a sparse X must be finite, and those that "
            "are not stored are zeros. Leave such rows out, or pass X.toarray() and treat these "
            "values there."
        )
    if marks_a_number(missing_values) and (missing_values == 0 or missing_values in rows.data):
        raise ValueError(
            f"missing_values={missing_values:g} marks entries of X, but a sparse X has no missing "
            "values. Leave missing_values=np.nan, or pass X.toarray()."
        )
    return rows, False


def _needs_no_change(estimator: Any, X: Any, missing_values: float | None) -> bool:
    """Return whether scikit-learn's validation, slower than a network for a row, would return X."""
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float64, np.float32)
        and X.ndim == 2
        and X.shape[0] > 0
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
        and missing_values is not None
        and bool(np.isnan(missing_values))
    )


def marks_a_number(missing_values: float | None) -> TypeGuard[float]:
    """Return whether a number stands for missing values, which is then replaced by NaN."""
    return missing_values is not None and not np.isnan(missing_values)


def taking(missing_values: float | None) -> dict[str, Any]:
    """Return arguments of scikit-learn's validation of X, for `has_missing` to follow."""
    return {"ensure_all_finite": missing_values is None, "copy": marks_a_number(missing_values)}


def has_missing(
    X: np.ndarray, missing_values: float | None, estimator: Any = None, name: str = "X"
) -> bool:
    """Replace missing values of X by NaN, in place; return whether there are any.

    Raise scikit-learn's error for infinity, and for NaN if other values are the missing ones. None
    means that X was checked before and has none.
    """
    if missing_values is None:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        is_finite = np.isfinite(X.sum())
    marks_nan = bool(np.isnan(missing_values))
    if not is_finite:
        estimator_name = None if estimator is None else type(estimator).__name__
        if not marks_nan and np.isnan(X).any():
            raise ValueError(
                f"Input {name} contains NaN, but missing_values={missing_values:g} says that "
                "this number stands for missing values. Use missing_values=np.nan, and NaN for all."
            )
        assert_all_finite(X, allow_nan=marks_nan, input_name=name, estimator_name=estimator_name)
    if marks_nan:
        return not is_finite and bool(np.isnan(X).any())
    missing = np.equal(X, missing_values)
    X[missing] = np.nan
    return bool(missing.any())


def finite(compute: Callable[[np.ndarray], np.ndarray], X: np.ndarray) -> np.ndarray:
    """Return a function's result for rows of X; raise an error for rows that overflow it."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = compute(X)
        # A finite sum has finite terms; an infinite one may have overflowed by itself.
        if np.isfinite(result.sum()):
            return result
    bad = ~np.isfinite(result.reshape(len(result), -1)).all(axis=1)
    if bad.any():
        sizes = np.abs(dense(X[bad])).max(axis=0)
        column = int(sizes.argmax())
        raise ValueError(
            f"The result is not finite for {bad.sum()} of {len(bad)} samples: their values reach "
            f"{sizes[column]:g} in size (column {column}), which is too large to compute with in "
            f"{X.dtype}. Remove such values, clip them, or scale X and fit again."
        )
    return result


def arrays_of(X: Any) -> Any:
    """Return nested lists, such as images, as an array; return other objects unchanged."""
    if not isinstance(X, list | tuple):
        return X
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(
            f"The samples in X have unequal lengths ({error}). Cut or pad them to one length."
        ) from error


def shape_of(X: Any) -> tuple[Any, ...]:
    """Return the shape of an array or of nested lists, () for objects without one."""
    return np.shape(X) if isinstance(X, list | tuple) else tuple(getattr(X, "shape", ()))


def flattened(X: Any, name: str, shape: Any) -> Any:
    """Return an array of images or sequences of the given shape as flat rows.

    `name` is the parameter that holds the shape.
    """
    if without_ones(shape) != without_ones(X.shape[1:]):
        raise ValueError(
            f"X has the shape {X.shape}, but {name}={shape!r} instead of {X.shape[1:]}. Make them "
            "agree, or flatten X to rows."
        )
    return X.reshape(len(X), prod(X.shape[1:]))


def without_ones(shape: Any) -> tuple[int, ...]:
    """Return a shape without trailing ones: a single channel may be omitted."""
    sizes = tuple(shape)
    while sizes and sizes[-1] == 1:
        sizes = sizes[:-1]
    return sizes
