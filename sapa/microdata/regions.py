"""Ratings of local services placed in regions so that the printed regional figures are near.

The counts of every item over all regions stay as solved. Missing answers go where printed pairs need them,
ratings as near to the printed figures as can be with little divergence from independence of rating and
region; what is not whole is rounded item by item, and exchanges between pairs of regions mend what rounding
moved.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sapa.microdata.exchange import FIVES, POINTS, Board, exchange
from sapa.microdata.layout import Layout, layout
from sapa.microdata.nearest import FIVE, SCORE, interval, margin_rows, nearest_ratings, steps
from sapa.microdata.people import Group
from sapa.microdata.silence import silent_where_needed
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, target
from sapa.published import table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
AMBULANCE: Final = "s62"  # its regional table prints items, and no satisfaction
AT_ONCE: Final = (2, 3)  # exchanges at once in each round
GRAIN: Final = 1e-7


@cache
def regional_groups(service: str) -> dict[tuple[str, str], Group]:
    """Groups of a local service's people by region and channel, their counts placed.

    >>> groups = regional_groups("s70")
    >>> sum(group.size for group in groups.values())
    376
    """
    return regional_layout(service).groups(placed(service))


@cache
def placed(service: str) -> Ints:
    """(B, R, 5) ratings of a local service by item and region, as placed."""
    laid = regional_layout(service)
    if service == AMBULANCE:
        printed = ambulance_figures(laid.regions)
        blank = np.full(len(laid.regions), np.nan)
        return np.concatenate([place_ratings(laid.block(b), item, blank) for b, item in enumerate(printed.T)])
    return place_ratings(laid, *regional_figures(service, laid.regions))


@cache
def regional_layout(service: str) -> Layout:
    """People, asked and raters of a local service by region, silent where its printed figures need it."""
    laid = layout(service)
    if service == AMBULANCE:
        return laid
    return silent_where_needed(laid, *regional_figures(service, laid.regions))


def regional_figures(service: str, regions: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Printed mean and satisfaction (a proportion) of a local service in each of its regions."""
    rows = (
        table("local_service_by_region")
        .set_index(["service_id", "region_id"])
        .loc[service]
        .loc[list(regions)]
    )
    return rows["mean_score"].to_numpy(dtype=float), (rows["satisfaction_pct"] / 100).round(4).to_numpy(
        dtype=float
    )


def ambulance_figures(regions: tuple[str, ...]) -> Floats:
    """Printed means of s62's five items in each of its regions, (R, 5)."""
    rows = table("ambulance_by_region").set_index("region_id").loc[list(regions)]
    names = [name.removeprefix("ambulance_") for name in target(AMBULANCE).forms[0].criteria]
    figures: Floats = rows[names].to_numpy(dtype=float)
    return figures


def place_ratings(laid: Layout, mean: Floats, share: Floats) -> Ints:
    """(B, R, 5) ratings by region with the layout's raters and counts, near the printed figures."""
    ratings = _rounded(nearest_ratings(laid, mean, share), laid)
    rate, part = steps(laid)
    for at_once in AT_ONCE:
        for kind, step, unit, wanted, value in (
            (FIVES, part, SHARE_UNIT, share, FIVE),
            (POINTS, rate, MEAN_UNIT, mean, SCORE),
        ):
            figure = np.einsum("br,brv,v->r", step, ratings, value)
            exchange(Board(ratings, kind, step, laid.label, figure, *interval(wanted, unit)), at_once=at_once)
    return ratings


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
