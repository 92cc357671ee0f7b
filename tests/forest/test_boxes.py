"""A leaf is a box, the trees agree on a smaller one, and its samples lie in it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import ExtraTreesRegressor

from skae._forest.boxes import N_VALUES, LeafCodes, UsualValues

rng = np.random.default_rng(0)
X = rng.standard_normal((100, 3)).astype(np.float32).astype(float)
FOREST = ExtraTreesRegressor(7, random_state=0).fit(X, X)


def test_leaves_are_numbered_from_left_to_right():
    one_column = X[:, :1]
    tree = ExtraTreesRegressor(1, min_samples_leaf=5, random_state=0).fit(one_column, X[:, 0])
    codes = LeafCodes(tree, one_column).encode(one_column)
    in_order = codes[one_column[:, 0].argsort(), 0]
    assert_array_equal(np.unique(in_order), np.arange(tree.estimators_[0].get_n_leaves()))
    assert (np.diff(in_order) >= 0).all()


def test_the_box_holds_its_samples_and_no_others():
    leaf_codes = LeafCodes(FOREST, X)
    low, high = leaf_codes.box(leaf_codes.encode(X))
    new = rng.standard_normal((500, 3)).astype(np.float32).astype(float)
    for sample in range(5):
        inside = ((new > low[sample]) & (new <= high[sample])).all(axis=1)
        same = (FOREST.apply(new) == FOREST.apply(X[[sample]])).all(axis=1)
        assert_array_equal(inside, same)
    assert (low < X).all()
    assert (high >= X).all()


def test_more_trees_agree_on_smaller_boxes():
    few = ExtraTreesRegressor(2, random_state=0).fit(X, X)
    widths = []
    for forest in (few, FOREST):
        leaf_codes = LeafCodes(forest, X)
        low, high = np.clip(leaf_codes.box(leaf_codes.encode(X)), X.min(), X.max())
        widths.append((high - low).mean())
    assert widths[1] < widths[0]


@pytest.mark.parametrize("code", [-1.0, 1000.0])
def test_numbers_of_no_leaf_are_refused(code):
    leaf_codes = LeafCodes(FOREST, X)
    codes = leaf_codes.encode(X[:1])
    codes[0, 3] = code
    with pytest.raises(ValueError, match=rf"the code {code:g}, but .* numbers 0 to \d+"):
        leaf_codes.box(codes)


def test_usual_values_are_means_between_bounds():
    usual = UsualValues(np.array([[0.0], [0.0], [3.0], [8.0]]))
    low, high = (
        np.array([[-np.inf], [-1.0], [3.0], [4.0]]),
        np.array([[np.inf], [3.0], [9.0], [6.0]]),
    )
    # The last one has no value between its bounds: the middle.
    assert_allclose(usual.between(low, high), [[2.75], [1.0], [8.0], [5.0]])


def test_many_values_are_known_by_quantiles():
    usual = UsualValues(np.random.default_rng(0).standard_normal((5000, 1)))
    assert len(usual.values[0]) == N_VALUES
    assert_allclose(usual.between(np.zeros((1, 1)), np.ones((1, 1))), 0.46, atol=0.03)
