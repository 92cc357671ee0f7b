"""Scores by the number of codes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring, r2_score
from sklearn.model_selection import check_cv, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs

from skae.plotting._chain import Chain
from skae.plotting._colors import distinct_colors
from skae.plotting._display import Display, axes_for

MARKERS = "osD^vP*X<>"
# Share of the axis between two numbers under it.
LEAST_GAP = 0.06


class ComponentsCurveDisplay(Display):
    """Cross-validated score against the number of codes, for several transformers.

    Lines are means over the folds, bands one standard deviation to either side. Use
    :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    n_components : ndarray of shape (n_values,)
        Numbers of codes.

    scores : dict of str to ndarray of shape (n_values, n_folds)
        Scores of each transformer; equal rows if they do not depend on the number of codes.

    score_name : str
        Label of the y axis.

    colors : list of str or None, default=None
        Color of each curve. None chooses by their names.

    Attributes
    ----------
    ax_ : Axes

    lines_ : list of Line2D
        Mean scores.

    fill_between_ : list of FillBetweenPolyCollection
        Bands.

    figure_ : Figure

    See Also
    --------
    LossCurveDisplay : The losses of one fit.
    sklearn.model_selection.ValidationCurveDisplay : The same for any parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA, KernelPCA
    >>> from sklearn.model_selection import KFold
    >>> from skae.plotting import ComponentsCurveDisplay
    >>> X = load_iris().data
    >>> display = ComponentsCurveDisplay.from_estimator(
    ...     {"PCA": PCA(), "KernelPCA": KernelPCA(kernel="rbf", fit_inverse_transform=True)},
    ...     X,
    ...     n_components=(1, 2, 3),
    ...     cv=KFold(shuffle=True, random_state=0),
    ... )
    >>> display.scores["PCA"].shape
    (3, 5)
    """

    n_components: np.ndarray
    scores: dict[str, np.ndarray]
    score_name: str
    colors: Sequence[str] | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        n_components=(2, 4, 8, 16),
        predictor=None,
        cv=None,
        ax=None,
        **cross_val_kw,
    ):
        """Cross-validate each transformer with each number of codes and draw.

        Parameters
        ----------
        estimator : estimator instance, or dict of str to estimator instance or 'passthrough'
            Transformer with the parameter `n_components`, a
            :class:`~sklearn.pipeline.Pipeline` with such a step, or several of them by name. With a
            predictor, 'passthrough' means all features. Each is cloned for each fit. Without a
            predictor, an autoencoder with ``ordered=True`` is fitted once in each fold, with the
            largest number of codes, and then truncated.

        X : array-like of shape (n_samples, n_features)
            Samples.

        y : array-like of shape (n_samples,) or None, default=None
            Target of the predictor.

        n_components : array-like of int, default=(2, 4, 8, 16)
            Numbers of codes.

        predictor : estimator instance or None, default=None
            Classifier or regressor that is fitted to the codes and scored. None scores
            the transformer itself: by the share of the variance of held-out samples that it
            explains, :func:`~sklearn.metrics.r2_score` with ``multioutput='variance_weighted'``.
            It then needs an `inverse_transform`. The variance is that of X, or of the
            transformer's input if earlier steps of a pipeline have no inverse.

        cv : int, cross-validation generator or iterable, default=None
            Folds, the same for all; None makes 5. See :func:`~sklearn.model_selection.check_cv`.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **cross_val_kw : dict
            Passed to :func:`~sklearn.model_selection.cross_val_score`: `scoring`, which replaces
            the predictor's own score or the variance explained, `n_jobs`, or the `groups` of the
            folds.

        Returns
        -------
        display : ComponentsCurveDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        several = estimator
        if not isinstance(estimator, dict):
            several = {type(estimator).__name__: estimator}
        n_components = np.unique(np.asarray(n_components))
        if not n_components.size or n_components.dtype.kind not in "iu":
            raise ValueError(f"n_components={n_components.tolist()!r} must be a list of ints.")
        if predictor is not None and y is None:
            raise ValueError("predictor is given, but y=None: pass the predictor's target.")
        settings = {name: _settings(name, each, predictor) for name, each in several.items()}
        classifies = predictor is not None and is_classifier(predictor)
        groups = cross_val_kw.get("groups")
        folds = list(check_cv(cv, y, classifier=classifies).split(X, y, groups))
        scoring = cross_val_kw.get("scoring")
        scorer = _variance_explained if predictor is None and scoring is None else scoring
        how = {"error_score": "raise", **cross_val_kw, "scoring": scorer, "cv": folds}

        def scores(candidate):
            if predictor is not None:
                candidate = make_pipeline(candidate, clone(predictor))
            return cross_val_score(candidate, X, y, **how)

        def curve(candidate, parameter):
            if parameter is None:
                return np.tile(scores(candidate), (len(n_components), 1))
            candidates = [clone(candidate).set_params(**{parameter: int(n)}) for n in n_components]
            if predictor is None and _is_ordered(candidate, parameter):
                return scores_of_one_fit(candidates[-1], parameter)
            return np.array([scores(each) for each in candidates])

        def scores_of_one_fit(candidate, parameter):
            fits = cross_validate(candidate, X, y, **how, return_estimator=True)["estimator"]
            score = check_scoring(candidate, scoring=scorer)
            columns = []
            for fitted, (_, test) in zip(fits, folds, strict=True):
                rows = _safe_indexing(X, test), None if y is None else _safe_indexing(y, test)
                parts = (_truncated(fitted, parameter, int(n)) for n in n_components)
                columns.append([score(part, *rows) for part in parts])
            return np.transpose(columns)

        display = cls(
            n_components=n_components,
            scores={name: curve(several[name], settings[name]) for name in several},
            score_name=_score_name(scoring, predictor),
            colors=distinct_colors(several.values()),
        )
        return display.plot(ax=ax)

    def plot(self, ax=None, *, line_kw=None, fill_between_kw=None):
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        line_kw : dict or None, default=None
            Passed to `Axes.plot`.

        fill_between_kw : dict or None, default=None
            Passed to `Axes.fill_between`.

        Returns
        -------
        display : ComponentsCurveDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        self.lines_, self.fill_between_ = [], []
        colors = self.colors or distinct_colors(self.scores)
        for i, (name, scores) in enumerate(self.scores.items()):
            style = {
                "color": colors[i],
                "marker": MARKERS[i % len(MARKERS)],
                "label": name,
            }
            mean, deviation = scores.mean(axis=1), scores.std(axis=1)
            line = _validate_style_kwargs(style, line_kw or {})
            self.lines_ += ax.plot(self.n_components, mean, **line)
            band = {"color": style["color"], "alpha": 0.2, "linewidth": 0}
            self.fill_between_.append(
                ax.fill_between(
                    self.n_components,
                    mean - deviation,
                    mean + deviation,
                    **_validate_style_kwargs(band, fill_between_kw or {}),
                )
            )
        if len(self.n_components) > 2 and self.n_components[-1] > 5 * self.n_components[0]:
            ax.set_xscale("log")
        ticks = _apart(self.n_components, np.log if ax.get_xscale() == "log" else np.asarray)
        ax.set_xticks(ticks, ticks)
        ax.minorticks_off()
        ax.set(xlabel="number of codes", ylabel=self.score_name)
        ax.legend()
        return self


def _apart(values, scale):
    """Return values whose labels do not touch each other on an axis of this scale."""
    places = scale(values.astype(float))
    kept = [0]
    for i in range(1, len(values)):
        if places[i] - places[kept[-1]] > LEAST_GAP * (places[-1] - places[0]):
            kept.append(i)
    return values[kept]


def _settings(name, estimator, predictor):
    """Return which parameter of an estimator is the number of codes, None for all columns."""
    if isinstance(estimator, str):
        if estimator != "passthrough" or predictor is None:
            raise ValueError(
                f"{name!r} is {estimator!r}: give a transformer, or with a predictor "
                "'passthrough' for all columns."
            )
        return None
    if isinstance(estimator, Pipeline):
        for step, part in reversed(estimator.steps):
            if hasattr(part, "get_params") and "n_components" in part.get_params():
                return f"{step}__n_components"
    elif "n_components" in estimator.get_params():
        return "n_components"
    raise ValueError(f"{name!r} has no parameter n_components: {estimator!r}.")


def _is_ordered(estimator, parameter):
    """Return whether a fit also gives the estimators with fewer codes."""
    return estimator.get_params().get(parameter.replace("n_components", "ordered")) is True


def _truncated(fitted, parameter, n):
    """Return a fitted estimator, or a pipeline with it, for the first `n` codes alone."""
    if "__" not in parameter:
        return fitted.truncated(n)
    steps = [
        (name, step.truncated(n) if parameter == f"{name}__n_components" else step)
        for name, step in fitted.steps
    ]
    shorter = copy(fitted)
    shorter.steps = steps
    return shorter


def _variance_explained(estimator, X, y=None):
    """Score held-out rows by the share of their variance that the codes keep."""
    chain = Chain.of(estimator, "ComponentsCurveDisplay", "transform", "inverse_transform", X=X)
    back = chain.decoded(chain.codes(chain.inputs(X)))
    return r2_score(chain.pictured(X), back, multioutput="variance_weighted")


def _score_name(scoring, predictor):
    if isinstance(scoring, str):
        return scoring.replace("_", " ")
    if scoring is not None:
        return getattr(scoring, "__name__", "score").strip("_").replace("_", " ")
    if predictor is None:
        return "variance explained, held-out rows"
    return "accuracy" if is_classifier(predictor) else "$R^2$"
