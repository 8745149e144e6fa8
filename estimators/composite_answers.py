"""What was answered, for official scores: histograms of the leaves, and who gave which code to which."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

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
    index : (n, K) int32
        Place of each answer among the pairs of leaf and code, 8 (L + 1), codes innermost; leaf L takes what
        is no leaf's.
    given : (n, 8 (L + 1)) sparse
        Ones at these places.
    rated : (n, K / 8) uint8
        Whether the respondent rated the item at each position, packed in bits.
    leaf, fine : (F, K), (n,)
        Leaf of each position of the fine cells; fine cell of each respondent.
    counts : (3, L + 1, 8)
        Answers by leaf and code: their number, their weight, their squared weight.
    weight : (n,)
        Of the respondents.
    cell, cells : (n,)
        Cell of each respondent, that of those outside last; number of cells, that one included.
    """

    index: NDArray[np.int32]
    given: sp.csr_array
    rated: NDArray[np.uint8]
    leaf: Codes
    fine: Codes
    counts: Array
    weight: Array
    cell: Codes
    cells: int

    def of(self, rows: Codes) -> Self:
        """Those of the respondents `rows` alone, with the counts of all."""
        index = self.index[rows]
        return replace(
            self,
            index=index,
            given=_table(index, self.given.shape[1], self.given.data),
            rated=self.rated[rows],
            fine=self.fine[rows],
            weight=self.weight[rows],
            cell=self.cell[rows],
        )

    def by_respondent(self, table: Array) -> Array:
        """Sum (n,) over each respondent's answers of what their leaf and code stand for, (L + 1, 8)."""
        return np.asarray(self.given @ table.ravel())

    def rates(self, leaf: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether each respondent (n,) rated any of the leaves chosen (L + 1,)."""
        chosen = np.packbits(leaf[self.leaf], axis=1)
        return np.asarray((self.rated & chosen.take(self.fine, axis=0)).any(axis=1))

    def by_answer(self, columns: Array) -> Array:
        """Sums (L + 1, 8, C) over the respondents of each leaf and code of their columns (n, C)."""
        return np.asarray(self.given.T @ columns).reshape(-1, len(CODES), columns.shape[1])

    def by_cell(self, values: Array) -> Array:
        """Sums (..., cells) over the respondents of each cell of their values (..., n)."""
        rows = values.reshape(int(np.prod(values.shape[:-1])), self.cell.size)
        sums = [np.bincount(self.cell, row, self.cells) for row in rows]
        return np.array(sums, dtype=float).reshape(*values.shape[:-1], self.cells)


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
    found, ones = [], np.ones(max(code.size, layout.column.size))
    rated = np.packbits(code > 0, axis=1)
    for leaf, cell, tree in zip(layout.leaf, layout.cell, trees, strict=True):
        leaves = tree.cell_of.size + 1
        first = (leaf * len(CODES) - min(CODES)).astype(np.int32)
        index = first.take(layout.fine, axis=0)
        index += code
        given, mine = _table(index, leaves * len(CODES), ones), _by_leaf(counts, leaf, leaves, ones)
        who = weight, cell[layout.fine], tree.cells + 1
        found.append(Answers(index, given, rated, leaf, layout.fine, mine, *who))
    return found


def _by_leaf(counts: Array, leaf: Codes, leaves: int, ones: Array) -> Array:
    """Counts (3, L + 1, 8) from those of the positions (3, F, K, 8)."""
    kinds = counts[:1] if counts.strides[0] == 0 else counts
    at = _table(leaf.astype(np.int32).reshape(-1, 1), leaves, ones).T
    summed = np.stack([at @ kind.reshape(leaf.size, len(CODES)) for kind in kinds])
    return np.broadcast_to(summed, (3, leaves, len(CODES)))


def _table(index: NDArray[np.int32], columns: int, ones: Array) -> sp.csr_array:
    """Rows of ones at the columns `index` (rows, K)."""
    ends = np.arange(0, index.size + 1, index.shape[1], dtype=np.int32)
    return sp.csr_array((ones[: index.size], index.ravel(), ends), shape=(len(index), columns))
