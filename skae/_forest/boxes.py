"""Leaf codes: the numbers of the leaves, and the box on which all trees agree as the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

# Values of a column that are kept to know what is usual between two bounds.
N_VALUES = 1024


class LeafCodes:
    """Codes of a forest: for each tree the number of the leaf, from left to right.

    Parameters
    ----------
    forest : ExtraTreesRegressor
    numbers : ndarray of shape (n_samples, n_columns)
        The training samples.
    """

    def __init__(self, forest: Any, numbers: np.ndarray) -> None:
        self.forest = forest
        # In scikit-learn's order of nodes a left child and what is below it come first.
        self.leaves = [np.flatnonzero(tree.tree_.children_left < 0) for tree in forest.estimators_]
        self.usual = UsualValues(numbers.astype(np.float32))

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """Return leaf numbers, as floats."""
        nodes = self.forest.apply(numbers).T
        found = [leaves.searchsorted(of) for leaves, of in zip(self.leaves, nodes, strict=True)]
        return np.stack(found, axis=1).astype(float)

    def box(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper bounds of the samples with these codes, in all columns.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_trees)

        Returns
        -------
        low, high : ndarray of shape (n_samples, n_columns)
            Infinite where no tree asks for the column. They cross where no sample has such codes.
        """
        shape = len(codes), self.usual.n_columns
        low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
        for tree, leaves, numbers in zip(
            self.forest.estimators_, self.leaves, codes.T, strict=True
        ):
            _tighten(tree.tree_, leaves[_whole(numbers, len(leaves))], low, high)
        return low, high

    def usual_in(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Return the means of the training samples' values between bounds, column by column."""
        return self.usual.between(low, high)


def _whole(codes: np.ndarray, n_leaves: int) -> np.ndarray:
    """Return leaf numbers as integers; refuse those of no leaf."""
    numbers = np.rint(codes).astype(int)
    wrong = (numbers < 0) | (numbers >= n_leaves)
    if wrong.any():
        raise ValueError(
            f"X has the code {codes[wrong][0]:g}, but the leaves of that tree have the numbers 0 "
            f"to {n_leaves - 1}. Pass codes as transform returns them."
        )
    return numbers


def _tighten(tree: Any, nodes: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Tighten bounds by the questions on the way from leaves up to the root of a tree."""
    inner = np.flatnonzero(tree.children_left >= 0)
    parent, is_left = np.full(tree.node_count, -1), np.zeros(tree.node_count, dtype=bool)
    parent[tree.children_left[inner]] = parent[tree.children_right[inner]] = inner
    is_left[tree.children_left[inner]] = True
    rows = np.arange(len(nodes))
    while True:
        below = parent[nodes] >= 0
        rows, left, nodes = rows[below], is_left[nodes[below]], parent[nodes[below]]
        if len(rows) == 0:
            return
        bounds = tree.threshold[nodes]
        for side, of, tighter in ((left, high, np.minimum), (~left, low, np.maximum)):
            at = rows[side], tree.feature[nodes[side]]
            of[at] = tighter(of[at], bounds[side])


class UsualValues:
    """Means of the training samples' values between two bounds, for each column.

    A column with more than `N_VALUES` values is known by that many quantiles.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.values, self.counts, self.sums = [], [], []
        self.n_columns = numbers.shape[1]
        for column in numbers.T:
            values, counts = np.unique(column, return_counts=True)
            if len(values) > N_VALUES:
                quantiles = np.quantile(column, np.linspace(0, 1, N_VALUES), method="nearest")
                values, counts = np.unique(quantiles, return_counts=True)
            values = values.astype(float)
            self.values.append(values)
            self.counts.append(np.concatenate([[0], counts.cumsum()]))
            self.sums.append(np.concatenate([[0.0], (values * counts).cumsum()]))

    def between(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Return the means between bounds, or the middle where no value is between them."""
        means = np.empty_like(low)
        for j, values in enumerate(self.values):
            begin = values.searchsorted(low[:, j], side="right")
            end = np.maximum(values.searchsorted(high[:, j], side="right"), begin)
            count = self.counts[j][end] - self.counts[j][begin]
            inside = np.clip([low[:, j], high[:, j]], values[0], values[-1])
            middle = inside.mean(axis=0)
            total = self.sums[j][end] - self.sums[j][begin]
            means[:, j] = np.divide(total, count, out=middle, where=count > 0)
        return means
