"""TensorFlow is imported without Keras, which is there at its first use."""

import pytest

from tests.fresh import in_fresh_process

FIT = """
import gc
import sys
import numpy as np
import skae._tensorflow.quiet
X = np.random.default_rng(0).standard_normal((40, 3))
"""


@pytest.mark.slow
def test_dense_training_imports_no_keras_and_it_works_afterwards():
    code = f"""
{FIT}
from skae import AutoencoderTransformer
AutoencoderTransformer(1, hidden_layer_sizes=(), max_iter=2, random_state=0).fit(X)
print("keras" in sys.modules, gc.isenabled(), gc.get_freeze_count())
import tensorflow as tf
from tensorflow.keras.layers import Dense
model = tf.keras.Sequential([Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(X, X[:, :1], verbose=0)
print(model.predict(X, verbose=0).shape)
"""
    assert in_fresh_process(code) == "False True 0\n(40, 1)"


@pytest.mark.slow
def test_keras_and_the_garbage_collection_of_the_user_stay_as_they_are():
    code = f"""
import gc, keras
gc.disable(); gc.freeze()
{FIT}
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""
    assert in_fresh_process(code) == "False True"
