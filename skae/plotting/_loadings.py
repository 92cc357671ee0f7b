"""Loadings: by how much features change with each code, and their curves along it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._chain import Chain, as_rows
from skae.plotting._colors import PETROFF_COLORS
from skae.plotting._display import Display
from skae.plotting._manifold import RANGE
from skae.plotting._pictures import (
    REFERENCE,
    Picture,
    chosen,
    grid_of,
    largest,
    panels,
    strongest,
)

# Default number of features of a code: as bars, and as curves in one plot.
N_BARS, N_CURVES = 10, 5
# Values of a code, for smooth curves.
N_VALUES = 50


class LoadingsDisplay(Display):
    """Visualization of what each code stands for: loadings, or curves of features along a code.

    Loadings are drawn as images where samples are (red: the feature rises with the code),
    otherwise as bars of the features with the largest ones. Curves show decoded features while
    one code changes and the others stay at their means: where they are straight, the loadings say
    it all. Use :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    loadings : ndarray of shape (n_codes, n_features), or (n_codes, n_values, n_features)
        Change of each feature per unit of a code; or, of curves, the decoded features in standard
        deviations from their means.

    features : ndarray of shape (n_codes, n_drawn)
        Indices of the features that are drawn for each code, as bars or curves.

    values : ndarray of shape (n_codes, n_values) or None, default=None
        The values of the codes along curves.

    components : ndarray of shape (n_codes,) or None, default=None
        Numbers of the codes, written above the panels. None counts from 0.

    names : sequence of str, default=()
        Names of the features; () numbers them.

    unit : str, default='change'
        Unit of the loadings, per unit of a code.

    picture : Picture or None, default=None
        How loadings are drawn. None draws bars.

    code_name : str, default='code'
        Name of a code: 'component' for `PCA`.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_rows, n_columns)
        Panels; those beyond the last code are empty.

    artists_ : list of AxesImage, BarContainer or list of Line2D
        One for each code.

    figure_ : Figure

    See Also
    --------
    ManifoldDisplay : Decoded samples along a code.
    FeaturesDisplay : The kernels of the first layer.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skae import AutoencoderTransformer
    >>> from skae.plotting import LoadingsDisplay
    >>> X = load_wine(as_frame=True).data
    >>> autoencoder = AutoencoderTransformer(2, max_iter=5, learning_rate="cosine")
    >>> pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), autoencoder)
    >>> bars = LoadingsDisplay.from_estimator(pipeline.fit(X))
    >>> curves = LoadingsDisplay.from_estimator(pipeline, X, features=["proline", "hue"])
    >>> len(curves.artists_[0])
    2
    """

    loadings: np.ndarray
    features: np.ndarray
    values: np.ndarray | None = None
    components: np.ndarray | None = None
    names: Any = ()
    unit: str = "change"
    picture: Picture | None = None
    code_name: str = "code"

    @classmethod
    def from_estimator(
        cls, estimator, X=None, *, components=9, features="auto", ax=None, **plot_kw
    ):
        """Take the loadings from an estimator, or decode samples along its codes, and draw.

        Parameters
        ----------
        estimator : estimator instance
            Fitted transformer with `components_`, an autoencoder or PCA, or a fitted
            :class:`~sklearn.pipeline.Pipeline` that ends in one. Loadings are those of the input of
            the last step; where an autoencoder scales features one by one, those of numbers are
            divided by their standard deviations.

        X : array-like of shape (n_samples, n_features) or None, default=None
            Samples, for curves instead of loadings: of any transformer with `inverse_transform`.
            The values of a code reach from its 2nd to its 98th percentile in X, and features are
            in their standard deviations in X, from their means. Features of categories have no
            curve.

        components : int or array-like of int, default=9
            Number of codes to draw, those with the largest loadings; or their numbers.

        features : int, array-like of int or of str, or 'auto', default='auto'
            Number of features to draw for each code, those that change most; or their indices or
            names. 'auto' is 10 as bars, and 5 as curves. Images show all.

        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        **plot_kw : dict
            Passed to :meth:`plot`: `n_columns`, `image_shape`, and the style.

        Returns
        -------
        display : LoadingsDisplay
        """
        needs = ("components_",) if X is None else ("transform", "inverse_transform")
        chain = cls._chain(estimator, *needs, X=X)
        values, unit, picture = None, "change", None
        if X is None:
            loadings, names, unit = _loadings(chain)
            picture = Picture.of(chain.last, None, loadings.shape[1])
            changes = abs(loadings)
        else:
            loadings, values, names = _curves(chain, X)
            changes = np.ptp(loadings, axis=1)
        by_size = strongest(np.square(changes).sum(axis=1))
        codes = chosen(len(changes), "components", components, by_size)
        drawn = _features(features, names, changes[codes], N_BARS if X is None else N_CURVES)
        display = cls(
            loadings=loadings[codes],
            features=drawn,
            values=None if values is None else values[codes],
            components=codes,
            names=names,
            unit=unit,
            picture=picture,
            code_name=chain.code_name,
        )
        return display.plot(ax=ax, **plot_kw)

    def plot(self, ax=None, *, n_columns=None, image_shape="auto", **style):
        """Draw the loadings or the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is divided into panels. None makes a new figure.

        n_columns : int or None, default=None
            Number of columns of panels. None makes the grid as square as possible.

        image_shape : (int, int), (int, int, 3), 'auto' or None, default='auto'
            How loadings are drawn, see :meth:`ReconstructionDisplay.plot`; None draws bars.

        **style : dict
            Passed to `Axes.imshow`, such as ``cmap='PiYG'``, for bars to `Axes.barh`, for curves to
            `Axes.plot`.

        Returns
        -------
        display : LoadingsDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        n, n_drawn = self.features.shape
        picture = (self.picture or Picture.lines(self.loadings.shape[-1])).shaped(image_shape)
        n_rows, n_columns = grid_of(n, n_columns)
        size = None
        if not picture.is_image:
            width = 1.8 + 0.06 * max((len(self._name(j)) for j in self.features.flat), default=0)
            size = (3.0, 2.6) if self.values is not None else (width, 0.6 + 0.18 * n_drawn)
        self.figure_, self.axes_ = panels(
            ax, n_rows, n_columns, picture, row_names=False, panel_size=size
        )
        codes = np.arange(n) if self.components is None else self.components
        self.artists_ = []
        for i, panel in enumerate(self.axes_.flat):
            if i >= n:
                panel.set_axis_off()
                continue
            panel.tick_params(labelsize="x-small")
            name = f"{self.code_name} {codes[i]}"
            if self.values is not None:
                self.artists_.append(self._draw_curves(panel, i, style))
                panel.set_xlabel(name, fontsize="small")
                if i % n_columns == 0:
                    panel.set_ylabel("standard deviations", fontsize="x-small")
                continue
            panel.set_title(name, fontsize="small")
            if picture.is_image:
                row = self.loadings[i]
                panel.set(xticks=[], yticks=[])
                self.artists_.append(picture.draw_signed(panel, row, largest(row), **style))
                continue
            self.artists_.append(self._draw_bars(panel, i, picture.color, style))
            if i + n_columns >= n:
                panel.set_xlabel(
                    f"{self.unit} per unit of the {self.code_name}", fontsize="x-small"
                )
        return self

    def _name(self, feature):
        return self.names[feature] if len(self.names) else f"feature {feature}"

    def _draw_bars(self, ax, i, color, style):
        """Draw the loadings of a code, the largest at the top."""
        features, row = self.features[i], self.loadings[i]
        order = features[np.argsort(-abs(row[features]), kind="stable")]
        ax.axvline(0.0, color=REFERENCE, linewidth=0.8)
        bars = ax.barh(np.arange(len(order)), row[order], **{"color": color, **style})
        ax.set_yticks(np.arange(len(order)), [self._name(j) for j in order])
        ax.invert_yaxis()
        return bars

    def _draw_curves(self, ax, i, style):
        """Draw features along a code."""
        lines = []
        ax.axhline(0.0, color=REFERENCE, linewidth=0.8)
        for k, j in enumerate(self.features[i]):
            color = {"color": PETROFF_COLORS[k % len(PETROFF_COLORS)], "label": self._name(j)}
            kw = _validate_style_kwargs(color, style)
            lines += ax.plot(self.values[i], self.loadings[i, :, j], **kw)
        ax.legend(fontsize="xx-small")
        return lines


def _loadings(chain: Chain) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Return loadings, the names of their columns and their unit."""
    last = chain.last
    loadings = as_rows(last.components_)
    scale = getattr(last, "scale_", 1.0)
    is_scaled = hasattr(last, "network_") and np.ndim(scale) == 1
    # Loadings act on the input of the last step.
    names = chain._replace(inverts=False).column_names(None)
    categories = getattr(last, "categories_", None)
    if categories is not None:
        names = names or tuple(f"feature {j}" for j in range(len(categories)))
        pairs = zip(names, categories, strict=True)
        names = tuple(
            each
            for name, values in pairs
            for each in ([name] if values is None else [f"{name} = {value}" for value in values])
        )
    unit = "standard deviations" if is_scaled else "change"
    return loadings / (scale if is_scaled else 1.0), names, unit


def _curves(chain: Chain, X: Any) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return decoded features along each code, the values of the codes, and the features' names."""
    inputs = chain.inputs(X)
    codes = chain.codes(inputs)
    low, high = np.quantile(codes, RANGE, axis=0)
    values = np.linspace(low, high, N_VALUES).T
    n_codes = codes.shape[1]
    wanted = np.broadcast_to(codes.mean(axis=0), (n_codes, N_VALUES, n_codes)).copy()
    for i, each in enumerate(values):
        wanted[i, :, i] = each
    decoded = chain.last.inverse_transform(wanted.reshape(-1, n_codes))
    categories = getattr(chain.last, "categories_", None)
    if categories is None:
        names = chain.column_names(X)
        rows, decoded = chain.pictured(X), chain.inverted(decoded)
    else:
        numbers = [j for j, each in enumerate(categories) if each is None]
        all_names = chain._replace(inverts=False).column_names(inputs)
        names = tuple(all_names[j] for j in numbers) if all_names else ()
        rows, decoded = (np.asarray(each)[:, numbers].astype(float) for each in (inputs, decoded))
    deviations = np.nanstd(rows, axis=0)
    deviations[deviations == 0.0] = 1.0
    curves = (decoded - np.nanmean(rows, axis=0)) / deviations
    return curves.reshape(n_codes, N_VALUES, -1), values, names


def _features(wanted: Any, names: tuple[str, ...], changes: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of the features that are drawn for each code."""
    n_features = changes.shape[1]
    if isinstance(wanted, str):
        if wanted != "auto":
            raise ValueError(
                f"features={wanted!r} must be 'auto', an int, or a list of indices or names."
            )
        wanted = most
    elif np.ndim(wanted) == 1 and np.asarray(wanted).dtype.kind in "UO":
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise ValueError(f"features={list(wanted)!r}: {unknown} are not among {list(names)}.")
        wanted = [names.index(name) for name in wanted]
    return np.array([chosen(n_features, "features", wanted, strongest(row)) for row in changes])
