"""Rows beside what an autoencoder makes of them."""

from __future__ import annotations

from math import isqrt

import numpy as np
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._set_output import _get_adapter_from_container
from sklearn.utils.validation import _num_samples, check_consistent_length

from skae.plotting._chain import Chain
from skae.plotting._pictures import (
    REFERENCE,
    ROW,
    Picture,
    chosen,
    label_panels,
    largest,
    limits,
    mosaic,
    name_row,
    panels,
    widened,
)

# Fewer codes than this are easier read as bars.
LEAST_CODES_IN_AN_IMAGE = 16
# As many rows as a batch has and more stand beside those that are corrupted.
ROWS_BESIDE = 256


class ReconstructionDisplay:
    """Samples beside their codes, their reconstructions and the differences.

    One column a sample. Rows that are images are drawn as images, on the grey scale of the
    originals; others as lines, the original in grey behind the reconstruction. Use
    :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    original : ndarray of shape (n_samples, n_features)
        The samples.

    codes : ndarray of shape (n_samples, n_components)
        Their codes, drawn as an image where they are one: the filtered image of a convolution, or
        a square of 16 codes or more. Otherwise as bars.

    reconstruction : ndarray of shape (n_samples, n_features)
        What is decoded from the codes.

    corrupted : ndarray of shape (n_samples, n_features) or None, default=None
        What was encoded, where it is not the original.

    indices : ndarray of shape (n_samples,) or None, default=None
        Row numbers, which stand above the columns.

    picture : Picture or None, default=None
        How rows are drawn. None draws lines.

    code_shape : tuple of int or None, default=None
        Height and width, and the number of maps, of codes that are drawn as an image.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (4 or 5, n_samples)
        Originals, (corrupted samples,) codes, reconstructions, differences.

    artists_ : ndarray of the same shape
        Images, or the first line of each panel; the bars of codes.

    figure_ : Figure

    See Also
    --------
    ComponentsCurveDisplay : How well as many codes reconstruct.
    FeaturesDisplay : What the first layer looks for.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import ReconstructionDisplay
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(16, max_iter=5, learning_rate="cosine").fit(X)
    >>> display = ReconstructionDisplay.from_estimator(autoencoder, X, n_samples=3)
    >>> display.axes_.shape
    (4, 3)
    """

    def __init__(
        self,
        *,
        original,
        codes,
        reconstruction,
        corrupted=None,
        indices=None,
        picture=None,
        code_shape=None,
    ):
        self.original = original
        self.codes = codes
        self.reconstruction = reconstruction
        self.corrupted = corrupted
        self.indices = indices
        self.picture = picture
        self.code_shape = code_shape

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        corrupted="auto",
        n_samples=8,
        indices=None,
        image_shape="auto",
        random_state=None,
        ax=None,
        **picture_kw,
    ):
        """Encode samples, decode them again and draw.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer with `inverse_transform`, `PCA` as well as an autoencoder, or a
            fitted :class:`~sklearn.pipeline.Pipeline` that ends in one. Its earlier steps are
            applied, and undone for the picture if all of them have an inverse; otherwise
            the picture shows what the last step sees.

        X : array-like of shape (n_samples, n_features)
            Samples; arrays of images or sequences where the estimator takes them.

        corrupted : 'auto', array-like of the shape of X or None, default='auto'
            Samples to encode in place of X. 'auto' spoils X by the estimator's `corrupt`, which
            :class:`~skae.DenoisingAutoencoder` has; None encodes X itself.

        n_samples : int, default=8
            How many samples are drawn, chosen at random; all where X has fewer.

        indices : array-like of int or None, default=None
            Row numbers of the samples to draw, instead of random ones.

        image_shape : (int, int), (int, int, 3), 'auto' or None, default='auto'
            Height and width of an image, and 3 for colours. 'auto' takes the estimator's own
            `image_shape`, that of arrays of images, or a square where the number of columns is
            that of a square of side 8 or more; otherwise, and for None, rows are drawn as lines.

        random_state : int, RandomState instance or None, default=None
            Seeds the choice of samples and their corruption.

        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        **picture_kw : dict
            Style of the rows drawn: passed to `Axes.imshow`, such as ``cmap='gray_r'``, or for
            lines to `Axes.plot`.

        Returns
        -------
        display : ReconstructionDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        chain = Chain.of(estimator, cls.__name__, "transform", "inverse_transform", X=X)
        rng = check_random_state(random_state)
        n = _num_samples(X)
        indices = chosen(
            n,
            ("n_samples", n_samples),
            ("indices", indices),
            lambda number: rng.choice(n, number, replace=False),
        )
        samples = _safe_indexing(X, indices)
        inputs = chain.inputs(samples)
        spoiled = None
        if isinstance(corrupted, str):
            if corrupted != "auto":
                raise ValueError(
                    f"corrupted={corrupted!r}: give an array of the shape of X, 'auto' or None."
                )
            if hasattr(chain.last, "corrupt"):
                # Among others, since some noise takes its values from other rows.
                others = rng.permutation(n)[:ROWS_BESIDE]
                rows = chain.inputs(_safe_indexing(X, np.r_[indices, others]))
                spoiled = chain.last.corrupt(rows, random_state=rng)[: len(indices)]
                inputs = _in_container_of(inputs, spoiled)
                spoiled = chain.undone(spoiled)
        elif corrupted is not None:
            check_consistent_length(X, corrupted)
            corrupted = _safe_indexing(corrupted, indices)
            inputs, spoiled = chain.inputs(corrupted), chain.pictured(corrupted)
        codes = chain.codes(inputs)
        original = chain.pictured(samples)
        display = cls(
            original=original,
            codes=codes,
            reconstruction=chain.decoded(codes),
            corrupted=spoiled,
            indices=indices,
            picture=Picture.of(
                image_shape, chain.last, X, original.shape[1], chain.column_names(X)
            ),
            code_shape=_code_shape(chain.last, codes.shape[1]),
        )
        return display.plot(ax=ax, **picture_kw)

    def plot(self, ax=None, **picture_kw):
        """Draw the samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        **picture_kw : dict
            Style of the rows drawn: passed to `Axes.imshow`, such as ``cmap='gray_r'``, or for
            lines to `Axes.plot`.

        Returns
        -------
        display : ReconstructionDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        picture = self.picture or Picture.lines(self.original.shape[1])
        difference = self.reconstruction - self.original
        rows = {
            "original": self.original,
            "corrupted": self.corrupted,
            "codes": self.codes,
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
            if name == "codes":
                artists[i, j] = self._draw_codes(panel, row)
            elif name == "difference":
                artists[i, j] = picture.draw_signed(panel, row, largest(difference))
            else:
                if not picture.is_image:
                    picture.draw(panel, self.original[j], shared, color=REFERENCE)
                artists[i, j] = picture.draw(panel, row, shared, **picture_kw)
            if i == 0 and self.indices is not None:
                panel.set_title(f"row {self.indices[j]}", fontsize="small")
            if j == 0:
                name_row(panel, name)
        label_panels(axes, picture)
        self.figure_, self.axes_, self.artists_ = figure, axes, artists
        return self

    def _draw_codes(self, ax, code):
        low, high = limits(self.codes)
        if self.code_shape is not None:
            maps = np.moveaxis(code.reshape(self.code_shape), -1, 0)
            return ax.imshow(mosaic(maps), cmap="viridis", vmin=low, vmax=high)
        ax.axhline(0.0, color=REFERENCE, linewidth=0.8)
        ax.set_ylim(*widened(min(0.0, low), max(0.0, high)))
        return ax.bar(np.arange(len(code)), code, color=ROW)


def _in_container_of(inputs, rows):
    """Return rows as a data frame where inputs are one, so that their names are known."""
    if not hasattr(inputs, "columns"):
        return rows
    adapter = _get_adapter_from_container(inputs)
    return adapter.create_container(rows, inputs, columns=inputs.columns)


def _code_shape(estimator, n_codes):
    """Return height, width and number of maps of codes that are an image, else None."""
    network = getattr(estimator, "network_", None)
    filtered = getattr(network.encoder[-1], "filtered", None) if network is not None else None
    if filtered is not None:
        return filtered
    side = isqrt(n_codes)
    is_square = side * side == n_codes and n_codes >= LEAST_CODES_IN_AN_IMAGE
    return (side, side, 1) if is_square else None
