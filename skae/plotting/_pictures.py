"""A row drawn as an image or as lines, and the panels that hold such pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from math import isqrt, prod
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._colors import PETROFF_COLORS

# A square of fewer columns is more likely a table: digits have 8 x 8 pixels.
LEAST_SIDE = 8
# Beyond this number of names along an axis they could not be read.
MOST_NAMES = 15

ROW, REFERENCE = PETROFF_COLORS[0], "0.7"


@dataclass(frozen=True)
class Picture:
    """How rows are drawn.

    Parameters
    ----------
    shape : (height, width) or (height, width, 3), or (steps, values of a step)
    is_image : bool
        Whether a row is an image; otherwise its values are drawn as lines.
    names : tuple of str
        Names of the columns, where there are few and they have names.
    """

    shape: tuple[int, ...]
    is_image: bool
    names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        image_shape: Any,
        estimator: Any,
        X: Any,
        n_columns: int,
        names: tuple[str, ...] = (),
    ) -> Picture:
        """Infer how rows of so many columns are drawn, or take it from `image_shape`."""
        if isinstance(image_shape, str):
            if image_shape != "auto":
                raise ValueError(
                    f"image_shape={image_shape!r}: give (height, width), (height, width, 3), "
                    "None for lines, or 'auto'."
                )
            image_shape = _inferred(estimator, X, n_columns)
        if image_shape is None:
            steps, values = _own_shape(estimator, "sequence_shape") or (n_columns, 1)
            if steps * values != n_columns:  # an earlier step that cannot be undone
                steps, values = n_columns, 1
            is_readable = len(names) == n_columns <= MOST_NAMES
            return cls((steps, values), False, names if is_readable else ())
        shape = tuple(map(int, image_shape))
        if shape[2:] == (1,):
            shape = shape[:2]
        if prod(shape) != n_columns or len(shape) < 2 or shape[2:] not in ((), (3,)):
            raise ValueError(
                f"image_shape={image_shape!r} does not fit rows of {n_columns} columns: it must be "
                "(height, width) or (height, width, 3) with that product, or None for lines."
            )
        return cls(shape, True)

    @classmethod
    def lines(cls, n_columns: int) -> Picture:
        """Return how rows are drawn of which no more is known."""
        return cls((n_columns, 1), is_image=False)

    def draw(self, ax: Any, row: np.ndarray, limits: tuple[float, float], **kw: Any) -> Any:
        """Draw one row into an Axes; return the image, or the first line."""
        if not self.is_image:
            ax.set_ylim(*widened(*limits))
            # Few values are a table's: marks show where they are.
            mark = {"marker": "."} if self.shape[0] <= MOST_NAMES else {}
            first = None
            # A sequence has a line for each of the values of a step.
            for values, colour in zip(row.reshape(self.shape).T, cycle(PETROFF_COLORS)):
                style = {"color": colour, "linewidth": 1, **mark}
                (line,) = ax.plot(values, **_validate_style_kwargs(style, kw))
                first = first or line
            return first
        return draw_image(ax, row.reshape(self.shape), limits, **kw)

    def draw_signed(self, ax: Any, row: np.ndarray, largest: float, **kw: Any) -> Any:
        """Draw differences or weights, zero in the middle of the colours or of the axis."""
        limits = (-largest, largest)
        if not self.is_image:
            ax.axhline(0.0, color=REFERENCE, linewidth=0.8)
            return self.draw(ax, row, limits, **kw)
        # Colours as they are, about a middle grey, where there are colours.
        style = {"cmap": "RdBu_r", **kw}
        return draw_image(ax, row.reshape(self.shape), limits, **style)

    @property
    def axis_name(self) -> str:
        """What stands along a line: named columns, columns or steps."""
        if self.names:
            return ""
        return "column" if self.shape[1] == 1 else "step"

    def label_columns(self, ax: Any) -> None:
        """Name the columns under lines, where they have names."""
        if self.names:
            ax.set_xticks(range(len(self.names)), self.names, rotation=90, fontsize="x-small")


def _own_shape(estimator: Any, name: str) -> Any:
    """Return the shape that a parameter gives to samples or, where it is None, the fitted X."""
    shape, fitted = getattr(estimator, name, None), getattr(estimator, "sample_shape_", ())
    return fitted if shape is None and hasattr(estimator, name) and len(fitted) > 1 else shape


def _inferred(estimator: Any, X: Any, n_columns: int) -> Any:
    """Return the image's shape of a row, None if rows are no images."""
    own = _own_shape(estimator, "image_shape")
    if own is None and getattr(X, "ndim", 2) > 2 and not hasattr(estimator, "sequence_shape"):
        own = X.shape[1:]
    if own is not None and prod(own) == n_columns:
        return own if tuple(own[2:]) in ((), (1,), (3,)) else None
    side = isqrt(n_columns)
    is_square = side * side == n_columns and side >= LEAST_SIDE
    return (side, side) if is_square and not hasattr(estimator, "sequence_shape") else None


def widened(low: float, high: float) -> tuple[float, float]:
    """Return limits with a margin, as an axis has."""
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def limits(*rows: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest of all values."""
    return min(float(np.nanmin(r)) for r in rows), max(float(np.nanmax(r)) for r in rows)


def largest(rows: np.ndarray) -> float:
    """Return the largest absolute value, 1 where all are zero."""
    return float(np.nanmax(np.abs(rows))) or 1.0


def draw_image(ax: Any, image: np.ndarray, limits: tuple[float, float], **kw: Any) -> Any:
    """Draw a grey or a coloured image on a scale between limits."""
    low, high = limits
    if image.ndim == 3:
        return ax.imshow(np.clip((image - low) / ((high - low) or 1.0), 0, 1), **kw)
    scale = {} if "norm" in kw else {"vmin": low, "vmax": high}
    return ax.imshow(image, **{"cmap": "gray", **scale, **kw})


def mosaic(tiles: np.ndarray) -> np.ndarray:
    """Lay images side by side, in a square of them as nearly as can be, NaN between them."""
    n, height, width = tiles.shape
    n_columns = isqrt(n - 1) + 1
    n_rows = -(-n // n_columns)
    wall = np.full((n_rows * (height + 1) - 1, n_columns * (width + 1) - 1), np.nan)
    for i, tile in enumerate(tiles):
        top, left = i // n_columns * (height + 1), i % n_columns * (width + 1)
        wall[top : top + height, left : left + width] = tile
    return wall


def panels(
    ax: Any, n_rows: int, n_columns: int, picture: Picture, *, row_names: bool = True
) -> tuple[Any, np.ndarray]:
    """Return a figure and its Axes of shape (n_rows, n_columns).

    The figure is new and large enough for the pictures, for the names of the columns under them
    and of the rows beside them; or it is that of `ax`, whose place is divided.
    """
    import matplotlib.pyplot as plt
    from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec

    if ax is None:
        width, height = (0.95, 1.0) if picture.is_image else (1.7, 1.0)
        beside = 1.5 if row_names else 0.0
        below = 0.07 * max(map(len, picture.names), default=4)
        size = (max(width * n_columns + beside, 1.6), height * n_rows + below)
        figure = plt.figure(figsize=size, layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False)
    else:
        if not ax.axison:
            raise ValueError("The place of ax is divided already. Give another one, or ax=None.")
        figure = ax.figure
        ax.set_axis_off()
        # The first row is room for a title of ax.
        shape = {"nrows": n_rows + 1, "ncols": n_columns, "height_ratios": [0.2] + [1] * n_rows}
        if ax.get_subplotspec() is None:
            grid = GridSpec(figure=figure, **shape)
            left, bottom, right, top = ax.get_position().extents
            grid.update(left=left, bottom=bottom, right=right, top=top)
        else:
            grid = GridSpecFromSubplotSpec(subplot_spec=ax.get_subplotspec(), **shape)
        axes = np.empty((n_rows, n_columns), dtype=object)
        for i, j in np.ndindex(axes.shape):
            axes[i, j] = figure.add_subplot(grid[i + 1, j])
    return figure, axes


def label_panels(axes: np.ndarray, picture: Picture) -> None:
    """Leave out the ticks that would be repeated in each panel: all of them around images."""
    for (i, j), ax in np.ndenumerate(axes):
        ax.tick_params(labelsize="x-small")
        if picture.is_image or j:
            ax.set_yticks([])
        if picture.is_image or i < len(axes) - 1:
            ax.set_xticks([])
        else:
            picture.label_columns(ax)


def name_row(ax: Any, name: str) -> None:
    """Write the name of a row of panels to the left of its first one."""
    ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize="small")


def chosen(
    n: int, number: tuple[str, int], indices: tuple[str, Any], some: Callable[[int], np.ndarray]
) -> np.ndarray:
    """Return the indices asked for, or a number of them: all `n`, or those that `some` takes.

    `number` and `indices` are parameters, name and value.
    """
    name, values = indices
    if values is None:
        name, value = number
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name}={value!r} must be an int, 1 at least.")
        return np.arange(n) if value >= n else np.sort(some(value))
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind not in "iu" or not values.size:
        raise ValueError(f"{name}={values.tolist()!r} must be a list of ints, one at least.")
    if values.min() < -n or values.max() >= n:
        raise ValueError(f"{name}={values.tolist()!r}: there are {n}, counted from 0.")
    return values % n


def strongest(strengths: np.ndarray) -> Callable[[int], np.ndarray]:
    """Return a function that takes so many indices of the greatest strengths."""
    return lambda number: np.argsort(strengths)[::-1][:number]
