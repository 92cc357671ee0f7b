"""Decoded samples along one code or over a grid of two codes."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._display import Display, axes_for
from skae.plotting._pictures import (
    GAP,
    REFERENCE,
    Picture,
    draw_image,
    limits,
    mosaic,
    widened,
)
from skae.plotting._points import point_axes

# The codes' range that is drawn, in quantiles.
RANGE = (0.02, 0.98)
# Images are as many times as wide as the gaps between them.
IMAGE_TO_GAP = 8


class ManifoldDisplay(Display):
    """Decoded samples over a grid of two codes, or along one code of the latent space.

    Images are placed at their codes, on axes of the codes. Samples that are not images
    are lines: small ones on the grid, or together in one plot, colored by the code. Samples of two
    or three features are points of a curve or the nodes of a net, on axes of the features. Use
    :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    decodings : ndarray of shape (n_values, n_values, n_features) or (n_values, n_features)
        The decoded samples; the first axis is the second code of a grid.

    values : ndarray of shape (n_components, n_values)
        The values of the codes, each in ascending order.

    components : tuple of one or two int
        Numbers of the codes, for the labels.

    value_range : (float, float) or None, default=None
        Minimum and maximum of the gray scale of the images. None takes those of the images.

    picture : Picture or None, default=None
        How samples are drawn. None draws lines.

    code_name : str, default='code'
        Name of a code: 'component' for `PCA`.

    Attributes
    ----------
    ax_ : Axes

    image_ : AxesImage or None
        All images as one.

    lines_ : list of Line2D
        Lines, one for each decoding, or for each of its values at a step; the curve, or the
        lines of the net.

    colorbar_ : Colorbar or None
        Values of a single code, if samples are lines.

    figure_ : Figure

    See Also
    --------
    LatentSpaceDisplay : The samples in the latent space.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import ManifoldDisplay
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(2, max_iter=5, learning_rate="cosine").fit(X)
    >>> display = ManifoldDisplay.from_estimator(autoencoder, X, n_values=6)
    >>> display.decodings.shape
    (6, 6, 64)
    """

    decodings: np.ndarray
    values: np.ndarray
    components: tuple[int, ...]
    value_range: tuple[float, float] | None = None
    picture: Picture | None = None
    code_name: str = "code"

    @classmethod
    def from_estimator(cls, estimator, X=None, *, components=None, n_values=12, ax=None, **plot_kw):
        """Decode codes and draw the decoded samples.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer with `inverse_transform`, `PCA` as well as an autoencoder, or a
            fitted :class:`~sklearn.pipeline.Pipeline` that ends in one.

        X : array-like of shape (n_samples, n_features) or None, default=None
            Samples whose codes define the range: values from their 2nd to their 98th
            percentile, in even steps, the other codes at their medians. Images are drawn on the
            gray scale of the samples. Optional for
            :class:`~skae.VariationalAutoencoder`, whose codes are near standard normals:
            the values are then these quantiles of the normal, evenly spaced in probability, and
            the other codes are zero.

        components : int, (int, int) or None, default=None
            The codes of the grid, along x and y, or a single code. None takes the first two, or
            the only one.

        n_values : int, default=12
            Number of values of each code.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **plot_kw : dict
            Passed to :meth:`plot`: `image_shape`, and the style of the samples.

        Returns
        -------
        display : ManifoldDisplay
        """
        chain = cls._chain(estimator, "transform", "inverse_transform", X=X)
        if n_values < 2:
            raise ValueError(f"n_values={n_values!r}: ask for two at least.")
        if X is None:
            network = getattr(chain.last, "network_", None)
            if network is None or not network.is_variational:
                raise ValueError(
                    f"X=None: the codes of {type(chain.last).__name__} have no known distribution. "
                    "Give samples, whose codes say what range to draw."
                )
            others = np.zeros(chain.last.n_components_)
            values = np.tile(norm.ppf(np.linspace(*RANGE, n_values)), (len(others), 1))
        else:
            codes = chain.codes(chain.inputs(X))
            others = np.median(codes, axis=0)
            values = np.linspace(*np.quantile(codes, RANGE, axis=0), n_values).T
        if components is None:
            components = tuple(range(min(len(others), 2)))
        components = _checked(components, len(others))
        grid = np.meshgrid(*(values[i] for i in components))
        wanted = np.broadcast_to(others, (*grid[0].shape, len(others))).copy()
        for i, each in zip(components, grid, strict=True):
            wanted[..., i] = each
        rows = chain.decoded(wanted.reshape(-1, len(others)))
        display = cls(
            decodings=rows.reshape(*grid[0].shape, -1),
            values=values[list(components)],
            components=components,
            value_range=None if X is None else limits(chain.pictured(X)),
            picture=Picture.of(chain.last, X, rows.shape[1], chain.column_names(X)),
            code_name=chain.code_name,
        )
        return display.plot(ax=ax, **plot_kw)

    def plot(self, ax=None, *, image_shape="auto", **picture_kw):
        """Draw the decodings.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        image_shape : (int, int), (int, int, 3), 'auto' or None, default='auto'
            How a sample is drawn, see :meth:`ReconstructionDisplay.plot`.

        **picture_kw : dict
            Style of the samples: passed to `Axes.imshow`, such as ``cmap='gray_r'``, or for
            lines to `Axes.plot`.

        Returns
        -------
        display : ManifoldDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.image_, self.lines_, self.colorbar_ = None, [], None
        n_features = self.decodings.shape[-1]
        picture = (self.picture or Picture.lines(n_features)).shaped(image_shape)
        n_values, is_grid = self.values.shape[1], len(self.components) == 2
        if picture.is_point:
            self._plot_points(ax, picture, picture_kw)
            return self
        side = max(0.45 * n_values, 3.0)
        size = (side + 0.8, side + 0.4) if is_grid else (max(0.8 * n_values, 4.0), 1.4)
        if not is_grid and not picture.is_image:
            size = (6.4, 4.8)
        self.ax_ = ax = axes_for(ax, figsize=size)
        self.figure_ = ax.figure
        if not is_grid and not picture.is_image:
            self._plot_lines(picture, picture_kw)
            return self
        if picture.is_image:
            self._plot_images(picture, picture_kw)
        else:
            self._plot_small_lines(picture, picture_kw)
        # Decodings are evenly spaced in the plot, also if the values of the codes are not.
        some = np.unique(np.linspace(0, n_values - 1, min(n_values, 6)).round().astype(int))
        ax.set_xticks(some, [f"{self.values[0, i]:.2g}" for i in some])
        ax.set_xlabel(f"{self.code_name} {self.components[0]}")
        if is_grid:
            ax.set_yticks(some, [f"{self.values[1, i]:.2g}" for i in some])
            ax.set_ylabel(f"{self.code_name} {self.components[1]}")
        else:
            ax.set_yticks([])
        return self

    def _plot_images(self, picture, picture_kw):
        """Draw all images as one, with gaps, each at the indices of its codes."""
        height, width = picture.shape[:2]
        n_columns = self.values.shape[1]
        images = self.decodings.reshape(-1, n_columns, *picture.shape)
        gap = max(1, min(height, width) // IMAGE_TO_GAP)
        # Upwards along the second code.
        wall = mosaic(images[::-1].reshape(-1, *picture.shape), n_columns, gap)
        half = np.array([width / (width + gap), height / (height + gap)]) / 2
        left, bottom = -half
        right, top = half + np.array([n_columns, len(images)]) - 1
        self.ax_.set_facecolor(GAP)
        self.image_ = draw_image(
            self.ax_,
            wall,
            self.value_range or limits(self.decodings),
            **{
                "extent": (left, right, bottom, top),
                "aspect": (height + gap) / (width + gap),
                **picture_kw,
            },
        )

    def _plot_small_lines(self, picture, picture_kw):
        """Draw each decoding as a small line where its codes are."""
        low, high = widened(*limits(self.decodings))
        steps = np.linspace(-0.45, 0.45, picture.shape[0])
        style = {"color": picture.color, "linewidth": 1}
        for (i, j), _ in np.ndenumerate(self.decodings[..., 0]):
            heights = (self.decodings[i, j] - low) / (high - low) - 0.5
            self.lines_ += self.ax_.plot(
                j + steps,
                i + 0.9 * heights.reshape(picture.shape),
                **_validate_style_kwargs(style, picture_kw),
            )

    def _plot_points(self, ax, picture, picture_kw):
        """Draw decodings of two or three features as points: a curve or a net."""
        self.ax_ = ax = point_axes(ax, self.decodings, picture)
        self.figure_ = ax.figure
        is_curve = self.decodings.ndim == 2
        style = {"color": REFERENCE if is_curve else picture.color, "linewidth": 1, "zorder": 1}
        style = _validate_style_kwargs(style, picture_kw)
        rows, columns = self.decodings, self.decodings.swapaxes(0, 1)
        for points in [self.decodings] if is_curve else [*rows, *columns]:
            self.lines_ += ax.plot(*points.T, **style)
        if is_curve and not {"c", "color"} & set(picture_kw):
            scale = self._scale()
            ax.scatter(*self.decodings.T, color=scale.to_rgba(self.values[0]), s=30, zorder=2)
            self._explain(scale)

    def _plot_lines(self, picture, picture_kw):
        """Draw the decodings of one code's values together, colored by the value."""
        values, scale = self.values[0], self._scale()
        shared, n_before = limits(self.decodings), len(self.ax_.lines)
        for value, row in zip(values, self.decodings, strict=True):
            color = {"color": scale.to_rgba(value)}
            picture.draw(self.ax_, row, shared, **_validate_style_kwargs(color, picture_kw))
        self.lines_ = self.ax_.lines[n_before:]
        picture.label_columns(self.ax_)
        self.ax_.set(ylabel="decoded value", xlabel=picture.axis_name)
        if not {"c", "color"} & set(picture_kw):
            self._explain(scale)

    def _scale(self):
        """Return the colors of the values of a single code."""
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        return ScalarMappable(Normalize(*self.values[0, [0, -1]]), colormaps["viridis"])

    def _explain(self, scale):
        name = f"{self.code_name} {self.components[0]}"
        self.colorbar_ = self.figure_.colorbar(scale, ax=self.ax_, label=name)


def _checked(components, n_codes):
    """Return the numbers of one or two codes."""
    numbers = tuple(np.atleast_1d(components).tolist())
    is_ints = all(isinstance(each, int) and 0 <= each < n_codes for each in numbers)
    if not is_ints or len(numbers) not in (1, 2) or len(set(numbers)) != len(numbers):
        raise ValueError(
            f"components={components!r}: give one code, or two different ones. There are "
            f"{n_codes}, counted from 0."
        )
    return numbers
