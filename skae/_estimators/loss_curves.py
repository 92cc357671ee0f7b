"""The loss curves of a fit, in total and by part, as fitted attributes."""

from __future__ import annotations

from typing import Any

from skae._training.epochs import History, PartCurves


def loss_curves(history: History, earlier: Any = None) -> dict[str, Any]:
    """Return the curves of a fit, appended to those of a fitted estimator if there is one."""
    before = {} if earlier is None else vars(earlier)
    fitted = {}
    for name, curve, parts in (
        ("loss", history.loss_curve, history.parts),
        ("validation_loss", history.validation_loss_curve, history.validation_parts),
    ):
        old = before.get(f"{name}_curve_", [])
        old_parts = before.get(f"{name}_parts_curve_", {})
        fitted[f"{name}_curve_"] = old + curve
        fitted[f"{name}_parts_curve_"] = _appended(old_parts, len(old), parts, len(curve))
    return fitted


def _appended(old: PartCurves, n_old: int, new: PartCurves, n_new: int) -> PartCurves:
    """Append curves by name; a part that was none of an epoch's loss is NaN there."""
    nan = float("nan")
    return {
        name: old.get(name, [nan] * n_old) + new.get(name, [nan] * n_new)
        for name in dict.fromkeys([*old, *new])
    }
