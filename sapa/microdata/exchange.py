"""Exchanges of ratings between two regions that bring regional figures to their print.

An exchange swaps ratings of one item between two regions, so that no total over regions changes. Single
exchanges are coarse in small regions; two or three at once, of different criteria, are fine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
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


@dataclass(frozen=True, slots=True)
class Board:
    """Ratings by region and the figures they make, both changed in place by exchanges.

    Attributes
    ----------
    ratings : (B, R, 5) int
    kind
        :data:`FIVES`, or :data:`POINTS` between two non-fives.
    step : (B, R) float
        What one unit of a block adds to the region's figure.
    label : (B,) int
        Blocks of one label have the same step.
    figure, low, high : (R,) float
        Figures as they stand and the intervals wanted.
    """

    ratings: Ints
    kind: Exchange
    step: Floats
    label: Ints
    figure: Floats
    low: Floats
    high: Floats

    def off(self, region: int, change: Floats) -> Floats:
        """Distance of changed figures from a region's interval, and its width more if there is any.

        The width makes few far misses dearer than one, not many near ones cheaper.
        """
        figure = self.figure[region] + change
        off = np.maximum(np.maximum(self.low[region] - figure, figure - self.high[region]), 0.0)
        return np.where(off > 0, off + (self.high[region] - self.low[region]), 0.0)

    def missed(self) -> Ints:
        """Regions outside their intervals."""
        return np.flatnonzero((self.figure < self.low) | (self.figure > self.high))


def exchange(board: Board, *, at_once: int) -> None:
    """Exchanges between pairs of regions, up to so many at once, until none brings a missed one nearer.

    Examples
    --------
    One item, two regions of two raters; the first wants two fives:

    >>> ratings = np.array([[[0, 0, 0, 1, 1], [0, 0, 0, 1, 1]]])
    >>> low, high = np.array([0.9, 0.0]), np.array([1.0, 0.1])
    >>> step, label = np.full((1, 2), 0.5), np.zeros(1, dtype=int)
    >>> board = Board(ratings, FIVES, step, label, np.array([0.5, 0.5]), low, high)
    >>> exchange(board, at_once=2)
    >>> board.figure.tolist(), board.ratings[0, :, 4].tolist()
    ([1.0, 0.0], [2, 0])
    """
    for _ in range(SWEEPS):
        changed = False
        for a in board.missed().tolist():
            for b in range(board.figure.size):
                if b != a and a in board.missed():
                    changed |= _between(board, a, b, at_once)
        if not changed:
            return


def _between(board: Board, a: int, b: int, at_once: int) -> bool:
    """The best exchanges between two regions, made if they bring the two nearer together."""
    block, sign = _possible(board, a, b, at_once)
    if block.size < at_once:
        return False
    on_a, on_b = sign * board.step[block, a], -sign * board.step[block, b]
    chosen = _combinations(block.size, at_once)
    cost = board.off(a, on_a[chosen].sum(axis=1)) + board.off(b, on_b[chosen].sum(axis=1))
    best = int(np.argmin(cost))
    if cost[best] >= board.off(a, np.zeros(1))[0] + board.off(b, np.zeros(1))[0] - 1e-12:
        return False
    for k in chosen[best]:
        if sign[k]:
            board.kind.swap(board.ratings, int(block[k]), *((a, b) if sign[k] > 0 else (b, a)))
            board.figure[[a, b]] += on_a[k], on_b[k]
    return True


def _possible(board: Board, a: int, b: int, at_once: int) -> tuple[Ints, Ints]:
    """Block and sign (1 where `a` gains) of the exchanges that differ; sign 0 stands for none."""
    blocks, signs = [np.zeros(at_once - 1, dtype=np.int64)], [np.zeros(at_once - 1, dtype=np.int64)]
    for sign, gains, loses in ((1, a, b), (-1, b, a)):
        usable = np.flatnonzero(board.kind.possible(board.ratings, gains, loses))
        first = usable[np.unique(board.label[usable], return_index=True)[1]]
        blocks.append(first)
        signs.append(np.full(first.size, sign))
    return np.concatenate(blocks), np.concatenate(signs)


@cache
def _combinations(options: int, at_once: int) -> Ints:
    return np.array(list(combinations(range(options), at_once)), dtype=np.int64)
