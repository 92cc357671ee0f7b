"""A fitted estimator, or a pipeline that ends in one, seen from the columns of X."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


class Chain(NamedTuple):
    """An estimator and the steps before it, if any.

    Pictures are drawn in the units of X where the steps before can be undone, and else in
    those that the estimator sees.
    """

    before: Pipeline | None
    last: Any

    @classmethod
    def of(cls, estimator: Any, caller: str, *needs: str) -> Chain:
        """Take a fitted estimator apart; its last step must have the names in `needs`."""
        check_is_fitted(estimator)
        is_pipeline = isinstance(estimator, Pipeline)
        last = estimator[-1] if is_pipeline else estimator
        missing = [name for name in needs if not hasattr(last, name)]
        if missing:
            raise TypeError(
                f"{caller} needs an estimator with {missing[0]!r}, or a Pipeline that ends in one. "
                f"Got {type(last).__name__}. Of a Pipeline that goes on after its transformer, "
                "give the part that ends in it, such as pipeline[:-1]."
            )
        has_steps = is_pipeline and len(estimator) > 1
        return cls(estimator[:-1] if has_steps else None, last)

    @property
    def _can_undo(self) -> bool:
        return self.before is not None and hasattr(self.before, "inverse_transform")

    def inputs(self, X: Any) -> Any:
        """Return what the estimator sees of X."""
        return X if self.before is None else self.before.transform(X)

    def pictured(self, X: Any) -> np.ndarray:
        """Return X as rows in the units of the picture."""
        return as_rows(X if self._can_undo else self.inputs(X))

    def undone(self, rows: Any) -> np.ndarray:
        """Bring rows in the estimator's units to those of the picture."""
        return as_rows(self.before.inverse_transform(rows) if self._can_undo else rows)

    def codes(self, inputs: Any) -> np.ndarray:
        """Return the codes of what the estimator sees."""
        return np.asarray(self.last.transform(inputs))

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows, in the units of the picture, that codes stand for."""
        return self.undone(self.last.inverse_transform(codes))


def as_rows(X: Any) -> np.ndarray:
    """Return an array of one row a sample."""
    array = np.asarray(X, dtype=np.float64)
    return array.reshape(len(array), -1)
