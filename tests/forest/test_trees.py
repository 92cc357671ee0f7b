"""Forests that choose their splits, or do not; rows to compare them on."""

import numpy as np
import pytest

from skae._forest.trees import enough_at_random, grown, held_out_rows

rng = np.random.default_rng(0)
# Columns 0 and 1 are alike, and the others noise.
X = np.hstack([rng.standard_normal((300, 1)), rng.standard_normal((300, 4))])
X[:, 1] = X[:, 0]


def questions(max_features):
    """Return how many roots of trees ask for each column."""
    forest = grown(X, 100, max_features, 1, np.random.RandomState(0), None)
    roots = [int(tree.tree_.feature[0]) for tree in forest.estimators_]
    return {column: roots.count(column) for column in set(roots)}


def test_trees_that_choose_ask_for_what_tells_most():
    chosen, drawn = questions(1.0), questions(1)
    assert chosen[0] + chosen[1] > 70
    assert drawn[0] + drawn[1] < 50


def test_a_single_tree_has_the_best_thresholds():
    trees = [grown(X, 1, 1.0, 20, np.random.RandomState(seed), None) for seed in range(3)]
    assert len({tree.estimators_[0].tree_.threshold[0] for tree in trees}) == 1


@pytest.mark.parametrize(
    ("n_trees", "n_columns", "enough"), [(1, 10, False), (5, 10, True), (50, 784, True)]
)
def test_when_random_splits_are_enough(n_trees, n_columns, enough):
    assert enough_at_random(n_trees, 1000, n_columns) is enough


def test_copies_of_a_row_are_held_out_together():
    copied = np.repeat(X, 3, axis=0)
    kept, held_out = held_out_rows(copied, np.random.RandomState(0))
    assert len(held_out) == 75
    assert len(kept) == 3 * 225
    assert not {row.tobytes() for row in kept} & {row.tobytes() for row in held_out}
