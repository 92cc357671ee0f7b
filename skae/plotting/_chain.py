"""A fitted estimator, or a pipeline that ends in one, as a map of samples of X."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from skae._estimators.words import whereabouts

PART = (
    " If the transformer is not the last step of a Pipeline, pass the part that ends in it, such "
    "as pipeline[:-1]."
)


class Chain(NamedTuple):
    """An estimator and the steps before it, if any.

    Samples are drawn in the units of X if the earlier steps can be inverted, otherwise in those
    of the estimator's input.
    """

    before: Pipeline | None
    last: Any
    inverts: bool

    @classmethod
    def of(cls, estimator: Any, caller: str, *needs: str, X: Any = None) -> Chain:
        """Take a fitted estimator apart; its last step must have the names in `needs`.

        Whether the earlier steps can be inverted is tried on the first row of X.
        """
        check_is_fitted(estimator)
        is_pipeline = isinstance(estimator, Pipeline)
        last = estimator[-1] if is_pipeline else estimator
        missing = [name for name in needs if not hasattr(last, name)]
        if missing:
            part = "" if last is estimator else PART
            raise TypeError(
                f"{caller} needs an estimator with {missing[0]!r}, or a Pipeline that ends in one. "
                f"Got {type(last).__name__}.{whereabouts(last) or part}"
            )
        before = estimator[:-1] if is_pipeline and len(estimator) > 1 else None
        return cls(before, last, before is not None and _can_invert(before, X))

    def inputs(self, X: Any) -> Any:
        """Return the estimator's input for X."""
        return X if self.before is None else self.before.transform(X)

    def pictured(self, X: Any) -> np.ndarray:
        """Return X as rows in the units that are drawn."""
        return as_rows(X if self.inverts else self.inputs(X))

    def inverted(self, rows: Any) -> np.ndarray:
        """Convert inputs of the estimator to the units that are drawn."""
        return as_rows(
            rows if self.before is None or not self.inverts else self.before.inverse_transform(rows)
        )

    def codes(self, inputs: Any) -> np.ndarray:
        """Return the codes of inputs of the estimator."""
        return np.asarray(self.last.transform(inputs))

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Return the decoded codes in the units that are drawn."""
        return self.inverted(self.last.inverse_transform(codes))

    @property
    def code_name(self) -> str:
        """The name of a code: scikit-learn's decompositions have components."""
        is_decomposition = any(hasattr(self.last, n) for n in ("components_", "eigenvectors_"))
        is_network = hasattr(self.last, "network_")
        return "component" if is_decomposition and not is_network else "code"

    def column_names(self, X: Any) -> tuple[str, ...]:
        """Return the names of the columns that are drawn, () if they have none."""
        names = getattr(X, "columns", getattr(self.last, "feature_names_in_", ()))
        if self.before is not None and not self.inverts:
            try:
                names = self.before.get_feature_names_out()
            except (AttributeError, ValueError):  # a step that does not name its columns
                names = ()
        return tuple(map(str, names))


def _can_invert(before: Pipeline, X: Any) -> bool:
    """Return whether the steps have an inverse that gives rows like those of X."""
    # A FunctionTransformer without an inverse function inverts by the identity.
    steps = [step for _, step in before.steps if isinstance(step, FunctionTransformer)]
    if any(step.func is not None and step.inverse_func is None for step in steps):
        return False
    if X is None or not hasattr(before, "inverse_transform"):
        return hasattr(before, "inverse_transform")
    row = _safe_indexing(X, [0])
    try:
        # Some steps, such as imputers, have a method that raises an error; others return text.
        return as_rows(before.inverse_transform(before.transform(row))).shape == as_rows(row).shape
    except (TypeError, ValueError):
        return False


def as_rows(X: Any) -> np.ndarray:
    """Return an array of one row a sample."""
    array = np.asarray(X.toarray() if issparse(X) else X, dtype=np.float64)
    return array.reshape(len(array), -1)
