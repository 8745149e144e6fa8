"""The long search for placements of local services' answers, and the proof of how near any can be.

    python -m sapa.microdata.nearer s49 s50 ...

writes what :mod:`sapa.microdata.kept` reads, and prints error and bound of each service. Without names it
takes all, one to ten minutes each.
"""

import sys
from dataclasses import replace
from importlib.resources import as_file
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import Board
from sapa.microdata.bound import STEPS, best_prices, prices
from sapa.microdata.exchange import SWEEPS, settle
from sapa.microdata.kept import FOLDER, Kept, keep, kept
from sapa.microdata.layout import Layout, layout
from sapa.microdata.placement import regional_tables
from sapa.microdata.programme import parts, sums
from sapa.microdata.regional_report import PROVED, nearness, variance_within
from sapa.microdata.regions import AMBULANCE, place_ratings, regional_figures
from sapa.microdata.search import search
from sapa.microdata.silence import silent_where_needed
from sapa.microdata.spread import spread

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDS: Final = 60
TIES: Final = (0.0, 0.02, 0.1)  # units of error that departures from independence cost
LIKE: Final = (2, 0)  # by how much counts of items may differ that are summed: first by little, then not
WITHIN: Final = 0.4  # share of the variance of ratings that is to lie within regions, else they cost more
ENOUGH: Final = PROVED / 2  # units between error and bound at which the search ends
CLEAR: Final = 0.002  # units from an interval's open end at which the search takes a figure for missed


def nearer(
    laid: Layout,
    mean: Floats,
    share: Floats,
    *,
    start: Kept | None = None,
    rounds: int = ROUNDS,
    steps: int = STEPS,
    seed: int = 2020,
) -> Kept:
    """The placement that a long search finds, and the bound with its prices.

    Parameters
    ----------
    laid
        With missing answers where printed pairs need them: items that a region does not rate stay unrated.
    start
        What an earlier search found: this one goes on from there, and its result is no worse.
    rounds, steps
        Neighbourhoods of the search, and steps of the prices.
    """
    found, total = parts(laid, mean, share)
    old = start is not None and start.price.size == total.size
    short = place_ratings(laid, mean, share)
    best = Board.of(short.layout, short.ratings, mean, share)
    if start is not None:
        best = min(best, _board(laid, start.cells, mean, share), key=_error)
    known = start is not None
    price, below = best_prices(
        found,
        total,
        start.price if start and old else prices(found, total),
        goal=_error(best) - ENOUGH,
        steps=steps,
    )
    for like in LIKE:
        for ties in TIES:
            if _error(best) <= below + ENOUGH:
                break
            given = best.cells if known else None
            new = _searched(
                laid, mean, share, given, rounds=rounds, goal=below, ties=ties, like=like, seed=seed
            )
            within = [board for board in new if variance_within(board.cells[..., 1:]) >= WITHIN]
            best = min([best, *within], key=_error)
            if within:
                known = True
                break
    return Kept(best.cells, below, price)


def _error(board: Board) -> float:
    return float(board.errors().sum())


def _board(laid: Layout, cells: Ints, mean: Floats, share: Floats) -> Board:
    return Board.of(replace(laid, raters=cells[..., 1:].sum(axis=2)), cells[..., 1:], mean, share)


def _searched(
    laid: Layout,
    mean: Floats,
    share: Floats,
    given: Ints | None,
    *,
    rounds: int,
    goal: float,
    ties: float,
    like: int,
    seed: int,
) -> list[Board]:
    """Answers before and after exchanges, none where items cannot have what was found."""
    found, total = parts(laid, mean, share, like=like, clear=CLEAR)
    start = None if given is None else sums(laid, given, like=like)
    people = laid.people.sum(axis=1)
    try:
        solved, _ = search(found, total, people, rounds=rounds, goal=goal, ties=ties, start=start, seed=seed)
        ratings = spread(laid, found, solved, like=like)
    except ValueError:
        return []
    boards = [Board.of(*ratings, mean, share) for _ in range(2)]
    settle(boards[1], list(range(len(laid.regions))), SWEEPS, len(laid.regions))
    return boards


def main(services: list[str], *, seed: int = 2020) -> None:
    """Search on from what is kept, and keep what is found."""
    for service in services or [name for name in regional_tables() if name != AMBULANCE]:
        base = layout(service)
        mean, share = regional_figures(service, base.regions)
        laid = silent_where_needed(base, mean, share)
        found = nearer(laid, mean, share, start=kept(base, mean, share), seed=seed)
        with as_file(FOLDER) as folder:
            keep(base, mean, share, found, folder=folder)
        row = nearness(service)
        names = ("service", "error", "least_error", "variance_within")
        print(", ".join(f"{name} {row[name]}" for name in names), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
