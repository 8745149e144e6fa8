"""Exchanges of answers between two regions that bring printed regional figures nearer.

An exchange swaps two people's answers to one item, one of which may be none, between two regions: totals
over regions and people by region do not change. Two at once, of different items, judged on the mean and the
satisfaction of both regions together, are fine where one is coarse. Where none helps any more, a random
exchange and what then mends it is kept when all in all it is no worse.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import ANSWER, Board
from sapa.microdata.nearest import PRICE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LEAVES, COMES = np.array([(v, u) for v in ANSWER for u in ANSWER if v != u]).T  # of the first region
POINTS: Final = COMES - LEAVES
FIVES: Final = (COMES == 5).astype(np.int64) - (LEAVES == 5)
RATERS: Final = (LEAVES == 0).astype(np.int64) - (COMES == 0)
MIX: Final = np.array([1.0, np.sqrt(2), np.sqrt(3), np.sqrt(5)])  # tells steps apart
SWEEPS: Final = 12
OPTIONS: Final = 150  # exchanges of a pair of regions looked at, the most usual ones
TRIES: Final = 6  # best pairs of exchanges that may turn out to use one answer twice
WORST: Final = 1  # regions of most error that mend a random exchange
LEAST: Final = 1e-7


def exchange(board: Board, *, shakes: int, rng: np.random.Generator) -> None:
    """Exchanges until none brings a missed figure nearer, then so many random ones with what mends them.

    Examples
    --------
    One item, two regions of two raters, four points and two fives in all; the first prints 5.00 and 100%:

    >>> from sapa.microdata.board import figures
    >>> cells = np.array([[[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]]])
    >>> weight = np.array([[[100.0, 100.0]], [[500.0, 500.0]]])
    >>> wanted = np.array([[500.0, 400.0], [1000.0, 0.0]])
    >>> board = Board(cells, weight, wanted - 0.5, wanted + 0.5, figures(weight, cells))
    >>> exchange(board, shakes=0, rng=np.random.default_rng(1))
    >>> board.figure.tolist(), board.cells[0, :, 5].tolist()
    ([[500.0, 400.0], [1000.0, 0.0]], [2, 0])
    """
    everywhere = list(range(board.figure.shape[1]))
    settle(board, everywhere, SWEEPS, len(everywhere))
    worth = board.worth()
    for _ in range(shakes):
        if not board.errors().any():
            return
        kept = board.cells.copy(), board.figure.copy()
        settle(board, shake(board, rng), 2, WORST)
        now = board.worth()
        if now <= worth:
            worth = now
        else:
            board.cells[:], board.figure[:] = kept


def settle(board: Board, regions: list[int], sweeps: int, worst: int) -> None:
    """Exchanges between so many of the regions of most error and these regions until none helps."""
    for _ in range(sweeps):
        errors, changed = board.errors(), False
        far = np.argsort(errors)[-worst:]
        for a in far[errors[far] > 0].tolist():
            for b in regions:
                if a != b and board.errors()[a] > 0:
                    changed |= between(board, a, b)
        if not changed:
            return


def between(board: Board, a: int, b: int) -> bool:
    """The best one or two exchanges between two regions, made if the two come nearer."""
    block, move, step, usual = options(board, a, b)
    if not block.size:
        return False
    i, j = _pairs(block.size + 1)
    cost = -(usual[i] + usual[j]) / PRICE
    for k, (statistic, region) in enumerate(((0, a), (1, a), (0, b), (1, b))):
        figure = board.figure[statistic, region] + step[k]
        cost += board.error(statistic, region, figure[i] + step[k][j])
    now = board.errors()[[a, b]].sum() - LEAST
    best = np.argpartition(cost, min(TRIES, cost.size - 1))[:TRIES]
    for k in best[np.argsort(cost[best])]:
        if cost[k] >= now:
            return False
        chosen = [q for q in (i[k], j[k]) if q < block.size]
        if board.swap([(block[q], LEAVES[move[q]], COMES[move[q]]) for q in chosen], a, b):
            return True
    return False


def options(board: Board, a: int, b: int) -> tuple[Ints, Ints, Floats, Floats]:
    """Block, move, steps of the four figures and gain in usualness of exchanges that differ; none is last."""
    here, there = board.cells[:, a], board.cells[:, b]
    block, move = np.nonzero((here[:, LEAVES] > 0) & (there[:, COMES] > 0))
    leaves, comes = LEAVES[move], COMES[move]
    usual = np.log(here[block, leaves] * there[block, comes]) - np.log(
        (here[block, comes] + 1) * (there[block, leaves] + 1)
    )
    step = np.stack(
        [
            *_steps(board, here, block, move, a, 1),
            *_steps(board, there, block, move, b, -1),
        ]
    )
    order = np.argsort(-usual, kind="stable")
    first = np.unique((MIX @ step[:, order]).round(6), return_index=True)[1]
    chosen = order[np.sort(first)[:OPTIONS]]
    none = np.zeros((4, 1))
    return block[chosen], move[chosen], np.hstack([step[:, chosen], none]), np.append(usual[chosen], 0.0)


def _steps(
    board: Board, cells: Ints, block: Ints, move: Ints, region: int, sign: int
) -> tuple[Floats, Floats]:
    """What each exchange adds to a region's mean and satisfaction."""
    points, raters = (cells @ ANSWER)[block], cells[:, 1:].sum(axis=1)[block]
    before = points / np.maximum(raters, 1)
    after = (points + sign * POINTS[move]) / np.maximum(raters + sign * RATERS[move], 1)
    weight = board.weight[:, block, region]
    return weight[0] * (after - before), weight[1] * sign * FIVES[move]


def shake(board: Board, rng: np.random.Generator) -> list[int]:
    """A random exchange between two random regions, made: those of heavy answers are likelier."""
    a, b = rng.choice(board.figure.shape[1], 2, replace=False).tolist()
    here, there = board.cells[:, a], board.cells[:, b]
    block, move = np.nonzero((here[:, LEAVES] > 0) & (there[:, COMES] > 0))
    heavy = board.weight[1, block, a] + board.weight[1, block, b]
    if heavy.sum() > 0:
        k = rng.choice(block.size, p=heavy / heavy.sum())
        board.swap([(block[k], LEAVES[move[k]], COMES[move[k]])], a, b)
    return [a, b]


@cache
def _pairs(options: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(options, 1)
