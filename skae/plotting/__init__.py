"""Visualization of autoencoders and other transformers by scikit-learn's Display classes."""

from skae.plotting._colors import METHOD_COLORS
from skae.plotting._components_curve import ComponentsCurveDisplay
from skae.plotting._features import FeaturesDisplay
from skae.plotting._latent_space import LatentSpaceDisplay
from skae.plotting._loadings import LoadingsDisplay
from skae.plotting._loss_curve import LossCurveDisplay
from skae.plotting._manifold import ManifoldDisplay
from skae.plotting._reconstruction import ReconstructionDisplay
from skae.plotting._top_activations import TopActivationsDisplay

__all__ = [
    "METHOD_COLORS",
    "ComponentsCurveDisplay",
    "FeaturesDisplay",
    "LatentSpaceDisplay",
    "LoadingsDisplay",
    "LossCurveDisplay",
    "ManifoldDisplay",
    "ReconstructionDisplay",
    "TopActivationsDisplay",
]
