"""Every mean that a cell can attain: any raters, fives and sum on each of its items.

An item asked of n people with f fives from a raters has a sum S with ``a + 4 f <= S <= 4 a + f`` and
``max(f, 1) <= a <= n``. A criterion's mean is the mean of its items' S / a. Half of the items are put
together in every way, ways of equal fives and mean kept once, and the two halves are then matched: when
nothing is found, no counts give the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.targets import Interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
GRAIN: Final = 1e-9  # means closer than this are the same
EVEN: Final = 1e-3  # cost of uneven fives beside that of non-raters


@dataclass(frozen=True, slots=True)
class _Ways:
    """Ways to rate some items: fives and sum of means, cost, and the (K, J, 3) raters, fives, sums."""

    fives: Ints
    total: Floats
    cost: Floats
    triples: Ints

    def take(self, keep: NDArray[np.bool_] | Ints) -> "_Ways":
        """Some of the ways."""
        return _Ways(self.fives[keep], self.total[keep], self.cost[keep], self.triples[keep])


def uneven_triples(
    asked: int, fives: Sequence[range], total: int, mean: Interval, *, keep: int
) -> list[Ints]:
    """The cheapest (J, 3) raters, fives and sums with that many fives in all whose items print the mean.

    Parameters
    ----------
    asked
        People whom every item was put to.
    fives
        Numbers of fives that each item may have.
    keep
        At most so many, of different means; fewest non-raters first, then evenest fives.

    Returns
    -------
    An empty list exactly when no counts print the mean.

    Examples
    --------
    s02, access in the office: ten people, 90% of five items' ratings, a mean of 4.95.

    >>> found = uneven_triples(10, [range(11)] * 5, 45, Interval.of(4.95, 0.01), keep=1)
    >>> round(float((found[0][:, 2] / found[0][:, 0]).mean()), 4), int(found[0][:, 1].sum())
    (4.9528, 45)
    """
    items = len(fives)
    low, high = items * mean.low, items * mean.high
    # no item lies above 5, nor below 1 + 4 x fives / asked: what all may deviate, one may
    ends = low - 5 * (items - 1), high - items - 4 * total / asked
    if ends[1] <= 0 or 4 * items + min(total, items) < low:
        return []
    single = [_item(asked, allowed, total / items, ends) for allowed in fives]
    half = (items + 1) // 2
    left, right = _together(single[:half]), _together(single[half:])
    left_at, right_at = _matches(left, right, total, (low, high))
    if not left_at.size:
        return []
    value = left.total[left_at] + right.total[right_at]
    cost = left.cost[left_at] + right.cost[right_at]
    order = _cheapest(np.zeros(value.size, dtype=np.int64), value, cost)
    order = order[np.argsort(cost[order], kind="stable")][:keep]
    return [
        np.concatenate([left.triples[left_at[k]], right.triples[right_at[k]]]).astype(np.int64) for k in order
    ]


def _item(asked: int, allowed: range, usual: float, ends: tuple[float, float]) -> _Ways:
    """Ways to rate one item; `usual` fives are the evenest.

    Its mean is at least the first of `ends`, and exceeds ``1 + 4 fives / asked`` by less than the second.
    """
    f, a = (x.ravel() for x in np.meshgrid(allowed, np.arange(1, asked + 1)))
    f, a = f[f <= a], a[f <= a]
    low = np.maximum(a + 4 * f, np.ceil(a * ends[0] - GRAIN)).astype(np.int64)
    high = np.minimum(4 * a + f, np.floor(a * (1 + 4 * f / asked + ends[1]))).astype(np.int64)
    sums, at = _spans(low, np.maximum(high + 1 - low, 0))
    fives, raters = f[at], a[at]
    cost = (asked - raters) / asked + EVEN * ((fives - usual) / asked) ** 2
    triples = np.column_stack([raters, fives, sums])[:, None, :]
    return _distinct(_Ways(fives, sums / raters, cost, triples))


def _together(items: Sequence[_Ways]) -> _Ways:
    """Ways to rate several items."""
    ways = _Ways(np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1), np.zeros((1, 0, 3), dtype=np.int64))
    for item in items:
        a, b = (x.ravel() for x in np.indices((ways.total.size, item.total.size)))
        fives, total, cost = (
            getattr(ways, name)[a] + getattr(item, name)[b] for name in ("fives", "total", "cost")
        )
        kept = _cheapest(fives, total, cost)
        triples = np.concatenate([ways.triples[a[kept]], item.triples[b[kept]]], axis=1)
        ways = _Ways(fives[kept], total[kept], cost[kept], triples)
    return ways


def _distinct(ways: _Ways) -> _Ways:
    return ways.take(_cheapest(ways.fives, ways.total, ways.cost))


def _cheapest(fives: Ints, total: Floats, cost: Floats) -> Ints:
    """Positions of the cheapest of each fives and total, in ascending order of these."""
    bins = np.rint(total / GRAIN).astype(np.int64)
    order = np.lexsort((cost, bins, fives))
    new = (np.diff(bins[order], prepend=-1) != 0) | (np.diff(fives[order], prepend=-1) != 0)
    kept: Ints = order[new]
    return kept


def _matches(left: _Ways, right: _Ways, total: int, window: tuple[float, float]) -> tuple[Ints, Ints]:
    """Positions of the pairs of halves whose fives add up to `total` and whose means fall into the window."""
    far = 10.0 * (1 + window[1])  # keeps ways of different fives apart on one axis
    axis = right.fives * far + right.total
    base = (total - left.fives) * far - left.total
    first, last = (np.searchsorted(axis, base + end, side="left") for end in window)
    right_at, left_at = _spans(first, last - first)
    return left_at, right_at


def _spans(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Whole numbers ``first, first + 1, ...``, so many of each, and the position that each belongs to."""
    at = np.repeat(np.arange(count.size), count)
    return np.arange(at.size) - (count.cumsum() - count)[at] + first[at], at
