"""What all Displays have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, dataclass_transform

from sklearn.utils._optional_dependencies import check_matplotlib_support

from skae.plotting._chain import Chain


def axes_for(ax: Any, **subplots_kw: Any) -> Any:
    """Return the given Axes, or those of a new figure if there are none."""
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained", **subplots_kw)[1] if ax is None else ax


@dataclass_transform(kw_only_default=True)
class Display:
    """A figure and the data that it shows.

    A subclass declares the data as annotated fields, which are its keyword-only parameters.
    """

    def __init_subclass__(cls) -> None:
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    @classmethod
    def _chain(cls, estimator: Any, *needs: str, X: Any = None) -> Chain:
        """Take the estimator that `from_estimator` is given apart, see :meth:`Chain.of`."""
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        return Chain.of(estimator, cls.__name__, *needs, X=X)
