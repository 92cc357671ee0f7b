"""Losses by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._colors import PETROFF_COLORS, distinct_colors
from skae.plotting._display import Display, axes_for

# Losses that fall by more than this factor are drawn on a logarithmic axis.
LONG_FALL = 10.0


class LossCurve(NamedTuple):
    """The losses of one fit.

    Parameters
    ----------
    training : ndarray of shape (n_epochs,)
    validation : ndarray of shape (n_epochs,) or (0,)
    stages : tuple of ndarray
        Training losses of the layers that were trained alone, before.
    kept : (int, float) or None
        Epoch and loss of the weights that were kept, 0 for the initialization; the loss is NaN
        where it was not measured.
    parts, validation_parts : dict of str to ndarray
        The parts of `training` and of `validation` by name, which add up to them.
    """

    training: np.ndarray
    validation: np.ndarray = np.empty(0)
    stages: tuple[np.ndarray, ...] = ()
    kept: tuple[int, float] | None = None
    parts: Mapping[str, np.ndarray] = MappingProxyType({})
    validation_parts: Mapping[str, np.ndarray] = MappingProxyType({})

    @classmethod
    def of(cls, estimator):
        """Read the losses from a fitted estimator."""
        training = np.asarray(estimator.loss_curve_, dtype=float)
        validation = np.asarray(getattr(estimator, "validation_loss_curve_", ()), dtype=float)
        stages = tuple(np.asarray(stage) for stage in getattr(estimator, "stage_loss_curves_", ()))
        kept = None
        if hasattr(estimator, "best_iter_") and len(training):
            # Curves grow from call to call of a warm start, epochs are those of the last one.
            epoch = len(training) - estimator.n_iter_ + estimator.best_iter_
            loss = getattr(estimator, "best_validation_loss_", None)
            if loss is None:
                loss = training[epoch - 1] if epoch else np.nan
            kept = epoch, float(loss)
        parts, validation_parts = (
            {
                part: np.asarray(values, float)
                for part, values in getattr(estimator, name, {}).items()
            }
            for name in ("loss_parts_curve_", "validation_loss_parts_curve_")
        )
        return cls(training, validation, stages, kept, parts, validation_parts)


class LossCurveDisplay(Display):
    """Training loss and validation loss by epoch, with a mark at the weights that were kept.

    If layers were trained alone, their curves come first, each starting at a dotted line;
    their losses are shares of the variance of the layer's input. For a single estimator, each
    of these stages has its name above it. Use :meth:`from_estimator`;
    all parameters are stored as attributes.

    Parameters
    ----------
    curves : dict of str to LossCurve
        The losses of each estimator: `training`, `validation`, `stages`, `kept`, `parts` and
        `validation_parts`.

    colors : list of str or None, default=None
        Color of each curve. None chooses by their names.

    Attributes
    ----------
    ax_ : Axes

    lines_ : list of Line2D
        Losses: those of the stages, of training and of validation, estimator by estimator; then
        their parts if these are drawn.

    kept_ : list of Line2D
        The marks of the kept epochs.

    figure_ : Figure

    See Also
    --------
    ComponentsCurveDisplay : Score against the number of codes.
    sklearn.model_selection.LearningCurveDisplay : Score against the number of samples.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import LossCurveDisplay
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(8, max_iter=5, learning_rate="cosine").fit(X)
    >>> display = LossCurveDisplay.from_estimator(autoencoder)
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation']
    """

    curves: dict[str, LossCurve]
    colors: Sequence[str] | None = None

    @classmethod
    def from_estimator(cls, estimator, *, parts=False, ax=None, **line_kw):
        """Read the losses of one fitted estimator, or of several, and draw.

        Parameters
        ----------
        estimator : estimator instance or dict of str to estimator instance
            Fitted estimator with `loss_curve_`, a fitted :class:`~sklearn.pipeline.Pipeline` that
            ends in one, or several of them by name.

        parts : bool, default=False
            Whether to draw the parts of the losses too, see :meth:`plot`.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **line_kw : dict
            Passed to `Axes.plot`.

        Returns
        -------
        display : LossCurveDisplay
        """
        several = estimator if isinstance(estimator, dict) else {"": estimator}
        chains = {name: cls._chain(each, "loss_curve_") for name, each in several.items()}
        curves = {name: LossCurve.of(chain.last) for name, chain in chains.items()}
        if not any(len(curve.training) or curve.stages for curve in curves.values()):
            raise ValueError("loss_curve_ is empty: no epoch was trained.")
        colors = distinct_colors(chain.last for chain in chains.values())
        return cls(curves=curves, colors=colors).plot(ax=ax, parts=parts, **line_kw)

    def plot(self, ax=None, *, parts=False, **line_kw):
        """Draw the losses.

        Parameters
        ----------
        parts : bool, default=False
            Whether to draw the parts of the losses too, as thin lines: the reconstruction, the
            penalty, the L2 term. Only for a single estimator. Parts that are zero throughout are
            left out.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **line_kw : dict
            Passed to `Axes.plot`.

        Returns
        -------
        display : LossCurveDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        self.lines_, self.kept_ = [], []
        colors = self.colors or distinct_colors(self.curves)
        for (name, curve), color in zip(self.curves.items(), colors, strict=True):
            self._plot_curve(name, curve, color, line_kw)
        if parts:
            self._plot_parts(line_kw)
        losses = np.concatenate([line.get_ydata() for line in self.lines_])
        losses = losses[np.isfinite(losses)]
        if losses.min() > 0 and losses.max() > LONG_FALL * losses.min():
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set(xlabel="epoch", ylabel="loss")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        n_named = self._name_stages() if len(self.curves) == 1 else 0
        shown = self.lines_[n_named:] + self.kept_
        if shown:  # below the names
            ax.legend(handles=shown, loc="best", bbox_to_anchor=(0, 0, 1, 0.93 if n_named else 1))
        return self

    def _plot_parts(self, line_kw):
        """Draw the parts of the losses of a single estimator."""
        curves = tuple(self.curves.values())
        if len(curves) > 1 or not curves[0].parts:
            raise ValueError(
                "parts=True draws the parts of the losses of a single estimator, one with "
                f"loss_parts_curve_. Got the losses of {len(curves)}, the first one with "
                f"{len(curves[0].parts)} parts."
            )
        (curve,) = curves
        end = 1 + sum(map(len, curve.stages)) + len(curve.training)
        own = (self.colors or distinct_colors(self.curves))[0]
        free = (color for color in cycle(PETROFF_COLORS) if color != own)
        for name, losses in curve.parts.items():
            if not np.any(losses):
                continue
            color = next(free)
            drawn = {"training": losses, "validation": curve.validation_parts.get(name, ())}
            for of, (label, values) in enumerate(drawn.items()):
                if len(values):
                    style = {"color": color, "linewidth": 1, "linestyle": "--" if of else "-"}
                    style |= {
                        "label": f"{label}, {name}",
                        "marker": "." if len(values) == 1 else "",
                    }
                    epochs = np.arange(end - len(values), end)
                    style = _validate_style_kwargs(style, line_kw)
                    self.lines_ += self.ax_.plot(epochs, values, **style)

    def _name_stages(self):
        """Write the names of the stages of a single estimator above them; return their number."""
        (curve,) = self.curves.values()
        if not curve.stages:
            return 0
        stages = {f"layer {i}": len(losses) for i, losses in enumerate(curve.stages)}
        stages["whole network"] = len(curve.training)
        low, high = self.ax_.get_ylim()
        is_log = self.ax_.get_yscale() == "log"
        # Room for the names.
        self.ax_.set_ylim(low, high * (high / low) ** 0.1 if is_log else high + 0.1 * (high - low))
        self.ax_.set_xlim(0.5, sum(stages.values()) + 0.5)
        style = {"ha": "center", "va": "top", "fontsize": "small"}
        done = 0.5
        for name, n_epochs in stages.items():
            if n_epochs:
                where = self.ax_.get_xaxis_transform()
                self.ax_.text(done + n_epochs / 2, 0.98, name, transform=where, **style)
            done += n_epochs
        return len(curve.stages)

    def _plot_curve(self, name, curve, color, line_kw):
        """Draw the losses of one estimator."""
        ax = self.ax_
        of = f"{name}, " if name else ""

        def draw(first, losses, label, **style):
            epochs = np.arange(first, first + len(losses))
            # A single epoch is a point, not a line.
            mark = {"marker": "."} if len(losses) == 1 else {}
            style = {"color": color, "label": label, **mark, **style}
            self.lines_ += ax.plot(epochs, losses, **_validate_style_kwargs(style, line_kw))

        done = 0
        for layer, losses in enumerate(curve.stages):
            ax.axvline(done + 0.5, color="0.6", linestyle=":", linewidth=1)
            draw(
                done + 1,
                losses,
                f"{of}layer {layer}",
                alpha=0.6 + 0.3 * layer / len(curve.stages),
            )
            done += len(losses)
        if done and len(curve.training):
            ax.axvline(done + 0.5, color="0.6", linestyle=":", linewidth=1)
        if len(curve.training):
            draw(done + 1, curve.training, f"{of}training")
        if len(curve.validation):
            # With a warm start, the validation losses may begin later.
            first = done + 1 + len(curve.training) - len(curve.validation)
            draw(first, curve.validation, f"{of}validation", linestyle="--")
        if curve.kept is not None and np.isfinite(curve.kept[1]):
            epoch, loss = curve.kept
            style = {"color": color, "marker": "o", "linestyle": "", "markeredgecolor": "black"}
            self.kept_ += ax.plot([done + epoch], [loss], label=f"{of}weights kept", **style)
