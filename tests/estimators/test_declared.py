"""Parameters that a class declares as annotated fields."""

import pytest
from sklearn.base import clone

from skae import AutoencoderClassifier, AutoencoderTransformer


@pytest.mark.parametrize("kind", [AutoencoderTransformer, AutoencoderClassifier])
def test_a_subclass_declares_parameters_and_defaults(kind):
    class Own(kind):
        """An own kind.

        Parameters
        ----------
        {parameters}

        tol : float
            Another text.
        """

        solver = "sgd"
        more: int = 3

    assert Own().get_params() == kind().get_params() | {"solver": "sgd", "more": 3}
    assert clone(Own(more=4)).more == 4
    assert "\nsolver : {'adam', 'adamw', 'sgd', 'rmsprop'}, default='sgd'\n    " in Own.__doc__
    assert Own.__doc__.count(" tol : ") + Own.__doc__.count("\ntol : ") == 1
    with pytest.raises(TypeError, match="positional"):
        Own(None, "adam")


def test_a_written_constructor_stays():
    class Own(AutoencoderClassifier):
        def __init__(self, alpha=2.0):
            super().__init__(alpha=alpha)

    assert Own().get_params() == {"alpha": 2.0}
    assert Own().max_iter == 50
