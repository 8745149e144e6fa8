"""Why margins, bounds and structural zeros contradict each other: the smallest cut of a flow."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from sampling.arguments import FloatArray, Values


def conflict(rows: FloatArray, columns: FloatArray, low: FloatArray, high: FloatArray, labels: Values) -> str:
    """Why no table between the bounds has these margins, in words; empty if one has.

    The demands are a flow from rows to columns; if the largest flow is short, the rows and columns on
    the source's side of the smallest cut cannot be served (Gale 1957).

    Examples
    --------
    >>> seed = np.array([[1.0, 1.0], [1.0, 0.0]])
    >>> conflict(np.array([2.0, 8.0]), np.array([5.0, 5.0]), 0 * seed, 20 * seed, seed)
    'no table meets the demands: rows 1 must hold 8, but between them and columns 0 there is room for only 5;
    lower these rows, raise these columns or widen the bounds'
    """
    supply, demand = rows - low.sum(axis=1), columns - low.sum(axis=0)
    for name, axis, rest in (("row", 0, supply), ("column", 1, demand)):
        if (rest < -1e-9 * max(rows.sum(), 1)).any():
            at = int(np.argmin(rest))
            have, need = (rows, columns)[axis][at], low.sum(axis=1 - axis)[at]
            return (
                f"no table meets the demands: {name} {_names(labels, axis, [at])} must hold {have:.10g}, but "
                f"its minima sum to {need:.10g}; raise this total or lower the minima"
            )
    supply, demand = np.maximum(supply, 0), np.maximum(demand, 0)
    room = high - low
    flow = _largest_flow(supply, demand, room)
    short = supply.sum() - flow.sum()
    if short <= 1e-8 * max(supply.sum(), 1):
        return ""
    near_rows, near_columns = _reachable(supply, flow, room)
    far = room[np.ix_(near_rows, ~near_columns)].sum()
    held = rows[near_rows].sum()
    space = demand[near_columns].sum() + far + low[near_rows].sum()
    named = _names(labels, 1, np.flatnonzero(near_columns)) or "none"
    beyond = f" and the caps in columns {_names(labels, 1, np.flatnonzero(~near_columns))}" if far else ""
    return (
        f"no table meets the demands: rows {_names(labels, 0, np.flatnonzero(near_rows))} must hold "
        f"{held:.10g}, but between them and columns {named}{beyond} there is room for only {space:.10g}; "
        "lower these rows, raise these columns or widen the bounds"
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
