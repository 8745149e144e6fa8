"""The nodes that respondents of each cell touch, all trees side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from estimators.composite_answers import Answers
from estimators.composite_influence import Array, Codes, Weights
from estimators.composite_stages import Stage, crossed
from estimators.design import Design

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A tree's answers and weights: what the slots of its leaves are.

    Attributes
    ----------
    answers, weights
        Answers, and the leaves' weights in the slots of their cells.
    leaf : (F, K)
        Leaf of each position of the fine cells.
    cell_of : (L,)
        Cell of each leaf.
    place : (F, J)
        Node of each slot of the fine cells, among the nodes of all trees.
    key : (L + 1, J)
        Place of each leaf's slots in a raveled table of groups and nodes (C + 1, V).
    """

    answers: Answers
    weights: Weights
    leaf: Codes
    cell_of: Codes
    place: Codes
    key: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The nodes that each fine cell touches, all trees side by side: what both statistics share.

    Attributes
    ----------
    design, order, weight
        Design, its respondents in the order of all arrays along them, and their weights.
    branches
        One a tree.
    node : (n, J)
        Node of each slot of the respondents.
    counts : (F, K, 8)
        Squared weights of the answers by position and code.
    nodes, groups
        Number of nodes V; number of groups C of leaves, 0 where no shares are wanted.
    stages
        Of the design, none where weights are calibrated.
    """

    design: Design
    order: Codes
    weight: Array
    branches: tuple[Branch, ...]
    node: Codes
    counts: Array
    nodes: int
    groups: int
    stages: tuple[Stage, ...]

    def split(self, values: NDArray[Number]) -> list[NDArray[Number]]:
        """Columns (..., J) of each tree from the columns of all."""
        return np.split(values, np.cumsum([b.place.shape[1] for b in self.branches])[:-1], axis=-1)

    def by_group(self, brought: Sequence[Array]) -> Array:
        """Sums (C, V) of what leaves bring to their slots, (L + 1, J) a tree."""
        size = (self.groups + 1) * self.nodes
        flat = sum(
            np.bincount(branch.key.ravel(), each.ravel(), size)
            for branch, each in zip(self.branches, brought, strict=True)
        )
        return np.asarray(flat, dtype=float).reshape(self.groups + 1, self.nodes)[: self.groups]

    def crossed(self, values: Array) -> Array:
        """Sum (V, V) over the respondents of the products of their values (n, J) at their nodes."""
        return crossed(values, self.node, self.nodes)

    def scattered(self, blocks: Array) -> Array:
        """Sum (V, V) of the fine cells' blocks (F, J, J) at the nodes of their slots."""
        node = np.concatenate([branch.place for branch in self.branches], axis=1)
        key = node[:, :, None] * self.nodes + node[:, None, :]
        flat = np.bincount(key.ravel(), blocks.ravel(), self.nodes**2)
        return np.asarray(flat.reshape(self.nodes, self.nodes), dtype=float)
