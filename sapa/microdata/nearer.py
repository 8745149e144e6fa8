"""The long search for placements of local services' answers.

    python -m sapa.microdata.nearer s49 s50 ...

goes on from what :mod:`sapa.microdata.kept` reads, writes each gain there, so that it can be interrupted, and
prints the error before rounding after every round, at the end that in print and beside it the least. Without
names it takes all, some minutes each.
"""

import sys
from importlib.resources import as_file
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import Board
from sapa.microdata.floor import least_errors
from sapa.microdata.kept import FOLDER, keep, kept
from sapa.microdata.layout import Layout, as_answered, layout
from sapa.microdata.local_search import moved
from sapa.microdata.placement import AMBULANCE, regional_figures, regional_tables
from sapa.microdata.regional_report import nearness, variance_within
from sapa.microdata.regions import short_way

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
RESTARTS: Final = 10  # between two looks at what is to be kept
ROUNDS: Final = 10
WITHIN: Final = 0.4  # least share of the variance of ratings that lies within regions


def nearer(
    laid: Layout,
    mean: Floats,
    share: Floats,
    *,
    start: Ints | None = None,
    restarts: int = RESTARTS,
    within: float = WITHIN,
    seed: int = 2020,
) -> Ints:
    """(B, R, 6) answers that a search finds: none and 1..5, of no more error or at the least in print.

    Parameters
    ----------
    laid
        People, counts, users and complainers in all.
    start
        Answers to go on from; without them, those of :func:`sapa.microdata.regions.short_way`.
    restarts
        Of moves of people (:func:`sapa.microdata.local_search.moved`).
    within
        Least share of the variance of ratings that is to lie within regions.
    """
    return moved(
        laid,
        short_way(laid, mean, share) if start is None else start,
        mean,
        share,
        restarts=restarts,
        rng=np.random.default_rng(seed),
        goal=int(least_errors(laid, mean, share).sum()),
        allowed=lambda cells: variance_within(cells[..., 1:]) >= within,
    )


def error(laid: Layout, cells: Ints, mean: Floats, share: Floats) -> float:
    """Total error of answers before rounding, in units of the figures' last digits."""
    return float(Board.of(as_answered(laid, cells), cells[..., 1:], mean, share).errors().sum())


def main(services: list[str], *, rounds: int = ROUNDS, seed: int = 2020) -> None:
    """Search on from what is kept, and keep what is found."""
    local = [name for name in regional_tables() if name != AMBULANCE]
    if unknown := [name for name in services if name not in local]:
        raise ValueError(
            f"services must be local ones that are searched, got {unknown[0]!r}; known are {', '.join(local)}"
        )
    for service in services or local:
        laid = layout(service)
        mean, share = regional_figures(service, laid.regions)
        cells = kept(laid, mean, share)
        for k in range(rounds):
            found = nearer(laid, mean, share, start=cells, seed=seed + k)
            if cells is None or (found != cells).any():
                cells = found
                with as_file(FOLDER) as folder:
                    keep(laid, mean, share, cells, folder=folder)
            print(f"{service}, round {k + 1} of {rounds}: {error(laid, found, mean, share):.2f}", flush=True)
        row = nearness(service)
        print(", ".join(f"{name} {row[name]}" for name in ("service", "error", "least_error")), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
