"""The samples that activate a unit or a code most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from skae.plotting._display import Display
from skae.plotting._pictures import (
    Picture,
    chosen,
    label_panels,
    limits,
    name_row,
    panels,
    strongest,
)


class TopActivationsDisplay(Display):
    """For each unit or code, the samples that activate it most.

    Each unit has one row of panels, with activations decreasing from left to right. Use
    :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    samples : ndarray of shape (n_units, n_samples, n_features)
        The samples, in the units of the picture.

    activations : ndarray of shape (n_units, n_samples)
        The activation of the unit by each sample, written above it after an equals sign.

    indices : ndarray of shape (n_units, n_samples)
        Row numbers of the samples.

    names : list of str
        Names of the units, such as 'code 3', or 'component 3' of `PCA`.

    picture : Picture or None, default=None
        How samples are drawn. None draws lines.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_units, n_samples)

    artists_ : ndarray of the same shape
        Images, or the first line of each panel.

    figure_ : Figure

    See Also
    --------
    FeaturesDisplay : The kernels of the units.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import TopActivationsDisplay
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(8, max_iter=5, learning_rate="cosine").fit(X)
    >>> display = TopActivationsDisplay.from_estimator(autoencoder, X, units=3, n_samples=4)
    >>> display.activations.shape
    (3, 4)
    """

    samples: np.ndarray
    activations: np.ndarray
    indices: np.ndarray
    names: Sequence[str]
    picture: Picture | None = None

    @classmethod
    def from_estimator(cls, estimator, X, *, layer=None, units=5, n_samples=8, ax=None, **plot_kw):
        """Compute the activations of samples and draw those that activate most.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer, or a fitted :class:`~sklearn.pipeline.Pipeline` that ends in one.
            Its earlier steps are applied, and inverted for the plot if all of them have an
            inverse; otherwise the plot shows the input of the last step.

        X : array-like of shape (n_samples, n_features)
            Samples to choose from.

        layer : int or None, default=None
            None uses the codes, as `transform` returns them; an int a hidden layer of an
            autoencoder, counted from 0, by its `hidden_activations`.

        units : int or array-like of int, default=5
            Number of units to draw, those whose activations vary most over X; or the indices of
            the units.

        n_samples : int, default=8
            Number of samples to draw for each unit; all if X has fewer.

        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        **plot_kw : dict
            Passed to :meth:`plot`: `image_shape`, and the style of the samples.

        Returns
        -------
        display : TopActivationsDisplay
        """
        needs = "transform" if layer is None else "hidden_activations"
        chain = cls._chain(estimator, needs, X=X)
        if n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r}: ask for one at least.")
        inputs = chain.inputs(X)
        if layer is None:
            activations = chain.codes(inputs)
        else:
            activations = chain.last.hidden_activations(inputs, layer)
        units = chosen(activations.shape[1], "units", units, strongest(activations.var(axis=0)))
        activations = activations[:, units].T
        indices = np.argsort(-activations, axis=1, kind="stable")[:, :n_samples]
        rows = chain.pictured(X)
        kind = chain.code_name if layer is None else "unit"
        display = cls(
            samples=rows[indices],
            activations=np.take_along_axis(activations, indices, axis=1),
            indices=indices,
            names=[f"{kind} {unit}" for unit in units],
            picture=Picture.of(chain.last, X, rows.shape[1], chain.column_names(X)),
        )
        return display.plot(ax=ax, **plot_kw)

    def plot(self, ax=None, *, image_shape="auto", **picture_kw):
        """Draw the samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        image_shape : (int, int), (int, int, 3), 'auto' or None, default='auto'
            How a sample is drawn, see :meth:`ReconstructionDisplay.plot`.

        **picture_kw : dict
            Style of the samples: passed to `Axes.imshow`, such as ``cmap='gray_r'``, or for
            lines to `Axes.plot`.

        Returns
        -------
        display : TopActivationsDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        n_units, n_samples, n_features = self.samples.shape
        picture = (self.picture or Picture.lines(n_features)).shaped(image_shape)
        shared = limits(self.samples)
        figure, axes = panels(ax, n_units, n_samples, picture)
        artists = np.empty(axes.shape, dtype=object)
        for (i, j), panel in np.ndenumerate(axes):
            artists[i, j] = picture.draw(panel, self.samples[i, j], shared, **picture_kw)
            panel.set_title(f"= {self.activations[i, j]:.3g}", fontsize="x-small", pad=2)
            if j == 0:
                name_row(panel, self.names[i])
        label_panels(axes, picture)
        self.figure_, self.axes_, self.artists_ = figure, axes, artists
        return self
