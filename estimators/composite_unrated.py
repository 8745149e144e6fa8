"""Leaves that belong to a score though nobody rated them, and where the complete score may lie."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.scheme import Scheme, averaging_matrices

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Unrated:
    """Leaves without ratings that the complete score has, and its averaging matrix.

    Attributes
    ----------
    leaf : (U,)
        Positions of the unrated leaves.
    matrix : (V, L)
        Weights of the leaves when the unrated ones count too.
    pool, cell : (L,)
        Criterion whose rated leaves foretell the unrated ones; cell of respondents to whom a leaf is put.
    """

    leaf: Codes
    matrix: sp.csr_array
    pool: Codes
    cell: Codes

    @property
    def weight(self) -> Array:
        """Weight of the unrated leaves in each complete score, (V,)."""
        return np.asarray(self.matrix[:, self.leaf].sum(axis=1), dtype=float)


def unrated_leaves(
    scheme: Scheme,
    rated: NDArray[np.bool_],
    expected: Collection[str],
    *,
    levels: Sequence[str],
    pool: Codes,
    cell: Codes,
) -> Unrated | None:
    """Unrated ones of the expected leaves; None where every one was rated.

    Parameters
    ----------
    scheme, levels
        Whose nodes of these levels are wanted, one below the other in the matrix.
    rated : (L,)
        Whether anyone rated the leaf.
    expected
        Names of leaves.
    pool, cell : (L,)
        As in :class:`Unrated`.
    """
    if not expected:
        return None
    names = set(expected)
    wanted = np.array([leaf in names for leaf in scheme.leaves]) & ~rated
    if not wanted.any():
        return None
    matrix = averaging_matrices(scheme, rated | wanted, levels=levels)
    return Unrated(np.flatnonzero(wanted), matrix, pool, cell)


def complete_score(
    unrated: Unrated, figure: Array, rated: NDArray[np.bool_], *, lowest: float, highest: float
) -> tuple[Array, Array]:
    """Scores with the unrated leaves foretold, and the variance that foretelling adds, (V,) each.

    Parameters
    ----------
    unrated
        Which leaves, and their weights.
    figure, rated : (L,)
        Figures of the leaves, and whether anyone rated them.
    lowest, highest
        Ends of the scale.

    Notes
    -----
    The figures of a pool's k rated leaves are taken as draws of one law with mean m and variance v, sampling
    error included: an unrated one is m, with variance v (1 + 1/k), the second part common to all of the pool
    (the variance of a prediction). Unrated leaves of one cell and pool are taken as alike. With k < 2 the
    law is unknown: the middle of the scale, and the largest variance on it.

    Examples
    --------
    A channel whose feedback nobody rated, where feedback elsewhere is 2, 3 and 4:

    >>> figure, rated = np.array([5.0, 0.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True, True])
    >>> some = Unrated(np.array([1]), sp.csr_array([[0.5, 0.5, 0, 0, 0]]), pool=np.array([0, 1, 1, 1, 1]),
    ...                cell=np.array([0, 0, 1, 2, 3]))
    >>> score, variance = complete_score(some, figure, rated, lowest=1, highest=5)
    >>> score.tolist(), variance.round(4).tolist()
    ([4.0], [0.3333])
    """
    k = np.bincount(unrated.pool, rated)
    safe = np.maximum(k, 1)
    mean = np.bincount(unrated.pool, rated * figure) / safe
    square = np.bincount(unrated.pool, rated * (figure - mean[unrated.pool]) ** 2)
    known = k >= 2
    mean = np.where(known, mean, (lowest + highest) / 2)
    variance = np.where(known, square / np.maximum(k - 1, 1), (highest - lowest) ** 2 / 4)
    pool, cell = unrated.pool[unrated.leaf], unrated.cell[unrated.leaf]
    weight = unrated.matrix[:, unrated.leaf]
    score = unrated.matrix @ np.where(rated, figure, 0.0) + weight @ mean[pool]
    each = _summed(weight, cell * k.size + pool)
    together = _summed(weight, pool)
    pool_each = np.unique(cell * k.size + pool) % k.size
    pool_together = np.unique(pool)
    common = np.where(known, variance / safe, 0.0)[pool_together]
    return score, each**2 @ variance[pool_each] + together**2 @ common


def _summed(weight: sp.csr_array, group: Codes) -> sp.csr_array:
    """Weights (V, U) summed over the leaves of each group, groups in increasing order."""
    found, place = np.unique(group, return_inverse=True)
    member = sp.csr_array(
        (np.ones(group.size), (np.arange(group.size), place)), shape=(group.size, found.size)
    )
    return weight @ member
