"""Iterated local search of the placement whose regional figures are nearest to the printed ones.

A descent takes moves of people that lessen the error once exchanges of answers have mended them. Where none
does, some are made that do not, and the next descent may end a little above the one it started from
(Lourenco, Martin & Stutzle 2003; threshold accepting, Dueck & Scheuer 1990). Where all prints that can, the
search goes on for a placement with more people where the layout has them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import Board
from sapa.microdata.exchange import settle, shake
from sapa.microdata.layout import Layout, as_answered
from sapa.microdata.moves import Move, blank_swaps, channel_swaps, made, user_moves

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
KICKS: Final = 3  # exchanges or moves before a new descent
HOPEFUL: Final = 2.0  # units of error above the best at which a move is worth mending everywhere
SLACK: Final = 1.0  # units of error by which a descent may end above the one that it started from
GAIN: Final = 1e-4


def moved(
    laid: Layout,
    cells: Ints,
    mean: Floats,
    share: Floats,
    *,
    restarts: int,
    rng: np.random.Generator,
    goal: int = 0,
    allowed: Callable[[Ints], bool] = lambda _: True,
) -> Ints:
    """(B, R, 6) answers of no more error, or at the goal: counts and people of regions as before.

    Parameters
    ----------
    laid
        Of placements at the goal, one that has more people and users where this layout has them is better.
    cells : (B, R, 6) int
        Answers, none and 1..5, to begin with.
    restarts
        Descents from other answers.
    goal
        Units in print that no answers go below.
    allowed
        Whether answers may be taken.
    """
    search = _Search(laid, mean, share, rng, allowed)
    best = now = search.descent(cells)
    for _ in range(restarts):
        if search.units(best) <= goal:
            new = search.descent(_homewards(search, best))
            if search.units(new) <= goal and search.away(new) < search.away(best) and allowed(new):
                best = new
            continue
        kick = KINDS[rng.integers(len(KINDS))]
        new = search.descent(kick(search, now))
        if search.error(new) < search.error(now) + SLACK and allowed(new):
            now = new
        if search.error(now) < search.error(best) - GAIN:
            best = now
    return best


@dataclass(frozen=True, slots=True)
class _Search:
    """What placements are judged by."""

    laid: Layout
    mean: Floats
    share: Floats
    rng: np.random.Generator
    allowed: Callable[[Ints], bool]

    def board(self, cells: Ints) -> Board:
        return Board.of(as_answered(self.laid, cells), cells[..., 1:], self.mean, self.share)

    def error(self, cells: Ints) -> float:
        return float(self.board(cells).errors().sum())

    def units(self, cells: Ints) -> int:
        """By how many units of their last digits the figures print away from the printed ones."""
        return self.board(cells).units()

    def away(self, cells: Ints) -> int:
        """Askings of items in other regions than the layout has them."""
        return int(np.abs(cells.sum(axis=2) - self.laid.asked).sum())

    def moves(self, cells: Ints) -> list[Move]:
        """All moves in random order, those between regions of large error first, more often than not."""
        found = [move for kind in (user_moves, channel_swaps, blank_swaps) for move in kind(self.laid, cells)]
        if not found:
            return []
        errors = self.board(cells).errors()
        weight = np.array([errors[move[0].leaves] + errors[move[0].comes] for move in found])
        weight += 0.3 * weight.mean() + GAIN
        order = self.rng.choice(len(found), len(found), replace=False, p=weight / weight.sum())
        return [found[i] for i in order]

    def descent(self, cells: Ints) -> Ints:
        """Moves that lessen the error, mended, until none of them does."""
        best, gained = self.error(cells), True
        everywhere = list(range(len(self.laid.regions)))
        while gained and best > GAIN:
            gained = False
            for move in self.moves(cells):
                board = self.board(made(cells, move, self.rng))
                settle(board, [move[0].leaves, move[0].comes], 2, 4)
                if board.errors().sum() < best + HOPEFUL:
                    settle(board, everywhere, 3, len(everywhere))
                if board.errors().sum() < best - GAIN and self.allowed(board.cells):
                    cells, best, gained = board.cells.copy(), float(board.errors().sum()), True
                    break  # other moves are possible now
        return cells


def _exchanged(search: _Search, cells: Ints) -> Ints:
    """A few random exchanges of answers."""
    board = search.board(cells)
    for _ in range(KICKS):
        shake(board, search.rng)
    return board.cells


def _shuffled(search: _Search, cells: Ints) -> Ints:
    """A few random moves."""
    for _ in range(KICKS):
        cells = _one_of(search, cells, search.moves(cells))
    return cells


def _crowded(search: _Search, cells: Ints) -> Ints:
    """Several moves of a kind to, or from, one region that errs; up to as many as it has people."""
    rng, errors = search.rng, search.board(cells).errors()
    region = int(rng.choice(errors.size, p=errors / errors.sum()))
    for _ in range(rng.integers(1, KICKS + 1)):
        kind = (user_moves, channel_swaps)[rng.integers(2)]
        comes = bool(rng.integers(2))
        most = rng.choice([KICKS, search.laid.people[region].sum()])
        for _ in range(rng.integers(1, most + 1)):
            moves = kind(search.laid, cells)
            mine = [m for m in moves if region == (m[0].comes if comes else m[0].leaves)]
            cells = _one_of(search, cells, mine)
    return cells


def _homewards(search: _Search, cells: Ints) -> Ints:
    """Moves, few or many, each of which has more people and users where the layout has them."""
    for _ in range(2 ** search.rng.integers(0, 6)):
        cells = next(_nearer_home(search, cells), cells)
    return cells


def _nearer_home(search: _Search, cells: Ints) -> Iterator[Ints]:
    away = search.away(cells)
    for move in search.moves(cells):
        new = made(cells, move, search.rng)
        if search.away(new) < away:
            yield new


def _one_of(search: _Search, cells: Ints, moves: list[Move]) -> Ints:
    """Answers after one of some moves, as they are where there is none."""
    return made(cells, moves[search.rng.integers(len(moves))], search.rng) if moves else cells


KINDS: Final = (_exchanged, _shuffled, _crowded)
