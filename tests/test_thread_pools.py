"""Other use of TensorFlow before a fit changes neither its weights nor its threads."""

import pytest

from tests.fresh import in_fresh_process

FIT = """
import joblib
import tensorflow as tf
{order}
from sklearn.datasets import load_digits
fitted = skae.ConvolutionalAutoencoder(
    4, image_shape=(8, 8), init="glorot", max_iter=3, random_state=0
).fit(load_digits().data / 16)
print(joblib.hash(fitted.weights_))
"""


@pytest.mark.slow
def test_operations_of_the_program_before_a_fit_change_no_bit():
    """They make TensorFlow's pool of threads, which a session without threads of its own shares."""
    hashes = {
        in_fresh_process(FIT.format(order=order))
        for order in ("import skae", "import skae; tf.constant(1.0) + 1.0")
    }
    assert len(hashes) == 1
