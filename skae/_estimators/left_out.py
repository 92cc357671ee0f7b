"""What labelled rows left out one by one tell of a linear model, and of a network beside it."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import RidgeCV

# How many times as strong the penalty of a ridge regression may become.
FACTORS = np.logspace(0.0, 4.0, 17)
# The kernel regression's noise, as a share of the mean variance of its rows.
NOISE = 0.1
# Rows enough to compare errors on; their kernel is inverted.
ENOUGH_ROWS = 1000


def penalty_factor(X: np.ndarray, y: np.ndarray, alpha: float) -> float:
    """Return how many times as strong as alpha the penalty of a ridge regression should be.

    It is the mean of the logarithms of `FACTORS`, each weighed by the likelihood of the targets
    left out one by one, and by a prior under which all standard deviations of the coefficients
    are equally likely (Gelman, 2006). Few targets say little: the one factor with the least error
    would be another for each choice of rows.
    """
    if len(X) < 2:
        return 1.0
    errors = RidgeCV(alpha * FACTORS, store_cv_results=True).fit(X, y).cv_results_
    errors = errors.reshape(-1, len(FACTORS))
    means = np.maximum(errors.mean(axis=0), np.finfo(float).tiny)
    chances = softmax(-0.5 * (len(errors) * np.log(means) + np.log(FACTORS)))
    return float(np.exp(chances @ np.log(FACTORS)))


def network_share(X: np.ndarray, y: np.ndarray, alpha: float) -> float:
    """Return how much a network beside a linear model with this penalty should count.

    Predictors are weighed by the inverse of their mean squared errors (Bates and Granger, 1969),
    here squared once more, on targets left out one by one. The network's is that of the kernel
    regression which a layer of infinitely many sigmoidal units amounts to (Williams, 1997).
    """
    step = -(-len(X) // ENOUGH_ROWS)
    X, y = X[::step], y[::step]
    products = X @ X.T
    sizes = 3.0 + 2.0 * np.diag(products)
    arcsine = np.arcsin((2.0 + 2.0 * products) / np.sqrt(np.outer(sizes, sizes)))
    linear = _left_out_error(products, y, alpha)
    network = _left_out_error(arcsine, y, NOISE * np.diag(arcsine).mean())
    # Errors that have much in common ask for more than their inverse: the better one prevails.
    return linear**2 / (linear**2 + network**2) if linear > 0.0 else 0.5


def _left_out_error(kernel: np.ndarray, y: np.ndarray, penalty: float) -> float:
    """Return the mean squared error of a kernel regression with intercept on targets left out."""
    inverse = np.linalg.inv(kernel + penalty * np.eye(len(kernel)))
    sums = inverse.sum(axis=0)
    centred = inverse - np.outer(sums, sums) / sums.sum()
    # Of a single row nothing is left.
    denominators = np.maximum(np.diag(centred), np.finfo(float).eps)
    return float(np.square(centred @ y / denominators[:, np.newaxis]).mean())
