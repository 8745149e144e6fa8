"""Levels that fill bounded vessels to a total, to a variance, or unit by unit: the kernels of allocation."""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from sampling.arguments import FloatArray, IntArray

Divisor = Literal["webster", "adams", "jefferson", "hill", "dean"]

# Seats k whose signpost d(k) lies below t: the number of units earned at threshold 1/t.
EARNED: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "webster": lambda t: np.ceil(t - 0.5),
    "adams": lambda t: np.ceil(t),
    "jefferson": lambda t: np.ceil(t) - 1,
    "hill": lambda t: np.ceil((np.sqrt(1 + 4 * t * t) - 1) / 2),
    "dean": lambda t: np.ceil((t - 1 + np.sqrt(t * t + 1)) / 2),
}
SIGNPOST: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "webster": lambda k: k + 0.5,
    "adams": lambda k: k,
    "jefferson": lambda k: k + 1,
    "hill": lambda k: np.sqrt(k * (k + 1)),
    "dean": lambda k: k * (k + 1) / (k + 0.5),
}


def fill(rate: FloatArray, total: FloatArray | float, low: FloatArray, high: FloatArray) -> FloatArray:
    """The numbers ``clip(t * rate, low, high)`` along the last axis whose sum is the total.

    The sum is piecewise linear in t with a bend at each ``low / rate`` and ``high / rate``. The bends are
    sorted, the last one whose sum is within the total is found by halving, and beyond it t follows from
    the free entries in closed form. A zero rate stays at its lower bound.
    """
    active = rate > 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        leaves, stops = (np.where(active, bound / rate, np.inf) for bound in (low, high))
    bends = np.sort(np.concatenate([leaves, stops], axis=-1), axis=-1)
    last = np.maximum(np.isfinite(bends).sum(axis=-1, keepdims=True) - 1, 0)
    wanted = np.asarray(total, dtype=np.float64)[..., None]
    first, beyond = np.zeros_like(last), last + 1
    while (beyond - first > 1).any():
        middle = (first + beyond) // 2
        t = np.take_along_axis(bends, np.minimum(middle, last), -1)
        with np.errstate(invalid="ignore", over="ignore"):
            within = np.where(active, np.clip(t * rate, low, high), low).sum(axis=-1, keepdims=True) <= wanted
        first, beyond = np.where(within, middle, first), np.where(within, beyond, middle)
    start = np.take_along_axis(bends, np.minimum(first, last), -1)
    free = active & (leaves <= start) & (stops > start)
    held = np.where(active & (stops <= start), high, low)
    left = wanted - np.where(free, 0.0, held).sum(axis=-1, keepdims=True)
    scale = np.where(free, rate, 0.0).sum(axis=-1, keepdims=True)
    t = np.divide(left, scale, out=np.zeros_like(scale), where=scale > 0)
    with np.errstate(over="ignore"):
        return np.where(free, np.clip(t * rate, low, high), held)


def reach(
    amount: FloatArray,
    cost: FloatArray,
    target: FloatArray,
    domain: IntArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """The cheapest numbers with ``sum(amount**2 / x) <= target`` in every domain, between the bounds.

    Every domain's answer is ``clip(t * amount / sqrt(cost), low, high)`` for its own t; t is bracketed,
    halved geometrically in all domains at once, and settled in closed form on the free strata.
    """
    count = target.size
    rate = amount / np.sqrt(cost)
    weight = amount * np.sqrt(cost)
    active = amount > 0

    def spread(t: FloatArray) -> FloatArray:
        return np.where(active, np.clip(t[domain] * rate, low, high), low)

    def variance(x: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(active, amount**2 / x, 0.0)
        return np.bincount(domain, terms, minlength=count).astype(np.float64)

    smallest = np.full(count, np.inf)
    np.minimum.at(smallest, domain[active], weight[active])
    below = np.log(np.where(np.isfinite(smallest), smallest, 1.0) / target) - 1e-9
    above = np.log(np.bincount(domain, weight, minlength=count) / target + 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        caps = np.where(active & np.isfinite(high), np.log(high / rate), -np.inf)
    np.maximum.at(above, domain, caps)
    above = np.maximum(above, below) + 1e-9
    for _ in range(60):
        middle = (below + above) / 2
        enough = variance(spread(np.exp(middle))) <= target
        above, below = np.where(enough, middle, above), np.where(enough, below, middle)
    raw = np.exp(above)[domain] * rate
    x = spread(np.exp(above))
    free = active & (raw > low) & (raw < high)
    with np.errstate(divide="ignore", invalid="ignore"):
        held = np.bincount(domain, np.where(active & ~free, amount**2 / x, 0.0), minlength=count)
    pull = np.bincount(domain, np.where(free, weight, 0.0), minlength=count)
    t = np.divide(pull, target - held, out=np.exp(above), where=(pull > 0) & (target > held))
    return np.where(free, np.clip(t[domain] * rate, low, high), x)


def earn(quota: FloatArray, n: int, method: Divisor, low: IntArray, high: IntArray) -> IntArray:
    """Units given one by one to the largest ``quota / signpost``, between bounds, until n are out.

    Instead of n steps, the threshold is bracketed by halving; only the few units whose priority lies in
    the last bracket are sorted, with the first of equals first. ``hill`` is the exact integer Neyman rule.
    """
    earned, signpost = EARNED[method], SIGNPOST[method]

    def given(threshold: float) -> IntArray:
        counts = np.where(quota > 0, np.maximum(earned(quota / threshold), 0), 0)
        return np.clip(counts, low, high).astype(np.int64)

    positive = quota[quota > 0]
    if positive.size == 0:
        return np.array(low)
    strict, loose = positive.max() * 1e6, positive.min() / (n + 2.0)
    for _ in range(200):
        middle = np.sqrt(strict * loose)
        if not loose < middle < strict:
            break
        if given(middle).sum() <= n:
            strict = middle
        else:
            loose = middle
    floor, ceiling = given(strict * (1 + 1e-12)), given(loose * (1 - 1e-12))
    room = ceiling - floor
    who = np.repeat(np.arange(quota.size), room)
    units = np.arange(who.size) - np.repeat(np.cumsum(room) - room, room) + floor[who]
    with np.errstate(divide="ignore"):
        priority = quota[who] / signpost(units.astype(np.float64))
    chosen = np.lexsort((who, -priority))[: n - int(floor.sum())]
    return floor + np.bincount(who[chosen], minlength=quota.size)
