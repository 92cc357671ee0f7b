"""Input checks: images and sequences are flattened, a failed fit restores the estimator."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from skae import AutoencoderImputer, AutoencoderTransformer, ConvolutionalAutoencoder
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


@pytest.mark.parametrize("estimator", [AutoencoderImputer(), ConvolutionalAutoencoder()])
def test_text_that_has_to_be_encoded_is_named(estimator):
    X = pd.DataFrame({"length": [1.0, 2.0], "color": ["red", "blue"]})
    with pytest.raises(ValueError, match=r"Column 'color' of X holds no numbers.*encode it"):
        estimator.fit(X)


def test_nan_beside_a_number_for_missing_values_is_refused():
    estimator = AutoencoderTransformer(missing_values=-1)
    with pytest.raises(ValueError, match="contains NaN, but missing_values=-1 says"):
        estimator.fit([[1.0, -1.0], [np.nan, 2.0]])


@pytest.mark.parametrize("marker", [0, 3])
def test_numbers_do_not_mark_missing_values_of_sparse_samples(marker):
    estimator = AutoencoderTransformer(missing_values=marker)
    with pytest.raises(ValueError, match=f"missing_values={marker} marks entries of X.*sparse"):
        estimator.fit(csr_array([[1.0, 0.0], [0.0, 3.0]]))
