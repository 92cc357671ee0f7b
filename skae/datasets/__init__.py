"""Data sets of the examples."""

from skae.datasets._generators import make_curve3d, make_hidden_variable
from skae.datasets._mnist import load_mnist

__all__ = ["load_mnist", "make_curve3d", "make_hidden_variable"]
