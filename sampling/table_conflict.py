"""Why margins, bounds and structural zeros contradict each other: the smallest cut of a flow."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from sampling.arguments import FloatArray, Values


def settled(
    rows: FloatArray, columns: FloatArray, low: FloatArray, high: FloatArray, labels: Values
) -> tuple[FloatArray, FloatArray]:
    """The bounds with every cell fixed that has no choice; refused, with the conflict named, if none fit.

    The demands are a flow from rows to columns. If the largest flow is short, the rows and columns on the
    source's side of the smallest cut cannot be served (Gale 1957). A cell at a bound whose row and column lie
    on no common cycle of what can still be moved is there in every solution.

    Parameters
    ----------
    rows, columns : array (R,), (C,)
        Margins of one sum.
    low, high : array (R, C)
        Finite bounds.
    labels : array
        Names rows and columns where it is a DataArray.

    Examples
    --------
    >>> seed = np.array([[1.0, 1.0], [1.0, 0.0]])
    >>> settled(np.array([2.0, 8.0]), np.array([5.0, 5.0]), 0 * seed, 20 * seed, seed)
    Traceback (most recent call last):
    ValueError: no table meets the demands: rows 1 must hold 8, but between them and columns 0 there is ...
    >>> settled(np.array([5.0, 5.0]), np.array([5.0, 5.0]), 0 * seed, 20 * seed, seed)[1].tolist()
    [[0.0, 20.0], [20.0, 0.0]]
    """
    supply, demand = rows - low.sum(axis=1), columns - low.sum(axis=0)
    for name, axis, rest in (("row", 0, supply), ("column", 1, demand)):
        if (rest < -1e-9 * max(rows.sum(), 1)).any():
            at = int(np.argmin(rest))
            have, need = (rows, columns)[axis][at], low.sum(axis=1 - axis)[at]
            raise ValueError(
                f"no table meets the demands: {name} {_names(labels, axis, [at])} must hold {have:.10g}, but "
                f"its minima sum to {need:.10g}; raise this total or lower the minima"
            )
    supply, demand, room = np.maximum(supply, 0), np.maximum(demand, 0), high - low
    flow = _largest_flow(supply, demand, room)
    if supply.sum() - flow.sum() > 1e-8 * max(supply.sum(), 1):
        raise ValueError(_conflict(rows, low, supply, demand, room, flow, labels))
    return _without_choice(low, high, flow, 1e-9 * max(float(supply.sum()), 1.0))


def _without_choice(
    low: FloatArray, high: FloatArray, flow: FloatArray, grain: float
) -> tuple[FloatArray, FloatArray]:
    """Bounds closed on the cells that every solution has at a bound."""
    count, width = flow.shape
    more, less = high - low - flow > grain, flow > grain
    graph = np.zeros((count + width, count + width), dtype=bool)
    graph[:count, count:], graph[count:, :count] = more, less.T
    part = connected_components(csr_array(graph), connection="strong")[1]
    alone = part[:count, None] != part[count:]
    return np.where(alone & ~more, high, low), np.where(alone & ~less, low, high)


def _conflict(
    rows: FloatArray,
    low: FloatArray,
    supply: FloatArray,
    demand: FloatArray,
    room: FloatArray,
    flow: FloatArray,
    labels: Values,
) -> str:
    """The rows and columns of the smallest cut, with what they must hold and what there is room for."""
    near_rows, near_columns = _reachable(supply, flow, room)
    far = room[np.ix_(near_rows, ~near_columns)].sum()
    space = demand[near_columns].sum() + far + low[near_rows].sum()
    named = _names(labels, 1, np.flatnonzero(near_columns)) or "none"
    beyond = f" and the caps in columns {_names(labels, 1, np.flatnonzero(~near_columns))}" if far else ""
    return (
        f"no table meets the demands: rows {_names(labels, 0, np.flatnonzero(near_rows))} must hold "
        f"{rows[near_rows].sum():.10g}, but between them and columns {named}{beyond} there is room for only "
        f"{space:.10g}; lower these rows, raise these columns or widen the bounds"
    )


def _largest_flow(supply: FloatArray, demand: FloatArray, room: FloatArray) -> FloatArray:
    """The largest total that can be moved from rows to columns, by linear programming."""
    r, c = np.nonzero(room > 0)
    flow = np.zeros_like(room)
    if not r.size:
        return flow
    ones, cells = np.ones(r.size), np.arange(r.size)
    count = supply.size + demand.size
    place_in = np.concatenate([r, supply.size + c]), np.concatenate([cells, cells])
    matrix = coo_array((np.concatenate([ones, ones]), place_in), shape=(count, r.size)).tocsr()
    caps = np.stack([np.zeros(r.size), room[r, c]], axis=1)
    answer = linprog(-ones, A_ub=matrix, b_ub=np.concatenate([supply, demand]), bounds=caps, method="highs")
    flow[r, c] = answer.x
    return flow


def _reachable(
    supply: FloatArray, flow: FloatArray, room: FloatArray
) -> tuple[np.typing.NDArray[np.bool_], np.typing.NDArray[np.bool_]]:
    """Rows and columns that still can be reached from an unserved row: the source side of the cut."""
    grain = 1e-8 * max(float(supply.sum()), 1.0)
    near_rows = supply - flow.sum(axis=1) > grain
    while True:
        near_columns = ((room - flow > grain) & near_rows[:, None]).any(axis=0)
        more = near_rows | ((flow > grain) & near_columns).any(axis=1)
        if (more == near_rows).all():
            return near_rows, near_columns
        near_rows = more


def _names(labels: Values, axis: int, which: "np.typing.ArrayLike") -> str:
    """Labels of rows or columns, at most eight of them."""
    index = getattr(labels, "indexes", {}).get(getattr(labels, "dims", (0, 1))[axis])
    names = [str(i) if index is None else str(index[i]) for i in np.atleast_1d(np.asarray(which, dtype=int))]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
