"""The kernels of the first layer."""

from __future__ import annotations

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from skae._plan.convolutions import Convolution
from skae._plan.layers import Dense
from skae.plotting._chain import as_rows
from skae.plotting._display import Display
from skae.plotting._pictures import Picture, chosen, grid_of, largest, panels, strongest


class FeaturesDisplay(Display):
    """Visualization of the kernels of the first layer, drawn like samples of X.

    Each unit has its own scale: colors show which values of a sample raise its activation
    (red) and which lower it (blue); kernels on color images are drawn in their colors, about
    a middle gray. Use :meth:`from_estimator`; all parameters are stored
    as attributes.

    Parameters
    ----------
    features : ndarray of shape (n_units, n_features)
        Kernels, one per row.

    units : ndarray of shape (n_units,) or None, default=None
        Indices of the units, written above the panels.

    unit_name : str, default='unit'
        Name of a unit: 'component' for `PCA`.

    picture : Picture or None, default=None
        How samples are drawn. None draws lines.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_rows, n_columns)
        Panels; those beyond the last unit are empty.

    artists_ : list of AxesImage or Line2D
        One for each unit.

    figure_ : Figure

    See Also
    --------
    LoadingsDisplay : By how much features change with each code.
    TopActivationsDisplay : The samples that activate a unit most.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import FeaturesDisplay
    >>> X = load_digits().data
    >>> autoencoder = AutoencoderTransformer(8, max_iter=5, learning_rate="cosine").fit(X)
    >>> display = FeaturesDisplay.from_estimator(autoencoder, units=6)
    >>> len(display.artists_)
    6
    """

    features: np.ndarray
    units: np.ndarray | None = None
    unit_name: str = "unit"
    picture: Picture | None = None

    @classmethod
    def from_estimator(cls, estimator, *, units=25, ax=None, **plot_kw):
        """Take the kernels from an estimator and draw.

        Parameters
        ----------
        estimator : estimator instance
            Fitted autoencoder, or another transformer with `components_` such as `PCA`, or a
            fitted :class:`~sklearn.pipeline.Pipeline` that ends in one. Kernels act on
            the input of the last step, and are drawn unchanged.

        units : int or array-like of int, default=25
            Number of units to draw, those with the largest kernels (sum of squares); or the
            indices of the units.

        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        **plot_kw : dict
            Passed to :meth:`plot`: `n_columns`, `image_shape`, and the style of the kernels.

        Returns
        -------
        display : FeaturesDisplay
        """
        chain = cls._chain(estimator, "transform")
        last = chain.last
        features, own_shape = _first_kernels(last)
        sizes = np.square(features).sum(axis=1)
        units = chosen(len(features), "units", units, strongest(sizes))
        # Kernels act on the input of the last step.
        names = chain._replace(inverts=False).column_names(None)
        picture = Picture.of(last, None, features.shape[1], names)
        display = cls(
            features=features[units],
            units=units,
            unit_name="component" if chain.code_name == "component" else "unit",
            picture=picture.shaped(own_shape or "auto"),
        )
        return display.plot(ax=ax, **plot_kw)

    def plot(self, ax=None, *, n_columns=None, image_shape="auto", **picture_kw):
        """Draw the kernels.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        n_columns : int or None, default=None
            Number of columns of panels. None makes the grid as square as possible.

        image_shape : (int, int), (int, int, 3), 'auto' or None, default='auto'
            How a kernel is drawn, see :meth:`ReconstructionDisplay.plot`. 'auto' takes the height
            and width of the kernels of a convolution.

        **picture_kw : dict
            Passed to `Axes.imshow`, such as ``cmap='gray_r'``, or for lines to `Axes.plot`.

        Returns
        -------
        display : FeaturesDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        n, n_features = self.features.shape
        picture = (self.picture or Picture.lines(n_features)).shaped(image_shape)
        n_rows, n_columns = grid_of(n, n_columns)
        # Under an incomplete last row the panels above it are labeled too.
        n_labeled = 1 if n % n_columns == 0 or n_rows == 1 else 2
        figure, axes = panels(ax, n_rows, n_columns, picture, row_names=False, n_labeled=n_labeled)
        self.artists_ = []
        for i, panel in enumerate(axes.flat):
            panel.set(xticks=[], yticks=[])
            if i >= n:
                panel.set_axis_off()
                continue
            feature = self.features[i]
            self.artists_.append(
                picture.draw_signed(panel, feature, largest(feature), **picture_kw)
            )
            if self.units is not None:
                panel.set_title(f"{self.unit_name} {self.units[i]}", fontsize="x-small")
            if i + n_columns >= n:
                picture.label_columns(panel)
        self.figure_, self.axes_ = figure, axes
        return self


def _first_kernels(estimator):
    """Return the first layer's kernels, one a row, and the image's shape of a convolution's."""
    network = getattr(estimator, "network_", None)
    if network is None and hasattr(estimator, "components_"):
        return as_rows(estimator.components_), None
    layer = network.encoder[0] if network is not None else None
    if isinstance(layer, Dense):
        return estimator.weights_[0].T, None
    if isinstance(layer, Convolution):
        kernel = np.moveaxis(estimator.weights_[0], -1, 0)
        if kernel.shape[-1] not in (1, 3):
            raise ValueError(
                f"FeaturesDisplay draws kernels on 1 channel or 3, but the images have "
                f"{kernel.shape[-1]}."
            )
        return kernel.reshape(len(kernel), -1), kernel.shape[1:]
    raise TypeError(
        "FeaturesDisplay needs an estimator whose first layer is dense or convolutional, or one "
        f"with components_. {type(estimator).__name__} has no such kernels; see "
        "TopActivationsDisplay for what its codes respond to."
    )
