"""Prediction by TensorFlow, for networks that NumPy cannot compute."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skae import RecurrentAutoencoder


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.filterwarnings("ignore:The reconstruction:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.usefixtures("untrained")
def test_a_sample_alone_has_the_codes_that_it_has_among_others(cell):
    X = np.random.default_rng(0).uniform(size=(50, 3))
    recurrent = RecurrentAutoencoder(2, hidden_layer_sizes=4, cell=cell, init="glorot")
    codes = recurrent.set_params(random_state=0).fit(X).transform(X)
    alone = np.concatenate([recurrent.transform(row[np.newaxis]) for row in X])
    assert_array_equal(alone, codes)
