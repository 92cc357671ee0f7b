"""Validation of parameters that hold sizes."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

# Widths of hidden layers that 'auto' stands for. A code of several unlike columns has to
# fold through them: layers multiply the folds of those before, units only add some.
WIDTHS, WIDTHS_FOR_FEW_CODES = (128, 64), (64, 64, 64)


def hidden_widths(value: Any, for_few_codes: bool = False) -> tuple[int, ...]:
    """Return the widths that the parameter `hidden_layer_sizes` of dense layers stands for."""
    if isinstance(value, str):
        return WIDTHS_FOR_FEW_CODES if for_few_codes else WIDTHS
    return ints("hidden_layer_sizes", value)


def ints(name: str, value: Any, n: int | None = None) -> tuple[int, ...]:
    """Return the positive ints of a parameter; if `n` are needed, a single int is repeated."""
    is_one = isinstance(value, Integral) or getattr(value, "ndim", 1) == 0
    several = (value,) * (n or 1) if is_one else tuple(value)
    if not all(isinstance(each, Integral) and int(each) >= 1 for each in several) or (
        n is not None and len(several) != n
    ):
        number = "" if n is None else f"{n} "
        raise ValueError(
            f"The {name!r} parameter must hold {number}ints >= 1. Got {value!r} instead."
        )
    return tuple(int(each) for each in several)


def pairs(name: str, value: Any, n: int) -> list[tuple[int, int]]:
    """Return height and width for each of `n` convolutions.

    An int, or a tuple of two ints, is the value for all; other sequences have one for each.
    """
    is_pair = isinstance(value, tuple) and len(value) == 2 and not any(map(np.iterable, value))
    several = list(value) if np.iterable(value) and not is_pair else [value] * n
    sizes = [tuple(each) if np.iterable(each) else (each, each) for each in several]
    if len(sizes) != n or not all(map(_are_height_and_width, sizes)):
        raise ValueError(
            f"{name}={value!r} must be an int >= 1, a tuple of height and width, or a list with "
            f"one of these for each of the {n} convolutions."
        )
    return [(int(height), int(width)) for height, width in sizes]


def _are_height_and_width(sizes: tuple[Any, ...]) -> bool:
    return len(sizes) == 2 and all(isinstance(each, Integral) and int(each) >= 1 for each in sizes)
