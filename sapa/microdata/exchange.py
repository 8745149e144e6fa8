"""Exchanges of ratings between two regions that bring regional figures to their print.

An exchange swaps ratings of one item between two regions, so that no total over regions changes. Single
exchanges are coarse in small regions; two at once, of different criteria, are fine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SWEEPS: Final = 12


@dataclass(frozen=True, slots=True)
class Exchange:
    """A kind of exchange: the blocks in which a region can gain a unit from another, and the swap."""

    possible: Callable[[Ints, int, int], NDArray[np.bool_]]
    swap: Callable[[Ints, int, int, int], None]


def _five_possible(ratings: Ints, gains: int, loses: int) -> NDArray[np.bool_]:
    return np.asarray((ratings[:, loses, 4] > 0) & (ratings[:, gains, :4].sum(axis=1) > 0))


def _five_swap(ratings: Ints, block: int, gains: int, loses: int) -> None:
    given = int(np.flatnonzero(ratings[block, gains, :4])[-1])
    ratings[block, gains, [given, 4]] += [-1, 1]
    ratings[block, loses, [given, 4]] += [1, -1]


def _point_possible(ratings: Ints, gains: int, loses: int) -> NDArray[np.bool_]:
    return np.asarray(((ratings[:, gains, :3] > 0) & (ratings[:, loses, 1:4] > 0)).any(axis=1))


def _point_swap(ratings: Ints, block: int, gains: int, loses: int) -> None:
    low = int(np.flatnonzero((ratings[block, gains, :3] > 0) & (ratings[block, loses, 1:4] > 0))[0])
    ratings[block, gains, [low, low + 1]] += [-1, 1]
    ratings[block, loses, [low, low + 1]] += [1, -1]


FIVES: Final = Exchange(_five_possible, _five_swap)
POINTS: Final = Exchange(_point_possible, _point_swap)


def exchange(
    ratings: Ints, kind: Exchange, *, step: Floats, label: Ints, figure: Floats, low: Floats, high: Floats
) -> Floats:
    """Regional figures after exchanges made in place, each lessening the distance from the printed intervals.

    Parameters
    ----------
    ratings : (B, R, 5) int
        Changed in place.
    kind
        :data:`FIVES`, or :data:`POINTS` between two non-fives.
    step : (B, R) float
        What one unit of a block adds to the region's figure.
    label : (B,) int
        Blocks of one label have the same step.
    figure, low, high : (R,) float
        Figures as they stand and the intervals wanted.
    """
    figure = figure.copy()
    for _ in range(SWEEPS):
        before = _distance(figure, low, high).sum()
        for a in np.flatnonzero(_distance(figure, low, high) > 0):
            for b in range(figure.size):
                if b != a and _distance(figure[a], low[a], high[a]) > 0:
                    _exchange_pair(ratings, kind, step, label, figure, low, high, (int(a), b))
        if _distance(figure, low, high).sum() >= before - 1e-12:
            break
    return figure


def _exchange_pair(
    ratings: Ints,
    kind: Exchange,
    step: Floats,
    label: Ints,
    figure: Floats,
    low: Floats,
    high: Floats,
    pair: tuple[int, int],
) -> None:
    """Best one or two exchanges between two regions, made where they bring the two nearer."""
    a, b = pair
    blocks, sign = [np.array([-1])], [np.array([0])]
    for way, (gains, loses) in ((1, (a, b)), (-1, (b, a))):
        usable = np.flatnonzero(kind.possible(ratings, gains, loses))
        blocks.append(usable[np.unique(label[usable], return_index=True)[1]])
        sign.append(np.full(blocks[-1].size, way))
    block, ways = np.concatenate(blocks), np.concatenate(sign)
    if block.size < 2:
        return
    on_a, on_b = ways * step[block, a], -ways * step[block, b]
    first, second = np.triu_indices(block.size, k=1)
    cost = _distance(figure[a] + on_a[first] + on_a[second], low[a], high[a])
    cost += _distance(figure[b] + on_b[first] + on_b[second], low[b], high[b])
    best = int(np.argmin(cost))
    now = _distance(figure[a], low[a], high[a]) + _distance(figure[b], low[b], high[b])
    if cost[best] >= now - 1e-12:
        return
    for k in (first[best], second[best]):
        if ways[k]:
            gains, loses = (a, b) if ways[k] > 0 else (b, a)
            kind.swap(ratings, int(block[k]), gains, loses)
            figure[a] += on_a[k]
            figure[b] += on_b[k]


def _distance(figure: Floats, low: Floats, high: Floats) -> Floats:
    """Distance from the interval, and its width more if there is any: few far misses, not many near."""
    off = np.maximum(np.maximum(low - figure, figure - high), 0.0)
    return np.where(off > 0, off + (high - low), 0.0)
