"""Batches of the rows that an imputer's networks learn from."""

import numpy as np

from skae._data.factors import FactorModel
from skae._network.imputation import Imputation, Member
from skae._training.hidden_entries import ImputationFeed


def test_an_epoch_of_many_rows_draws_other_ones_each_time():
    X = np.arange(100.0)[:, np.newaxis] + [0.0, 0.5]
    factors = FactorModel.of_means(np.zeros(2))
    bounds = np.array([[0.0, 0.0], [100.0, 100.0]])
    linear = Imputation(factors, np.ones(2), bounds, None, (Member(factors),))
    feed = ImputationFeed(X, linear, 8, 20, np.random.default_rng(0))
    seen, epochs = [], 0
    for chunk in feed:
        used = chunk.batches.row_weights > 0.0
        # An entry is an input, or hidden and a target; the other one is zero or NaN.
        entries = chunk.batches.inputs[..., :2] + np.nan_to_num(chunk.batches.targets)
        seen.append(np.floor(entries[used][:, 0]))
        epochs += chunk.state_after is not None
        if epochs == 2:
            break
    first, second = np.split(np.concatenate(seen), 2)
    assert len(np.unique(first)) == len(np.unique(second)) == feed.n_rows == 20
    assert set(first) != set(second)
