"""scikit-learn's estimator checks, as parameters of tests."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

# Up to a thousand epochs: 11 seconds.
LONG = {"check_class_weight_classifiers"}


def checks_of(estimators, drawn=()):
    """Return scikit-learn's checks of some estimators.

    With weights, the classes `drawn` draw other batches, validation sets or layers than with
    repeated samples, or measure distances between samples: they lack the two checks by which both
    fits are equal to seven digits. `tests/estimators/test_weighting.py` says what holds for them.
    """
    return [
        pytest.param(
            estimator,
            check,
            id=f"{_name(estimator)}-{check.func.__name__}",
            marks=[pytest.mark.slow] if check.func.__name__ in LONG else [],
        )
        for each in estimators
        for estimator, check in estimator_checks_generator(each)
        if not (isinstance(each, drawn) and "weight_equivalence" in check.func.__name__)
    ]


def _name(estimator):
    name, network = type(estimator).__name__, getattr(estimator, "network", None)
    return name if network is None else f"{name}-{type(network).__name__}"
