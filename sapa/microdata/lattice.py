"""Figures that integer counts can attain: fives on the asked, sums of ratings on the raters.

A cell has J items asked of n people each. Its satisfaction is F / (J n) with F fives in all; its mean is
the mean over the items of S_k / a_k with a_k <= n raters. The non-fives are rated 1..4, so
``a_k + 4 f_k <= S_k <= 4 a_k + f_k`` with ``f_k <= a_k``. Items of a cell share fives, raters and sums as
evenly as whole numbers and the printed figures allow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.targets import SLACK, Interval
from sapa.microdata.uneven import uneven_triples

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
KEPT: Final = 16  # options of one cell that go into the joint choice
SUMS: Final = 6  # of them with the same numbers of raters
THINNED: Final = 200  # satisfactions outside the printed figure, evenly spread, for when it must be missed
COARSE: Final = 80  # means likewise
FEW: Final = 12  # people among whom two items have any numbers of raters and fives at once


@dataclass(frozen=True, slots=True)
class MeanOption:
    """One attainable mean, its cost in the joint choice and the (J,) raters, fives and sums behind it."""

    value: float
    cost: float
    raters: Ints
    fives: Ints
    sums: Ints


def even(total: int, parts: int) -> Ints:
    """Whole numbers as equal as can be with that sum, larger ones first.

    >>> even(7, 3).tolist()
    [3, 2, 2]
    """
    return np.full(parts, total // parts, dtype=np.int64) + (np.arange(parts) < total % parts)


def apportion(total: int, size: Ints) -> Ints:
    """Whole parts of `total` in proportion to `size`, by largest remainders, none above its size.

    >>> apportion(4, np.array([5, 3, 2])).tolist()
    [2, 1, 1]
    """
    ideal = total * size / max(int(size.sum()), 1)
    parts = np.floor(ideal + 1e-9).astype(np.int64)
    parts[np.argsort(parts - ideal, kind="stable")[: total - int(parts.sum())]] += 1
    return parts


def shares(asked: int, items: int, share: Interval) -> tuple[Floats, Ints]:
    """Satisfactions that print as `share`, and enough of the others should it have to be missed.

    Returns
    -------
    (K,) values and (K,) fives of all items together.

    >>> share = Interval.of(0.806, 0.001)
    >>> [int(f) for value, f in zip(*shares(93, 2, share), strict=True) if share.holds(value)]
    [150]
    """
    top = asked * items
    every = np.arange(top + 1)
    value = every / top
    near = np.abs(value - share.printed) < 2 / top
    inside = (value >= share.low) & (value < share.high)
    coarse = np.isin(every, np.rint(np.linspace(0, top, min(top, THINNED) + 1)).astype(int))
    kept = inside | near | coarse
    return value[kept], every[kept]


def evenly_over(totals: Ints, items: int) -> Ints:
    """(K, J) whole numbers as equal as can be with each of K sums."""
    parts: Ints = totals[:, None] // items + (np.arange(items) < totals[:, None] % items)
    return parts


def _distance(value: float, figure: Interval) -> float:
    return 0.0 if np.isnan(figure.printed) else abs(value - figure.printed)


def means_reachable(asked: int, items: int, fives: Ints, mean: Interval) -> NDArray[np.bool_]:
    """Whether real-valued sums on some raters give the printed mean, for each of (K,) numbers of fives."""
    if np.isnan(mean.printed):
        return np.ones(fives.shape, dtype=bool)
    least = 1 + 4 * fives / (asked * items)
    return np.asarray((least < mean.high) & ((fives > 0) | (mean.low <= 4)))


def mean_options(
    asked: int, fives: Ints, mean: Interval, *, silent: int = 0, keep: int = KEPT
) -> list[MeanOption]:
    """The first `keep` means that print as `mean`, those of about `silent` non-raters an item first.

    Their cost is how far the share of non-raters is from the wanted one. The items have a raters each, or
    some of them a - 1. Where that prints nothing, and for two items of few people, they may have any raters
    and fives, fewest non-raters first, whose share is the cost: an empty list means that no counts print the
    mean.

    >>> option = mean_options(93, np.array([83]), Interval.of(4.96, 0.01))[0]
    >>> round(option.value, 4), option.raters.tolist(), option.sums.tolist()
    (4.9647, [85], [422])
    """
    few = fives.size == 2 and asked <= FEW
    found: list[MeanOption] = []
    for raters in () if few else _raters(asked, fives, silent):
        found += _sums(asked, raters, fives, mean, silent)
        if len(found) >= keep:
            break
    return found[:keep] or _uneven(asked, fives, mean, keep)


def _raters(asked: int, fives: Ints, silent: int) -> Iterator[Ints]:
    """Raters of the items, alike to within one, those first that leave about so many non-raters."""
    every = range(max(int(fives.max()), 1), asked + 1)
    for most in sorted(every, key=lambda most: (abs(asked - silent - most), most)):
        for fewer in range(fives.size if most > max(int(fives.min()), 1) else 1):
            raters = np.full(fives.size, most, dtype=np.int64)
            raters[fives.size - fewer :] -= 1
            if (raters >= fives).all():
                yield raters


def _uneven(asked: int, fives: Ints, mean: Interval, keep: int) -> list[MeanOption]:
    """Options with any raters; fives that are as even as can be may be moved between the items."""
    moved = fives.max() - fives.min() <= 1
    allowed = [range(asked + 1) if moved else range(f, f + 1) for f in fives.tolist()]
    found = uneven_triples(asked, allowed, int(fives.sum()), mean, keep=keep)
    return [_option(asked, *triples.T) for triples in found]


def _option(asked: int, raters: Ints, fives: Ints, sums: Ints) -> MeanOption:
    silent = float(1 - raters.sum() / (asked * raters.size))
    return MeanOption(float((sums / raters).mean()), silent, raters, fives, sums)


def _sums(asked: int, raters: Ints, fives: Ints, mean: Interval, silent: int) -> list[MeanOption]:
    """Options with given raters: the highest sums less some points, on items of either number of raters.

    With x points off the items of more raters and y off the others, x fixes y up to the width of the
    printed figure; the evenest pairs come first.
    """
    highest, room = 4 * raters + fives, 3 * (raters - fives)
    more = raters == raters.max()
    top = float((highest / raters).mean())
    if top < mean.low or float(((raters + 4 * fives) / raters).mean()) >= mean.high:
        return []
    unit_x, unit_y = (1 / (raters.size * r) for r in (raters.max(), raters.min()))
    x = np.arange(int(room[more].sum()) + 1)
    if more.all():
        pairs = x[(top - x * unit_x >= mean.low) & (top - x * unit_x < mean.high)][:SUMS, None]
    else:
        y = np.floor((top - x * unit_x - mean.low) / unit_y + SLACK).astype(np.int64)
        y = np.minimum(y, room[~more].sum())
        value = top - x * unit_x - y * unit_y
        fits = (y >= 0) & (y <= room[~more].sum()) & (value >= mean.low) & (value < mean.high)
        uneven = np.abs(x / more.sum() - y / (~more).sum())[fits]
        pairs = np.column_stack([x, y])[fits][np.argsort(uneven, kind="stable")[:SUMS]]
    cost = abs(float(1 - raters.sum() / (asked * raters.size)) - silent / asked)
    return [_lowered(raters, fives, pair, more, cost) for pair in pairs]


def _lowered(raters: Ints, fives: Ints, points: Ints, more: NDArray[np.bool_], cost: float) -> MeanOption:
    """Option whose sums lie that many points below the highest on either group of items."""
    sums, room = 4 * raters + fives, 3 * (raters - fives)
    for short, group in zip(points, (more, ~more), strict=False):
        sums[group] -= _evenly(int(short), room[group])
    return MeanOption(float((sums / raters).mean()), cost, raters, fives, sums)


def _evenly(short: int, room: Ints) -> Ints:
    """Whole numbers with that sum, as equal as their caps allow."""
    cut = even(short, room.size)[::-1]
    if (cut <= room).all():
        return cut
    cut = np.minimum(cut, room)
    left = short - int(cut.sum())
    for item in np.argsort(cut - room, kind="stable"):
        extra = min(left, int(room[item] - cut[item]))
        cut[item] += extra
        left -= extra
    return cut


def spread_means(asked: int, fives: Ints) -> list[MeanOption]:
    """Means all over the scale with every person a rater, for a figure that is free or must be missed."""
    raters = np.full(fives.size, asked, dtype=np.int64)
    room = int(3 * (raters - fives).sum())
    shorts = np.unique(np.rint(np.linspace(0, room, min(room, COARSE) + 1)).astype(int))
    return [_lowered(raters, fives, np.array([short]), raters == asked, 0.0) for short in shorts]


def nearest_means(asked: int, fives: Ints, mean: Interval) -> list[MeanOption]:
    """Means nearest to a printed one that no counts attain, their cost the distance."""
    for widening in 2.0 ** np.arange(10) * (mean.high - mean.low):
        wide = Interval(mean.low - widening, mean.high + widening, mean.printed)
        found = mean_options(asked, fives, wide)
        if found:
            return [replace(option, cost=_distance(option.value, mean)) for option in found]
    return []
