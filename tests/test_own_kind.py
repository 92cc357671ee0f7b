"""A kind of one's own: one short file, no other line of skae."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils._param_validation import Interval, InvalidParameterError

from skae import AutoencoderTransformer
from skae._base import BaseAutoencoder
from skae._parameters import estimator
from skae._tensorflow._program import program

pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of epochs")

X = load_digits().data[:400]
FIXED = {"hidden_layer_sizes": (16,), "max_iter": 15, "random_state": 0}


@dataclass(frozen=True)
class CodeSize:
    """Mean absolute code."""

    strength: float

    def __call__(self, tf, step):
        rows = tf.reduce_mean(tf.abs(step.codes), axis=1) * step.row_weights
        return self.strength * tf.reduce_sum(rows) / tf.reduce_sum(step.row_weights)


@dataclass(frozen=True)
class Noise:
    """Gaussian noise in the units of X."""

    deviation: float

    def __call__(self, rng, X):
        return X + self.deviation * rng.standard_normal(X.shape, X.dtype)


@dataclass(frozen=True)
class FourthPower:
    """A loss that skae does not have."""

    on_logits = False

    def __call__(self, m, target, output):
        return m.square(m.square(target - output))


@estimator
class OwnAutoencoder(BaseAutoencoder):
    """An autoencoder with three parts of its own.

    Parameters
    ----------
    {parameters}
    """

    size: float = 0.1
    noise: float = 1.0

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "size": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def _plan(self, n_features, n_components):
        return self.dense_plan(
            n_features,
            n_components,
            loss=FourthPower(),
            penalties=(CodeSize(self.size),),
            corruption=Noise(self.noise),
        )


def test_its_parameters_are_keyword_only_and_documented():
    assert OwnAutoencoder(3, size=0.5).get_params()["size"] == 0.5
    with pytest.raises(TypeError, match="positional"):
        OwnAutoencoder(3, (8,))
    assert "hidden_layer_sizes : int or array-like" in OwnAutoencoder.__doc__
    with pytest.raises(InvalidParameterError, match="'noise' parameter of OwnAutoencoder"):
        OwnAutoencoder(noise=-1.0).fit(X)


def test_each_part_reaches_training():
    plain = OwnAutoencoder(4, size=0.0, noise=0.0, **FIXED).fit(X)
    small = OwnAutoencoder(4, size=1.0, noise=0.0, **FIXED, early_stopping=False).fit(X)
    assert np.abs(small.transform(X)).mean() < 0.9 * np.abs(plain.transform(X)).mean()
    noisy = OwnAutoencoder(4, size=0.0, noise=8.0, **FIXED).fit(X)
    assert noisy.loss_curve_[0] > 1.2 * plain.loss_curve_[0]
    squared = AutoencoderTransformer(4, **FIXED).fit(X)
    assert plain.loss_curve_[0] != squared.loss_curve_[0]


def test_it_is_deterministic_and_its_numbers_compile_nothing():
    own = OwnAutoencoder(4, **FIXED)
    first = own.fit(X).weights_
    misses = program.cache_info().misses
    for one, other in zip(first, clone(own).fit(X).weights_, strict=True):
        assert_array_equal(one, other)
    clone(own).set_params(size=0.7, noise=2.5).fit(X)
    assert program.cache_info().misses == misses
