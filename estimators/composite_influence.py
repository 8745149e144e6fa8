"""Leaf figures and what each respondent moves: the linearisation of official scores."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.composite_layout import Layout, Tree
from estimators.sparse import OWN, SparseRule, answer_variance

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Denominator = Literal["asked", "rated"]
Statistic = Literal["mean", "satisfaction"]
SCALE: dict[Statistic, tuple[float, float]] = {"mean": (1.0, 5.0), "satisfaction": (0.0, 1.0)}


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the respondents of a layout answered, for one statistic.

    Attributes
    ----------
    value : (n, K)
        Rating, or whether it is a five; 0 where not counted.
    counted : (n, K)
        1 where the answer is in the denominator.
    weight : (n, 1)
    sums : (4, F, K)
        Of the fine cells: weighted answers, weighted values, weighted squares, squared weights.
    n : (F, K)
        Answers in the denominator.
    """

    value: Array
    counted: Array
    weight: Array
    sums: Array
    n: Array


def answers(
    code: NDArray[np.int8], layout: Layout, weight: Array, *, statistic: Statistic, denominator: Denominator
) -> Answers:
    """Answers of one statistic from the codes (n, K) of a ratings table in the layout's order."""
    rated = code > 0
    if statistic == "mean":
        counted, value = rated.astype(float), np.where(rated, code, 0).astype(float)
    else:
        asked = rated | (code == -2) if denominator == "asked" else rated
        counted, value = asked.astype(float), (code == 5).astype(float)
    wide = weight[:, None]
    counts = np.add.reduceat(counted, layout.starts)
    if (weight == 1).all():
        firsts = np.add.reduceat(value, layout.starts)
        squares = firsts if statistic == "satisfaction" else np.add.reduceat(value * value, layout.starts)
        return Answers(value, counted, wide, np.stack([counts, firsts, squares, counts]), counts)
    terms = (wide * counted, wide * value, wide * value * value, wide * wide * counted)
    sums = np.stack([np.add.reduceat(term, layout.starts) for term in terms])
    return Answers(value, counted, wide, sums, counts)


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Figures of the leaves of one tree for one statistic, each (L,).

    Attributes
    ----------
    n, size
        Answers in the denominator, counted and weighted.
    figure
        Mean, or share of fives; 0 where nobody answered.
    variance, kind
        Of one answer, its own or a replaced one, and which (:mod:`estimators.sparse`).
    """

    n: Array
    size: Array
    figure: Array
    variance: Array
    kind: NDArray[np.int8]


def leaf_figures(
    told: Answers, leaf: Codes, *, pool: Codes, statistic: Statistic, rule: SparseRule
) -> Leaves:
    """Figures of a tree's leaves from the sums of the fine cells, whose leaves are `leaf` (F, K)."""
    count = pool.size
    flat = leaf.ravel()

    def total(sums: Array) -> Array:
        return np.asarray(np.bincount(flat, sums.ravel(), count + 1)[:count], dtype=float)

    n, size, first, square = total(told.n), *(total(sums) for sums in told.sums[:3])
    divisor = np.where(size > 0, size, 1.0)
    figure = first / divisor
    spread = np.maximum(square / divisor - figure**2, 0.0) * n / np.maximum(n - 1, 1)
    low, high = SCALE[statistic]
    spread[spread < 1e-10 * (high - low) ** 2] = 0.0
    variance, kind = answer_variance(n, figure, spread, pool=pool, lowest=low, highest=high, rule=rule)
    return Leaves(n, size, figure, variance, kind)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights of the leaves in the nodes that a cell touches, cell by cell.

    Attributes
    ----------
    leaf : (L + 1, J)
        Weight of each leaf in the nodes of its cell's slots; the last row is zero.
    node : (cells + 1, J)
        Node of each slot; unused slots have weight zero throughout.
    """

    leaf: Array
    node: Codes


def slot_weights(matrix: sp.csr_array, tree: Tree) -> Weights:
    """Averaging matrix (V, L) rearranged: a cell touches few nodes, each of which gets a slot."""
    entries = matrix.tocoo()
    node, leaf = entries.coords
    key = tree.cell_of[leaf] * matrix.shape[0] + node
    pairs, slot_of = np.unique(key, return_inverse=True)
    cell, touched = np.divmod(pairs, matrix.shape[0])
    slot = np.arange(pairs.size) - np.searchsorted(cell, cell)
    width = int(slot.max()) + 1 if slot.size else 1
    weights = np.zeros((tree.cell_of.size + 1, width))
    weights[leaf, slot[slot_of]] = entries.data
    nodes = np.zeros((len(tree.cells) + 1, width), dtype=np.intp)
    nodes[cell, slot] = touched
    return Weights(weights, nodes)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What moves the figures of one tree's leaves, answer by answer.

    Attributes
    ----------
    leaf : (F, K)
        Leaf of each position of each fine cell, L where none.
    weights
        Of the leaves in the nodes of the cells.
    node : (F, J)
        Node of each slot of each fine cell.
    moved : (n, K)
        Influence: residuals of leaves with a variance of their own; for sparse leaves the shared part that
        the respondent's other answers tell.
    shared : (n, K)
        Deviations of the shared part that the other answers do not tell, independent between respondents.
    own : (F, K)
        Standard deviation that one answer brings by itself, weights aside; 0 except for sparse leaves.
    """

    leaf: Codes
    weights: Weights
    node: Codes
    moved: Array
    shared: Array
    own: Array

    @property
    def leaf_weight(self) -> Array:
        """Weight of each position in each slot's node, (F, K, J)."""
        return self.weights.leaf[self.leaf]


def parts(
    told: Answers,
    leaves: Leaves,
    weights: Weights,
    layout: Layout,
    tree: Tree,
    *,
    place: int,
    rule: SparseRule,
) -> Parts:
    """Influences of the answers in the tree at `place` of the layout, and what stands for sparse leaves.

    Notes
    -----
    An answer to a sparse leaf is ``figure + sd (sqrt(rho) u + sqrt(1 - rho) e)``, u of the
    respondent and e of the answer. The respondent's K other answers have the same law, so their
    standardised sum D tells u with reliability ``r = K rho / (1 + (K - 1) rho)``: the part
    ``sqrt(rho r) sd D / sd(D)`` enters the influence, the rest is added as variance. Every term is a sum
    of squares, so the covariance of the nodes is positive semidefinite whatever the data.
    """
    leaf, cell = layout.leaf[place], layout.cell[place]
    usable = (leaves.kind == OWN) & (leaves.n > 0)
    thin = (leaves.kind != OWN) & (leaves.n > 0)
    per = _inverse(leaves.size)
    sd = np.sqrt(np.where(leaves.n > 0, leaves.variance, 0.0))
    moved = told.value - _at(leaves.figure, leaf)[layout.fine] * told.counted
    moved *= _at(np.where(usable, per, 0.0), leaf)[layout.fine]
    unit = _at(np.divide(leaves.size, sd, out=np.zeros_like(sd), where=usable), leaf)
    score = told.weight[:, 0] * np.einsum("nk,nk->n", moved, unit[layout.fine])
    size = len(tree.cells) + 1
    people = np.bincount(cell[layout.fine], minlength=size).astype(float)
    spread = (
        np.bincount(cell[layout.fine], weights=score**2, minlength=size) * people / np.maximum(people - 1, 1)
    )
    known = np.bincount(tree.cell_of, weights=usable, minlength=size)
    reliability = np.where(spread > 0, known * rule.rho / (1 + np.maximum(known - 1, 0) * rule.rho), 0.0)
    root = np.sqrt(people * spread)
    slope = np.divide(np.sqrt(rule.rho * reliability), root, out=np.zeros(size), where=root > 0)
    thin_sd = _at(np.where(thin, sd, 0.0), leaf)
    told_part = (slope[cell][:, None] * thin_sd)[layout.fine] * (score / told.weight[:, 0])[:, None]
    left = (1 - np.sqrt(1 - reliability)) * _inverse(people)
    spreading = told.weight * told.counted * _at(per, leaf)[layout.fine] - left[cell][layout.fine][:, None]
    shared = np.sqrt(rule.rho) * thin_sd[layout.fine] * spreading
    own = np.sqrt(1 - rule.rho) * thin_sd * _at(per, leaf)
    return Parts(leaf, weights, weights.node[cell], moved + told_part, shared, own)


def onto_nodes(moved: Array, leaf_weight: Array, fine: Codes) -> Array:
    """What each row moves the nodes of its cell, (rows, J), from what it moves the leaves, (rows, K)."""
    slots = [np.einsum("nk,nk->n", moved, leaf_weight[:, :, j][fine]) for j in range(leaf_weight.shape[2])]
    return np.stack(slots, axis=1)


def _at(values: Array, leaf: Codes) -> Array:
    """Values of the leaves at the positions of the fine cells, 0 where there is none."""
    return np.append(values, 0.0)[leaf]


def _inverse(values: Array) -> Array:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
