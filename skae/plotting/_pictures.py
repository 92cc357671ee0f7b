"""A row drawn as an image or as lines, and the panels that hold such pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle
from math import ceil, isqrt, prod, sqrt
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._colors import METHOD_COLORS, PETROFF_COLORS, color_of

# A square of fewer columns is more likely a table: digits have 8 x 8 pixels.
LEAST_SIDE = 8
# Beyond this number of names along an axis they could not be read.
MOST_NAMES = 15

ROW, REFERENCE = METHOD_COLORS["AutoencoderTransformer"], "0.7"
# Between images: a gray that is neither end of a gray scale.
GAP = "0.75"


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
    color : str
        Color of lines: that of the method.
    """

    shape: tuple[int, ...]
    is_image: bool
    names: tuple[str, ...] = ()
    color: str = ROW

    @classmethod
    def of(cls, estimator: Any, X: Any, n_columns: int, names: tuple[str, ...] = ()) -> Picture:
        """Infer how rows of so many columns are drawn."""
        own = _own_shape(estimator, n_columns)
        lines = cls(
            own if len(own) == 2 else (n_columns, 1),
            is_image=False,
            names=names if len(names) == n_columns <= MOST_NAMES else (),
            color=color_of(estimator) or ROW,
        )
        return lines.shaped(_inferred(own, X, n_columns))

    @classmethod
    def lines(cls, n_columns: int) -> Picture:
        """Return how rows are drawn of which no more is known."""
        return cls((n_columns, 1), is_image=False)

    def shaped(self, image_shape: Any) -> Picture:
        """Return how rows are drawn as images of this shape, as lines for None."""
        if isinstance(image_shape, str):
            if image_shape != "auto":
                raise ValueError(
                    f"image_shape={image_shape!r}: give (height, width), (height, width, 3), "
                    "None for lines, or 'auto'."
                )
            return self
        n_columns = prod(self.shape)
        if image_shape is None:
            shape = (n_columns, 1) if self.is_image else self.shape
            return replace(self, shape=shape, is_image=False)
        shape = tuple(map(int, image_shape))
        if shape[2:] == (1,):
            shape = shape[:2]
        if prod(shape) != n_columns or len(shape) < 2 or shape[2:] not in ((), (3,)):
            raise ValueError(
                f"image_shape={image_shape!r} does not fit rows of {n_columns} columns: it must be "
                "(height, width) or (height, width, 3) with that product, or None for lines."
            )
        return replace(self, shape=shape, is_image=True, names=())

    @property
    def is_point(self) -> bool:
        """Whether a row is a point in a plane or in space: two or three features of a table."""
        return not self.is_image and self.shape in ((2, 1), (3, 1))

    def draw(self, ax: Any, row: np.ndarray, limits: tuple[float, float], **kw: Any) -> Any:
        """Draw one row into an Axes; return the image, or the first line."""
        if not self.is_image:
            ax.set_ylim(*widened(*limits))
            # Few values are those of a table: markers show each of them.
            mark = {"marker": "."} if self.shape[0] <= MOST_NAMES else {}
            first = None
            # A sequence has a line for each of the values of a step.
            others = (color for color in PETROFF_COLORS if color != self.color)
            colors = cycle([self.color, *others])
            for values, color in zip(row.reshape(self.shape).T, colors, strict=False):
                style = {"color": color, "linewidth": 1, **mark}
                (line,) = ax.plot(values, **_validate_style_kwargs(style, kw))
                first = first or line
            return first
        return draw_image(ax, row.reshape(self.shape), limits, **kw)

    def draw_signed(self, ax: Any, row: np.ndarray, largest: float, **kw: Any) -> Any:
        """Draw differences or weights, zero in the middle of the colors or of the axis."""
        limits = (-largest, largest)
        if not self.is_image:
            ax.axhline(0.0, color=REFERENCE, linewidth=0.8)
            return self.draw(ax, row, limits, **kw)
        # Colors as they are, about a middle gray, where there are colors.
        style = {"cmap": "RdBu_r", **kw}
        return draw_image(ax, row.reshape(self.shape), limits, **style)

    @property
    def axis_name(self) -> str:
        """What stands along a line: named features, features or steps."""
        if self.names or self.is_image:
            return ""
        return "feature" if self.shape[1] == 1 else "step"

    def label_columns(self, ax: Any) -> None:
        """Name the columns under lines, where they have names."""
        if self.names:
            ax.set_xticks(range(len(self.names)), self.names, rotation=90, fontsize="x-small")


def _own_shape(estimator: Any, n_columns: int) -> tuple[int, ...]:
    """Return the shape of an image (3 numbers) or of a sequence (2) that the estimator takes.

    It is empty if rows are neither, or if an earlier step that cannot be inverted has changed
    their number of columns.
    """
    shape = getattr(estimator, "row_shape_", ())
    if len(shape) == 2 and min(shape) >= LEAST_SIDE:
        # With Keras, a gray image is more likely than a sequence of that many values a step.
        shape = *shape, 1
    if hasattr(estimator, "network_"):
        shape = estimator.network_.encoder[0].shape_in
    return shape if prod(shape) == n_columns and len(shape) in (2, 3) else ()


def _inferred(own: tuple[int, ...], X: Any, n_columns: int) -> Any:
    """Return the image's shape of a row, None if rows are no images."""
    if not own and getattr(X, "ndim", 2) > 2:
        own = X.shape[1:] if X.ndim > 3 else (*X.shape[1:], 1)
    if len(own) == 3 and prod(own) == n_columns:
        return own if own[2] in (1, 3) and min(own[:2]) > 1 else None
    side = isqrt(n_columns)
    is_square = side * side == n_columns and side >= LEAST_SIDE
    return (side, side) if is_square and not own else None


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
    """Draw a gray or a colored image on a scale between limits."""
    low, high = limits
    if image.ndim == 3:
        colors = np.clip((image - low) / ((high - low) or 1.0), 0, 1)
        return ax.imshow(np.nan_to_num(colors, nan=float(GAP)), **kw)
    scale = {} if "norm" in kw else {"vmin": low, "vmax": high}
    return ax.imshow(image, **{"cmap": "gray", **scale, **kw})


def mosaic(tiles: np.ndarray, n_columns: int | None = None, gap: int = 1) -> np.ndarray:
    """Lay images side by side with gaps of NaN, in as many columns or nearly a square of them."""
    n, height, width, *colors = tiles.shape
    n_columns = n_columns or isqrt(n - 1) + 1
    n_rows = -(-n // n_columns)
    down, right = height + gap, width + gap
    wall = np.full((n_rows * down - gap, n_columns * right - gap, *colors), np.nan)
    for i, tile in enumerate(tiles):
        top, left = i // n_columns * down, i % n_columns * right
        wall[top : top + height, left : left + width] = tile
    return wall


def panels(
    ax: Any,
    n_rows: int,
    n_columns: int,
    picture: Picture,
    *,
    row_names: bool = True,
    n_labeled: int = 1,
    panel_size: tuple[float, float] | None = None,
) -> tuple[Any, np.ndarray]:
    """Return a figure and its Axes of shape (n_rows, n_columns).

    The figure is new and large enough for the pictures, for the names of the columns under
    `n_labeled` rows of them and of the rows beside them; or it is that of `ax`, whose place is
    divided. `panel_size` is the width and height of a panel that holds no picture, in inches.
    """
    import matplotlib.pyplot as plt
    from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec

    if ax is None:
        width, height = panel_size or ((0.95, 1.0) if picture.is_image else (1.7, 1.0))
        beside = 1.5 if row_names else 0.0
        below = 0.07 * max(map(len, picture.names), default=4)
        size = (max(width * n_columns + beside, 1.6), height * n_rows + below * n_labeled)
        figure = plt.figure(figsize=size, layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False)
    else:
        if not ax.axison:
            raise ValueError("The place of ax is divided already. Give another one, or ax=None.")
        figure = ax.figure
        ax.set_axis_off()
        # The first row is room for a title of ax.
        shape: dict[str, Any] = {
            "nrows": n_rows + 1,
            "ncols": n_columns,
            "height_ratios": [0.2] + [1] * n_rows,
        }
        if ax.get_subplotspec() is None:
            left, bottom, right, top = ax.get_position().extents
            at = {"left": left, "bottom": bottom, "right": right, "top": top}
            grid: Any = GridSpec(figure=figure, **shape, **at)
        else:
            grid = GridSpecFromSubplotSpec(subplot_spec=ax.get_subplotspec(), **shape)
        axes = np.empty((n_rows, n_columns), dtype=object)
        for i, j in np.ndindex(axes.shape):
            axes[i, j] = figure.add_subplot(grid[i + 1, j])
    return figure, axes


def grid_of(n: int, n_columns: Any) -> tuple[int, int]:
    """Return the numbers of rows and columns of `n` panels, nearly a square for None."""
    n_columns = ceil(sqrt(n)) if n_columns is None else n_columns
    if not isinstance(n_columns, Integral) or n_columns < 1:
        raise ValueError(f"n_columns={n_columns!r} must be an int, 1 at least, or None.")
    return ceil(n / int(n_columns)), int(n_columns)


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
            ax.set_xlabel(picture.axis_name, fontsize="x-small")


def name_row(ax: Any, name: str) -> None:
    """Write the name of a row of panels to the left of its first one."""
    ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize="small")


def with_error(name: str, rows: np.ndarray, original: np.ndarray) -> str:
    """Return a name with the mean squared error of rows below it."""
    return f"{name}\nMSE {np.nanmean((rows - original) ** 2):.3g}"


def chosen(n: int, name: str, wanted: Any, some: Callable[[int], np.ndarray]) -> np.ndarray:
    """Return the indices in `wanted`, a parameter with this name.

    A number stands for that many indices: all `n`, or those that `some` takes.
    """
    if np.ndim(wanted) == 0:
        if not isinstance(wanted, Integral) or wanted < 1:
            raise ValueError(f"{name}={wanted!r} must be an int, 1 at least, or a list of ints.")
        number = int(wanted)
        return np.arange(n) if number >= n else np.sort(some(number))
    values = np.asarray(wanted)
    if values.ndim != 1 or values.dtype.kind not in "iu" or not values.size:
        raise ValueError(f"{name}={values.tolist()!r} must be a list of ints, one at least.")
    if values.min() < -n or values.max() >= n:
        raise ValueError(f"{name}={values.tolist()!r}: there are {n}, counted from 0.")
    return values % n


def strongest(strengths: np.ndarray) -> Callable[[int], np.ndarray]:
    """Return a function that takes so many indices of the greatest strengths."""
    return lambda number: np.argsort(strengths)[::-1][:number]
