"""Ratings of local services placed in regions so that the printed regional figures are near.

The counts of every item over all regions stay as solved. A linear programme splits them so that the sum of
the distances of the regional figures from their printed intervals is least; it is rounded item by item, and
exchanges between pairs of regions mend what rounding moved.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

from sampling import round_table
from sapa.microdata.exchange import FIVES, POINTS, Board, exchange
from sapa.microdata.layout import Layout, layout
from sapa.microdata.people import Group
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, target
from sapa.published import table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SCORE: Final = np.arange(1, 6)
FIVE: Final = np.array([0, 0, 0, 0, 1])
AMBULANCE: Final = "s62"  # its regional table prints items, and no satisfaction
INSIDE: Final = 0.9  # of half a unit: the programme keeps clear of the ends, which rounding moves
AT_ONCE: Final = (2, 2, 3)  # exchanges at once in each round
GRAIN: Final = 1e-7


@cache
def regional_groups(service: str) -> dict[tuple[str, str], Group]:
    """Groups of a local service's people by region and channel, their counts placed.

    >>> groups = regional_groups("s70")
    >>> sum(group.size for group in groups.values())
    376
    """
    laid = layout(service)
    if service == AMBULANCE:
        printed = ambulance_figures(laid.regions)
        blank = np.full(len(laid.regions), np.nan)
        placed = [place_ratings(laid.block(b), item, blank) for b, item in enumerate(printed.T)]
        return laid.groups(np.concatenate(placed))
    return laid.groups(place_ratings(laid, *regional_figures(service, laid.regions)))


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
    ratings = _rounded(_programme(laid, mean, share))
    rate, part = _steps(laid)
    for at_once in AT_ONCE:
        for kind, step, unit, wanted, value in (
            (FIVES, part, SHARE_UNIT, share, FIVE),
            (POINTS, rate, MEAN_UNIT, mean, SCORE),
        ):
            figure = np.einsum("br,brv,v->r", step, ratings, value)
            exchange(
                Board(ratings, kind, step, laid.label, figure, *_interval(wanted, unit)), at_once=at_once
            )
    return ratings


def _interval(wanted: Floats, unit: float) -> tuple[Floats, Floats]:
    """Ends of the printed intervals, open ends kept clear; everything where nothing is printed."""
    half = unit / 2 * (1 - 1e-6)
    blank = np.isnan(wanted)
    return np.where(blank, -np.inf, wanted - half), np.where(blank, np.inf, wanted + half)


def _steps(laid: Layout) -> tuple[Floats, Floats]:
    """What one point and one five of a block add to a region's mean and satisfaction, (B, R) each."""
    zero = np.zeros_like(laid.weight)
    rate = np.divide(laid.weight, laid.raters, out=zero.copy(), where=laid.weight > 0)
    return rate, np.divide(laid.weight, laid.asked, out=zero, where=laid.weight > 0)


def _programme(laid: Layout, mean: Floats, share: Floats) -> Floats:
    """Real-valued (B, R, 5) ratings by region of least total distance from the printed figures."""
    blocks, regions = laid.raters.shape
    size = blocks * regions * 5
    rows, limits = [], []
    for wanted, unit, step, value in zip(
        (mean, share), (MEAN_UNIT, SHARE_UNIT), _steps(laid), (SCORE, FIVE), strict=True
    ):
        printed = np.flatnonzero(~np.isnan(wanted))
        figure = np.zeros((regions, blocks, regions, 5))
        figure[np.arange(regions), :, np.arange(regions)] = step.T[:, :, None] * value
        rows.append(csr_array(figure.reshape(regions, size)[printed] / (unit / 2)))
        limits.append(wanted[printed] / (unit / 2))
    figures, centre = vstack(rows), np.concatenate(limits)
    distance = -eye_array(centre.size)
    answer = linprog(
        np.concatenate([np.zeros(size), np.ones(centre.size)]),
        A_ub=vstack([hstack([figures, distance]), hstack([-figures, distance])]).tocsr(),
        b_ub=np.concatenate([centre + INSIDE, INSIDE - centre]),
        A_eq=hstack([_margins(blocks, regions), csr_array((blocks * (regions + 5), centre.size))]).tocsr(),
        b_eq=np.concatenate([laid.raters.ravel(), laid.counts.ravel()]),
        method="highs-ds",
    )
    if answer.status != 0:
        raise ValueError(f"raters and counts of {laid.service} must have equal totals: {answer.message}")
    found: Floats = answer.x[:size].reshape(blocks, regions, 5)
    return found


def _margins(blocks: int, regions: int) -> csr_array:
    """Rows that sum the ratings of each block: over 1..5 in each region, over regions for each of 1..5."""
    over_ratings = kron(eye_array(blocks * regions), np.ones((1, 5)))
    over_regions = kron(eye_array(blocks), kron(np.ones((1, regions)), eye_array(5)))
    return vstack([over_ratings, over_regions]).tocsr()


def _rounded(cells: Floats) -> Ints:
    """Whole ratings next to real-valued ones with the same margins, block by block."""
    near = np.rint(cells)
    split = np.abs(cells - near).max(axis=(1, 2)) > GRAIN
    ratings = near.astype(np.int64)
    ratings[split] = [round_table(np.clip(block, 0, None)) for block in cells[split]]
    return ratings
