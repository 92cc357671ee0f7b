"""Samples and their reconstructions."""

from __future__ import annotations

from functools import partial
from math import isqrt, prod

import numpy as np
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs
from sklearn.utils._set_output import _get_adapter_from_container
from sklearn.utils.validation import _num_samples, check_consistent_length, column_or_1d

from skae.plotting._display import Display
from skae.plotting._pictures import (
    GAP,
    REFERENCE,
    Picture,
    chosen,
    label_panels,
    largest,
    limits,
    mosaic,
    name_row,
    panels,
    widened,
    with_error,
)
from skae.plotting._points import draw_against, draw_points, manifold_of

# Fewer codes are drawn as bars.
LEAST_CODES_IN_AN_IMAGE = 16
# Default number of samples: as panels, and as points of one plot.
N_PANELS, N_POINTS = 8, 200
# Color of lines that are data, not the output of a method.
DATA = "0.35"
# Number of other rows that are corrupted together with those drawn, a batch or more.
ROWS_BESIDE = 256


class ReconstructionDisplay(Display):
    """Visualization of samples, their codes, their reconstructions and the differences.

    Each sample has one column. Images are drawn on the gray scale of the originals; other
    samples as lines, the original in gray behind the reconstruction. Numbers are mean
    squared errors (MSE) of a feature: beside a row of panels their mean, above a difference that
    of the sample.

    Samples of two or three features are points of one plot instead, connected to their
    reconstructions. The decoded values of one code are a curve there, those of two codes in
    three dimensions a surface. With `against`, each feature has its own plot, in which
    samples and reconstructions are points over that variable.

    Use :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    original : ndarray of shape (n_samples, n_features)
        The samples.

    codes : ndarray of shape (n_samples, n_components)
        Their codes, drawn as an image where possible: the feature maps of a convolution side by
        side, or a square of 16 codes or more. Otherwise as bars.

    reconstruction : ndarray of shape (n_samples, n_features)
        The decoded codes.

    corrupted : ndarray of shape (n_samples, n_features) or None, default=None
        The encoded samples, if they are not the originals.

    indices : ndarray of shape (n_samples,) or None, default=None
        Row numbers of the samples, written above the columns.

    picture : Picture or None, default=None
        How samples are drawn. None draws lines.

    code_shape : tuple of int or None, default=None
        Height and width, and the number of maps, of codes that are drawn as images.

    code_name : str, default='code'
        Name of a code: 'component' for `PCA`.

    manifold : ndarray of shape (n_values, n_features) or (n_values, n_values, n_features), or None
        Points of the decoded curve or surface, if samples are points.

    against : ndarray of shape (n_samples,) or None, default=None
        Variable against which the features are drawn.

    against_name : str, default='against'
        Label of its axis.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (4 or 5, n_samples)
        Originals, (corrupted samples,) codes, reconstructions, differences. Of shape (1, 1)
        where samples are points; one for each feature, and empty ones, with `against`.

    artists_ : ndarray of the same shape
        Images, or the first line of each panel; the bars of codes. Where samples are points,
        the reconstruction's curve, surface or points.

    figure_ : Figure

    See Also
    --------
    ComponentsCurveDisplay : Score against the number of codes.
    FeaturesDisplay : The kernels of the first layer.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import ReconstructionDisplay
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(16, max_iter=5, learning_rate="cosine").fit(X)
    >>> display = ReconstructionDisplay.from_estimator(autoencoder, X, samples=3)
    >>> display.axes_.shape
    (4, 3)
    """

    original: np.ndarray
    codes: np.ndarray
    reconstruction: np.ndarray
    corrupted: np.ndarray | None = None
    indices: np.ndarray | None = None
    picture: Picture | None = None
    code_shape: tuple[int, ...] | None = None
    code_name: str = "code"
    manifold: np.ndarray | None = None
    against: np.ndarray | None = None
    against_name: str = "against"

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        corrupted="auto",
        against=None,
        samples="auto",
        random_state=None,
        ax=None,
        **plot_kw,
    ):
        """Encode samples, decode them again and draw.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer with `inverse_transform`, `PCA` as well as an autoencoder, or a
            fitted :class:`~sklearn.pipeline.Pipeline` that ends in one. Its earlier steps are
            applied, and inverted for the plot if all of them have an inverse; otherwise
            the plot shows the input of the last step.

        X : array-like of shape (n_samples, n_features)
            Samples; arrays of images or sequences where the estimator takes them.

        corrupted : 'auto', array-like of the shape of X or None, default='auto'
            Samples to encode in place of X. 'auto' corrupts X by the estimator's `corrupt`, which
            :class:`~skae.DenoisingAutoencoder` has unless its corruption is None; else, and for
            None, X itself is encoded.

        against : array-like of shape (n_samples,) or None, default=None
            Variable that the samples depend on, such as a time or a hidden variable: each feature
            is drawn over it. The axis takes the name of a series.

        samples : int, array-like of int or 'auto', default='auto'
            Number of samples to draw, chosen at random, all if X has fewer; or the row numbers of
            the samples. 'auto' draws 8 side by side, and 200 as points of one plot.

        random_state : int, RandomState instance or None, default=None
            Seed of the choice of samples and of their corruption.

        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        **plot_kw : dict
            Passed to :meth:`plot`: `image_shape`, and the style of the samples.

        Returns
        -------
        display : ReconstructionDisplay
        """
        chain = cls._chain(estimator, "transform", "inverse_transform", X=X)
        rng = check_random_state(random_state)
        n = _num_samples(X)
        first = chain.pictured(_safe_indexing(X, [0]))
        names = chain.column_names(X)
        picture = Picture.of(chain.last, X, first.shape[1], names)
        as_points = picture.is_point or against is not None
        if isinstance(samples, str) and samples == "auto":
            samples = N_POINTS if as_points else N_PANELS
        indices = chosen(n, "samples", samples, lambda k: rng.choice(n, k, replace=False))
        if against is not None:
            check_consistent_length(X, against)
        inputs, corrupted = _inputs(chain, X, indices, corrupted, rng)
        codes = chain.codes(inputs)
        original = chain.pictured(_safe_indexing(X, indices))
        manifold = None
        if picture.is_point and against is None:
            manifold = manifold_of(chain, codes, original.shape[1])
        display = cls(
            original=original,
            codes=codes,
            reconstruction=chain.decoded(codes),
            corrupted=corrupted,
            indices=indices,
            picture=picture,
            code_shape=_code_shape(chain.last, codes.shape[1]),
            code_name=chain.code_name,
            manifold=manifold,
            against=None if against is None else column_or_1d(against)[indices],
            against_name=str(getattr(against, "name", None) or "against"),
        )
        return display.plot(ax=ax, **plot_kw)

    def plot(self, ax=None, *, image_shape="auto", **picture_kw):
        """Draw the samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        image_shape : (int, int), (int, int, 3), 'auto' or None, default='auto'
            Height and width of an image, and 3 for colors. 'auto' takes the shape of images
            that the estimator or X has, or a square if the number of features is
            that of a square of side 8 or more; otherwise, and for None, samples are drawn as
            lines, or as points if they have two or three features.

        **picture_kw : dict
            Style of the samples: passed to `Axes.imshow`, such as ``cmap='gray_r'``, for
            lines to `Axes.plot`, for a surface to `Axes3D.plot_surface`, for points to
            `Axes.scatter`.

        Returns
        -------
        display : ReconstructionDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        picture = self.picture or Picture.lines(self.original.shape[1])
        picture = picture.shaped(image_shape)
        draw = self._draw_panels
        if self.against is not None:
            draw = partial(draw_against, self)
        elif picture.is_point:
            draw = partial(draw_points, self)
        self.figure_, self.axes_, self.artists_ = draw(ax, picture, **picture_kw)
        return self

    def _draw_panels(self, ax, picture, **picture_kw):
        """Draw one column of panels a sample."""
        difference = self.reconstruction - self.original
        codes = f"{self.code_name}s"
        rows = {
            "original": self.original,
            "corrupted": self.corrupted,
            codes: self.codes,
            "reconstruction": self.reconstruction,
            "difference": difference,
        }
        rows = {name: values for name, values in rows.items() if values is not None}
        # Images on the scale of the originals; lines so that all of them can be seen.
        drawn = [self.original]
        if not picture.is_image:
            drawn += [rows.get("corrupted", self.original), self.reconstruction]
        shared = limits(*drawn)

        figure, axes = panels(ax, len(rows), len(self.original), picture)
        artists = np.empty(axes.shape, dtype=object)
        for (i, j), panel in np.ndenumerate(axes):
            name = list(rows)[i]
            row = rows[name][j]
            if name == codes:
                artists[i, j] = self._draw_codes(panel, row, picture.color)
            elif name == "difference":
                artists[i, j] = picture.draw_signed(panel, row, largest(difference))
                panel.set_title(f"MSE {np.nanmean(row**2):.3g}", fontsize="x-small", pad=2)
            else:
                style = picture_kw
                if not picture.is_image:
                    picture.draw(panel, self.original[j], shared, color=REFERENCE)
                    if picture.shape[1] == 1 and name != "reconstruction":
                        style = _validate_style_kwargs({"color": DATA}, picture_kw)
                artists[i, j] = picture.draw(panel, row, shared, **style)
            if i == 0 and self.indices is not None:
                panel.set_title(f"sample {self.indices[j]}", fontsize="small")
            if j == 0:
                if name in ("corrupted", "reconstruction"):
                    name = with_error(name, rows[name], self.original)
                elif name == "difference" and len(picture.shape) == 2 and picture.is_image:
                    name = "difference\nred: too high"
                name_row(panel, name)
        label_panels(axes, picture)
        return figure, axes, artists

    def _draw_codes(self, ax, code, color):
        low, high = limits(self.codes)
        if self.code_shape is not None:
            maps = np.moveaxis(code.reshape(self.code_shape), -1, 0)
            tiles = mosaic(maps.reshape(-1, *maps.shape[-2:]))
            ax.set_facecolor(GAP)
            return ax.imshow(tiles, cmap="viridis", vmin=low, vmax=high)
        ax.axhline(0.0, color=REFERENCE, linewidth=0.8)
        ax.set_ylim(*widened(min(0.0, low), max(0.0, high)))
        return ax.bar(np.arange(len(code)), code, color=color)


def _inputs(chain, X, indices, corrupted, rng):
    """Return inputs of the estimator for these samples, and the corrupted samples, if any."""
    inputs = chain.inputs(_safe_indexing(X, indices))
    if isinstance(corrupted, str):
        if corrupted != "auto":
            raise ValueError(
                f"corrupted={corrupted!r}: give an array of the shape of X, 'auto' or None."
            )
        if not hasattr(chain.last, "corrupt"):
            return inputs, None
        # Together with other rows, because some noise takes values from other rows.
        others = rng.permutation(_num_samples(X))[:ROWS_BESIDE]
        rows = chain.inputs(_safe_indexing(X, np.r_[indices, others]))
        corrupted = chain.last.corrupt(rows, random_state=rng)[: len(indices)]
        return _in_container_of(inputs, corrupted), chain.inverted(corrupted)
    if corrupted is None:
        return inputs, None
    check_consistent_length(X, corrupted)
    corrupted = _safe_indexing(corrupted, indices)
    return chain.inputs(corrupted), chain.pictured(corrupted)


def _in_container_of(inputs, rows):
    """Return rows as a data frame where inputs are one, so that their names are known."""
    if not hasattr(inputs, "columns"):
        return rows
    adapter = _get_adapter_from_container(inputs)
    return adapter.create_container(rows, inputs, columns=inputs.columns)


def _code_shape(estimator, n_codes):
    """Return height, width and number of maps of codes that are images, else None."""
    network = getattr(estimator, "network_", None)
    last = network.encoder[-1] if network is not None else None
    shape = getattr(last, "filtered", tuple(getattr(estimator, "code_shape_", ())))
    # A sequence of codes is one map; pooled images are vectors.
    shape = (*shape, 1) if len(shape) == 2 else shape
    if len(shape) > 2 and prod(shape[:-1]) > 1:
        return shape
    side = isqrt(n_codes)
    is_square = side * side == n_codes and n_codes >= LEAST_CODES_IN_AN_IMAGE
    return (side, side, 1) if is_square else None
