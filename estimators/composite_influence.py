"""Leaf figures and what each respondent moves: the linearisation of official scores."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.composite_layout import Layout, Tree
from estimators.ratings import CODES, asked, rated
from estimators.sparse import OWN, SparseRule, answer_variance

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Denominator = Literal["asked", "rated"]
Statistic = Literal["mean", "satisfaction"]
SCALE: dict[Statistic, tuple[float, float]] = {"mean": (1.0, 5.0), "satisfaction": (0.0, 1.0)}


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the respondents of a layout answered, as codes and as histograms.

    Attributes
    ----------
    index : (n, K)
        Place of each answer in a raveled table (F, K, 8) by fine cell, position and code.
    weight : (n,)
    counts : (3, F, K, 8)
        Answers by code in each fine cell: their number, their weight, their squared weight.
    """

    index: Codes
    weight: Array
    counts: Array


def answers(code: NDArray[np.int8], layout: Layout, weight: Array) -> Answers:
    """Answers from the codes (n, K) of a ratings table in the layout's order."""
    cells, width = layout.column.shape
    first = (layout.fine[:, None] * width + np.arange(width)) * len(CODES) - min(CODES)
    index = first + code
    shape = (cells, width, len(CODES))
    size = cells * width * len(CODES)
    number = np.bincount(index.ravel(), minlength=size).astype(float).reshape(shape)
    if (weight == 1).all():
        return Answers(index, weight, np.stack([number, number, number]))
    wide = np.broadcast_to(weight[:, None], index.shape).ravel()
    sums = [np.bincount(index.ravel(), power, size).reshape(shape) for power in (wide, wide * wide)]
    return Answers(index, weight, np.stack([number, *sums]))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How a statistic reads the codes: the ``value`` of each code, and whether it is ``counted``, (8,)."""

    value: Array
    counted: Array

    @classmethod
    def of(cls, statistic: Statistic, denominator: Denominator) -> Self:
        """Reading of Q or of the share of fives.

        Examples
        --------
        >>> Reading.of("satisfaction", "asked").counted.tolist()
        [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
        """
        codes = np.array(CODES)
        if statistic == "mean":
            return cls(np.where(codes > 0, codes, 0).astype(float), (codes > 0).astype(float))
        counted = asked(codes) if denominator == "asked" else rated(codes)
        return cls((codes == 5).astype(float), counted.astype(float))


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
    told: Answers, leaf: Codes, reading: Reading, *, pool: Codes, statistic: Statistic, rule: SparseRule
) -> Leaves:
    """Figures of a tree's leaves from the histograms of the fine cells, whose leaves are `leaf` (F, K)."""
    count = pool.size
    flat = leaf.ravel()

    def total(kind: int, table: Array) -> Array:
        return np.asarray(
            np.bincount(flat, (told.counts[kind] @ table).ravel(), count + 1)[:count], dtype=float
        )

    known = total(0, rated(np.array(CODES)).astype(float)) > 0  # an item without ratings is no leaf
    n, size = known * total(0, reading.counted), known * total(1, reading.counted)
    first, square = total(1, reading.value), total(1, reading.value**2)
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
    nodes = np.zeros((tree.cells + 1, width), dtype=np.intp)
    nodes[cell, slot] = touched
    return Weights(weights, nodes)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What moves the figures of one tree's leaves, answer by answer.

    Attributes
    ----------
    leaf_weight : (F, K, J)
        Weight of each position in the node of each slot.
    moved : (n, K)
        Residuals of answers to leaves with a variance of their own, over the leaf's size.
    score, follow : (n,), (F, K)
        Sum of a respondent's standardised residuals, and what one unit of it moves sparse leaves.
    shared : (n, K)
        Deviations of what sparse answers share and the score does not tell, independent between people.
    own : (F, K)
        Standard deviation that one answer brings by itself, weights aside; 0 except for sparse leaves.
    squared_weights : (F, K)
        Sum of the squared weights of the answers.
    """

    leaf_weight: Array
    moved: Array
    score: Array
    follow: Array
    shared: Array
    own: Array
    squared_weights: Array


def parts(
    told: Answers,
    reading: Reading,
    leaves: Leaves,
    leaf_weight: Array,
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
    leaf, cell, fine = layout.leaf[place], layout.cell[place], layout.fine
    answered = leaves.n > 0
    usable, thin = answered & (leaves.kind == OWN), answered & (leaves.kind != OWN)
    per = _inverse(leaves.size)
    sd = np.sqrt(np.where(answered, leaves.variance, 0.0))
    apart = reading.value - _at(leaves.figure, leaf)[:, :, None] * reading.counted
    moved = (apart * _at(np.where(usable, per, 0.0), leaf)[:, :, None]).take(told.index)
    unit = _at(np.divide(leaves.size, sd, out=np.zeros_like(sd), where=usable), leaf)
    score = np.einsum("nk,nk->n", moved, unit[fine])
    size = tree.cells + 1
    people = np.bincount(cell[fine], minlength=size).astype(float)
    squares = np.bincount(cell[fine], (told.weight * score) ** 2, size)
    known = np.bincount(tree.cell_of, usable, size)
    certain = known * rule.rho / (1 + np.maximum(known - 1, 0) * rule.rho)
    reliability = np.where(squares > 0, certain, 0.0)
    # sd of the sum over people of D, by the simple random sample's n / (n - 1), times sqrt n
    root = people * np.sqrt(_inverse(np.maximum(people - 1, 1)) * squares)
    slope = np.divide(np.sqrt(rule.rho * reliability), root, out=np.zeros(size), where=root > 0)
    thin_sd = _at(np.where(thin, sd, 0.0), leaf)
    left = (1 - np.sqrt(1 - reliability)) * _inverse(people)
    own_size = _at(per, leaf)[:, :, None] * reading.counted
    shared = _shared(np.sqrt(rule.rho) * thin_sd, own_size, left[cell], told, fine)
    squared_weights = told.counts[2] @ reading.counted
    own = np.sqrt(1 - rule.rho) * thin_sd * _at(per, leaf)
    follow = slope[cell][:, None] * thin_sd
    return Parts(leaf_weight, moved, score, follow, shared, own, squared_weights)


def onto_nodes(moved: Array, leaf_weight: Array, fine: Codes) -> Array:
    """What each row moves the nodes of its cell, (rows, J), from what it moves the leaves, (rows, K)."""
    slots = [np.einsum("nk,nk->n", moved, leaf_weight[:, :, j][fine]) for j in range(leaf_weight.shape[2])]
    return np.stack(slots, axis=1)


def _shared(spread: Array, own_size: Array, left: Array, told: Answers, fine: Codes) -> Array:
    """Sparse answers' shared deviations, w counted / size less the part told by the score, (n, K)."""
    table = spread[:, :, None] * own_size
    constant = spread * left[:, None]
    if (told.weight == 1).all():
        return np.asarray((table - constant[:, :, None]).take(told.index))
    return np.asarray(told.weight[:, None] * table.take(told.index) - constant[fine])


def _at(values: Array, leaf: Codes) -> Array:
    """Values of the leaves at the positions of the fine cells, 0 where there is none."""
    return np.append(values, 0.0)[leaf]


def _inverse(values: Array) -> Array:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
