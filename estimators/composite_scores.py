"""Official scores of all nodes from the answers: figures, covariances and what stands for sparse items."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse as sp

from estimators.composite_answers import Answers
from estimators.composite_influence import (
    RATED,
    SCALE,
    STATISTICS,
    Array,
    Codes,
    Directions,
    Leaves,
    Moved,
    Reading,
    Weights,
    leaf_figures,
    slot_weights,
)
from estimators.composite_layout import Layout, Nodes, Tree, grouping
from estimators.composite_moves import moves
from estimators.composite_slots import Branch, Slots
from estimators.composite_stages import Stage, Touched
from estimators.composite_unrated import Unrated, complete_score, unrated_leaves
from estimators.composite_variance import Spread, spreads
from estimators.design import Design
from estimators.scheme import averaging_matrices
from estimators.sparse import BOUNDED, POOLED, SparseRule


@dataclass(frozen=True, slots=True, eq=False)
class ScoredTree:
    """A tree with the averaging matrix of its wanted nodes: what both statistics share."""

    told: Answers
    tree: Tree
    matrix: sp.csr_array
    weights: Weights
    directions: Directions
    pool: Codes
    unrated: Unrated | None


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Scores of all nodes for one statistic, each (V,).

    Attributes
    ----------
    estimate
    variance_of_one
        Of one rating drawn with the score's weights.
    pooled, bounded
        Weight of leaves with a replaced variance.
    complete, foretold
        Score with its unrated leaves foretold, and the variance that this adds.
    spread
    """

    estimate: Array
    variance_of_one: Array
    pooled: Array
    bounded: Array
    complete: Array
    foretold: Array
    spread: Spread


def scored_trees(
    wanted: Sequence[Nodes], trees: tuple[Tree, ...], told: Sequence[Answers], *, pool: tuple[str, ...]
) -> list[ScoredTree]:
    """Trees of the wanted nodes with the weights of the leaves that have ratings, pooled within `pool`."""
    pools, _ = grouping(trees, pool)
    found = []
    for nodes, tree, mine, codes in zip(wanted, trees, told, pools, strict=True):
        rated = mine.counts[0, :-1] @ RATED > 0
        matrix = averaging_matrices(nodes.scheme, rated, levels=nodes.levels)
        unrated = unrated_leaves(
            nodes.scheme, rated, nodes.expected, levels=nodes.levels, pool=codes, cell=tree.cell_of
        )
        weights = slot_weights(matrix, tree)
        along = Directions.among(weights, tree.cell_of)
        found.append(ScoredTree(mine, tree, matrix, weights, along, codes, unrated))
    return found


def slots_of(
    branches: Sequence[ScoredTree], layout: Layout, groups: Sequence[Codes], design: Design, counts: Array
) -> Slots:
    """Slots of all trees, nodes and groups of leaves numbered through."""
    nodes = sum(branch.matrix.shape[0] for branch in branches)
    kinds = 1 + max((int(codes.max()) for codes in groups), default=-1)
    found, offset = [], 0
    for number, branch in enumerate(branches):
        at = branch.weights.node + offset
        cell_of = np.append(branch.tree.cell_of, branch.tree.cells)
        label = np.append(groups[number], kinds) if groups else np.zeros(cell_of.size, dtype=np.intp)
        found.append(
            Branch(
                branch.told,
                branch.weights,
                branch.directions,
                branch.tree.cell_of,
                np.ascontiguousarray(at[layout.cell[number]].T),
                label * nodes + at[cell_of].T,
            )
        )
        offset += branch.matrix.shape[0]
    place = np.concatenate([branch.place for branch in found])
    along = [(b.directions, layout.cell[number]) for number, b in enumerate(branches)]
    before = np.cumsum([0] + [len(each.leaf) for each, _ in along])
    of = np.concatenate([each.of + start for (each, _), start in zip(along, before[:-1], strict=True)])
    ratio = np.concatenate([each.ratio[:, cell] for each, cell in along])
    touched = Touched(place[:, layout.fine], place, layout.fine, layout.starts, of, ratio, nodes)
    layers = () if design.residuals else design.layers
    stages = tuple(Stage.of(layer, layout.order, touched) for layer in layers)
    weight = design.weights[layout.order]
    return Slots(design, layout.order, weight, tuple(found), touched, counts[2], kinds, stages)


def scores_of(
    branches: Sequence[ScoredTree], slots: Slots, reading: Reading, rule: SparseRule
) -> list[Score]:
    """Scores of each statistic."""
    leaves = [leaf_figures(b.told.counts[:, :-1], reading, pool=b.pool, rule=rule) for b in branches]
    moved = [
        moves(b.told, Moved.of(each, rule), b.directions.leaf, reading, cell_of=b.tree.cell_of, rule=rule)
        for b, each in zip(branches, leaves, strict=True)
    ]
    figures = np.concatenate([_figures(b, each) for b, each in zip(branches, leaves, strict=True)], axis=2)
    spread = spreads(moved, reading, slots)
    return [
        Score(score, one, pooled, bounded, complete, foretold, each)
        for (score, one, pooled, bounded, complete, foretold), each in zip(
            figures.swapaxes(0, 1), spread, strict=True
        )
    ]


def _figures(branch: ScoredTree, leaves: Leaves) -> Array:
    """Rows of :class:`Score` but the last, (6, S, V), from the figures of a branch's leaves."""
    matrix, rated = branch.matrix, leaves.n > 0
    square = np.where(rated, leaves.variance, 0.0) + leaves.figure**2
    kinds = [((leaves.kind == kind) & rated).astype(float) for kind in (POOLED, BOUNDED)]
    columns = np.concatenate([leaves.figure, square, *kinds]).T
    score, squared, pooled, bounded = (matrix @ columns).T.reshape(4, len(rated), -1)
    complete, foretold = score, np.zeros_like(score)
    if branch.unrated is not None:
        both = [
            complete_score(branch.unrated, figure, some, lowest=SCALE[name][0], highest=SCALE[name][1])
            for name, figure, some in zip(STATISTICS, leaves.figure, rated, strict=True)
        ]
        complete, foretold = np.stack(both, axis=1)
    return np.stack([score, squared - score**2, pooled, bounded, complete, foretold])
