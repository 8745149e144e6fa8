"""The real optimum of Bethel's problem, and the proof how near it is."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from sampling.arguments import FloatArray
from sampling.targets import Constraints, reciprocal

STEPS = 100
GAP = 1e-8  # beyond, the digits of a double do not carry the multipliers
REPAIRS = 120
NARROW = 1e-7  # a stratum whose bounds are as close as this does not move
DAMPING = 0.3  # where only a count binds, the cost is flat in how it is spread


def real_allocation(
    rules: Constraints, price: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The cheapest real allocation between positive bounds, and the multipliers of the constraints.

    Primal-dual Newton steps for ``min price @ x`` subject to ``excess(x) <= 0``, convex in x. The slacks and
    the distances to the bounds are variables of their own: as differences they would lose the digits that
    decide which strata sit at a bound.
    """
    free = high > low * (1 + NARROW)
    x = np.where(free, low, high)
    open_rows = rules.excess(x) > 0
    multipliers = np.zeros(open_rows.size)
    if not open_rows.any():
        return x, multipliers
    kept = rules.only(open_rows)
    start = np.array(x)
    start[free] = _start(kept, start, free, low, high)
    try:
        with np.errstate(all="ignore"):
            x, multipliers[open_rows] = _newton(kept, price, np.array(start), free, low[free], high[free])
    except (ValueError, LinAlgError):
        pass
    x = feasible(rules, x, high)
    if not (price @ x <= price @ start and np.isfinite(multipliers).all()):  # gone astray
        return feasible(rules, start, high), np.zeros(open_rows.size)
    return x, multipliers


def feasible(rules: Constraints, x: FloatArray, high: FloatArray) -> FloatArray:
    """The allocation, made larger below the caps in the strata of every constraint that it misses."""
    row, column = rules.members.tocoo().coords
    for number in range(REPAIRS):
        over = rules.excess(x)
        if not (over > 0).any():
            break
        more = np.maximum(over, 1e-15 * 2.0**number) * (over > 0)
        factor = np.ones(x.size)
        np.maximum.at(factor, column, 1 + more[row])
        x = np.minimum(x * factor, high)
    return x


def tightened(rules: Constraints, low: FloatArray, high: FloatArray) -> FloatArray:
    """The fewest interviews that each stratum holds in whatever allocation meets the constraints.

    With every other stratum at its cap, a constraint leaves room ``r`` at the stratum's own cap ``M``:
    ``x >= a / (r + a / M)``, or ``x >= M - r`` where a count is asked. Without room it is a census.
    """
    most = np.minimum(high, 1e15)
    room = np.maximum(-rules.excess(most) * rules.scale, 0.0)
    room = np.where(room < 1e-12 * rules.scale, 0.0, room + 1e-14 * rules.scale)  # never less by rounding
    row, column = rules.members.tocoo().coords
    entry = np.asarray(rules.matrix[row, column]).ravel() if row.size else np.zeros(0)
    divisor = room[row] + entry * reciprocal(most)[column]
    least = np.divide(entry, divisor, out=np.zeros_like(entry), where=divisor > 0)
    counted = np.where(most[column] < 1e15, most[column] - room[row], 0.0)
    least = np.where(rules.least[row] > 0, counted, least)
    found = np.array(low)
    np.maximum.at(found, column, least)
    return np.minimum(found, high)


def lower_bound(
    rules: Constraints,
    price: FloatArray,
    multipliers: FloatArray,
    lines: tuple[FloatArray, FloatArray],
    low: FloatArray,
    high: FloatArray,
) -> float:
    """The Lagrangian minimised over the box: a lower bound of the cost, whatever the multipliers.

    A bound that grows with the interviews of its domain is replaced by a line above it: slopes and levels.
    """
    slope, level = lines
    relief = rules.members.T @ (multipliers * slope)
    tight = np.divide(price, relief, out=np.ones_like(price), where=relief > price)
    shares = (tight.min(initial=1.0), tight.min(initial=1.0, where=np.isinf(high)))
    found = (
        _lagrangian(rules, price - share * relief, share * multipliers, level, low, high) for share in shares
    )
    return max(*found, float(price @ low))


def _lagrangian(
    rules: Constraints,
    net: FloatArray,
    multipliers: FloatArray,
    level: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> float:
    """Its smallest value over the box; `net` is an interview's cost less what its domains' bounds gain."""
    pull = rules.matrix.T @ multipliers
    net = np.where(np.isinf(high), np.maximum(net, 0.0), net)  # below 0 by rounding only
    root = np.sqrt(np.divide(pull, net, out=np.full_like(pull, np.inf), where=net > 0))
    falling = (net < 0) | ((net == 0) & (pull > 0))
    best = np.clip(np.where(falling, high, np.where(pull > 0, root, low)), low, np.minimum(high, 1e300))
    parts = np.array([net @ best, pull @ reciprocal(best), -multipliers @ level])
    noise = 1e-13 * (np.abs(net) @ best + abs(parts[1]) + multipliers @ np.abs(level))
    return float(parts.sum() - noise)


def _start(
    rules: Constraints,
    x: FloatArray,
    free: np.typing.NDArray[np.bool_],
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """A point between the bounds, large enough for every constraint where that is possible."""
    middle = (low + np.minimum(high, 1e15)) / 2
    scale = 2.0
    while True:
        trial = np.array(x)
        trial[free] = np.minimum(middle, scale * np.maximum(low, 1.0))[free]
        trial[free] = np.maximum(trial[free], low[free] + 1e-3 * (middle - low)[free])
        if scale > 1e15 or (rules.excess(trial) < -1e-3).all():
            return trial[free]
        scale *= 2


def _newton(
    rules: Constraints,
    price: FloatArray,
    x: FloatArray,
    free: np.typing.NDArray[np.bool_],
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """The steps; only the free strata move."""
    inverse = diags_array(1 / rules.scale)
    matrix, members = ((inverse @ part).tocsr()[:, free] for part in (rules.matrix, rules.members))
    cost, capped = price[free], np.isfinite(high)
    z, over = x[free], rules.excess(x)
    above, below = z - low, np.where(capped, high - z, 1.0)
    slack = np.maximum(-over, 0.1)
    scale = float(cost @ z)
    dual = scale / slack.size / slack
    near, far = scale / z.size / above, np.where(capped, scale / z.size / below, 0.0)
    number = slack.size + z.size + int(capped.sum())
    for _ in range(STEPS):
        slope = rules.slope(rules.members @ x)
        jacobian = -matrix @ diags_array(1 / z**2) - diags_array(slope) @ members
        product, goal = slack @ dual + above @ near + below @ far, GAP * float(cost @ z)
        tilt = np.abs(cost + jacobian.T @ dual - near + far).max()
        if product <= goal and np.abs(over + slack).max() < GAP and tilt < 10 * GAP * cost.min():
            break
        mu = max(0.1 * product, 0.5 * goal) / number
        heavy = 2 * (matrix.T @ dual) / z**3 + near / above + far / below + DAMPING * cost / z
        push = -(cost + jacobian.T @ dual) + mu / above - mu / below * capped
        step = _solve(
            csr_array(jacobian), heavy, slack / dual, push, mu / slack - dual, over + slack, dual / slack
        )
        d_slack = -(over + slack) - jacobian @ step
        d_dual = mu / slack - dual - dual / slack * d_slack
        d_near = mu / above - near - near / above * step
        d_far = (mu / below - far + far / below * step) * capped
        inner = _longest((slack, d_slack), (above, step), (below, -step * capped), (0.7 * z, step))
        outer = _longest((dual, d_dual), (near, d_near), (far + ~capped, d_far))
        slack, above, below = slack + inner * d_slack, above + inner * step, below - inner * step * capped
        z = np.where(capped & (below < above), high - below, low + above)
        dual, near, far = dual + outer * d_dual, near + outer * d_near, far + outer * d_far
        x[free] = z
        over = rules.excess(x)
    return x, dual / rules.scale


def _solve(
    jacobian: csr_array,
    heavy: FloatArray,
    soft: FloatArray,
    push: FloatArray,
    centring: FloatArray,
    gap: FloatArray,
    stiff: FloatArray,
) -> FloatArray:
    """``(diag(heavy) + J' diag(1/soft) J) step = push - J' (...)`` by the small system of the constraints."""
    right = push - jacobian.T @ (centring + stiff * gap)
    direct = right / heavy
    small = (jacobian @ diags_array(1 / heavy) @ jacobian.T).toarray()
    small[np.diag_indices_from(small)] += soft
    return np.asarray(direct - (jacobian.T @ cho_solve(cho_factor(small), jacobian @ direct)) / heavy)


def _longest(*pairs: tuple[FloatArray, FloatArray]) -> float:
    """The longest step that keeps every positive number positive, at most 1."""
    limit = 1.0
    for value, change in pairs:
        falling = change < 0
        if falling.any():
            limit = min(limit, 0.995 * float((-value[falling] / change[falling]).min()))
    return limit
