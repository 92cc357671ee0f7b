"""Spectral codes: leading singular vectors of the matrix that tells which leaves a sample is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import ArpackError, LinearOperator, svds
from sklearn.utils.extmath import svd_flip

from skae._forest.trees import node_offsets

# Of the iteration for singular values that are equal: vectors beside those asked for, steps, and
# the weight of the data that decides among equal values.
N_MORE, N_STEPS, TIE = 10, 30, 1e-9


class SpectralCodes:
    """Codes of a forest: the mean of a vector for each leaf, over the leaves that a sample is in.

    With B trees, M the indicators of all leaves and s their sizes, ``S = M diag(s^-1/2) / sqrt(B)``
    has the constant vector as its first left singular vector. The next ones, scaled by ``sqrt(n)``
    and their squared singular values, are the codes. By ``S S' u = l u`` a code is the mean over
    the trees of the mean of ``sqrt(n) u`` in the sample's leaf (the Nystroem formula), which holds
    for new samples too.

    Parameters
    ----------
    forest : ExtraTreesRegressor
    numbers : ndarray of shape (n_samples, n_columns)
        The training samples.
    n_codes : int
    rng : RandomState

    Attributes
    ----------
    eigenvalues : ndarray of shape (n_codes,)
        Squared singular values, in descending order.
    leaf_codes : ndarray of shape (n_nodes, n_codes)
        Vectors of the leaves, and zeros for other nodes.
    """

    def __init__(
        self, forest: Any, numbers: np.ndarray, n_codes: int, rng: np.random.RandomState
    ) -> None:
        self.forest = forest
        member = self._membership(numbers)
        n_samples, n_trees = len(numbers), len(forest.estimators_)
        sizes = member.sum(axis=0)
        weights = np.sqrt(np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0))
        leaf_matrix = member.multiply(weights / np.sqrt(n_trees)).tocsr()
        vectors, self.eigenvalues = leading(leaf_matrix, numbers, n_codes, rng)
        means = (leaf_matrix.T @ vectors) * weights[:, None]
        self.leaf_codes = means * np.sqrt(n_samples * n_trees)

    def _membership(self, numbers: np.ndarray) -> csr_array:
        """Return which nodes of all trees are the leaves of each sample."""
        offsets = node_offsets(self.forest)
        leaves = self.forest.apply(numbers) + offsets[:-1]
        n_samples, n_trees = leaves.shape
        begins = np.arange(0, leaves.size + 1, n_trees)
        ones = np.ones(leaves.size)
        return csr_array((ones, leaves.ravel(), begins), shape=(n_samples, offsets[-1]))

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the codes of samples."""
        return self._membership(numbers) @ self.leaf_codes / len(self.forest.estimators_)


def leading(
    leaf_matrix: csr_array, numbers: np.ndarray, k: int, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Return k leading left singular vectors without the constant one, and squared values."""
    n_samples, n_nodes = leaf_matrix.shape
    left = np.full(n_samples, n_samples**-0.5)
    right = leaf_matrix.T @ left

    def forward(x: np.ndarray) -> np.ndarray:
        return leaf_matrix @ x - np.multiply.outer(left, right @ x)

    def back(x: np.ndarray) -> np.ndarray:
        return leaf_matrix.T @ x - np.multiply.outer(right, left @ x)

    is_one_tree = leaf_matrix.nnz == n_samples
    if is_one_tree or k + N_MORE >= min(leaf_matrix.shape):
        vectors = None
    else:
        operator = LinearOperator(
            (n_samples, n_nodes), forward, back, matmat=forward, rmatmat=back, dtype=float
        )
        begin = rng.uniform(-1.0, 1.0, size=min(leaf_matrix.shape))
        try:
            vectors, values, _ = svds(operator, k=k, v0=begin, return_singular_vectors="u")
            vectors = vectors[:, values.argsort()[::-1]]
        except ArpackError:
            vectors = None
    if vectors is None:
        # Their order is that of the data where values are equal: it is not sorted again.
        vectors = _leading_with_ties(forward, back, numbers, k, rng)
    return svd_flip(vectors, None)[0], (back(vectors) ** 2).sum(axis=0)


def _leading_with_ties(
    forward: Callable[[np.ndarray], np.ndarray],
    back: Callable[[np.ndarray], np.ndarray],
    numbers: np.ndarray,
    k: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Return leading singular vectors in order, where values may be equal, as of a single tree.

    The iteration of `svds` finds one vector for each value and does not converge. Of vectors with
    equal values, any rotation is as good. Here they become principal components of the data in the
    leaves: a block is iterated that begins at the principal components of the data.
    """
    n_samples, n_columns = numbers.shape
    width = min(k + N_MORE, n_samples)
    data = numbers - numbers.mean(axis=0)
    components = data @ np.linalg.eigh(data.T @ data)[1][:, ::-1][:, :width]
    others = rng.standard_normal((n_samples, max(width - n_columns, 0)))
    basis = np.linalg.qr(np.hstack([components, others]))[0]
    for _ in range(N_STEPS):
        basis = np.linalg.qr(forward(back(basis)))[0]
    halves, of_data = back(basis), data.T @ basis
    inner = halves.T @ halves + TIE * (of_data.T @ of_data) / data.size
    return basis @ np.linalg.eigh(inner)[1][:, ::-1][:, :k]
