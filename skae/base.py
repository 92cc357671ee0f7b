"""Building blocks of a custom autoencoder.

`docs/own_kind.md` shows a complete one. In short: a class that derives from
:class:`BaseAutoencoder` declares its parameters as annotated fields and returns a plan from
`_plan`. The plan is made by `network_plan` with custom parts: a :class:`Loss`, :class:`Penalty`
objects, a :class:`Corruption`, each a frozen dataclass.

The values that fitted estimators hold, such as :class:`Network`, also have their public names
here: pickle and skops files refer to them by these names.
"""

from skae._data.factors import FactorModel
from skae._data.frames import FrameFormat
from skae._data.table import CategoryColumn, NumberColumn, Table
from skae._estimators.base import BaseAutoencoder
from skae._estimators.outlier_scores import References, Scorer, Tail
from skae._forest.boxes import LeafCodes, UsualValues
from skae._forest.decoders import BoxDecoder, NeighborDecoder
from skae._forest.spectral import SpectralCodes
from skae._forest.table import EvenTable
from skae._names import named_publicly
from skae._network.whitening import Moments, Whitening
from skae._plan.convolutions import Convolution, TransposedConvolution
from skae._plan.layers import Dense, Layer
from skae._plan.network import Network
from skae._plan.objectives import Corruption, Loss, Penalty, Step
from skae._plan.plan import Bottleneck, Objective, Plan, Solver, Stage
from skae._plan.recurrences import EachStep, Feedback, Recurrence

__all__ = [
    "BaseAutoencoder",
    "Bottleneck",
    "BoxDecoder",
    "CategoryColumn",
    "Convolution",
    "Corruption",
    "Dense",
    "EachStep",
    "EvenTable",
    "FactorModel",
    "Feedback",
    "FrameFormat",
    "Layer",
    "LeafCodes",
    "Loss",
    "Moments",
    "NeighborDecoder",
    "Network",
    "NumberColumn",
    "Objective",
    "Penalty",
    "Plan",
    "Recurrence",
    "References",
    "Scorer",
    "Solver",
    "SpectralCodes",
    "Stage",
    "Step",
    "Table",
    "Tail",
    "TransposedConvolution",
    "UsualValues",
    "Whitening",
]

named_publicly(__name__, *(globals()[name] for name in __all__))
