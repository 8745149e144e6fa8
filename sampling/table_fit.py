"""The two-way table nearest to a seed that has given margins, bounds and structural zeros."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from sampling.arguments import FloatArray, Values, labelled, limits, numbers, place
from sampling.filling import fill


def fit_table(
    seed: Values,
    rows: Values,
    columns: Values,
    *,
    lower: Values | None = None,
    upper: Values | None = None,
    tolerance: float = 1e-9,
    max_iter: int = 5000,
) -> FloatArray:
    """The table of smallest divergence from the seed with the given margins, between bounds.

    Minimises ``sum(x * log(x / seed) - x)``; the answer is ``clip(seed * r * c, lower, upper)`` with a
    factor for each row and column, found by fitting rows and columns in turn (without bounds this is
    iterative proportional fitting). Zeros of the seed are structural.

    Parameters
    ----------
    seed : array (R, C)
        Expected pattern, for instance recipients by region and service; at least 0.
    rows : array (R,)
        Wanted row totals.
    columns : array (C,)
        Wanted column totals, of the same sum.
    lower, upper : array (R, C) or number, optional
        Bounds of the cells with a positive seed.
    tolerance : float
        Largest accepted error of a margin, relative to the mean margin.
    max_iter : int
        Most rounds of fitting.

    Returns
    -------
    array (R, C)
        With the labels of the seed.

    Raises
    ------
    ValueError
        If no table meets the demands: the rows and columns in conflict are named with their numbers.
    RuntimeError
        If the margins are not reached within `max_iter` rounds (the worst one is named).

    References
    ----------
    Deming & Stephan (1940), Ann. Math. Stat. 11; Csiszar (1975), I-divergence geometry, Ann. Prob. 3.

    Examples
    --------
    >>> fit_table([[4, 1], [0, 5]], [6, 4], [5, 5]).round(6).tolist()
    [[5.0, 1.0], [0.0, 4.0]]
    """
    pattern = numbers("seed", seed)
    if pattern.ndim != 2:
        raise ValueError(
            f"seed must be a table of rows and columns, got {pattern.ndim} dimensions; reshape it"
        )
    low, high = limits(lower, upper, seed)
    low, high = np.where(pattern > 0, low, 0.0), np.where(pattern > 0, high, 0.0)
    right, down = (
        _margin(n, v, s) for n, v, s in zip(("rows", "columns"), (rows, columns), pattern.shape, strict=True)
    )
    if abs(right.sum() - down.sum()) > 1e-9 * max(right.sum(), 1):
        message = (
            f"rows and columns must have one sum, got {right.sum():.10g} and {down.sum():.10g}; scale one"
        )
        raise ValueError(message)
    problem = conflict(right, down, low, np.minimum(high, np.minimum(right[:, None], down)), seed)
    if problem:
        raise ValueError(problem)
    slack = tolerance * max(float(right.mean()), float(down.mean()), 1e-300)
    table, worst = _balance(pattern, right, down, low, high, slack, max_iter)
    if worst > slack:
        at = int(np.argmax(np.abs(table.sum(axis=1) - right)))
        message = (
            f"margins must be reached within {max_iter} rounds, row {place(seed, (at, 0))} is still {worst:.3g} off; "
            "the demands leave hardly any room: loosen the bounds or raise max_iter"
        )
        raise RuntimeError(message)
    return labelled(table, seed)


def _balance(
    pattern: FloatArray,
    right: FloatArray,
    down: FloatArray,
    low: FloatArray,
    high: FloatArray,
    slack: float,
    max_iter: int,
) -> tuple[FloatArray, float]:
    """Rows and columns filled in turn, each exactly; the table and the largest remaining row error."""
    factor = np.ones(pattern.shape[1])
    table, worst = pattern, np.inf
    for _ in range(max_iter):
        scaled = pattern * factor
        table = fill(scaled, right, low, high)
        by_row = _level(scaled, table, low, high)
        scaled = pattern * by_row[:, None]
        table = fill(scaled.T, down, low.T, high.T).T
        factor = _level(scaled.T, table.T, low.T, high.T)
        worst = float(np.abs(table.sum(axis=1) - right).max())
        if worst <= slack:
            break
    return table, worst


def _level(rate: FloatArray, x: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The factor t of each row of ``clip(t * rate, low, high)``, from its free or else its nearest cells."""
    ratio = np.divide(x, rate, out=np.zeros_like(x), where=rate > 0)
    free = (x > low) & (x < high) & (rate > 0)
    least = np.where((x >= high) & (rate > 0), ratio, 0.0).max(axis=1)
    inside = np.divide(
        np.where(free, x, 0.0).sum(axis=1),
        np.where(free, rate, 0.0).sum(axis=1),
        out=np.array(least),
        where=free.any(axis=1),
    )
    most = np.where((x <= low) & (rate > 0), ratio, np.inf).min(axis=1)
    level = np.where(
        free.any(axis=1), inside, np.where(least > 0, least, np.where(np.isfinite(most), most, 1.0))
    )
    return np.maximum(level, 1e-290)


def _margin(name: str, values: Values, count: int) -> FloatArray:
    """One margin, checked for length."""
    margin = numbers(name, values)
    if margin.shape != (count,):
        raise ValueError(f"{name} must have {count} totals, got shape {margin.shape}; give one each")
    return margin


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
            have, need = (rows, low.sum(axis=1)) if axis == 0 else (columns, low.sum(axis=0))
            return (
                f"no table meets the demands: {name} {_names(labels, axis, [at])} must hold {have[at]:.10g}, but its "
                f"minima sum to {need[at]:.10g}; raise this total or lower the minima"
            )
    supply, demand = np.maximum(supply, 0), np.maximum(demand, 0)
    room = high - low
    flow = _largest_flow(supply, demand, room)
    short = supply.sum() - flow.sum()
    if short <= 1e-8 * max(supply.sum(), 1):
        return ""
    near_rows, near_columns = _reachable(supply, flow, room)
    far = np.flatnonzero(~near_columns)
    most = demand[near_columns].sum() + room[np.ix_(near_rows, ~near_columns)].sum()
    held = low[near_rows].sum()
    beyond = (
        f" and the caps in columns {_names(labels, 1, far)}"
        if room[np.ix_(near_rows, ~near_columns)].any()
        else ""
    )
    return (
        f"no table meets the demands: rows {_names(labels, 0, np.flatnonzero(near_rows))} must hold "
        f"{rows[near_rows].sum():.10g}, but between them and columns "
        f"{_names(labels, 1, np.flatnonzero(near_columns))}{beyond} there is room for only {most + held:.10g}; "
        "lower these rows, raise these columns or widen the bounds"
    )


def _largest_flow(supply: FloatArray, demand: FloatArray, room: FloatArray) -> FloatArray:
    """The largest total that can be moved from rows to columns, by linear programming."""
    r, c = np.nonzero(room > 0)
    ones, cells = np.ones(r.size), np.arange(r.size)
    count = supply.size + demand.size
    place_in = np.concatenate([r, supply.size + c]), np.concatenate([cells, cells])
    matrix = coo_array((np.concatenate([ones, ones]), place_in), shape=(count, r.size)).tocsr()
    caps = np.stack([np.zeros(r.size), room[r, c]], axis=1)
    answer = linprog(-ones, A_ub=matrix, b_ub=np.concatenate([supply, demand]), bounds=caps, method="highs")
    flow = np.zeros_like(room)
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
