"""Where each rating enters a scheme: from respondents and items to leaves, cell by cell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.codes import compact, factor
from estimators.options import check_several
from estimators.scheme import Scheme

Codes = NDArray[np.intp]
People = dict[str, tuple[Codes, list[str]]]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of a scheme whose scores are wanted, and where a respondent's ratings enter it.

    Attributes
    ----------
    scheme
        Whose leaves are named by paths such as ``s01/office/access/o04``.
    path
        Names of a path's parts, the item last: ``("service", "channel", "criterion", "item")``. Parts
        that are variables of the ratings say which leaves are a respondent's own.
    levels
        Levels whose nodes are wanted.
    outside
        Whether a respondent without leaves is an error, or merely has no part in these nodes.
    expected
        Names of the leaves that belong to the scores even if nobody rates them, such as the feedback of
        every channel. The official rule drops them; the intervals then reach to the scores with them.
    """

    scheme: Scheme
    path: tuple[str, ...]
    levels: tuple[str, ...]
    outside: Literal["error", "ignore"] = "error"
    expected: Collection[str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.scheme, Scheme):
            raise TypeError(f"scheme must be a Scheme, got {type(self.scheme).__name__}")
        check_several(self.path, "path")
        check_several(self.levels, "levels")
        if not self.path or self.path[-1] != "item":
            raise ValueError(f"path must end in 'item', got {self.path}")
        if not self.levels:
            raise ValueError("levels must name at least one level, got none")
        for level in self.levels:
            self.scheme.level(level)
        if isinstance(self.expected, str) or (lost := set(self.expected) - set(self.scheme.leaves)):
            wrong = self.expected if isinstance(self.expected, str) else sorted(lost)[0]
            raise ValueError(
                f"expected must be names of leaves such as {self.scheme.leaves[0]!r}, got {wrong!r}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A scheme read for lookup: the leaf of each (cell, item), and the parts of each leaf's path.

    Attributes
    ----------
    by
        Parts that respondents carry; their combinations are the cells.
    cell_at
        Cell of each combination of codes of the parts `by`, and one code more for the unknown; the number of
        cells where there is none.
    items
        Ids of the items that are leaves.
    leaf_of
        (cells + 1, items) leaf, or L where the item is not put to the cell; the last row is L throughout.
    cell_of
        (L,) cell of each leaf.
    parts
        Of each part of the path: its labels, and the (L,) codes of the leaves.
    """

    by: tuple[str, ...]
    cell_at: Codes
    items: tuple[str, ...]
    leaf_of: Codes
    cell_of: Codes
    parts: dict[str, tuple[tuple[str, ...], Codes]]

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.leaf_of) - 1


@lru_cache(maxsize=32)
def read_tree(scheme: Scheme, path: tuple[str, ...], by: tuple[str, ...]) -> Tree:
    """Tree of a scheme whose respondents carry the parts `by`; made once a scheme.

    Raises
    ------
    ValueError
        When a leaf's name has another number of parts, or a cell holds an item twice.
    """
    rows = [leaf.split("/") for leaf in scheme.leaves]
    for row in rows:
        if len(row) != len(path):
            raise ValueError(f"path must name the {len(row)} parts of the leaf {'/'.join(row)!r}, got {path}")
    columns = list(zip(*rows, strict=True))
    parts = {name: _coded(list(column)) for name, column in zip(path, columns, strict=True)}
    keys = tuple(parts[name][1] for name in by)
    shape = tuple(len(parts[name][0]) + 1 for name in by)
    seen, cell_of = np.unique(np.ravel_multi_index(keys, shape), return_inverse=True)
    cell_at = np.full(shape, seen.size, dtype=np.intp)
    cell_at.ravel()[seen] = np.arange(seen.size)
    items, item = parts["item"]
    leaf_of = np.full((seen.size + 1, len(items)), len(rows), dtype=np.intp)
    leaf_of[cell_of, item] = np.arange(len(rows))
    if (leaf_of < len(rows)).sum() < len(rows):
        raise ValueError(f"an item must come once in each cell {by}: name the missing part among the ratings")
    return Tree(by, cell_at, items, leaf_of, cell_of, parts)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Respondents sorted by fine cell (one cell in every tree), with the items of each cell side by side.

    Attributes
    ----------
    order
        (n,) respondents in the order of every array along them.
    fine, starts
        (n,) fine cell of each, and the first respondent of each fine cell.
    column
        (F, K) column of the ratings at each position.
    used
        (F, K) whether the position holds an item that is a leaf of some tree.
    leaf
        Of each tree: (F, K) leaf, or L where the position is none of that tree's.
    cell
        Of each tree: (F,) cell, or the number of cells for those outside.
    """

    order: Codes
    fine: Codes
    starts: Codes
    column: Codes
    used: NDArray[np.bool_]
    leaf: tuple[Codes, ...]
    cell: tuple[Codes, ...]

    def gathered(self, codes: NDArray[np.int8]) -> NDArray[np.int8]:
        """Codes (n, K) at the positions of the layout, in its order, from those of (respondent, item)."""
        place = self.column.take(self.fine, axis=0)
        place += (self.order * codes.shape[1])[:, None]
        found = codes.ravel().take(place)
        found *= self.used.take(self.fine, axis=0)
        return found


def lay_out(
    ratings: xr.Dataset, wanted: Sequence[Nodes], *, people: People | None = None
) -> tuple[Layout, tuple[Tree, ...]]:
    """Layout of a ratings dataset for the wanted nodes.

    Parameters
    ----------
    ratings, wanted
        As for :func:`estimators.compose`.
    people
        Codes of respondent variables that are known already; it is filled with those read here.

    Raises
    ------
    ValueError
        When the respondent variables do not lead to the leaves, an item is missing, or a respondent has
        no leaves in a tree that does not allow it.
    """
    trees, cells = [], []
    people = {} if people is None else people
    for nodes in wanted:
        by = tuple(
            name
            for name in nodes.path[:-1]
            if name in ratings.variables and ratings[name].dims == ("respondent",)
        )
        if not by:
            raise ValueError(f"ratings must hold some of {nodes.path[:-1]} along respondent, got none")
        tree = read_tree(nodes.scheme, nodes.path, by)
        trees.append(tree)
        cells.append(_cells(ratings, tree, nodes.outside, people))
    key = np.zeros(ratings.sizes["respondent"], dtype=np.intp)
    for tree, cell in zip(trees, cells, strict=True):
        key = key * (tree.cells + 1) + cell
    found, code = compact(key, int(np.prod([tree.cells + 1 for tree in trees])))
    order = np.argsort(code.astype(np.min_scalar_type(found.size)), kind="stable")  # short codes sort fast
    fine = code[order]
    starts = np.flatnonzero(np.diff(fine, prepend=-1))
    cell_of = tuple(cell[order[starts]] for cell in cells)
    column, used, leaf = _positions(_item_columns(ratings), trees, cell_of)
    return Layout(order, fine, starts, column, used, leaf, cell_of), tuple(trees)


@lru_cache(maxsize=32)
def grouping(
    trees: tuple[Tree, ...], names: tuple[str, ...]
) -> tuple[list[Codes], dict[str, tuple[list[str], NDArray[np.float64]]]]:
    """Groups of leaves by the combination of the named parts, numbered alike in all trees.

    Returns
    -------
    groups
        Of each tree: (L,) group of each leaf.
    members
        Of each part: its labels, and a matrix (labels, groups) of 0 and 1.
    """
    rows = []
    for tree in trees:
        for name in names:
            if name not in tree.parts:
                raise ValueError(f"{name!r} must be a part of every path, got {tuple(tree.parts)}")
        columns = [np.array(tree.parts[name][0], dtype=object)[tree.parts[name][1]] for name in names]
        rows.append(list(zip(*columns, strict=True)) if names else [()] * tree.cell_of.size)
    place: dict[tuple[str, ...], int] = {}
    groups = [np.array([place.setdefault(row, len(place)) for row in tree], dtype=np.intp) for tree in rows]
    members = {}
    for at, name in enumerate(names):
        labels = list(dict.fromkeys(key[at] for key in place))
        members[name] = labels, np.array([[key[at] == label for key in place] for label in labels], float)
    return groups, members


def respondent_codes(ratings: xr.Dataset, name: str, people: People) -> tuple[Codes, list[str]]:
    """Codes of a respondent variable and its labels in their order, kept in `people` once read.

    Raises
    ------
    ValueError
        When the variable lies along other dimensions, or is blank for someone.
    """
    if name not in people:
        values = ratings[name]
        if values.dims != ("respondent",):
            raise ValueError(f"{name} must lie along respondent alone, got dims {values.dims}")
        codes, labels = factor(np.asarray(values.values))
        if (codes < 0).any():
            raise ValueError(f"{name} must be known for every respondent, got a blank: drop or fill it")
        people[name] = codes, [str(label) for label in labels]
    return people[name]


def _cells(ratings: xr.Dataset, tree: Tree, outside: str, people: People) -> Codes:
    """Cell of each respondent, the number of cells where there is none."""
    places = []
    for name in tree.by:
        codes, labels = respondent_codes(ratings, name, people)
        known = {label: code for code, label in enumerate(tree.parts[name][0])}
        places.append(np.array([known.get(label, len(known)) for label in labels], dtype=np.intp)[codes])
    cell = tree.cell_at[tuple(places)]
    if outside == "error" and (lost := cell == tree.cells).any():
        who = {name: str(ratings[name].values[lost.argmax()]) for name in tree.by}
        raise ValueError(
            f"every respondent must have leaves in the scheme, got {who}: "
            "add them to the scheme or set outside='ignore'"
        )
    return np.asarray(cell)


def _item_columns(ratings: xr.Dataset) -> dict[str, int]:
    names = [str(item) for item in ratings["item"].values.tolist()]
    columns = {name: place for place, name in enumerate(names)}
    if len(columns) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"items of the ratings must have different names, got {twice!r} twice: rename one")
    return columns


def _positions(
    columns: dict[str, int], trees: Sequence[Tree], cell_of: Sequence[Codes]
) -> tuple[Codes, NDArray[np.bool_], tuple[Codes, ...]]:
    """Columns of the ratings that each fine cell uses, pushed to the left, which are used, their leaves."""
    full = []
    for tree, cell in zip(trees, cell_of, strict=True):
        missing = [item for item in tree.items if item not in columns]
        if missing:
            raise ValueError(
                f"ratings must have every item of the scheme, got none for {missing[0]!r}:"
                " add it with code 0 (not asked) for everyone, or leave it out of the scheme"
            )
        none = tree.cell_of.size
        table = np.full((tree.cells + 1, len(columns)), none, dtype=np.intp)
        table[:, [columns[item] for item in tree.items]] = tree.leaf_of
        full.append((table[cell], none))
    used = np.any([table < none for table, none in full], axis=0)
    if not used.any():
        raise ValueError("some respondent must have leaves in a scheme, got none: compare the ids of the two")
    width = int(used.sum(axis=1).max())
    column = np.argsort(~used, axis=1, kind="stable")[:, :width]
    leaf = tuple(np.take_along_axis(table, column, axis=1) for table, _ in full)
    return column, np.take_along_axis(used, column, axis=1), leaf


def _coded(values: list[str]) -> tuple[tuple[str, ...], Codes]:
    """Labels in the order in which they first come, and their codes."""
    place: dict[str, int] = {}
    codes = np.array([place.setdefault(value, len(place)) for value in values], dtype=np.intp)
    return tuple(place), codes
