"""The nodes that respondents of each cell touch, all trees side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from estimators.composite_answers import Answers
from estimators.composite_influence import Array, Codes, Directions, Weights
from estimators.composite_stages import Stage, Touched
from estimators.design import Design

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A tree's answers and weights: what the slots of its leaves are.

    Attributes
    ----------
    answers, weights, directions
        Answers, and the leaves' weights in the slots of their cells.
    cell_of : (L,)
        Cell of each leaf.
    place : (J, F)
        Node of each slot of the fine cells, among the nodes of all trees.
    key : (J, L + 1)
        Place of each leaf's slots in a raveled table of groups and nodes (C + 1, V).
    """

    answers: Answers
    weights: Weights
    directions: Directions
    cell_of: Codes
    place: Codes
    key: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The nodes that each fine cell touches, all trees side by side: what all statistics share.

    Attributes
    ----------
    design, order, weight
        Design, its respondents in the order of all arrays along them, and their weights.
    branches
        One a tree.
    touched
        Nodes of the respondents' slots.
    counts : (F, K, 8)
        Squared weights of the answers by position and code.
    groups
        Number C of groups of leaves, 0 where no shares are wanted.
    stages
        Of the design, none where weights are calibrated.
    """

    design: Design
    order: Codes
    weight: Array
    branches: tuple[Branch, ...]
    touched: Touched
    counts: Array
    groups: int
    stages: tuple[Stage, ...]

    @property
    def nodes(self) -> int:
        """Number of nodes V."""
        return self.touched.nodes

    def split(self, values: NDArray[Number]) -> list[NDArray[Number]]:
        """Rows (..., J, n) of each tree from those of all."""
        return np.split(values, np.cumsum([len(b.place) for b in self.branches])[:-1], axis=-2)

    def by_group(self, brought: Sequence[Array]) -> Array:
        """Sums (C, V) of what leaves bring to their slots, (J, L + 1) a tree."""
        size = (self.groups + 1) * self.nodes
        flat = sum(
            np.bincount(branch.key.ravel(), each.ravel(), size)
            for branch, each in zip(self.branches, brought, strict=True)
        )
        return np.asarray(flat, dtype=float).reshape(self.groups + 1, self.nodes)[: self.groups]
