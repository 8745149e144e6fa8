"""Criterion figures that print only when item figures are rounded first, as the report's tables do.

Example: s44 has 26 people and prints costs 78.9%; 41 fives of 52 make 78.846, but items of 22 and 19 fives
print as 84.6 and 73.1, whose mean is 78.85.
"""

from functools import cache
from itertools import product
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.lattice import Ints, MeanOption, even
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, SLACK, Interval

Floats = NDArray[np.float64]
FEW: Final = 3  # items that may lie two from even; with more of them one is enough
PATTERNS: Final = 4  # numbers of raters tried


def as_printed(figures: Floats, unit: float) -> Floats:
    """Figures to the last digit printed, halves up.

    >>> as_printed(np.array([22 / 26, 0.5]), 0.001).tolist()
    [0.846, 0.5]
    """
    rounded: Floats = np.floor(figures / unit + 0.5 + SLACK) * unit
    return rounded.round(6)


def rounded_shares(asked: int, items: int, share: Interval) -> Ints:
    """(K, J) fives of items that, rounded, average to the printed figure; the evenest of each sum.

    >>> rounded_shares(26, 2, Interval.of(0.789, 0.001)).tolist()
    [[21, 20]]
    """
    found = [np.zeros((0, items), dtype=np.int64)]
    if items == 1 or np.isnan(share.printed):
        return found[0]
    top = asked * items
    for total in _totals(share, SHARE_UNIT, top):
        fives = even(total, items) + _shifts(items)
        fives = fives[((fives >= 0) & (fives <= asked)).all(axis=1)]
        value = as_printed(fives / asked, SHARE_UNIT).mean(axis=1)
        found.append(fives[(value >= share.low) & (value < share.high)][:1])
    return np.concatenate(found)


def rounded_means(asked: int, fives: Ints, mean: Interval) -> list[MeanOption]:
    """Means whose items, rounded, average to the printed figure, fewest non-raters first."""
    items = fives.size
    if items == 1 or np.isnan(mean.printed):
        return []
    found = []
    for raters in range(asked, max(int(fives.max()), asked - PATTERNS, 1) - 1, -1):
        top = raters * items
        for total in _totals(mean, MEAN_UNIT, top):
            sums = even(total, items) + _shifts(items)
            fits = ((sums >= raters + 4 * fives) & (sums <= 4 * raters + fives)).all(axis=1)
            value = as_printed(sums[fits] / raters, MEAN_UNIT).mean(axis=1)
            prints = np.flatnonzero((value >= mean.low) & (value < mean.high))
            if prints.size:
                given = np.full(items, raters, dtype=np.int64)
                cost = 1 - raters / asked
                found.append(MeanOption(total / top, cost, given, fives, sums[fits][prints[0]]))
    return found


def _totals(figure: Interval, unit: float, top: int) -> range:
    """Totals that rounding items, by half a unit at most, can bring into the printed interval."""
    return range(ceil((figure.low - unit / 2) * top), floor((figure.high + unit / 2) * top) + 1)


@cache
def _shifts(items: int) -> Ints:
    """Ways to make even parts uneven without changing their sum, the least uneven first."""
    reach = 2 if items <= FEW else 1
    every = np.array(list(product(range(-reach, reach + 1), repeat=items)))
    every = every[every.sum(axis=1) == 0]
    order: Ints = every[np.argsort(np.abs(every).sum(axis=1), kind="stable")]
    return order
