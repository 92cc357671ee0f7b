"""The colors of curves and groups: one for each method, the same in all figures."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import Any

from sklearn.pipeline import Pipeline

# Matplotlib's 'petroff10' (from 3.10 on) and scikit-learn's: ten colors that color-blind readers
# tell apart too. Petroff, "Accessible Color Sequences for Data Visualization", 2021.
PETROFF_COLORS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
_BLUE, _ORANGE, _RED, _, _PURPLE, _BROWN, _, _TAN, _GRAY, _ = PETROFF_COLORS

# Methods of one color are seldom drawn together; where they are, the second one gets another.
METHOD_COLORS = {
    "PCA": _ORANGE,
    "KernelPCA": _TAN,
    "AutoencoderTransformer": _BLUE,
    "DenoisingAutoencoder": _PURPLE,
    "SparseAutoencoder": _BROWN,
    "StackedAutoencoder": _RED,
    "ContractiveAutoencoder": _BROWN,
    "VariationalAutoencoder": _RED,
    "ConvolutionalAutoencoder": _PURPLE,
    "RecurrentAutoencoder": _RED,
    "ForestAutoencoder": _PURPLE,
    # Other autoencoders, and estimators that hold one.
    "BaseAutoencoder": _BLUE,
    "KerasAutoencoder": _BLUE,
    "AutoencoderClassifier": _BLUE,
    "AutoencoderRegressor": _BLUE,
    "AutoencoderOutlierDetector": _BLUE,
    "AutoencoderImputer": _BLUE,
    # No reduction of the features.
    "passthrough": _GRAY,
    "LogisticRegression": _GRAY,
    "SelfTrainingClassifier": _TAN,
}


def color_of(estimator: Any) -> str | None:
    """Return the color of an estimator, of a pipeline's last step that has one, else None."""
    if isinstance(estimator, Pipeline):
        return next(filter(None, map(color_of, (step for _, step in estimator.steps[::-1]))), None)
    if isinstance(estimator, str):
        return METHOD_COLORS.get(estimator)
    names = (kind.__name__ for kind in type(estimator).__mro__)
    return next((METHOD_COLORS[name] for name in names if name in METHOD_COLORS), None)


def distinct_colors(estimators: Iterable[Any]) -> list[str]:
    """Return the colors of estimators that are drawn together, all different up to ten."""
    colors: list[str | None] = []
    for each in estimators:
        color = color_of(each)
        colors.append(None if color in colors else color)
    free = cycle([color for color in PETROFF_COLORS if color not in colors] or PETROFF_COLORS)
    return [color or next(free) for color in colors]
