"""Codes as points."""

from __future__ import annotations

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.fixes import PETROFF_COLORS
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from skae.plotting._chain import Chain
from skae.plotting._pictures import Picture, chosen, panels, strongest

# More pairs than those of four codes could not be read; more classes neither.
MOST_CODES, MOST_CLASSES = 4, 30
MARKERS = "o^s"


class LatentSpaceDisplay:
    """Codes of samples as a scatter plot.

    One code is drawn against y, two as they are, three in space, more by pairs. Classes have
    colours that colour-blind readers can tell apart, and other marks from the eleventh on. Use
    :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_codes)
        The codes to draw.

    y : ndarray of shape (n_samples,) or None, default=None
        What colours them: strings, booleans and up to 30 different whole numbers are classes,
        other numbers are a scale.

    components : ndarray of shape (n_codes,) or None, default=None
        Numbers of the codes, for the labels. None counts from 0.

    y_name : str, default='y'
        Title of the legend or of the colour bar.

    Attributes
    ----------
    ax_ : Axes
        The Axes of one to three codes, None where there are more.

    axes_ : ndarray of Axes of shape (n_panels, n_panels)
        All panels: a single one, or one for each pair below the diagonal.

    scatters_ : list of PathCollection
        The points: one for each panel, or one for each panel and class.

    legend_ : Legend or None
        Where y holds classes and there are two codes or more.

    colorbar_ : Colorbar or None
        Where y holds numbers and there are two codes or more.

    figure_ : Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from skae.plotting import LatentSpaceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> display = LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X, y)
    >>> len(display.scatters_)
    3
    """

    def __init__(self, *, codes, y=None, components=None, y_name="y"):
        self.codes = codes
        self.y = y
        self.components = components
        self.y_name = y_name

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, components=None, ax=None, **scatter_kw):
        """Encode samples and draw their codes.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer, or a fitted :class:`~sklearn.pipeline.Pipeline` that ends in one.

        X : array-like of shape (n_samples, n_features)
            Samples.

        y : array-like of shape (n_samples,) or None, default=None
            Classes or numbers that colour the points.

        components : array-like of int or None, default=None
            Numbers of the codes to draw. None draws all up to four, of more the four that vary
            most.

        ax : matplotlib Axes, default=None
            Axes to draw in. Three codes are drawn by pairs unless it has
            ``projection='3d'``; pairs divide its place. None makes a new figure.

        **scatter_kw : dict
            Passed to `Axes.scatter`.

        Returns
        -------
        display : LatentSpaceDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        chain = Chain.of(estimator, cls.__name__, "transform")
        if y is not None:
            check_consistent_length(X, y)
        codes = chain.codes(chain.inputs(X))
        components = chosen(
            codes.shape[1],
            ("n_components", MOST_CODES),
            ("components", components),
            strongest(codes.var(axis=0)),
        )
        display = cls(
            codes=codes[:, components],
            y=None if y is None else np.asarray(y),
            components=components,
            y_name=str(getattr(y, "name", None) or "y"),
        )
        return display.plot(ax=ax, **scatter_kw)

    def plot(self, ax=None, **scatter_kw):
        """Draw the codes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            See :meth:`from_estimator`.

        **scatter_kw : dict
            Passed to `Axes.scatter`.

        Returns
        -------
        display : LatentSpaceDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self._is_numeric = self.y is not None and _is_numeric(self.y)
        n, n_codes = self.codes.shape
        # Fewer points can be larger and need not shine through.
        style = {"s": float(np.clip(8000 / n, 8, 40)), "alpha": 0.8 if n > 50 else 1.0}
        style |= {"linewidths": 0, **scatter_kw}
        self.scatters_, self.legend_, self.colorbar_ = [], None, None
        in_space = n_codes == 3 and (ax is None or ax.name == "3d")
        if n_codes > 2 and not in_space:
            self._plot_pairs(ax, style)
        else:
            self._plot_one(ax, style, "3d" if in_space else None)
        return self

    def _plot_one(self, ax, style, projection):
        import matplotlib.pyplot as plt

        if ax is None:
            ax = plt.figure(layout="constrained").add_subplot(projection=projection)
        self.ax_, self.axes_, self.figure_ = ax, np.array([[ax]]), ax.figure
        points = self.codes.T
        for axis, i in zip("xyz", range(len(points)), strict=False):
            ax.set(**{f"{axis}label": self._name(i)})
        if len(points) == 1:
            # The axis across says what colours mean.
            self._scatter(ax, np.vstack([points, self._across(ax)]), style)
        else:
            self._scatter(ax, points, style)
            self._explain(ax)

    def _plot_pairs(self, ax, style):
        n_codes = self.codes.shape[1]
        self.ax_ = None
        n = n_codes - 1
        self.figure_, self.axes_ = panels(ax, n, n, Picture((1, 1), is_image=False))
        if ax is None:
            self.figure_.set_size_inches(2.6 * n + 1.0, 2.4 * n + 0.5)
        for (i, j), panel in np.ndenumerate(self.axes_):
            if j > i:
                panel.set_axis_off()
                continue
            self._scatter(panel, self.codes[:, [j, i + 1]].T, style)
            panel.tick_params(labelsize="x-small")
            if j == 0:
                panel.set_ylabel(self._name(i + 1))
            if i == n_codes - 2:
                panel.set_xlabel(self._name(j))
        # The corner above the diagonal is free.
        self._explain(self.axes_[0, -1])

    def _scatter(self, ax, points, style):
        if self.y is None:
            groups = [(slice(None), {"color": PETROFF_COLORS[0]})]
        elif self._is_numeric:
            groups = [(slice(None), {"c": self.y, "cmap": "viridis"})]
        else:
            classes, index = np.unique(self.y, return_inverse=True)
            n = len(PETROFF_COLORS)
            groups = [
                (
                    index == i,
                    {"color": PETROFF_COLORS[i % n], "marker": MARKERS[i // n], "label": name},
                )
                for i, name in enumerate(map(str, classes))
            ]
        for rows, colour in groups:
            self.scatters_.append(ax.scatter(*points[:, rows], **{**colour, **style}))

    def _across(self, ax):
        """Return what a single code is drawn against, and label that axis."""
        if self.y is None:
            ax.set_ylabel("row")
            return np.arange(len(self.codes))
        ax.set_ylabel(self.y_name)
        if self._is_numeric:
            return self.y
        classes, index = np.unique(self.y, return_inverse=True)
        ax.set_yticks(range(len(classes)), classes)
        return index

    def _explain(self, ax):
        """Add a legend of classes or a colour bar of numbers."""
        if self._is_numeric:
            self.colorbar_ = self.figure_.colorbar(
                self.scatters_[0], ax=self.axes_, label=self.y_name
            )
            self.colorbar_.solids.set_alpha(1.0)
        elif self.y is not None:
            handles = self.scatters_[: len(np.unique(self.y))]
            place = {"loc": "upper right"}
            if self.ax_ is not None:
                # Beside the axes; in the corner that a cube leaves free.
                x = 0.0 if self.ax_.name == "3d" else 1.02
                place = {"loc": "upper left", "bbox_to_anchor": (x, 1.0), "borderaxespad": 0.0}
            self.legend_ = ax.legend(
                handles=handles,
                title=self.y_name,
                fontsize="small",
                ncols=-(-len(handles) // 15),
                **place,
            )
            for handle in self.legend_.legend_handles:
                handle.set(alpha=1.0, sizes=[30.0])

    def _name(self, i):
        return f"code {i if self.components is None else self.components[i]}"


def _is_numeric(y):
    """Return whether y is a scale of numbers, not a set of classes."""
    kind = type_of_target(y, input_name="y")
    if kind == "continuous":
        return True
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y must hold a class or a number for each sample, but is {kind!r}.")
    n_classes = len(np.unique(y))
    if n_classes > MOST_CLASSES and not np.issubdtype(y.dtype, np.number):
        raise ValueError(
            f"y has {n_classes} classes, but at most {MOST_CLASSES} can be told apart by colour "
            "and mark. Join some, or draw fewer."
        )
    return n_classes > MOST_CLASSES
