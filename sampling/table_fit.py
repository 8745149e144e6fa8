"""The two-way table nearest to a seed that has given margins, bounds and structural zeros."""

import numpy as np

from sampling.arguments import FloatArray, Values, labelled, limits, numbers, place
from sampling.filling import fill
from sampling.table_conflict import settled

TRIAL = 60


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
    high = np.where((right[:, None] == 0) | (down == 0), low, high)  # nothing in an empty row, not 1e-290
    slack = tolerance * max(float(right.mean()), float(down.mean()), 1e-300)
    table, worst = _balance(pattern, right, down, low, high, slack, min(TRIAL, max_iter))
    if worst > slack:  # slow or impossible: find out which, and fix the cells without a choice
        low, high = settled(right, down, low, np.minimum(high, right.sum()), seed)
        table, worst = _balance(pattern, right, down, low, high, slack, max_iter)
    if worst > slack:
        at = int(np.argmax(np.abs(table.sum(axis=1) - right)))
        message = (
            f"margins must be reached within {max_iter} rounds, row {place(seed, (at, 0))} is still "
            f"{worst:.3g} off; the demands leave hardly any room: loosen the bounds or raise max_iter"
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
    """Rows and columns filled in turn, each exactly; the table and its largest error of a margin."""
    factor = np.ones(pattern.shape[1])
    table, worst = pattern, np.inf
    for _ in range(max_iter):
        scaled = pattern * factor
        table = fill(scaled, right, low, high)
        by_row = _level(scaled, table, low, high)
        scaled = pattern * by_row[:, None]
        table = fill(scaled.T, down, low.T, high.T).T
        factor = _level(scaled.T, table.T, low.T, high.T)
        worst = float(max(np.abs(table.sum(axis=1) - right).max(), np.abs(table.sum(axis=0) - down).max()))
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
