"""The long search for placements of local services' answers, and the proof of how near any can be.

    python -m sapa.microdata.nearer s49 s50 ...

writes what :mod:`sapa.microdata.kept` reads, and prints error and bound of each service. Without names it
takes all, up to half an hour each.
"""

import sys
from importlib.resources import as_file
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import Board
from sapa.microdata.bound import STEPS, bound, prices
from sapa.microdata.cases import best_cases
from sapa.microdata.exchange import SWEEPS, settle
from sapa.microdata.kept import FOLDER, Kept, keep, kept
from sapa.microdata.layout import Layout, as_answered, layout
from sapa.microdata.moves import moved
from sapa.microdata.placement import regional_tables
from sapa.microdata.programme import parts, sums
from sapa.microdata.regional_report import PROVED, nearness, variance_within
from sapa.microdata.regions import AMBULANCE, place_ratings, regional_figures
from sapa.microdata.search import search
from sapa.microdata.silence import silent_where_needed
from sapa.microdata.spread import spread

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
RESTARTS: Final = 20
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
    restarts: int = RESTARTS,
    rounds: int = ROUNDS,
    steps: int = STEPS,
    seed: int = 2020,
) -> Kept:
    """The placement that a long search finds, and a bound of those with its users by region.

    Users and complainers are moved between regions first. Then all answers are placed anew with these users
    and the items that regions leave unrated.

    Parameters
    ----------
    laid
        With missing answers where printed pairs need them.
    start
        What an earlier search found: this one goes on from there, and its result errs no more.
    restarts
        Of moves of users.
    rounds, steps
        Neighbourhoods of the search, and steps of the prices.
    """
    if start is None:
        short = place_ratings(laid, mean, share)
        start = Kept(Board.of(short.layout, short.ratings, mean, share).cells, 0.0, ())
    rng = np.random.default_rng(seed)
    cells = moved(laid, start.cells, mean, share, restarts=restarts, rng=rng, allowed=_spread_enough)
    best = _board(laid, cells, mean, share)
    if (cells == start.cells).all() and start.cases and _error(best) <= start.bound + ENOUGH:
        return start
    laid = as_answered(laid, cells)
    found, total = parts(laid, mean, share)
    fits = bool(start.cases) and start.cases[0].price.size == total.size
    price = start.cases[0].price if fits else prices(found, total)
    below = bound(found, total, price)
    for like in LIKE:
        best = _placed_anew(laid, best, mean, share, rounds=rounds, goal=below, like=like, seed=seed)
    cases, below = best_cases(found, total, price, goal=_error(best) - ENOUGH, steps=steps)
    if (cells == start.cells).all() and start.bound > below:
        cases, below = start.cases, start.bound
    return Kept(best.cells, below, cases)


def _spread_enough(cells: Ints) -> bool:
    return variance_within(cells[..., 1:]) >= WITHIN


def _placed_anew(
    laid: Layout, best: Board, mean: Floats, share: Floats, *, rounds: int, goal: float, like: int, seed: int
) -> Board:
    """The best answers once neighbourhoods are solved anew, ties costing as little as lets ratings spread."""
    for ties in TIES:
        if _error(best) <= goal + ENOUGH:
            break
        new = _searched(
            laid, mean, share, best.cells, rounds=rounds, goal=goal, ties=ties, like=like, seed=seed
        )
        enough = [board for board in new if _spread_enough(board.cells)]
        best = min([best, *enough], key=_error)
        if enough:
            break
    return best


def _error(board: Board) -> float:
    return float(board.errors().sum())


def _board(laid: Layout, cells: Ints, mean: Floats, share: Floats) -> Board:
    return Board.of(as_answered(laid, cells), cells[..., 1:], mean, share)


def _searched(
    laid: Layout,
    mean: Floats,
    share: Floats,
    given: Ints,
    *,
    rounds: int,
    goal: float,
    ties: float,
    like: int,
    seed: int,
) -> list[Board]:
    """Answers before and after exchanges, none where items cannot have what was found."""
    found, total = parts(laid, mean, share, like=like, clear=CLEAR)
    start = sums(laid, given, like=like)
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
    local = [name for name in regional_tables() if name != AMBULANCE]
    if unknown := [name for name in services if name not in local]:
        raise ValueError(
            f"services must be local ones that are searched, got {unknown[0]!r}; known are {', '.join(local)}"
        )
    for service in services or local:
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
