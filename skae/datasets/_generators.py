"""Samples close to a curve, which one hidden variable describes almost completely."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_curve3d(n_samples=200, *, noise=0.1, random_state=None):
    """Generate points along an arc that lies close to a plane in three dimensions.

    PCA with two components finds the plane of these data [1]_, and so does a linear autoencoder.

    Parameters
    ----------
    n_samples : int, default=200
        The number of points.

    noise : float, default=0.1
        The standard deviation of the normal noise on the third feature; on the first two it is
        half of this.

    random_state : int, RandomState instance or None, default=None
        Determines the points. Pass an int for the same points in every call.

    Returns
    -------
    X : ndarray of shape (n_samples, 3)
        The points.

    t : ndarray of shape (n_samples,)
        The angle at which each point lies on the arc.

    See Also
    --------
    make_hidden_variable : Four features that depend on one variable.

    References
    ----------
    .. [1] Géron, "Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow", O'Reilly,
       2nd ed. 2019, chapters 8 and 17.

    Examples
    --------
    >>> from skae.datasets import make_curve3d
    >>> X, t = make_curve3d(random_state=0)
    >>> X.shape, t.shape
    ((200, 3), (200,))
    """
    rng = check_random_state(random_state)
    t = rng.uniform(size=n_samples) * 3 * np.pi / 2 - 0.5
    noises = noise * rng.standard_normal((3, n_samples))
    X = np.empty((n_samples, 3))
    X[:, 0] = np.cos(t) + np.sin(t) / 2 + noises[0] / 2
    X[:, 1] = 0.7 * np.sin(t) + noises[1] / 2
    X[:, 2] = 0.1 * X[:, 0] + 0.3 * X[:, 1] + noises[2]
    return X, t


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_hidden_variable(n_samples=10_000, *, random_state=None):
    """Generate four features that are functions of one hidden variable, without noise.

    The hidden variable z is uniform on [-5, 5]; the features are z squared, z cubed, the sine of z
    and its exponential. One nonlinear code is enough for the four; a linear code is not.

    Parameters
    ----------
    n_samples : int, default=10_000
        The number of samples.

    random_state : int, RandomState instance or None, default=None
        Determines the samples. Pass an int for the same samples in every call.

    Returns
    -------
    X : ndarray of shape (n_samples, 4)
        The samples.

    z : ndarray of shape (n_samples,)
        The hidden variable.

    See Also
    --------
    make_curve3d : A curve in three dimensions.
    sklearn.datasets.make_swiss_roll : A plane that is rolled up.

    Examples
    --------
    >>> from skae.datasets import make_hidden_variable
    >>> X, z = make_hidden_variable(random_state=0)
    >>> X.shape, z.shape
    ((10000, 4), (10000,))
    """
    z = check_random_state(random_state).uniform(-5, 5, n_samples)
    return np.stack([z**2, z**3, np.sin(z), np.exp(z)], axis=1), z
