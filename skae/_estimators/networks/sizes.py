"""Validation of parameters that hold sizes."""

from __future__ import annotations

from numbers import Integral
from typing import Any


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
