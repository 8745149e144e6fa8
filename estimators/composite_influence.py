"""Leaf figures and what each answer moves: the linearisation of official scores."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.codes import compact
from estimators.composite_layout import Tree
from estimators.ratings import CODES, asked, rated
from estimators.sparse import OWN, SparseRule, answer_variance

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Denominator = Literal["asked", "rated"]
Statistic = Literal["mean", "satisfaction"]
SCALE: dict[Statistic, tuple[float, float]] = {"mean": (1.0, 5.0), "satisfaction": (0.0, 1.0)}
STATISTICS: tuple[Statistic, ...] = ("mean", "satisfaction")
RATED: Array = rated(np.array(CODES)).astype(float)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How the statistics read the codes: ``value`` of each code, and whether it is ``counted``, (S, 8)."""

    value: Array
    counted: Array

    @classmethod
    def of(cls, denominator: Denominator) -> Self:
        """Reading of Q and of the share of fives with that denominator.

        Examples
        --------
        >>> Reading.of("asked").counted[1].tolist()
        [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
        """
        codes = np.array(CODES)
        counted = asked(codes) if denominator == "asked" else rated(codes)
        value = np.stack([np.where(codes > 0, codes, 0), codes == 5])
        return cls(value.astype(float), np.stack([RATED, counted.astype(float)]))


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Figures of the leaves of one tree, each (S, L).

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


def leaf_figures(counts: Array, reading: Reading, *, pool: Codes, rule: SparseRule) -> Leaves:
    """Figures of a tree's leaves from their histograms (3, L, 8), pooled within the codes `pool` (L,)."""
    known = counts[0] @ RATED > 0  # an item without ratings is no leaf
    codes = np.stack([reading.counted, reading.value, reading.value**2])
    size, first, square = codes @ counts[1].T
    n = known * (size if counts.strides[0] == 0 else reading.counted @ counts[0].T)
    size = known * size
    divisor = np.where(size > 0, size, 1.0)
    figure = first / divisor
    spread = np.maximum(square / divisor - figure**2, 0.0) * n / np.maximum(n - 1, 1)
    lowest, highest = np.array([SCALE[statistic] for statistic in STATISTICS]).T[:, :, None]
    spread[spread < 1e-10 * (highest - lowest) ** 2] = 0.0
    variance, kind = answer_variance(n, figure, spread, pool=pool, lowest=lowest, highest=highest, rule=rule)
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
    pairs, slot_of = compact(key, (tree.cells + 1) * matrix.shape[0])
    cell, touched = np.divmod(pairs, matrix.shape[0])
    slot = np.arange(pairs.size) - np.searchsorted(cell, cell)
    width = int(slot.max()) + 1 if slot.size else 1
    weights = np.zeros((tree.cell_of.size + 1, width))
    weights[leaf, slot[slot_of]] = entries.data
    nodes = np.zeros((tree.cells + 1, width), dtype=np.intp)
    nodes[cell, slot] = touched
    return Weights(weights, nodes)


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Weights of the leaves up to factors: slots of nodes above one another move together.

    Attributes
    ----------
    leaf : (D, L + 1)
        Weights of the leaves in each direction.
    of : (J,)
        Direction of each slot.
    ratio : (J, cells + 1)
        Slot over direction in each cell.
    """

    leaf: Array
    of: Codes
    ratio: Array

    @classmethod
    def among(cls, weights: Weights, cell_of: Codes) -> Self:
        """Directions of the slots whose leaves lie in the cells `cell_of` (L,).

        Examples
        --------
        A service has both leaves of its cell, and a group has half of what the service has:

        >>> halves = Weights(np.array([[0.8, 0.4], [0.2, 0.1], [0, 0]]), np.array([[0, 1], [0, 0]]))
        >>> found = Directions.among(halves, np.array([0, 0]))
        >>> found.leaf.tolist(), found.of.tolist(), found.ratio.tolist()
        ([[0.8, 0.2, 0.0]], [0, 0], [[1.0, 1.0], [0.5, 1.0]])
        """
        kept: list[int] = []
        of: list[int] = []
        ratio: list[Array] = []
        cells = len(weights.node)
        for slot in weights.leaf.T:
            shares = [_share(slot, weights.leaf[:, first], cell_of, cells) for first in kept]
            known = [(place, share) for place, share in enumerate(shares) if share is not None]
            place, share = known[0] if known else (len(kept), np.ones(cells))
            if not known:
                kept.append(len(of))
            of.append(place)
            ratio.append(share)
        return cls(np.ascontiguousarray(weights.leaf[:, kept].T), np.array(of), np.array(ratio))


def _share(slot: Array, first: Array, cell_of: Codes, cells: int) -> Array | None:
    """Factor (cells,) that makes one column of weights from another, None where there is none."""
    share = np.ones(cells)
    used = np.flatnonzero(first)
    share[cell_of[used]] = slot[used] / first[used]
    alike = np.abs(slot[:-1] - share[cell_of] * first[:-1]) <= 1e-14 * np.abs(slot[:-1])
    return share if alike.all() else None


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """What one answer moves its leaf, each (S, L + 1); the last entry, of no leaf, is 0.

    Attributes
    ----------
    figure
        From which an answer deviates.
    residual
        Weight of the deviation from a leaf with a variance of its own: one over the leaf's size.
    standard
        The same in standard deviations of one answer.
    thin
        Standard deviation of one answer to a sparse leaf, 0 for others.
    shared, own
        Deviation of an answer to a sparse leaf, over the size: what it shares with the respondent's
        others, and what it has by itself.
    """

    figure: Array
    residual: Array
    standard: Array
    thin: Array
    shared: Array
    own: Array

    @classmethod
    def of(cls, leaves: Leaves, rule: SparseRule) -> Self:
        """Moves from the leaves' figures."""
        answered = leaves.n > 0
        known = answered & (leaves.kind == OWN)
        per = inverse(leaves.size)
        sd = np.sqrt(np.where(answered, leaves.variance, 0.0))
        thin = np.where(known, 0.0, sd)
        shared, own = np.sqrt(rule.rho) * thin * per, np.sqrt(1 - rule.rho) * thin * per
        columns = leaves.figure, known * per, known * inverse(sd), thin, shared, own
        rows = np.zeros((len(columns), len(per), per.shape[1] + 1))
        rows[:, :, :-1] = columns
        return cls(*rows)


def inverse(values: Array) -> Array:
    """``1 / values``, 0 where they are not positive."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
