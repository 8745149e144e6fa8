"""A scoring scheme: unweighted means over the children that exist, from items up to the country.

A published score is a linear functional of item figures. The scheme yields its weights, the averaging
matrix, so that estimates, linearised variances, replicates and simulated surveys are all one product.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from estimators.options import as_numbers, check_several


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Nodes of one level and the edges from the level below.

    Attributes
    ----------
    name
        Of the level, as in ``"criterion"``.
    below
        Name of the level whose nodes are the children; empty for the leaves.
    nodes
        Names of the nodes, unique within the level.
    child, parent
        Positions of the two ends of each edge, in ``below`` and in ``nodes``. A child may have
        several parents: an item that two providers answer for counts for both.
    """

    name: str
    below: str
    nodes: tuple[str, ...]
    child: NDArray[np.intp]
    parent: NDArray[np.intp]

    def __post_init__(self) -> None:
        if len(set(self.nodes)) != len(self.nodes):
            twice = next(node for node in self.nodes if self.nodes.count(node) > 1)
            raise ValueError(f"nodes of level {self.name!r} must be unique, got {twice!r} twice")


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """Levels of unweighted means, leaves first.

    Build it with :meth:`from_paths`, widen it with :meth:`grouped`.

    Examples
    --------
    >>> scheme = Scheme.from_paths(
    ...     [("s1", "office", "a"), ("s1", "office", "b"), ("s1", "online", "c")],
    ...     levels=("service", "channel", "item"),
    ... )
    >>> averaging_matrix(scheme, [True, True, True], level="service").toarray()
    array([[0.25, 0.25, 0.5 ]])
    """

    levels: tuple[Level, ...]

    @classmethod
    def from_paths(cls, paths: Iterable[Sequence[str]], *, levels: Sequence[str]) -> Self:
        """Scheme of a tree given by the path of every leaf, from the top down.

        Parameters
        ----------
        paths
            One sequence of ids a leaf, as long as `levels`, such as ``("s01", "office", "access", "o04")``.
        levels
            Names of the levels from the top down. A node is named by its path, joined with ``/``.

        Raises
        ------
        ValueError
            When there is no path, one is of another length, a leaf comes twice, or a level.
        """
        check_several(levels, "levels")
        if len(set(levels)) != len(levels):
            raise ValueError(f"levels must be named each once, got {tuple(levels)}")
        table = [path if isinstance(path, str) else tuple(path) for path in paths]
        if not table:
            raise ValueError("paths must hold at least one, got none")
        depth = len(levels)
        for row, path in enumerate(table):
            if isinstance(path, str) or not all(isinstance(part, str) for part in path):
                raise TypeError(f"paths[{row}] must be a sequence of texts, the ids, got {path!r}")
            if len(path) != depth:
                raise ValueError(
                    f"paths[{row}] must have {depth} ids, one for each of {tuple(levels)}, got {path}"
                )
        for row, path in enumerate(table):
            if depth > 1 and any("/" in part for part in path):
                raise ValueError(f"paths[{row}] must have ids without '/', which joins them, got {path}")
        names = [["/".join(path[: d + 1]) for path in table] for d in range(depth)]
        no_edges = np.zeros(0, dtype=np.intp)
        built = [Level(levels[-1], "", tuple(names[-1]), no_edges, no_edges)]
        for d in range(depth - 2, -1, -1):
            parent_of = dict(zip(names[d + 1], names[d], strict=True))
            built.append(_joined(levels[d], built[-1], parent_of.items()))
        return cls(tuple(built))

    def grouped(
        self, name: str, membership: Mapping[str, str] | Iterable[tuple[str, str]], *, below: str
    ) -> Self:
        """Scheme with one more level on top of `below`.

        Parameters
        ----------
        name
            Of the new level.
        membership
            Group of each child, or pairs (child, group) where a child may belong to several groups.
        below
            Level of the children.

        Raises
        ------
        ValueError
            When `below` is no level, `name` is one already, or a child is unknown.
        """
        if any(level.name == name for level in self.levels):
            raise ValueError(f"name must be a new level, got {name!r}, which exists")
        pairs = membership.items() if isinstance(membership, Mapping) else membership
        return type(self)((*self.levels, _joined(name, self.level(below), pairs)))

    def level(self, name: str) -> Level:
        """Level of that name."""
        for level in self.levels:
            if level.name == name:
                return level
        raise ValueError(f"level must be one of {[level.name for level in self.levels]}, got {name!r}")

    @property
    def leaves(self) -> tuple[str, ...]:
        """Names of the leaves, in the order of every array along them."""
        return self.levels[0].nodes

    def chain(self, name: str) -> tuple[Level, ...]:
        """Levels from just above the leaves up to `name`, in that order."""
        found: list[Level] = []
        level = self.level(name)
        while level.below:
            found.append(level)
            level = self.level(level.below)
        return tuple(reversed(found))


def averaging_matrix(scheme: Scheme, exists: ArrayLike, *, level: str) -> sparse.csr_array:
    """Weight of every leaf in every node of a level: the matrix A of ``score = A @ leaf figures``.

    Each node is the unweighted mean of those of its children that exist; a node exists when a child does.

    Parameters
    ----------
    scheme
        Of L leaves.
    exists
        (L,) bool: whether the leaf has any rating.
    level
        Whose nodes are wanted.

    Returns
    -------
    (nodes, L) sparse array. A row sums to one, or is empty when nothing below the node exists.

    Raises
    ------
    ValueError
        When `exists` has another length or `level` is unknown.
    """
    told = as_numbers(exists, "exists")
    if np.isnan(told).any():
        raise ValueError("exists must be known for every leaf, some are NaN; write ~np.isnan(values)")
    present = told != 0
    if present.shape != (len(scheme.leaves),):
        raise ValueError(
            f"exists must have shape ({len(scheme.leaves)},), one entry a leaf, got {present.shape}"
        )
    return averaging_matrices(scheme, present, levels=(level,))


def averaging_matrices(scheme: Scheme, exists: ArrayLike, *, levels: Sequence[str]) -> sparse.csr_array:
    """Averaging matrices of several levels, one below the other; steps that they share are taken once.

    Examples
    --------
    >>> scheme = Scheme.from_paths(
    ...     [("s1", "a"), ("s1", "b"), ("s2", "a")], levels=("service", "item")
    ... ).grouped("all", {"s1": "all", "s2": "all"}, below="service")
    >>> averaging_matrices(scheme, [True, True, True], levels=("service", "all")).toarray().tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.25, 0.25, 0.5]]
    """
    leaves = np.flatnonzero(np.asarray(exists, dtype=bool))
    found = {scheme.levels[0].name: (leaves, leaves, np.ones(leaves.size))}
    for name in levels:
        for step in scheme.chain(name):
            if step.name not in found:
                below = len(scheme.level(step.below).nodes)
                found[step.name] = _averaged(step, below, *found[step.below])
    sizes = [len(scheme.level(name).nodes) for name in levels]
    offset = np.cumsum([0, *sizes[:-1]])
    row = np.concatenate([found[name][0] + start for name, start in zip(levels, offset, strict=True)])
    leaf, weight = (np.concatenate([found[name][k] for name in levels]) for k in (1, 2))
    return sparse.csr_array((weight, (row, leaf)), shape=(sum(sizes), len(scheme.leaves)))


def _averaged(
    step: Level, below: int, node: NDArray[np.intp], leaf: NDArray[np.intp], weight: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Weights of leaves in the nodes of a level, as triples, from those in the `below` nodes under it."""
    exists = np.zeros(below, dtype=bool)
    exists[node] = True
    children = np.bincount(step.parent[exists[step.child]], minlength=len(step.nodes))
    first, parent = _edges(step, below)
    parents = np.diff(first)[node]
    if (parents == 1).all():
        above = parent[first[node]]
        return above, leaf, weight / children[above]
    copy = np.repeat(np.arange(node.size), parents)
    edge = first[node][copy] + np.arange(copy.size) - np.repeat(np.cumsum(parents) - parents, parents)
    above = parent[edge]
    return above, leaf[copy], weight[copy] / children[above]


@lru_cache(maxsize=256)
def _edges(step: Level, below: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Parents ordered by child, and where those of each child begin."""
    order = np.argsort(step.child, kind="stable")
    return np.searchsorted(step.child[order], np.arange(below + 1)), step.parent[order]


def aggregate(scheme: Scheme, values: ArrayLike, *, level: str) -> NDArray[np.float64]:
    """Figures of a level's nodes from the leaves' figures, NaN where a leaf or a node does not exist.

    The same rule as :func:`averaging_matrix`, for figures whose existence differs between replicates.

    Parameters
    ----------
    values
        (..., L) leaf figures; NaN marks a leaf without ratings.
    level
        Whose nodes are wanted.

    Returns
    -------
    (..., nodes) means of the children that exist. Cost: one sparse product a level, linear in
    replicates and leaves.

    Examples
    --------
    >>> scheme = Scheme.from_paths([("s1", "a"), ("s1", "b")], levels=("service", "item"))
    >>> aggregate(scheme, [[4.0, 5.0], [4.0, np.nan], [np.nan, np.nan]], level="service").ravel()
    array([4.5, 4. , nan])
    """
    figures = as_numbers(values, "values")
    if np.isinf(figures).any():
        raise ValueError("values must be finite, or NaN where a leaf has no ratings, some are infinite")
    if figures.shape[-1:] != (len(scheme.leaves),):
        raise ValueError(
            f"values must end in an axis of {len(scheme.leaves)} leaves, got shape {figures.shape}"
        )
    rows = figures.reshape(-1, figures.shape[-1]).T
    for step in scheme.chain(level):
        edge = np.ones(step.child.size)
        member = sparse.csr_array((edge, (step.parent, step.child)), shape=(len(step.nodes), rows.shape[0]))
        present = ~np.isnan(rows)
        count = member @ present.astype(float)
        total = member @ np.where(present, rows, 0.0)
        rows = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return rows.T.reshape(*figures.shape[:-1], rows.shape[0])


def _joined(name: str, below: Level, pairs: Iterable[tuple[str, str]]) -> Level:
    """Level whose nodes appear in the order in which the pairs (child, node) first name them."""
    child_at: dict[Hashable, int] = {node: position for position, node in enumerate(below.nodes)}
    node_at: dict[str, int] = {}
    child, parent = [], []
    seen: set[tuple[str, str]] = set()
    for below_node, node in pairs:
        if below_node not in child_at:
            raise ValueError(
                f"membership of level {name!r} names {below_node!r}, no node of level {below.name!r}"
            )
        if (below_node, node) in seen:
            raise ValueError(
                f"membership of level {name!r} must name each pair once, got {below_node!r}, {node!r} twice"
            )
        seen.add((below_node, node))
        child.append(child_at[below_node])
        parent.append(node_at.setdefault(node, len(node_at)))
    return Level(
        name, below.name, tuple(node_at), np.array(child, dtype=np.intp), np.array(parent, dtype=np.intp)
    )
