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

    The sum is piecewise linear in t with a bend at each ``low / rate`` and ``high / rate``; the bends are
    sorted once, so the answer is exact and costs one sort. A zero rate stays at its lower bound.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        bends = np.concatenate([low / rate, high / rate], axis=-1)
    slopes = np.concatenate([rate, -rate], axis=-1)
    unreachable = ~np.isfinite(bends)
    bends, slopes = np.where(unreachable, np.inf, bends), np.where(unreachable, 0.0, slopes)
    order = np.argsort(bends, axis=-1, kind="stable")
    bends, slopes = np.take_along_axis(bends, order, -1), np.take_along_axis(slopes, order, -1)
    finite = np.where(np.isfinite(bends), bends, 0.0)
    finite = np.maximum.accumulate(finite, axis=-1)
    running = np.cumsum(slopes, axis=-1)
    steps = running[..., :-1] * np.diff(finite, axis=-1)
    reached = low.sum(axis=-1, keepdims=True) + np.concatenate(
        [np.zeros_like(finite[..., :1]), np.cumsum(steps, axis=-1)], axis=-1
    )
    wanted = np.asarray(total, dtype=np.float64)[..., None]
    at = np.maximum((reached <= wanted).sum(axis=-1, keepdims=True) - 1, 0)
    start, slope, level = (np.take_along_axis(v, at, -1) for v in (finite, running, reached))
    t = start + np.divide(wanted - level, slope, out=np.zeros_like(slope), where=slope > 0)
    return _settle(rate, t, wanted, low, high)


def _settle(
    rate: FloatArray, t: FloatArray, total: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """The clipped level with its free part recomputed, so that the sum is right to rounding."""
    raw = t * rate
    values = np.clip(raw, low, high)
    free = (raw > low) & (raw < high)
    held = np.where(free, 0.0, values).sum(axis=-1, keepdims=True)
    weight = np.where(free, rate, 0.0).sum(axis=-1, keepdims=True)
    scale = np.divide(total - held, weight, out=np.array(t), where=weight > 0)
    return np.where(free, np.clip(scale * rate, low, high), values)


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
