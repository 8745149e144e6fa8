"""The real optimum of Bethel's problem, and the proof how near it is."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from sampling.arguments import FloatArray
from sampling.targets import Constraints, reciprocal

STEPS = 100
GAP = 1e-8  # beyond, the digits of a double do not carry the multipliers
DAMPING = 0.3  # where only a count binds, the cost is flat in how it is spread
GRID = np.unique(np.concatenate([np.arange(1.0, 41.0), np.geomspace(41, 1e9, 60)]))


def real_allocation(
    rules: Constraints, price: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The cheapest real allocation between positive bounds, and the multipliers of the constraints.

    Primal-dual Newton steps for ``min price @ x`` subject to ``excess(x) <= 0``, convex in x. The slacks and
    the distances to the bounds are variables of their own: as differences they would lose the digits that
    decide which strata sit at a bound.
    """
    free = (high > low * (1 + 1e-12)) & (high > 0)
    x = np.where(free, low, high)
    if not free.any() or not rules.se.size:
        return x, np.zeros(rules.se.size)
    x[free] = _start(rules, np.array(x), free, low, high)
    x, multipliers = _newton(rules, price, x, free, low[free], high[free])
    for _ in range(3):  # a hair too small by rounding: a hair more
        x = np.minimum(x * (1 + np.maximum(rules.excess(x).max(), 0.0)), high)
    return x, multipliers


def lower_bound(
    rules: Constraints,
    price: FloatArray,
    x: FloatArray,
    multipliers: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> float:
    """The Lagrangian minimised over the box: a lower bound of the cost, whatever the multipliers.

    A bound that grows with the interviews of its domain is replaced by a line above it.
    """
    count = rules.members @ x
    slope = rules.slope(count)
    level = rules.bound(count) - slope * count
    for n in GRID if rules.factors else ():  # where the bound is not concave, the line is lifted
        level = np.maximum(level, rules.bound(np.full(count.size, n)) - slope * n)
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
