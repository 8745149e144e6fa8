"""Figures that integer counts can attain: fives on the asked, sums of ratings on the raters.

A cell has J items asked of n people each. Its satisfaction is F / (J n) with F fives in all; its mean is
the mean over the items of S_k / a_k with a_k <= n raters. Fives leave non-fives, rated 1..4, so
a_k + 4 f_k <= S_k <= 4 a_k + f_k with f_k <= a_k.
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.targets import SLACK, Figures, Interval

Ints = NDArray[np.int64]
KEPT: Final = 16  # options of one cell that go into the joint choice
SUMS: Final = 6  # options with the same numbers of raters
THINNED: Final = 240  # options outside the printed figure, evenly spread, when it must be missed


@dataclass(frozen=True, slots=True)
class Item:
    """Counts of one item: asked, raters, fives and the sum of the ratings."""

    asked: int
    raters: int
    fives: int
    total: int


@dataclass(frozen=True, slots=True)
class Option:
    """One attainable value of a cell's figure, its cost and the item counts behind it.

    Attributes
    ----------
    counts
        (J,) fives where the figure is the satisfaction; (J, 2) raters and sums where it is the mean.
    """

    value: float
    cost: float
    counts: Ints


def even(total: int, parts: int) -> Ints:
    """Whole numbers as equal as can be with that sum, larger ones first.

    >>> even(7, 3).tolist()
    [3, 2, 2]
    """
    return np.full(parts, total // parts, dtype=np.int64) + (np.arange(parts) < total % parts)


def fives_options(asked: int, items: int, share: Interval, *, outside: bool) -> list[tuple[float, int]]:
    """Attainable satisfactions as pairs (value, fives), inside the printed figure or all over the scale.

    >>> fives_options(93, 2, Interval.of(0.806, 0.001), outside=False)
    [(0.8064516129032258, 150)]
    """
    top = asked * items
    every = np.arange(top + 1)
    value = every / top
    inside = (value >= share.low) & (value < share.high)
    if outside and inside.sum() <= KEPT:
        inside |= np.isin(every, np.rint(np.linspace(0, top, min(top, THINNED) + 1)).astype(int))
    return [(float(value[f]), int(f)) for f in every[inside]]


def mean_reachable(asked: int, items: int, fives: int, mean: Interval) -> bool:
    """Whether some numbers of raters and sums give the printed mean, whole numbers of raters aside."""
    if not np.isfinite(mean.low):
        return True
    least = 1 + 4 * fives / (asked * items)
    return mean.high > least and (fives > 0 or mean.low <= 4)


def mean_options(asked: int, fives: Ints, mean: Interval) -> list[tuple[float, float, Ints, Ints]]:
    """Attainable means inside the printed figure as (value, cost, raters, sums), fewest non-raters first.

    The items have a raters each, or some of them a - 1.

    >>> value, cost, raters, sums = mean_options(93, np.array([83]), Interval.of(4.96, 0.01))[0]
    >>> round(value, 4), raters.tolist(), sums.tolist()
    (4.9647, [85], [422])
    """
    items = fives.size
    found: list[tuple[float, float, Ints, Ints]] = []
    for most in range(asked, max(int(fives.max()), 1) - 1, -1):
        for fewer in range(items if most > max(int(fives.min()), 1) else 1):
            raters = np.full(items, most, dtype=np.int64)
            raters[items - fewer :] -= 1
            if (raters < fives).any():
                continue
            found += _sums(asked, raters, fives, mean)
            if len(found) >= KEPT:
                return found[:KEPT]
    return found


def _sums(asked: int, raters: Ints, fives: Ints, mean: Interval) -> list[tuple[float, float, Ints, Ints]]:
    """Options with given raters: the highest sums less some points, on items of either number of raters.

    With x points off the items of more raters and y off the others, y is fixed by x up to the width of the
    printed figure; the evenest pairs come first.
    """
    highest, room = 4 * raters + fives, 3 * (raters - fives)
    more = raters == raters.max()
    top = float((highest / raters).mean())
    if top < mean.low or float(((raters + 4 * fives) / raters).mean()) >= mean.high:
        return []
    cost = float(1 - raters.sum() / (asked * raters.size))
    unit_x, unit_y = (1 / (raters.size * r) for r in (raters.max(), raters.min()))
    x = np.arange(int(room[more].sum()) + 1)
    if more.all():
        pairs = x[(top - x * unit_x >= mean.low) & (top - x * unit_x < mean.high)][:SUMS, None]
        return [_lowered(highest, room, raters, pair, more, cost) for pair in pairs]
    y = np.floor((top - x * unit_x - mean.low) / unit_y + SLACK).astype(np.int64)
    value = top - x * unit_x - y * unit_y
    fits = (y >= 0) & (y <= room[~more].sum()) & (value >= mean.low) & (value < mean.high)
    uneven = np.abs(x / more.sum() - y / (~more).sum())[fits]
    pairs = np.column_stack([x, y])[fits][np.argsort(uneven, kind="stable")[:SUMS]]
    return [_lowered(highest, room, raters, pair, more, cost) for pair in pairs]


def _lowered(
    highest: Ints, room: Ints, raters: Ints, points: Ints, more: NDArray[np.bool_], cost: float
) -> tuple[float, float, Ints, Ints]:
    """Sums that many points below the highest on either group of items, evenly within a group."""
    sums = highest.copy()
    for short, group in zip(points, (more, ~more), strict=False):
        sums[group] -= _evenly(int(short), room[group])
    return float((sums / raters).mean()), cost, raters, sums


def _evenly(short: int, room: Ints) -> Ints:
    """Whole numbers with that sum, as equal as their caps allow."""
    cut = np.minimum(even(short, room.size)[::-1], room)
    left = short - int(cut.sum())
    for item in np.argsort(cut - room, kind="stable"):
        extra = min(left, int(room[item] - cut[item]))
        cut[item] += extra
        left -= extra
    return cut


def spread_means(asked: int, fives: Ints) -> list[tuple[float, float, Ints, Ints]]:
    """Means all over the scale with every person a rater, for a figure that must be missed or is free."""
    raters = np.full(fives.size, asked, dtype=np.int64)
    room = 3 * (raters - fives)
    shorts = np.unique(np.rint(np.linspace(0, int(room.sum()), THINNED + 1)).astype(int))
    highest = 4 * raters + fives
    options = []
    for short in shorts:
        options.append(_lowered(highest, room, raters, np.array([short]), raters == asked, 0.0))
    return options


def attains(asked: int, items: int, figures: Figures) -> bool:
    """Whether some counts on `asked` people print both figures.

    >>> attains(12, 1, Figures.of(4.92, 91.7)), attains(12, 1, Figures.of(4.92, 83.9))
    (True, False)
    """
    share, mean = figures.share, figures.mean
    fives = range(
        max(0, ceil(share.low * items * asked)), min(asked * items, floor(share.high * items * asked)) + 1
    )
    if not np.isfinite(share.low):
        return True
    return any(
        share.low <= f / (items * asked) < share.high and _mean_attains(asked, even(f, items), mean)
        for f in fives
    )


def _mean_attains(asked: int, fives: Ints, mean: Interval) -> bool:
    """Whether some numbers of raters and sums print the mean; with 100 ratings or more the sums are dense enough."""
    if not np.isfinite(mean.low):
        return True
    items, total = fives.size, int(fives.sum())
    most = asked if mean.low <= 4 else min(asked, floor(total / (items * (mean.low - 4))))
    dense = most * items * (mean.high - mean.low) >= 1 and most >= fives.max()
    if dense and most + 4 * total / items < mean.high * most - 1 / items:
        return True
    return bool(mean_options(asked, fives, mean))
