"""Controlled rounding: every cell to floor or ceiling, every row, column and the total exact."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np

from sampling.arguments import FloatArray, IntArray, Seed, Values, labelled, numbers

GRAIN = 1e-9
UNIT, FORBIDDEN = (
    2.0**40,
    2**60,
)  # costs are whole, so that chains add up exactly and never go round in circles


def round_table(
    table: Values, *, method: Literal["nearest", "unbiased"] = "nearest", rng: Seed = None
) -> IntArray:
    """The table in whole numbers, every cell, margin and the total rounded to a neighbour.

    Whole margins (and whole cells, zeros first of all) stay exactly as they are.

    Parameters
    ----------
    table : array (R, C)
        At least 0.
    method : {"nearest", "unbiased"}
        "nearest" has the least sum of squared changes of cells (a minimum-cost flow; rounding a cell up
        costs ``1 - 2 * fraction``). "unbiased" is random with the table as its expectation.
    rng : Generator, int or None
        For "unbiased".

    Returns
    -------
    array of int64 (R, C)
        With the labels of the table.

    Raises
    ------
    ValueError
        If an entry is negative or no number, or the method unknown.

    References
    ----------
    Cox (1987), A constructive procedure for unbiased controlled rounding, JASA 82; Cox & Ernst (1982),
    Controlled rounding, INFOR 20 (as a transportation problem).

    Examples
    --------
    >>> round_table([[0.5, 1.5], [2.5, 0.5]]).sum(axis=0).tolist()
    [3, 2]
    >>> round_table([[0.5, 1.5], [2.5, 0.5]], method="unbiased", rng=1).tolist()
    [[1, 1], [2, 1]]
    """
    if method not in ("nearest", "unbiased"):
        raise ValueError(f'method must be "nearest" or "unbiased", got {method!r}; choose one')
    cells = numbers("table", table)
    if cells.ndim != 2:
        raise ValueError(f"table must have rows and columns, got {cells.ndim} dimensions; reshape it")
    floors = np.floor(cells + GRAIN)
    fractions = np.clip(cells - floors, 0.0, 1.0)
    fractions[fractions < GRAIN] = 0.0
    closed = _with_slack(fractions)
    if method == "nearest":
        cost = np.zeros_like(closed)
        cost[:-1, :-1] = 1 - 2 * fractions
        ups = _nearest(closed, cost)
    else:
        ups = _unbiased(closed, np.random.default_rng(rng))
    up = ups[: cells.shape[0], : cells.shape[1]]
    return labelled((floors + up).astype(np.int64), table)


def _with_slack(fractions: FloatArray) -> FloatArray:
    """One more row and column that bring every sum up to a whole number."""
    right = fractions.sum(axis=1, keepdims=True)
    wide = np.hstack([fractions, _to_ceiling(right)])
    return np.vstack([wide, _to_ceiling(wide.sum(axis=0, keepdims=True))])


def _to_ceiling(sums: FloatArray) -> FloatArray:
    """What is missing to the next whole number, 0 where the sum is whole to rounding."""
    missing = np.ceil(sums - 1e-7) - sums
    return np.where(missing < 1e-7, 0.0, missing)


def _nearest(fractions: FloatArray, cost: FloatArray) -> IntArray:
    """The 0/1 table, 0 where the fraction is, with the margins of the fractions and the least cost.

    Successive shortest paths: columns are rounded at their largest fractions, which is optimal but for
    the rows; then units move from rows with too many to rows with too few along the cheapest chain of
    exchanges within columns, one chain at a time, so no negative cycle ever appears.
    """
    if fractions.shape[0] > fractions.shape[1]:
        return np.asarray(_nearest(fractions.T, cost.T).T)
    allowed = fractions > 0
    price_up = np.where(allowed, np.rint(cost * UNIT), FORBIDDEN).astype(np.int64)
    quota = np.rint(fractions.sum(axis=0)).astype(np.int64)
    rank = np.argsort(np.argsort(price_up, axis=0, kind="stable"), axis=0)
    up = allowed & (rank < quota)
    excess = up.sum(axis=1) - np.rint(fractions.sum(axis=1)).astype(np.int64)
    price, column = _exchanges(price_up, up)
    while (excess > 0).any():
        path = _cheapest_path(price, excess)
        excess[path[0]] -= 1
        excess[path[-1]] += 1
        for here, there in pairwise(path):
            up[here, column[here, there]] = False
            up[there, column[here, there]] = True
        _refresh(price, column, price_up, up, np.array(path))
    return np.asarray(up, dtype=np.int64)


def _exchanges(cost: IntArray, up: "np.typing.NDArray[np.bool_]") -> tuple[IntArray, IntArray]:
    """The cheapest exchange from each row to each other and the column it happens in."""
    count = cost.shape[0]
    price, column = np.zeros((2, count, count), dtype=np.int64)
    _refresh(price, column, cost, up, np.arange(count))
    return price, column


def _refresh(
    price: IntArray, column: IntArray, cost: IntArray, up: "np.typing.NDArray[np.bool_]", rows: IntArray
) -> None:
    """Recompute the exchanges out of and into some rows, in place."""
    gain = np.where(up, -cost, FORBIDDEN)
    loss = np.where(up, FORBIDDEN, cost)
    out = gain[rows][:, None, :] + loss[None, :, :]
    into = gain[:, None, :] + loss[rows][None, :, :]
    column[rows], column[:, rows] = out.argmin(axis=2), into.argmin(axis=2)
    price[rows], price[:, rows] = out.min(axis=2), into.min(axis=2)


def _cheapest_path(price: IntArray, excess: IntArray) -> list[int]:
    """Rows of the cheapest chain from a row with too many to one with too few (Bellman-Ford)."""
    distance = np.where(excess > 0, 0, FORBIDDEN)
    before = np.full(excess.size, -1)
    for _ in range(excess.size):
        through = distance[:, None] + price
        best = through.argmin(axis=0)
        shorter = through[best, np.arange(excess.size)] < distance
        if not shorter.any():
            break
        distance = np.where(shorter, through[best, np.arange(excess.size)], distance)
        before = np.where(shorter, best, before)
    path = [int(np.argmin(np.where(excess < 0, distance, FORBIDDEN)))]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path[::-1]


def _unbiased(fractions: FloatArray, rng: np.random.Generator) -> IntArray:
    """A random 0/1 table with the margins of the fractions and the fractions as its expectation.

    Fractional cells are edges between rows and columns. They enter a forest one by one; whenever one
    closes a cycle, mass moves round it, one way or the other with the odds that keep the expectation,
    until a cell of the cycle is whole and leaves.
    """
    count = fractions.shape[0]
    value = fractions.tolist()
    forest: list[set[int]] = [set() for _ in range(sum(fractions.shape))]
    rows, columns = np.nonzero((fractions > 0) & (fractions < 1))
    for r, c in zip(rows.tolist(), (columns + count).tolist(), strict=True):
        while GRAIN < value[r][c - count] < 1 - GRAIN:
            cycle = _path(forest, c, r)
            if not cycle:
                forest[r].add(c)
                forest[c].add(r)
                break
            edges = list(_edges([*cycle, c], count))
            _shift(value, edges, rng)
            for i, j in edges:
                if not GRAIN < value[i][j] < 1 - GRAIN:
                    forest[i].discard(j + count)
                    forest[j + count].discard(i)
    whole: IntArray = np.rint(np.array(value)).astype(np.int64)
    return whole


def _edges(nodes: list[int], count: int) -> Iterator[tuple[int, int]]:
    """Cells along a closed walk over row and column nodes."""
    for a, b in pairwise(nodes):
        yield (a, b - count) if a < count else (b, a - count)


def _shift(value: list[list[float]], edges: list[tuple[int, int]], rng: np.random.Generator) -> None:
    """Move mass round a cycle until a cell is whole; the expectation stays."""
    odd, even = edges[::2], edges[1::2]
    forward = min(min(1 - value[i][j] for i, j in odd), min(value[i][j] for i, j in even))
    backward = min(min(value[i][j] for i, j in odd), min(1 - value[i][j] for i, j in even))
    step = forward if rng.random() < backward / (forward + backward) else -backward
    for sign, cells in ((step, odd), (-step, even)):
        for i, j in cells:
            value[i][j] += sign


def _path(forest: list[set[int]], start: int, goal: int) -> list[int]:
    """Nodes from start to goal in the forest; empty if they are not joined."""
    before = {start: start}
    stack = [start]
    while stack:
        node = stack.pop()
        if node == goal:
            path = [node]
            while node != start:
                node = before[node]
                path.append(node)
            return path[::-1]
        for near in forest[node]:
            if near not in before:
                before[near] = node
                stack.append(near)
    return []
