"""The long search for placements of local services' answers, and the proof of how near any can be.

    python -m sapa.microdata.nearer s49 s50 ...

writes what :mod:`sapa.microdata.kept` reads, and prints error and bound of each service. Without names it
takes all, for some hours.
"""

import sys
from dataclasses import replace
from importlib.resources import as_file
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import Board
from sapa.microdata.bound import best_prices, prices
from sapa.microdata.exchange import SWEEPS, settle
from sapa.microdata.kept import FOLDER, Kept, keep, kept
from sapa.microdata.layout import Layout, layout
from sapa.microdata.placement import regional_tables
from sapa.microdata.programme import parts
from sapa.microdata.regional_report import nearness, variance_within
from sapa.microdata.regions import AMBULANCE, place_ratings, regional_figures
from sapa.microdata.search import search
from sapa.microdata.silence import silent_where_needed
from sapa.microdata.spread import spread

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDS: Final = 25
TIES: Final = (0.002, 0.02, 0.1)  # units of error that departures from independence cost
OPEN: Final = 1e-4  # units by which single items may err more than their criteria
WITHIN: Final = 0.5  # share of the variance of ratings that is to lie within regions, else they cost more


def nearer(
    laid: Layout, mean: Floats, share: Floats, *, price: Floats | None = None, rounds: int = ROUNDS
) -> Kept:
    """The placement that a long search finds, and the bound with its prices.

    Parameters
    ----------
    laid
        With missing answers where printed pairs need them: items that a region does not rate stay unrated.
    price
        Where better prices are sought from; without them the linear programme's.
    """
    found, total = parts(laid, mean, share)
    price, below = best_prices(found, total, prices(found, total) if price is None else price)
    short = place_ratings(laid, mean, share)
    boards: list[Board] = []
    for ties in TIES:
        for like in (2, 0):
            new, error = _searched(laid, mean, share, rounds=rounds, goal=below, ties=ties, like=like)
            boards += [board for board in new if variance_within(board.cells[..., 1:]) >= WITHIN]
            if any(board.errors().sum() <= error + OPEN for board in new):
                break
        if boards:
            break
    boards.append(Board.of(short.layout, short.ratings, mean, share))
    best = min(boards, key=lambda board: float(board.errors().sum()))
    return Kept(best.cells, below, price)


def _searched(
    laid: Layout, mean: Floats, share: Floats, *, rounds: int, goal: float, ties: float, like: int
) -> tuple[list[Board], float]:
    """Answers before and after exchanges, none where items cannot have them, and the error searched for."""
    found, total = parts(laid, mean, share, like=like)
    try:
        solved, error = search(found, total, laid.people.sum(axis=1), rounds=rounds, goal=goal, ties=ties)
        ratings = spread(laid, found, solved, like=like)
    except ValueError:
        return [], np.inf
    boards = [Board.of(*ratings, mean, share) for _ in range(2)]
    settle(boards[1], list(range(len(laid.regions))), SWEEPS, len(laid.regions))
    return boards, error


def _error(laid: Layout, found: Kept, mean: Floats, share: Floats) -> float:
    ratings = found.cells[..., 1:]
    return float(Board.of(replace(laid, raters=ratings.sum(axis=2)), ratings, mean, share).errors().sum())


def main(services: list[str]) -> None:
    """Search, seek better prices than those kept, and keep the better of what is found and what was kept."""
    for service in services or [name for name in regional_tables() if name != AMBULANCE]:
        base = layout(service)
        mean, share = regional_figures(service, base.regions)
        old = kept(base, mean, share)
        laid = silent_where_needed(base, mean, share)
        found = nearer(laid, mean, share, price=None if old is None else old.price)
        if old is not None and _error(laid, old, mean, share) < _error(laid, found, mean, share):
            found = replace(found, cells=old.cells)
        with as_file(FOLDER) as folder:
            keep(base, mean, share, found, folder=folder)
        row = nearness(service)
        print(
            ", ".join(
                f"{name} {row[name]}" for name in ("service", "error", "least_error", "variance_within")
            )
        )


if __name__ == "__main__":
    main(sys.argv[1:])
