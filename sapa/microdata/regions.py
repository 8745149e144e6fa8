"""Ratings of local services placed in regions so that the printed regional figures are near.

The counts of every item over all regions stay as solved. What a long search found for these counts is kept
with the package (:mod:`sapa.microdata.kept`). For other counts there is a short way: missing answers go where
printed pairs need them, ratings as near to the printed figures as can be with little divergence from
independence of rating and region; what is not whole is rounded item by item, exchanges of answers between
pairs of regions mend what rounding moved, and people are moved as long as that helps. (s62, whose items are
printed one by one, is placed exactly.)
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sapa.microdata.board import Board
from sapa.microdata.exchange import exchange
from sapa.microdata.kept import kept
from sapa.microdata.layout import Layout, as_answered, layout
from sapa.microdata.local_search import moved
from sapa.microdata.nearest import margin_rows, nearest_ratings
from sapa.microdata.people import Group
from sapa.microdata.placement import AMBULANCE, regional_figures
from sapa.microdata.points import placed_points
from sapa.microdata.silence import silent_where_needed
from sapa.microdata.targets import target
from sapa.published import table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SHAKES: Final = 200  # random exchanges tried in each service
SEED: Final = 2020  # of these: the placement is one, whatever the seed of the people
GRAIN: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Placed:
    """A local service's answers by region: the layout, people and raters as placed, and (B, R, 5) ratings."""

    layout: Layout
    ratings: Ints


@cache
def regional_groups(service: str) -> dict[tuple[str, str], Group]:
    """Groups of a local service's people by region and channel, their counts placed.

    >>> groups = regional_groups("s70")
    >>> sum(group.size for group in groups.values())
    376
    """
    found = placed(service)
    return found.layout.groups(found.ratings)


@cache
def placed(service: str) -> Placed:
    """Ratings of a local service by item and region, as placed."""
    laid = layout(service)
    if service == AMBULANCE:
        printed = ambulance_figures(laid.regions).T
        items = [placed_points(laid.block(b), item) for b, item in enumerate(printed)]
        laid = replace(laid, raters=np.concatenate([item.raters for item, _ in items]))
        return Placed(laid, np.concatenate([ratings for _, ratings in items]))
    mean, share = regional_figures(service, laid.regions)
    cells = kept(laid, mean, share)
    if cells is None:
        start = short_way(laid, mean, share)
        cells = moved(laid, start, mean, share, restarts=0, rng=np.random.default_rng(SEED))
    return Placed(as_answered(laid, cells), cells[..., 1:])


def short_way(laid: Layout, mean: Floats, share: Floats) -> Ints:
    """(B, R, 6) answers, none and 1..5, with the layout's people and users, near the printed figures."""
    short = place_ratings(silent_where_needed(laid, mean, share), mean, share)
    return Board.of(short.layout, short.ratings, mean, share).cells


def ambulance_figures(regions: tuple[str, ...]) -> Floats:
    """Printed means of s62's five items in each of its regions, (R, 5)."""
    rows = table("ambulance_by_region").set_index("region_id").loc[list(regions)]
    names = [name.removeprefix("ambulance_") for name in target(AMBULANCE).forms[0].criteria]
    figures: Floats = rows[names].to_numpy(dtype=float)
    return figures


def place_ratings(laid: Layout, mean: Floats, share: Floats) -> Placed:
    """Ratings by region with the layout's people and counts, near the printed figures."""
    board = Board.of(laid, _rounded(nearest_ratings(laid, mean, share), laid), mean, share)
    exchange(board, shakes=SHAKES, rng=np.random.default_rng(SEED))
    ratings = board.cells[..., 1:]
    return Placed(replace(laid, raters=ratings.sum(axis=2)), ratings)


def _rounded(cells: Floats, laid: Layout) -> Ints:
    """Whole ratings next to real-valued ones, with the layout's margins even where fitting stopped short.

    One transportation problem for all blocks: rounding a cell up costs ``1 - 2 x fraction``.
    """
    floor = np.floor(cells + GRAIN)
    part = np.clip(cells - floor, 0, 1)
    margins = np.concatenate(
        [(laid.raters - floor.sum(axis=2)).ravel(), (laid.counts - floor.sum(axis=1)).ravel()]
    )
    answer = linprog(
        (1 - 2 * part).ravel(),
        A_eq=margin_rows(*laid.raters.shape),
        b_eq=margins,
        bounds=np.column_stack([np.zeros(part.size), (cells > 0).ravel().astype(float)]),
        method="highs-ds",
    )
    if answer.status != 0:
        raise ValueError(f"ratings of {laid.service} cannot be rounded with these margins: {answer.message}")
    up: Ints = np.rint(answer.x).reshape(cells.shape).astype(np.int64)
    return floor.astype(np.int64) + up
