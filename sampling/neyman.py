"""The allocation of smallest variance or cost under bounds, real (Neyman) and exact in whole numbers."""

import numpy as np

from sampling.allocation import has_room
from sampling.arguments import (
    FloatArray,
    IntArray,
    Values,
    labelled,
    limits,
    matching,
    numbers,
    placeable,
    whole,
)
from sampling.filling import earn, fill, reach


def neyman(
    sizes: Values,
    sd: Values,
    n: float | None = None,
    *,
    variance: float | None = None,
    budget: float | None = None,
    cost: Values | None = None,
    lower: Values | None = None,
    upper: Values | None = None,
    integer: bool = False,
) -> FloatArray | IntArray:
    """The allocation with the smallest variance of the estimated total (or the smallest cost), exactly.

    Minimises ``V(x) = sum(sizes**2 * sd**2 * (1 / x - 1 / sizes))`` between the bounds for a given n or
    budget, or the cost for a given variance. Give one of `n`, `variance`, `budget`.

    Parameters
    ----------
    sizes : array of any shape
        Stratum populations, persons.
    sd : array or number
        Standard deviation S of the rating in each stratum.
    n : float, optional
        Total number of interviews.
    variance : float, optional
        Largest accepted variance of the estimated total, finite-population correction included.
    budget : float, optional
        Total cost, in the unit of `cost`.
    cost : array or number, optional
        Cost of an interview in each stratum; only with `variance` or `budget`.
    lower, upper : array or number, optional
        Bounds, in interviews. No lower bound means 0 (with `integer`, 1 where the deviation is positive);
        no upper bound means the population of the stratum.
    integer : bool
        Give the exact integer optimum (not with cost: that is a knapsack, see `bethel`).

    Returns
    -------
    array
        Of the shape and labels of `sizes`; int64 with `integer`.

    Raises
    ------
    ValueError
        If not exactly one goal is given, bounds cross or the goal cannot be met within them.

    References
    ----------
    Wesolowski, Wieczorkowski & Wojciak (2022), Optimality of the recursive Neyman allocation, J. Surv.
    Stat. Methodol. 10 (the real optimum is ``clip(t * sizes * sd / sqrt(cost), lower, upper)``);
    Wright (2017), Exact optimal sample allocation: more efficient than Neyman, Stat. Prob. Lett. 129,
    algorithms III and IV (priorities ``sizes * sd / sqrt(k * (k + 1))``).

    Examples
    --------
    >>> neyman([47, 61, 41], [10, 6, 4], 10).round(2).tolist()
    [4.7, 3.66, 1.64]
    >>> neyman([47, 61, 41], [10, 6, 4], 10, integer=True, lower=[1, 2, 3], upper=[5, 6, 4]).tolist()
    [4, 3, 3]
    """
    goals = {"n": n, "variance": variance, "budget": budget}
    given = {name: goal for name, goal in goals.items() if goal is not None}
    if len(given) != 1:
        message = (
            f"exactly one of n, variance, budget must be given, got n={n}, variance={variance}, "
            f"budget={budget}; choose what is fixed"
        )
        raise ValueError(message)
    if cost is not None and (n is not None or integer):
        raise ValueError("cost must come with variance or budget and real numbers; see bethel for integers")
    population = numbers("sizes", sizes)
    amount = population * matching("sd", sd, sizes)
    low, high = limits(lower, population if upper is None else upper, sizes)
    price = matching("cost", 1.0 if cost is None else cost, sizes)
    if (price <= 0).any():
        raise ValueError(f"cost must be positive, got {price.min():g}; give what an interview costs")
    if integer:
        low = np.maximum(np.ceil(low), amount > 0)  # a stratum without interviews has no variance estimate
        return labelled(_whole_neyman(amount, population, low, high, n, variance), sizes)
    ((name, goal),) = given.items()
    if name == "variance":
        target = _plus_correction(goal, amount, population)
        return labelled(_cheapest(amount, price, target, low, high), sizes)
    return labelled(_best_for(amount, price, float(numbers(name, goal)), low, high, name), sizes)


def _best_for(
    amount: FloatArray, price: FloatArray, total: float, low: FloatArray, high: FloatArray, name: str
) -> FloatArray:
    """The smallest variance that a total of interviews or money buys."""
    placeable(total, low * price, high * price, name=name)
    has_room(amount, low, high, price, total, name)
    rate, least, most = (v.ravel() for v in (amount * np.sqrt(price), low * price, high * price))
    return fill(rate, total, least, most).reshape(amount.shape) / price


def _plus_correction(variance: float, amount: FloatArray, population: FloatArray) -> float:
    """The bound on ``sum(amount**2 / x)`` once the finite-population term is moved to the right side."""
    goal = float(numbers("variance", variance))
    return goal + float(
        np.divide(amount**2, population, out=np.zeros_like(amount), where=population > 0).sum()
    )


def _cheapest(
    amount: FloatArray, price: FloatArray, target: float, low: FloatArray, high: FloatArray
) -> FloatArray:
    """The cheapest real allocation that meets one variance."""
    _attainable(amount, target, high)
    flat = [v.ravel() for v in (amount, price, low, high)]
    codes = np.zeros(amount.size, dtype=np.int64)
    x = reach(flat[0], flat[1], np.array([max(target, 1e-300)]), codes, flat[2], flat[3])
    return x.reshape(amount.shape)


def _attainable(amount: FloatArray, target: float, high: FloatArray) -> None:
    """Check that the variance can be met with every stratum at its cap."""
    best = float(np.divide(amount**2, high, out=np.zeros_like(amount), where=amount > 0).sum())
    if target < best * (1 - 1e-12):
        message = (
            f"variance must be at least what the caps allow, {best - target:.6g} more than asked for; "
            "accept a larger variance or raise the caps"
        )
        raise ValueError(message)


def _whole_neyman(
    amount: FloatArray,
    population: FloatArray,
    low: FloatArray,
    high: FloatArray,
    n: float | None,
    variance: float | None,
) -> IntArray:
    """Exact integer Neyman for n, or the smallest n whose optimum meets the variance."""
    high = np.where(amount > 0, np.floor(high), low)
    if (low > high).any():
        raise ValueError("upper must be at least 1 where the deviation is positive; raise the cap")
    flat = amount.ravel()
    cap = int(min(high.sum(), 2**62)) if n is None else whole("n", n)
    bounds = low.ravel().astype(np.int64), np.minimum(high, max(cap, 1)).ravel().astype(np.int64)
    if n is not None:
        placeable(cap, low, high)
        return earn(flat, cap, "hill", *bounds).reshape(amount.shape)
    assert variance is not None
    target = _plus_correction(variance, amount, population)
    _attainable(amount, target, high)
    few, many = int(low.sum()) - 1, cap

    def met(total: int) -> bool:
        x = earn(flat, total, "hill", *bounds)
        terms = np.divide(flat**2, x, out=np.zeros_like(flat), where=flat > 0)
        return float(terms.sum()) <= target * (1 + 1e-12)

    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if met(middle) else (middle, many)
    return earn(flat, many, "hill", *bounds).reshape(amount.shape)
