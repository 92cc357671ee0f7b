"""A kind of one's own, in a file of one's own: shown in docs/own_kind.md as it stands."""

from dataclasses import dataclass
from numbers import Real

from sklearn.utils._param_validation import Interval

from skae.base import BaseAutoencoder


@dataclass(frozen=True)
class Smoothness:
    """A penalty: mean squared difference of codes that stand next to each other."""

    strength: float

    def __call__(self, ops, step):
        differences = step.codes[:, 1:] - step.codes[:, :-1]
        return self.strength * step.mean(ops, ops.sum(ops.square(differences), axis=1))


@dataclass(frozen=True)
class Rescaling:
    """A corruption: each row becomes brighter or darker by a random factor."""

    spread: float

    def __call__(self, rng, X):
        return X * rng.uniform(1 - self.spread, 1 + self.spread, (len(X), 1))


@dataclass(frozen=True)
class LogCosh:
    """A loss: the squared error's half for small errors, the absolute error for large ones."""

    on_logits = False

    def __call__(self, ops, target, output):
        error = ops.abs(target - output)
        return error + ops.log1p(ops.exp(-2.0 * error)) - 0.6931471805599453


class SmoothAutoencoder(BaseAutoencoder):
    """An autoencoder whose codes follow each other smoothly, whatever a row's brightness.

    Parameters
    ----------
    {parameters}

    smoothness : float, default=0.1
        Strength of the penalty.

    spread : float, default=0.2
        Largest share by which a row becomes brighter or darker in training, in [0, 1).

    Attributes
    ----------
    {attributes}
    """

    smoothness: float = 0.1
    spread: float = 0.2

    _parameter_constraints = {
        **BaseAutoencoder._parameter_constraints,
        "smoothness": [Interval(Real, 0, None, closed="left")],
        "spread": [Interval(Real, 0, 1, closed="left")],
    }

    def _plan(self, n_features, n_components):
        return self.network_plan(
            n_features,
            n_components,
            loss=LogCosh(),
            penalties=(Smoothness(float(self.smoothness)),),
            corruption=Rescaling(float(self.spread)),
        )
