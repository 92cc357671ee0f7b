"""What a kind of autoencoder of one's own is made of.

`docs/own_kind.md` shows a complete one. In short: a class that derives from
:class:`BaseAutoencoder`, declares its parameters as annotated fields and returns a plan from
`_plan`, by `dense_plan` with parts of its own: a :class:`Loss`, some :class:`Penalty`, a
:class:`Corruption`, each a frozen dataclass.

The values that fitted estimators hold, such as :class:`Network`, are named here, too: files of
pickle and skops find them by these names.
"""

from skae._estimators.base import BaseAutoencoder
from skae._estimators.outlier_scores import References, Scorer, Tail
from skae._names import named_publicly
from skae._network.whitening import Moments, Whitening
from skae._plan.layers import Convolution, Dense, EachStep, Recurrence, TransposedConvolution
from skae._plan.objectives import Corruption, Loss, Penalty, Step
from skae._plan.plan import Network, Objective, Plan, Solver, Stage

__all__ = [
    "BaseAutoencoder",
    "Convolution",
    "Corruption",
    "Dense",
    "EachStep",
    "Loss",
    "Moments",
    "Network",
    "Objective",
    "Penalty",
    "Plan",
    "Recurrence",
    "References",
    "Scorer",
    "Solver",
    "Stage",
    "Step",
    "Tail",
    "TransposedConvolution",
    "Whitening",
]

named_publicly(__name__, *(globals()[name] for name in __all__))
