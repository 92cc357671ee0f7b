"""Input checks: images and sequences are flattened, a failed fit restores the estimator."""

import numpy as np
import pytest

from skae._data.checks import flattened, restored_on_failure


@pytest.mark.parametrize(
    ("given", "shape"), [((5, 4, 3), (4, 3)), ((5, 4, 3), (4, 3, 1)), ((5, 4, 3, 1), (4, 3)),
                         ((5, 4, 1), (4, 1)), ((5, 4, 3, 2), [4, 3, 2])]
)  # fmt: skip
def test_arrays_become_rows(given, shape):
    X = np.arange(np.prod(given)).reshape(given)
    rows = flattened(X, "image_shape", shape)
    assert np.array_equal(rows, X.reshape(5, -1))


@pytest.mark.parametrize("shape", [(3, 4), (4, 3, 2), (12,)])
def test_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(5, 4, 3\), but image_shape=.* instead of \(4, 3\)"):
        flattened(np.zeros((5, 4, 3)), "image_shape", shape)


def test_an_estimator_is_restored():
    class Estimator:
        def fit(self):
            with restored_on_failure(self):
                self.n_features_in_, self.feature_names_in_ = 4, ["a"]
                self.sample_shape_ = (2, 2)
                raise KeyError

    estimator = Estimator()
    estimator.n_features_in_ = 3
    with pytest.raises(KeyError):
        estimator.fit()
    assert vars(estimator) == {"n_features_in_": 3}
