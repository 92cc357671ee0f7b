"""How a forest is grown, and what its leaves are."""

from __future__ import annotations

from typing import Any

import numpy as np

# A box is narrow without chosen splits if random ones cut each column so often on average.
ENOUGH_CUTS = 4
# The choice of a split costs time in proportion to the columns, squared because each is a target.
MANY_COLUMNS = 100
# Samples, at most, on which forests are compared.
N_COMPARED = 5000


def grown(
    numbers: np.ndarray,
    n_trees: int,
    max_features: float,
    in_leaf: int,
    rng: np.random.RandomState,
    n_jobs: int | None,
) -> Any:
    """Return a forest whose trees predict all columns, or split at random if max_features is 1.

    Trees that predict the columns from which they are grown gather similar samples in a leaf. Their
    thresholds are random, so that trees differ, except in a single one. A tree that cannot choose
    its column needs no target, and one of random numbers is fastest.
    """
    # Not with this module: `import skae` stays as fast as without forests.
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

    options = {
        "max_features": max_features,
        "min_samples_leaf": in_leaf,
        "random_state": rng.randint(np.iinfo(np.int32).max),
        "n_jobs": n_jobs,
    }
    if isinstance(max_features, int) and max_features == 1:
        return ExtraTreesRegressor(n_trees, **options).fit(numbers, rng.uniform(size=len(numbers)))
    targets = numbers if numbers.shape[1] > 1 else numbers.ravel()
    if n_trees == 1:
        return RandomForestRegressor(1, bootstrap=False, **options).fit(numbers, targets)
    return ExtraTreesRegressor(n_trees, **options).fit(numbers, targets)


def enough_at_random(n_trees: int, n_samples: int, n_columns: int) -> bool:
    """Return whether trees may split at random, which costs least, to have narrow boxes."""
    cuts = n_trees * np.log2(n_samples) / n_columns
    return bool(cuts >= ENOUGH_CUTS or n_columns > MANY_COLUMNS)


def node_offsets(forest: Any) -> np.ndarray:
    """Return where the nodes of each tree begin in one numbering of all nodes."""
    counts = [tree.tree_.node_count for tree in forest.estimators_]
    return np.concatenate([[0], np.cumsum(counts)])


def held_out_rows(numbers: np.ndarray, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to grow forests on, and a quarter of the distinct rows to compare these on."""
    numbers = numbers[rng.permutation(len(numbers))[:N_COMPARED]]
    # A copy of a row that a forest has seen would be reconstructed too well.
    distinct, which = np.unique(numbers, axis=0, return_inverse=True)
    is_held_out = rng.permutation(len(distinct)) < len(distinct) // 4
    return numbers[~is_held_out[which.ravel()]], distinct[is_held_out]
