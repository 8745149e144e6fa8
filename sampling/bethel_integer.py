"""From the real optimum of Bethel's problem to whole numbers that meet every target."""

import numpy as np
from scipy.sparse import diags_array

from sampling.arguments import FloatArray, IntArray
from sampling.targets import Constraints, reciprocal

STARTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def whole_allocation(
    rules: Constraints,
    price: FloatArray,
    real: FloatArray,
    multipliers: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> IntArray:
    """Whole numbers that meet every target and from which no unit can be taken.

    The real optimum is rounded at several thresholds; units are added where they relieve the violated
    targets most for their cost, then taken where they cost most for the room they use. The cheapest of
    the results is improved by exchanges of one unit for two until none is left.
    """
    best, least = None, np.inf
    for start in STARTS:
        x = np.clip(np.floor(real + start + 1e-9), np.maximum(low, (high > 0) * 1.0), high)
        x = _trim(rules, price, multipliers, _repair(rules, price, x, high), low)
        if price @ x < least:
            best, least = x, float(price @ x)
    assert best is not None
    better = _exchange(rules, price, multipliers, best, low, high)
    return better.astype(np.int64)


def _over(rules: Constraints, x: FloatArray) -> FloatArray:
    """How far each constraint is exceeded (negative: room left)."""
    return rules.excess(x) - 1e-12


def _repair(rules: Constraints, price: FloatArray, x: FloatArray, high: FloatArray) -> FloatArray:
    """Add units, each where it takes away most excess for its cost, until every target is met."""
    x = np.array(x)
    scaled, members = (
        (diags_array(1 / rules.scale) @ part).tocsc() for part in (rules.matrix, rules.members)
    )
    over = _over(rules, x)
    while (over > 0).any():
        relief = np.divide(1.0, x * (x + 1), out=np.zeros_like(x), where=x > 0)
        weight = np.maximum(over, 0.0)
        slope = rules.slope(rules.members @ x)
        useful = (scaled.T @ weight) * relief + members.T @ (weight * slope)
        h = int(np.argmax(np.where(x < high, useful / price, -1.0)))
        x[h] += 1
        over = _over(rules, x)
    return x


def _trim(
    rules: Constraints, price: FloatArray, multipliers: FloatArray, x: FloatArray, low: FloatArray
) -> FloatArray:
    """Take units one by one while every target stays met, the dearest for the room it uses first."""
    x = np.array(x)
    members = rules.members.tocoo()
    row, column = members.coords
    entry = rules.matrix[row, column]
    value, counted = rules.matrix.T @ multipliers, rules.members.T @ (multipliers * (rules.least > 0))
    while True:
        spent = rules.matrix @ reciprocal(x)
        loss = np.divide(1.0, x * (x - 1), out=np.full_like(x, np.inf), where=x > 1)
        after = rules.bound(rules.members @ x - 1)
        fits = (spent + 1e-300)[row] + entry * np.where(np.isfinite(loss), loss, 0.0)[column] <= (
            after + 1e-12 * rules.scale
        )[row]
        blocked = np.bincount(column[~fits], minlength=x.size) > 0
        able = ~blocked & np.isfinite(loss) & (x - 1 >= np.maximum(low, 1.0))
        if not able.any():
            return x
        used = value * np.where(able, loss, 0.0) + counted + 1e-300
        worth = np.where(able, price / used, -np.inf)
        x[int(np.argmax(worth))] -= 1


def _exchange(
    rules: Constraints,
    price: FloatArray,
    multipliers: FloatArray,
    x: FloatArray,
    low: FloatArray,
    high: FloatArray,
    *,
    tries: int = 40,
) -> FloatArray:
    """Add one unit and trim again, at the strata where a unit is worth most; keep what is cheaper."""
    improved = True
    while improved:
        improved = False
        gain = (rules.matrix.T @ multipliers) / (np.maximum(x, 1) * (x + 1))
        gain = (gain + rules.members.T @ (multipliers * (rules.least > 0))) / price
        for h in np.argsort(-np.where(x < high, gain, -np.inf), kind="stable")[:tries]:
            if x[h] >= high[h]:
                continue
            trial = np.array(x)
            trial[h] += 1
            trial = _trim(rules, price, multipliers, trial, low)
            if price @ trial < price @ x - 1e-9:
                x, improved = trial, True
                break
    return x
