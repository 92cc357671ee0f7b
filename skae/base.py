"""What a kind of autoencoder of one's own is made of.

`docs/own_kind.md` shows a complete one. In short: a class under :func:`estimator` that derives from
:class:`BaseAutoencoder`, declares its parameters as annotated fields and returns a plan from
`_plan`, by `dense_plan` with parts of its own: a :class:`Loss`, some :class:`Penalty`, a
:class:`Corruption`, each a frozen dataclass.
"""

from skae._estimators.base import BaseAutoencoder
from skae._estimators.parameters import estimator
from skae._plan.objectives import Corruption, Loss, Penalty, Step
from skae._plan.plan import Plan

__all__ = ["BaseAutoencoder", "Corruption", "Loss", "Penalty", "Plan", "Step", "estimator"]
