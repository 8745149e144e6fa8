"""The cheapest allocation that meets every precision target: Bethel's problem, real and in whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from sampling.arguments import FloatArray, IntArray, Values, labelled, limits, matching, numbers
from sampling.bethel_integer import whole_allocation
from sampling.targets import Constraints, Target, constraints


@dataclass(frozen=True, slots=True, eq=False)
class Bethel:
    """An allocation, what it costs, and how far it can be from the cheapest.

    Parameters
    ----------
    n : array
        Interviews in each stratum, of the shape and labels of the sizes.
    cost : float
        Its total cost.
    bound : float
        A cost below which no real-valued (hence no whole) allocation meets the targets, proven by the
        Lagrange multipliers.
    names : tuple of str
        One for each constraint: target, variable, domain.
    se, wanted : array (constraints,)
        The standard errors achieved and asked for.
    multipliers : array (constraints,)
        By how much the cost falls when the accepted variance grows by one unit.

    Examples
    --------
    >>> answer = bethel([400, 600], [1.0, 0.5], [Target(0.05)])
    >>> print(answer)
    160.656 interviews cost 160.656; at least 160.656 are needed (gap 0.0%); 1 of 1 targets met
    """

    n: FloatArray | IntArray
    cost: float
    bound: float
    names: tuple[str, ...]
    se: FloatArray
    wanted: FloatArray
    multipliers: FloatArray

    @property
    def gap(self) -> float:
        """The relative distance between the cost and the proven bound."""
        return self.cost / self.bound - 1

    @property
    def met(self) -> bool:
        """Whether every target is met, to rounding."""
        return bool((self.se <= self.wanted * (1 + 1e-9)).all())

    def __str__(self) -> str:
        met = int((self.se <= self.wanted * (1 + 1e-9)).sum())
        count = float(np.asarray(self.n).sum())
        return (
            f"{count:.6g} interviews cost {self.cost:.6g}; at least {self.bound:.6g} are needed "
            f"(gap {abs(self.gap):.1%}); {met} of {self.se.size} targets met"
        )


def bethel(
    sizes: Values,
    sd: Values,
    targets: Sequence[Target],
    *,
    cost: Values = 1.0,
    deff: Values = 1.0,
    lower: Values | None = None,
    upper: Values | None = None,
    finite: bool = True,
    integer: bool = False,
) -> Bethel:
    """The cheapest allocation under which every target of every variable and domain is met.

    Minimises ``sum(cost * x)`` subject to ``sum(A_jh / x_h) <= b_j`` and the bounds. In reciprocals y = 1/x
    the constraints are linear and the cost is convex; the optimum is found by a primal-dual interior-point
    method to a proven relative gap below 1e-9.

    Parameters
    ----------
    sizes : array of any shape
        Stratum populations, persons.
    sd : number, array of the shape of sizes, or with a leading axis of variables
        Standard deviation of each variable in each stratum.
    targets : sequence of Target
        See `Target`; with several variables a target may have a row for each.
    cost, deff : array or number
        Cost of an interview and design effect within the stratum.
    lower, upper : array or number, optional
        Bounds. No lower bound means 1 in strata with people in them, no upper bound their population
        (none with ``finite=False``).
    finite : bool
        Whether the sizes count persons, so that the finite-population correction applies.
    integer : bool
        Whole numbers: every target met, no unit removable, the gap to the bound reported.

    Returns
    -------
    Bethel

    Raises
    ------
    ValueError
        If a target cannot be met with every stratum at its cap (the target is named), or arguments are bad.

    References
    ----------
    Bethel (1989), Sample allocation in multivariate surveys, Survey Methodology 15, equations 2.1-2.3;
    Chromy (1987), Design optimization with multiple objectives, ASA.

    Examples
    --------
    >>> table = [[5000, 800], [3000, 100]]
    >>> answer = bethel(table, 0.9, [Target(0.06, by=0), Target(0.08, by=1)], integer=True)
    >>> answer.met, answer.n.sum().item()
    (True, 480)
    """
    population = numbers("sizes", sizes)
    spread = np.asarray(sd, dtype=np.float64)
    several = spread.ndim > population.ndim
    # `several` says that sd is a sequence, which the checker cannot see
    layers: list[Values] = list(sd) if several else [sd]  # type: ignore[arg-type]
    deviations = np.stack([matching("sd", layer, sizes).ravel() for layer in layers])
    price = matching("cost", cost, sizes).ravel()
    if (price <= 0).any():
        raise ValueError(f"cost must be positive, got {price.min():g}; give what an interview costs")
    whole = np.where(population > 0, 1.0, 0.0)
    caps = population if finite else np.where(population > 0, np.inf, 0.0)
    low, high = limits(whole if lower is None else lower, caps if upper is None else upper, sizes)
    low, high = low.ravel(), high.ravel()
    rules = constraints(sizes, deviations, targets, deff=matching("deff", deff, sizes).ravel(), finite=finite)
    if integer:
        low, high = np.ceil(low), np.floor(high)
    _check_caps(rules, high)
    x, multipliers = _interior(rules, price, np.maximum(low, 1e-6 * (high > 0)), high)
    bound = _dual(rules, price, multipliers, low, high)
    if price @ x > bound * (1 + 1e-6):
        message = f"no optimum proven: cost {price @ x:.10g}, bound {bound:.10g}; loosen the tightest target"
        raise RuntimeError(message)
    answer: Any = whole_allocation(rules, price, x, multipliers, low, high) if integer else x
    return Bethel(
        labelled(answer.reshape(population.shape), sizes),
        float(price @ answer),
        bound,
        rules.names,
        rules.achieved(answer.astype(np.float64)),
        rules.se,
        multipliers,
    )


def _check_caps(rules: Constraints, high: FloatArray) -> None:
    """Refuse a target that even the caps cannot meet, by name."""
    best = rules.matrix @ np.divide(1.0, high, out=np.zeros_like(high), where=high > 0)
    short = best > rules.bound * (1 - 1e-9)
    if short.any():
        worst = int(np.argmax(best / rules.bound))
        reached = rules.achieved(high)[worst]
        message = (
            f"targets must be attainable with every stratum at its cap, got se {rules.se[worst]:.6g} for "
            f"{rules.names[worst]} where the caps give {reached:.6g}; accept a larger one or raise the caps"
        )
        raise ValueError(message)


def _dual(
    rules: Constraints, price: FloatArray, multipliers: FloatArray, low: FloatArray, high: FloatArray
) -> float:
    """The Lagrangian minimised over the box: a lower bound of the cost, whatever the multipliers."""
    pull = rules.matrix.T @ multipliers
    x = np.clip(np.sqrt(pull / price), low, high)
    paid = np.divide(pull, x, out=np.zeros_like(x), where=x > 0)
    return float(price @ x + paid.sum() - multipliers @ rules.bound)


def _interior(
    rules: Constraints, price: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The optimum in y = 1/x by primal-dual Newton steps, and the multipliers of the constraints."""
    free = (high > low * (1 + 1e-12)) & (high > 0)
    x = np.array(high)
    fixed = np.divide(1.0, high, out=np.zeros_like(high), where=~free & (high > 0))
    room = rules.bound - rules.matrix @ fixed
    if not free.any() or not room.size:
        x[free] = low[free]
        return x, np.zeros(rules.bound.size)
    matrix = (
        diags_array(1 / room).tocsr() @ rules.matrix[:, np.flatnonzero(free)]
        if room.size
        else rules.matrix[:, np.flatnonzero(free)]
    )
    y, dual = _newton(csr_array(matrix), price[free], 1 / high[free], 1 / low[free])
    x[free] = np.clip(1 / y, low[free], high[free])
    return x, dual / room


def _newton(
    matrix: csr_array, price: FloatArray, least: FloatArray, most: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Minimise ``sum(price / y)`` subject to ``matrix @ y <= 1`` and ``least <= y <= most``.

    The distances to the bounds are carried as variables of their own: as differences they would lose
    the digits that decide which strata sit at a bound.
    """
    span = most - least
    widest = float((matrix @ span).max(initial=1.0))
    above = span * min(0.5, 0.5 / widest)
    below, y = span - above, least + above
    slack = np.maximum(1 - matrix @ y, 0.1)
    scale = float((price / y).sum())
    dual = scale / max(slack.size, 1) / slack
    near, far = scale / y.size / above, scale / y.size / below
    transposed = matrix.T.tocsr()
    for _ in range(200):
        product = slack @ dual + above @ near + below @ far
        gap = matrix @ y + slack - 1
        if product <= 1e-10 * float((price / y).sum()) and np.abs(gap).max(initial=0.0) < 1e-12:
            break
        mu = 0.1 * product / (slack.size + 2 * y.size)
        slope = -price / y**2 + transposed @ dual - mu / above + mu / below
        heavy = 2 * price / y**3 + near / above + far / below
        push = -slope - transposed @ (mu / slack - dual + dual / slack * gap)
        step = _solve(matrix, transposed, heavy, slack / dual, push)
        d_slack = -gap - matrix @ step
        d_dual = mu / slack - dual - dual / slack * d_slack
        d_near = mu / above - near - near / above * step
        d_far = mu / below - far + far / below * step
        inner = _longest((slack, d_slack), (above, step), (below, -step))
        outer = _longest((dual, d_dual), (near, d_near), (far, d_far))
        above, below, slack = above + inner * step, below - inner * step, slack + inner * d_slack
        y = np.where(above < below, least + above, most - below)
        dual, near, far = dual + outer * d_dual, near + outer * d_near, far + outer * d_far
    return y, dual


def _solve(
    matrix: csr_array, transposed: csr_array, heavy: FloatArray, soft: FloatArray, push: FloatArray
) -> FloatArray:
    """``(diag(heavy) + A' diag(1/soft) A) step = push`` through the small system of the constraints."""
    direct = push / heavy
    if not soft.size:
        return np.asarray(direct)
    small = (matrix @ diags_array(1 / heavy).tocsr() @ transposed).toarray()
    small[np.diag_indices_from(small)] += soft
    return np.asarray(direct - transposed @ cho_solve(cho_factor(small), matrix @ direct) / heavy)


def _longest(*pairs: tuple[FloatArray, FloatArray]) -> float:
    """The longest step that keeps every positive number positive, at most 1."""
    limit = 1.0
    for value, change in pairs:
        falling = change < 0
        if falling.any():
            limit = min(limit, 0.995 * float((-value[falling] / change[falling]).min()))
    return limit
