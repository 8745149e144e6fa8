"""The cheapest allocation that meets every precision target: Bethel's problem, real and in whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from sampling.arguments import FloatArray, IntArray, Values, labelled, limits, matching, numbers
from sampling.bethel_integer import whole_allocation
from sampling.bethel_real import real_allocation, tightened
from sampling.bethel_tangents import closed
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
        The standard errors achieved and accepted (infinite where a count is asked for).
    count, fewest : array (constraints,)
        Interviews in the domain, and the fewest asked for (0 where a standard error is).
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
    count: FloatArray
    fewest: FloatArray
    multipliers: FloatArray

    @property
    def gap(self) -> float:
        """The relative distance between the cost and the proven bound."""
        if self.bound > 0:
            return self.cost / self.bound - 1
        return np.inf if self.cost > 0 else 0.0

    @property
    def met(self) -> bool:
        """Whether every target is met, to rounding."""
        return bool(self._reached.all())

    @property
    def _reached(self) -> np.typing.NDArray[np.bool_]:
        precise = self.se <= self.wanted * (1 + 1e-9)
        return np.asarray(precise & (self.count >= self.fewest * (1 - 1e-9)))

    def __str__(self) -> str:
        met = int(self._reached.sum())
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

    Minimises ``sum(cost * x)`` subject to ``sum(A_jh / x_h) <= b_j``, to fewest interviews of domains, and to
    the bounds: a convex problem, solved by a primal-dual interior-point method to a proven relative gap.

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
        (none with ``finite=False``). Whole allocations keep 1 there even below a lower bound of 0: a
        stratum that nobody is asked in has no estimate.
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
    if isinstance(targets, Target) or not all(isinstance(each, Target) for each in targets):
        raise TypeError(f"targets must be a sequence of Target, got {targets!r}; write [Target(...)]")
    population = numbers("sizes", sizes)
    spread = np.asarray(sd, dtype=np.float64)
    several = spread.ndim > population.ndim
    # `several` says that sd is a sequence of arrays; where it is an xarray, its layers keep their labels
    layers = list(cast("Sequence[Values]", sd)) if several else [sd]
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
    low = tightened(rules, low, high)
    x, multipliers = real_allocation(rules, price, np.maximum(low, 1e-6 * (high > 0)), high)
    x, multipliers, bound = closed(rules, price, x, multipliers, low, high)
    answer: Any = x
    if integer:
        answer = whole_allocation(rules, price, x, multipliers, np.ceil(low * (1 - 1e-9)), high)
    return Bethel(
        labelled(answer.reshape(population.shape), sizes),
        float(price @ answer),
        bound,
        rules.names,
        rules.achieved(answer.astype(np.float64)),
        rules.accepted(rules.members @ answer),
        np.asarray(rules.members @ answer, dtype=np.float64),
        rules.least,
        multipliers,
    )


def _check_caps(rules: Constraints, high: FloatArray) -> None:
    """Refuse a target that even the caps cannot meet, by name."""
    most = np.minimum(high, 1e15)
    over = rules.excess(most)
    short = over > np.where(rules.least > 0, 0.0, 1e-12)
    if short.any():
        worst = int(np.argmax(over))
        if rules.least[worst] > 0:
            asked, got = f"{rules.least[worst]:.10g} interviews", f"{(rules.members @ most)[worst]:.10g}"
            remedy = "ask for fewer"
        else:
            asked, got = f"se {rules.se[worst]:.6g}", f"{rules.achieved(most)[worst]:.6g}"
            remedy = "accept a larger one"
        message = (
            f"targets must be attainable with every stratum at its cap, got {asked} for "
            f"{rules.names[worst]} where the caps give {got}; {remedy} or raise the caps"
        )
        raise ValueError(message)
