"""Users and complainers moved between regions so that the printed regional figures come nearer.

Who of a region's people complained, or used the assistant, is printed of services only. A move takes one of
them, with an answer to every item put to them, to another region; exchanges of answers mend what it does, and
it is kept when the error falls. Where no move helps, some random ones are made first (iterated local search;
Lourenco, Martin & Stutzle 2003).
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import Board
from sapa.microdata.exchange import settle
from sapa.microdata.layout import Layout, as_answered

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Move = tuple[Ints, int, int]  # blocks put to the same users, the region left, and the new one
KICKS: Final = 3  # random moves before a new descent
HOPEFUL: Final = 2.0  # units of error above the best at which a move is worth mending everywhere
GAIN: Final = 1e-4


def moved(
    laid: Layout,
    cells: Ints,
    mean: Floats,
    share: Floats,
    *,
    restarts: int,
    rng: np.random.Generator,
    allowed: Callable[[Ints], bool] = lambda _: True,
) -> Ints:
    """(B, R, 6) answers of no more error: the same counts of items and people of regions, users elsewhere.

    Parameters
    ----------
    cells : (B, R, 6) int
        Answers, none and 1..5, to begin with.
    restarts
        Descents after random moves.
    allowed
        Whether answers may be taken.
    """
    search = _Search(laid, mean, share, rng, allowed)
    best = search.descent(cells)
    for _ in range(restarts):
        if search.error(best) <= GAIN:
            break
        new = best
        for _ in range(KICKS):
            moves = search.moves(new)
            new = search.after(new, moves[rng.integers(len(moves))]) if moves else new
        new = search.descent(new)
        if search.error(new) < search.error(best) - GAIN and allowed(new):
            best = new
    return best


class _Search:
    """What moves are judged by."""

    def __init__(
        self,
        laid: Layout,
        mean: Floats,
        share: Floats,
        rng: np.random.Generator,
        allowed: Callable[[Ints], bool],
    ) -> None:
        group = laid.users
        self.groups = [np.flatnonzero(group == g) for g in np.unique(group[group >= 0])]
        self.people = laid.people.T[laid.channel]
        self.laid, self.mean, self.share, self.rng, self.allowed = laid, mean, share, rng, allowed

    def board(self, cells: Ints) -> Board:
        return Board.of(as_answered(self.laid, cells), cells[..., 1:], self.mean, self.share)

    def error(self, cells: Ints) -> float:
        return float(self.board(cells).errors().sum())

    def moves(self, cells: Ints) -> list[Move]:
        """All moves in random order, those between regions of large error first, more often than not."""
        errors = self.board(cells).errors()
        found: list[Move] = []
        for blocks in self.groups:
            asked, people = cells[blocks[0]].sum(axis=1), self.people[blocks[0]]
            leave, come = np.flatnonzero(asked > 0), np.flatnonzero(asked < people)
            found.extend((blocks, a, b) for a in leave.tolist() for b in come.tolist() if a != b)
        if not found:
            return []
        weight = np.array([errors[a] + errors[b] for _, a, b in found])
        weight += 0.3 * weight.mean() + GAIN
        order = self.rng.choice(len(found), len(found), replace=False, p=weight / weight.sum())
        return [found[i] for i in order]

    def after(self, cells: Ints, move: Move) -> Ints:
        """Answers with one user moved."""
        blocks, a, b = move
        new = cells.copy()
        for block in blocks.tolist():
            answer = self.rng.choice(np.flatnonzero(new[block, a]))
            new[block, [a, b], answer] += [-1, 1]
        return new

    def descent(self, cells: Ints) -> Ints:
        """Moves that lessen the error, mended, until none of them does."""
        best, gained = self.error(cells), True
        while gained and best > GAIN:
            gained = False
            for move in self.moves(cells):
                blocks, a, b = move
                asked = cells[blocks[0]].sum(axis=1)
                if asked[a] == 0 or asked[b] >= self.people[blocks[0], b]:
                    continue  # an earlier move has been taken
                board = self.board(self.after(cells, move))
                settle(board, [a, b], 2, 4)
                if board.errors().sum() < best + HOPEFUL:
                    everywhere = list(range(len(self.laid.regions)))
                    settle(board, everywhere, 3, len(everywhere))
                if board.errors().sum() < best - GAIN and self.allowed(board.cells):
                    cells, best, gained = board.cells.copy(), float(board.errors().sum()), True
        return cells
