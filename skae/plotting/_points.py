"""Samples as points: of two or three features, or each feature over another variable."""

from __future__ import annotations

from contextlib import suppress
from math import isqrt
from typing import Any

import numpy as np
from scipy.spatial import Delaunay, QhullError
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._chain import Chain
from skae.plotting._display import axes_for
from skae.plotting._pictures import Picture, panels, with_error

# Values of each code: one makes a curve, two a surface.
N_VALUES = {1: 300, 2: 40}
# Two features whose ranges differ by more than this factor have axes of different scales.
MOST_STRETCH = 4.0
SAMPLES = {"label": "samples"}
CORRUPTED = {"label": "corrupted", "color": "0.65", "marker": "x", "s": 10}


def manifold_of(chain: Chain, codes: np.ndarray, n_features: int) -> np.ndarray | None:
    """Decode all codes in the range of these: a curve, or between them a surface.

    None where there are too many codes for that. Rows of a surface are NaN outside the convex
    hull of the codes.
    """
    n_codes = codes.shape[1]
    if n_codes >= n_features:
        return None
    values = np.linspace(codes.min(axis=0), codes.max(axis=0), N_VALUES[n_codes]).T
    wanted = np.stack(np.meshgrid(*values), axis=-1)
    decoded = chain.decoded(wanted.reshape(-1, n_codes)).reshape(*wanted.shape[:-1], n_features)
    if n_codes == 2:
        with suppress(QhullError):  # codes on a line have no hull
            decoded[Delaunay(codes).find_simplex(wanted) < 0] = np.nan
    return decoded


def point_axes(ax: Any, rows: np.ndarray, picture: Picture) -> Any:
    """Return Axes of two or three dimensions for rows, with the features' names.

    They are those of a new figure, or `ax`, or take its place where it lacks a dimension.
    """
    n_features = rows.shape[-1]
    projection = "3d" if n_features == 3 else None
    ax = axes_for(ax, subplot_kw={"projection": projection})
    if projection == "3d" and ax.name != "3d":
        ax.set_axis_off()
        if ax.get_subplotspec() is None:
            ax = ax.figure.add_axes(ax.get_position().bounds, projection=projection)
        else:
            ax = ax.figure.add_subplot(ax.get_subplotspec(), projection=projection)
    names = picture.names or [f"feature {i}" for i in range(n_features)]
    ax.set(**{f"{axis}label": name for axis, name in zip("xyz", names, strict=False)})
    spans = np.ptp(rows.reshape(-1, n_features), axis=0)
    if n_features == 3:
        ax.locator_params(nbins=5)  # more labels would touch each other
        # Smaller, because layouts leave no room for the label of the third axis.
        ax.set_box_aspect(None, zoom=0.85)
    elif spans.max() <= MOST_STRETCH * spans.min():
        ax.set_aspect("equal")
    return ax


def draw_points(display: Any, ax: Any, picture: Picture, **kw: Any) -> tuple[Any, Any, Any]:
    """Draw samples, tied to their reconstructions, and what codes stand for.

    Returns figure, Axes and the reconstruction's artist, the last two in arrays.
    """
    encoded = display.original if display.corrupted is None else display.corrupted
    ax = point_axes(ax, np.stack([display.original, encoded]), picture)
    _draw_ties(ax, encoded, display.reconstruction)
    ax.scatter(*display.original.T, color="0.45", s=10, **SAMPLES)
    if display.corrupted is not None:
        ax.scatter(*encoded.T, **CORRUPTED)
    style = {"label": with_error("reconstruction", display.reconstruction, display.original)}
    style = _validate_style_kwargs({"color": picture.color, **style}, kw)
    if display.manifold is None:
        artist = ax.scatter(*display.reconstruction.T, **{"s": 8, **style})
    else:
        artist = draw_manifold(ax, display.manifold, **style)
    ax.legend(fontsize="small")
    return ax.figure, np.array([[ax]]), np.array([[artist]])


def draw_against(display: Any, ax: Any, picture: Picture, **kw: Any) -> tuple[Any, Any, Any]:
    """Draw each feature over `display.against`, samples and reconstructions as points.

    Returns figure, Axes and the reconstructions' artists.
    """
    n_features = display.original.shape[1]
    n_columns = isqrt(n_features - 1) + 1
    n_rows = -(-n_features // n_columns)
    figure, axes = panels(ax, n_rows, n_columns, Picture.lines(1), row_names=False)
    if ax is None:
        figure.set_size_inches(3.2 * n_columns, 2.2 * n_rows + 0.6)
    artists = np.empty(axes.shape, dtype=object)
    names = picture.names or [f"feature {i}" for i in range(n_features)]
    style = {"label": with_error("reconstruction", display.reconstruction, display.original)}
    style = _validate_style_kwargs({"color": picture.color, "s": 8, **style}, kw)
    for i, (where, panel) in enumerate(np.ndenumerate(axes)):
        if i >= n_features:
            panel.set_axis_off()
            continue
        if display.corrupted is not None:
            panel.scatter(display.against, display.corrupted[:, i], **CORRUPTED)
        panel.scatter(display.against, display.original[:, i], color="0.8", s=40, **SAMPLES)
        artists[where] = panel.scatter(display.against, display.reconstruction[:, i], **style)
        panel.set_title(names[i], fontsize="medium")
        if i >= n_features - n_columns:
            panel.set_xlabel(display.against_name)
    axes[0, 0].legend(fontsize="small")
    return figure, axes, artists


def _draw_ties(ax: Any, ends: np.ndarray, other_ends: np.ndarray) -> None:
    """Draw a thin line between the points of two arrays, one row to one row."""
    from matplotlib.collections import LineCollection
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    kind = Line3DCollection if ends.shape[1] == 3 else LineCollection
    pairs = list(np.stack([ends, other_ends], axis=1))
    ties = kind(pairs, colors="0.75", linewidths=0.6, zorder=0)
    ax.add_collection(ties)


def draw_manifold(ax: Any, manifold: np.ndarray, **kw: Any) -> Any:
    """Draw a curve or, in space, a surface. Return the artist."""
    if manifold.ndim == 2:
        return ax.plot(*manifold.T, **_validate_style_kwargs({"linewidth": 2.5}, kw))[0]
    style = {"alpha": 0.45, "linewidth": 0, "rcount": 40, "ccount": 40}
    return ax.plot_surface(*np.moveaxis(manifold, -1, 0), **{**style, **kw})
