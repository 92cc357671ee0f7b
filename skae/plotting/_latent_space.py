"""Codes as points."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skae.plotting._colors import PETROFF_COLORS, color_of
from skae.plotting._display import Display, axes_for
from skae.plotting._pictures import Picture, chosen, panels, strongest

# More pairs of codes, or more classes, would not be readable.
MOST_CODES, MOST_CLASSES = 4, 30
MARKERS = "o^s"


class LatentSpaceDisplay(Display):
    """Scatter plot of the latent space: the codes (embedding) of samples.

    One code is drawn against y, two in the plane, three in 3-D, more in pairs. Classes have
    colors that color-blind readers can distinguish, and other markers from the eleventh on. Use
    :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_codes)
        The codes to draw.

    y : ndarray of shape (n_samples,) or None, default=None
        Colors of the points: strings, booleans and up to 30 different whole numbers are classes,
        other numbers are a scale.

    components : ndarray of shape (n_codes,) or None, default=None
        Indices of the codes, for the labels. None counts from 0.

    y_name : str or None, default=None
        Title of the legend or of the color bar. None means 'class' or 'y'.

    code_name : str, default='code'
        Name of a code: 'component' for `PCA`.

    color : str or None, default=None
        Color of the points if y is None. None takes the first color of the classes.

    Attributes
    ----------
    ax_ : Axes
        The Axes of one to three codes, None for more.

    axes_ : ndarray of Axes of shape (n_panels, n_panels)
        All panels: a single one, or one for each pair below the diagonal.

    scatters_ : list of PathCollection
        The points: one for each panel, or one for each panel and class.

    legend_ : Legend or None
        If y holds classes and there are two codes or more.

    colorbar_ : Colorbar or None
        If y holds numbers and there are two codes or more.

    figure_ : Figure

    See Also
    --------
    ManifoldDisplay : The decoded samples of a grid of codes.

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

    codes: np.ndarray
    y: np.ndarray | None = None
    components: np.ndarray | None = None
    y_name: str | None = None
    code_name: str = "code"
    color: str | None = None

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, components=None, y_name=None, ax=None, **scatter_kw
    ):
        """Encode samples and draw their codes.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer, or a fitted :class:`~sklearn.pipeline.Pipeline` that ends in one.

        X : array-like of shape (n_samples, n_features)
            Samples.

        y : array-like of shape (n_samples,) or None, default=None
            Classes or numbers that color the points. Unlabeled samples are gray: NaN, None and,
            where it is the least of three values or more, -1.

        components : array-like of int or None, default=None
            Indices of the codes to draw. None draws all up to four, or the four that vary most.

        y_name : str or None, default=None
            Title of the legend or of the color bar. None takes the name of a series, otherwise
            'class' or 'y'.

        ax : matplotlib Axes, default=None
            Axes to draw in. Three codes are drawn in pairs unless it has
            ``projection='3d'``; pairs divide its place. None makes a new figure.

        **scatter_kw : dict
            Passed to `Axes.scatter`.

        Returns
        -------
        display : LatentSpaceDisplay
        """
        chain = cls._chain(estimator, "transform")
        if y is not None:
            check_consistent_length(X, y)
        codes = chain.codes(chain.inputs(X))
        wanted = MOST_CODES if components is None else np.atleast_1d(components)
        components = chosen(codes.shape[1], "components", wanted, strongest(codes.var(axis=0)))
        display = cls(
            codes=codes[:, components],
            y=None if y is None else column_or_1d(y),
            components=components,
            y_name=y_name or getattr(y, "name", None),
            code_name=chain.code_name,
            color=color_of(chain.last),
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
        n, n_codes = self.codes.shape
        self._coloring = Coloring.of(self.y, self.color or PETROFF_COLORS[0])
        # Fewer points are drawn larger and opaque.
        style = {"s": float(np.clip(8000 / n, 8, 40)), "alpha": 0.8 if n > 50 else 1.0}
        if not {"lw", "linewidth", "linewidths"} & set(scatter_kw):
            style["linewidths"] = 0
        style |= scatter_kw
        self.scatters_, self.legend_, self.colorbar_ = [], None, None
        in_space = n_codes == 3 and (ax is None or ax.name == "3d")
        if n_codes > 2 and not in_space:
            self._plot_pairs(ax, style)
        else:
            self._plot_one(ax, style, "3d" if in_space else None)
        return self

    def _plot_one(self, ax, style, projection):
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        self.ax_ = ax = axes_for(ax, subplot_kw={"projection": projection})
        self.axes_, self.figure_ = np.array([[ax]]), ax.figure
        points = self.codes.T
        for axis, i in zip("xyz", range(len(points)), strict=False):
            ax.set(**{f"{axis}label": self._name(i)})
        if len(points) == 1:
            # The second axis already shows y, so that no legend is needed.
            self._scatter(ax, np.vstack([points, self._across(ax)]), style)
            return
        self._scatter(ax, points, style)
        layout = self.figure_.get_layout_engine()
        if projection == "3d" and isinstance(layout, ConstrainedLayoutEngine):
            # Labels of a third dimension stand beside the axes.
            self._explain(self.figure_, style, loc="outside right upper")
        else:
            beside = {"bbox_to_anchor": (1.02, 1.0), "borderaxespad": 0.0}
            self._explain(ax, style, loc="upper left", **beside)

    def _plot_pairs(self, ax, style):
        n = self.codes.shape[1] - 1
        self.ax_ = None
        self.figure_, self.axes_ = panels(ax, n, n, Picture.lines(1))
        if ax is None:
            self.figure_.set_size_inches(2.6 * n + 1.0, 2.4 * n + 0.5)
        for (i, j), panel in np.ndenumerate(self.axes_):
            if j > i:
                panel.set_axis_off()
                continue
            self._scatter(panel, self.codes[:, [j, i + 1]].T, style)
            panel.tick_params(labelsize="x-small", labelleft=j == 0, labelbottom=i == n - 1)
            if j == 0:
                panel.set_ylabel(self._name(i + 1))
            if i == n - 1:
                panel.set_xlabel(self._name(j))
        # The corner above the diagonal is free.
        self._explain(self.axes_[0, -1], style, loc="upper right")

    def _scatter(self, ax, points, style):
        own_colors = {"c", "color"} & set(style)
        for group in self._coloring.groups:
            kw = {**(group.style if not own_colors else {}), **style}
            # Sizes or colors may be given for each point.
            kw = {
                name: value[group.rows] if np.shape(value)[:1] == self.codes.shape[:1] else value
                for name, value in kw.items()
            }
            rows = points[:, group.rows]
            self.scatters_.append(ax.scatter(*rows, label=group.name, **kw))

    def _across(self, ax):
        """Return the values of the second axis of a single code, and label it."""
        coloring = self._coloring
        if self.y is None:
            ax.set_ylabel("sample")
            return np.arange(len(self.codes))
        ax.set_ylabel(self._title)
        if coloring.is_numeric:
            return self.y
        index = np.empty(len(self.y))
        for i, group in enumerate(coloring.groups):
            index[group.rows] = i
        names = [group.name for group in coloring.groups]
        ax.set_yticks(range(len(names)), names)
        return index

    def _explain(self, place, style, **where):
        """Add a legend of classes or a color bar of numbers."""
        groups = self._coloring.groups
        if self.y is None or {"c", "color"} & set(style):
            return
        if self._coloring.is_numeric:
            self.colorbar_ = self.figure_.colorbar(
                self.scatters_[len(groups) - 1], ax=self.axes_, label=self._title
            )
            self.colorbar_.solids.set_alpha(1.0)
            return
        handles = self.scatters_[: len(groups)]
        columns = -(-len(handles) // 15)
        self.legend_ = place.legend(
            handles=handles, title=self._title, fontsize="small", ncols=columns, **where
        )
        for handle in self.legend_.legend_handles:
            handle.set(alpha=1.0, sizes=[30.0])

    @property
    def _title(self):
        """The name of y."""
        return str(self.y_name or ("y" if self._coloring.is_numeric else "class"))

    def _name(self, i):
        return f"{self.code_name} {i if self.components is None else self.components[i]}"


class Group(NamedTuple):
    """Points of one style.

    Parameters
    ----------
    name : str or None
    rows : ndarray of bool
    style : dict
    """

    name: str | None
    rows: np.ndarray
    style: dict


class Coloring(NamedTuple):
    """How points are colored: in groups, the last one by numbers if `is_numeric`."""

    groups: list[Group]
    is_numeric: bool = False

    @classmethod
    def of(cls, y, color):
        """Sort points into unlabeled ones and classes or numbers; without y all have a color."""
        if y is None:
            return cls([Group(None, slice(None), {"color": color})])
        labeled = _labeled(y)
        groups = []
        if not labeled.all():
            groups.append(Group("unlabeled", ~labeled, {"color": "0.8"}))
        if not labeled.any():
            return cls(groups)
        # An object array of strings becomes one of strings.
        some = np.array(y[labeled].tolist())
        if _is_numeric(some):
            style = {"c": y, "cmap": "viridis"}
            return cls([*groups, Group(None, labeled, style)], is_numeric=True)
        for i, name in enumerate(np.unique(some)):
            color = PETROFF_COLORS[i % len(PETROFF_COLORS)]
            style = {"color": color, "marker": MARKERS[i // len(PETROFF_COLORS)]}
            rows = labeled.copy()
            rows[labeled] = some == name
            groups.append(Group(str(name), rows, style))
        return cls(groups)


def _labeled(y):
    """Return which rows have a label; -1 is none as the least of three values or more."""
    if y.dtype.kind == "f":
        return ~np.isnan(y)
    if y.dtype.kind in "iu":
        values = np.unique(y)
        return y != -1 if values[0] == -1 and len(values) > 2 else np.ones(len(y), bool)
    if y.dtype.kind == "O":
        return np.array([each is not None and each == each and each != -1 for each in y])
    return np.ones(len(y), bool)


def _is_numeric(y):
    """Return whether y is a scale of numbers, not a set of classes."""
    with warnings.catch_warnings():
        # Before 1.8 scikit-learn takes many different integers for a mistake.
        warnings.filterwarnings("ignore", "The number of unique classes")
        kind = type_of_target(y, input_name="y")
    if kind == "continuous":
        return True
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y must hold a class or a number for each sample, but is {kind!r}.")
    n_classes = len(np.unique(y))
    if n_classes > MOST_CLASSES and not np.issubdtype(y.dtype, np.number):
        raise ValueError(
            f"y has {n_classes} classes, but at most {MOST_CLASSES} can be told apart by color "
            "and mark. Join some, or draw fewer."
        )
    return n_classes > MOST_CLASSES
