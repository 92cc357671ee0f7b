"""Leave-one-out errors on labeled rows: the penalty of a head, the weight of a network."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import RidgeCV

from skae._data.weights import effective_size

# Factors by which the penalty of a ridge regression may be multiplied.
FACTORS = np.logspace(0.0, 4.0, 17)
# The noise of the kernel regression, as a share of the mean variance of its rows.
NOISE = 0.1
# Number of rows whose errors are compared; the matrix of their kernel is inverted.
MAX_ROWS = 1000


def penalty_factor(
    X: np.ndarray, y: np.ndarray, alpha: float, weights: np.ndarray | None = None
) -> float:
    """Return the factor by which the penalty `alpha` of a ridge regression is multiplied.

    It is the geometric mean of `FACTORS`, weighted by the likelihood of the targets left out one
    by one, and by a prior under which all standard deviations of the coefficients are equally
    likely (Gelman, 2006). With few targets, the single factor with the least error would depend on
    the choice of rows.
    """
    if len(X) < 2:
        return 1.0
    # Squared errors, multiplied by the weights.
    errors = RidgeCV(alpha * FACTORS, store_cv_results=True).fit(X, y, weights).cv_results_
    errors = errors.reshape(-1, len(FACTORS))
    means = np.maximum(errors.mean(axis=0), np.finfo(float).tiny)
    n_errors = len(errors) if weights is None else y[0].size * effective_size(weights)
    posterior = softmax(-0.5 * (n_errors * np.log(means) + np.log(FACTORS)))
    return float(np.exp(posterior @ np.log(FACTORS)))


def network_share(
    X: np.ndarray, y: np.ndarray, alpha: float, weights: np.ndarray | None = None
) -> float:
    """Return the weight of a network that is added to a linear model with this penalty.

    Predictors are weighted by the inverse of their mean squared errors (Bates and Granger, 1969),
    here squared once more, on targets left out one by one. The error of the network is estimated
    by that of a kernel regression, which equals a network with one layer of infinitely many
    sigmoidal units (Williams, 1997).
    """
    step = -(-len(X) // MAX_ROWS)
    X, y = X[::step], y[::step]
    weights = np.ones(len(X)) if weights is None else weights[::step]
    products = X @ X.T
    sizes = 3.0 + 2.0 * np.diag(products)
    arcsine = np.arcsin((2.0 + 2.0 * products) / np.sqrt(np.outer(sizes, sizes)))
    linear = _left_out_error(products, y, alpha, weights)
    network = _left_out_error(arcsine, y, NOISE * np.diag(arcsine).mean(), weights)
    # The two errors are correlated, so that the better predictor deserves more than its inverse.
    return linear**2 / (linear**2 + network**2) if linear > 0.0 else 0.5


def _left_out_error(
    kernel: np.ndarray, y: np.ndarray, penalty: float, weights: np.ndarray
) -> float:
    """Return the mean squared leave-one-out error of a kernel regression with intercept."""
    inverse = np.linalg.inv(kernel + np.diag(penalty / weights))
    sums = inverse.sum(axis=0)
    centered = inverse - np.outer(sums, sums) / sums.sum()
    # Without a single row no rows are left, and its denominator is zero.
    denominators = np.maximum(np.diag(centered), np.finfo(float).eps)
    squares = np.square(centered @ y / denominators[:, np.newaxis])
    return float(np.average(squares.mean(axis=1), weights=weights))
