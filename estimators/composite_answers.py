"""What was answered, for official scores: histograms of the leaves, and who gave which code to which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.composite_layout import Layout, Tree
from estimators.ratings import CODES

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to the leaves of one tree.

    Attributes
    ----------
    given : (n, 8 (L + 1)) sparse
        A one at code and leaf, codes outermost, of each answer; leaf L takes what is no leaf's.
    rated : (n, K)
        Whether the respondent rated the item at each position.
    leaf, fine : (F, K), (n,)
        Leaf of each position of the fine cells; fine cell of each respondent.
    counts : (3, L + 1, 8)
        Answers by leaf and code: their number, their weight, their squared weight.
    weight : (n,)
        Of the respondents.
    cell, cells : (n,)
        Cell of each respondent, that of those outside last; number of cells, that one included.
    """

    given: sp.csr_array
    rated: NDArray[np.bool_]
    leaf: Codes
    fine: Codes
    counts: Array
    weight: Array
    cell: Codes
    cells: int

    def by_respondent(self, table: Array) -> Array:
        """Sum (n,) over each respondent's answers of what their code and leaf stand for, (8, L + 1)."""
        return np.asarray(self.given @ table.ravel())

    def rates(self, leaf: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether each respondent (n,) rated any of the leaves chosen (L + 1,)."""
        return np.asarray((self.rated & leaf[self.leaf][self.fine]).any(axis=1))

    def by_answer(self, columns: Array) -> Array:
        """Sums (8, L + 1, C) over the respondents of each code and leaf of their columns (n, C)."""
        return np.asarray(self.given.T @ columns).reshape(len(CODES), -1, columns.shape[1])

    def by_cell(self, values: Array) -> Array:
        """Sums (..., cells) over the respondents of each cell of their values (..., n)."""
        rows = values.reshape(-1, self.cell.size)
        sums = np.array([np.bincount(self.cell, row, self.cells) for row in rows], dtype=float)
        return sums.reshape(*values.shape[:-1], self.cells)


def position_counts(code: NDArray[np.int8], layout: Layout, weight: Array) -> Array:
    """Answers (3, F, K, 8) by fine cell, position and code from codes (n, K) in the layout's order.

    Their number, their weight and their squared weight.
    """
    shape = (*layout.column.shape, len(CODES))
    size = int(np.prod(shape))
    first = np.arange(0, size, len(CODES)).reshape(layout.column.shape) - min(CODES)
    index = (first[layout.fine] + code).ravel()
    number = np.bincount(index, minlength=size).astype(float).reshape(shape)
    if (weight == 1).all():
        return np.broadcast_to(number, (3, *shape))
    wide = np.repeat(weight, code.shape[1])
    sums = [np.bincount(index, power, size).reshape(shape) for power in (wide, wide * wide)]
    return np.stack([number, *sums])


def answers(
    code: NDArray[np.int8], layout: Layout, trees: Sequence[Tree], counts: Array, weight: Array
) -> list[Answers]:
    """Answers to each tree of the layout, from codes (n, K) and the counts of positions."""
    found, width = [], code.shape[1]
    place, rated = code.astype(np.int32) - min(CODES), code > 0
    for leaf, cell, tree in zip(layout.leaf, layout.cell, trees, strict=True):
        leaves = tree.cell_of.size + 1
        index = leaf.astype(np.int32)[layout.fine] + place * np.int32(leaves)
        given = _ones(index.ravel(), leaves * len(CODES), width)
        who = cell[layout.fine], tree.cells + 1
        mine = _by_leaf(counts, leaf, leaves)
        found.append(Answers(given, rated, leaf, layout.fine, mine, weight, *who))
    return found


def _by_leaf(counts: Array, leaf: Codes, leaves: int) -> Array:
    """Counts (3, L + 1, 8) from those of the positions (3, F, K, 8)."""
    at = _ones(leaf.ravel(), leaves).T
    kinds = counts[:1] if counts.strides[0] == 0 else counts
    summed = np.stack([at @ kind.reshape(leaf.size, len(CODES)) for kind in kinds])
    return np.broadcast_to(summed, (3, leaves, len(CODES)))


def _ones(index: Codes | NDArray[np.int32], columns: int, width: int = 1) -> sp.csr_array:
    """Rows of `width` ones each at the columns `index`."""
    starts = np.arange(0, index.size + 1, width, dtype=np.int32)
    data = np.ones(index.size), index.astype(np.int32, copy=False), starts
    return sp.csr_array(data, shape=(starts.size - 1, columns))
