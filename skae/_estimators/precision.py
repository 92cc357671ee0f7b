"""The parameter `precision`: what it needs, and where it gains nothing."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from skae._plan.layers import Dense, Layer
from skae._plan.plan import Plan

PRECISIONS = ("float32", "bfloat16")
# Features of processors that multiply bfloat16 faster than float32, as Linux names them: of x86,
# and of ARM.
FEATURES = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}
# From so many multiplications in a forward pass on, faster ones outweigh what is around them.
LEAST_PRODUCTS = 2**26


def check_layers(layers: Iterable[Layer], network: Any) -> None:
    """Raise an error if layers cannot be trained with products in bfloat16."""
    others = sorted({type(layer).__name__ for layer in layers if type(layer) is not Dense})
    if others:
        raise ValueError(
            f"precision='bfloat16' is for dense layers only, but {network!r} has layers of type "
            f"{' and '.join(others)}. Set precision='float32'."
        )


def warn_of_no_gain(plan: Plan, batch_size: int) -> None:
    """Warn if training with this precision is no faster than with float32."""
    if plan.precision == "float32":
        return
    n_products = batch_size * sum(layer.n_in * layer.n_out for layer in _layers(plan))
    if not has_fast_bfloat16():
        reason = "this processor, or TensorFlow as it is set up, does not multiply bfloat16 faster"
    elif n_products < LEAST_PRODUCTS:
        reason = (
            f"with batches of {batch_size} samples this network is too small: its forward pass has "
            f"{n_products:,} multiplications, and from about {LEAST_PRODUCTS:,} on it gains"
        )
    else:
        return
    warnings.warn(
        f"precision='bfloat16' makes this fit no faster, only less precise: {reason}. Set "
        "precision='float32'.",
        stacklevel=2,
    )


def _layers(plan: Plan) -> tuple[Layer, ...]:
    return plan.network.encoder + plan.network.decoder


@cache
def has_fast_bfloat16() -> bool:
    """Return whether this machine multiplies bfloat16 faster than float32, as far as is known.

    TensorFlow does so by oneDNN. Only Linux tells the features of a processor without a library;
    elsewhere they are not known, and the answer is yes.
    """
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1").lower() in ("0", "false"):
        return False
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return True
    found = (line.split(":", 1)[1] for line in lines if line.startswith(("flags", "Features")))
    return not FEATURES.isdisjoint(next(found, "").split())
