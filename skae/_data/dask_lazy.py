"""Methods on Dask collections: lazy results, computed block by block, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from skae._data.dask_rows import is_dask, is_frame


def lazily(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method that maps rows to rows accept Dask collections, and return lazy ones.

    Dask's workers call the method on each block. A Dask array gives a Dask array of known shape and
    dtype, a Dask dataframe gives a Dask dataframe with column names.
    """
    name = method.__name__

    @wraps(method)
    def on_blocks(self: Any, X: Any) -> Any:
        if not is_dask(X):
            return method(self, X)
        check_is_fitted(self)
        output = _get_output_config("transform", self)["dense"]
        if output != "default":
            raise ValueError(
                f"set_output(transform={output!r}) would hold the result for a dask collection in "
                "memory. Set it back to 'default'; a dask dataframe gives a dask dataframe."
            )
        from dask import delayed

        # One row gives the width and the dtype, and checks the columns against those of fit.
        trial = _trial_rows(X)
        out = np.asarray(getattr(self, name)(trial))
        fitted = delayed(self)
        if is_frame(X):
            out = _as_table(out)
            meta = _framed(out, _names(self, name, out), trial.index)[:0]
            return X.map_partitions(_on_frame, fitted, name, meta, meta=meta)
        X = X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
        return X.map_blocks(
            _on_array,
            fitted,
            name,
            dtype=out.dtype,
            meta=np.empty((0,) * out.ndim, out.dtype),
            chunks=(X.chunks[0], *((width,) for width in out.shape[1:])),
            drop_axis=list(range(out.ndim, X.ndim)),
            new_axis=list(range(X.ndim, out.ndim)),
        )

    return on_blocks


def _trial_rows(X: Any) -> Any:
    """Return an example row of the shape and dtype of X, without computing any."""
    return X._meta_nonempty if is_frame(X) else np.zeros((1, *X.shape[1:]), X.dtype)


def _on_array(block: np.ndarray, fitted: Any, name: str) -> np.ndarray:
    if len(block):
        return getattr(fitted, name)(block)
    return getattr(fitted, name)(np.zeros((1, *block.shape[1:]), block.dtype))[:0]


def _on_frame(block: Any, fitted: Any, name: str, meta: Any) -> Any:
    if not len(block):
        return meta
    names = meta.columns if is_frame(meta) else meta.name
    return _framed(_as_table(np.asarray(getattr(fitted, name)(block))), names, block.index)


def _as_table(out: np.ndarray) -> np.ndarray:
    """Return images or sequences as flat rows, which a dataframe can hold."""
    return out.reshape(len(out), -1) if out.ndim > 2 else out


def _names(fitted: Any, name: str, out: np.ndarray) -> Any:
    """Return the column names of a method's result for a dataframe."""
    if out.ndim == 1:
        return name
    if name == "transform":
        return fitted.get_feature_names_out()
    features = getattr(fitted, "feature_names_in_", None)
    if features is None:
        return [f"x{i}" for i in range(out.shape[1])]
    return features


def _framed(out: np.ndarray, names: Any, index: Any) -> Any:
    import pandas as pd

    if out.ndim == 1:
        return pd.Series(out, index=index, name=names)
    return pd.DataFrame(out, index=index, columns=names)
