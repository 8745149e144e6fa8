"""Ratings of local services placed in regions so that the printed regional figures are near.

The counts of every item over all regions stay as solved. Of all ways to split them, the one of least
divergence from independence of rating and region brings the regional figures near; it is rounded item by
item, and exchanges between pairs of regions mend what rounding moved. (A linear programme of least distance
prints as many figures, but its corners heap an item's low ratings in few regions: half the variance within
regions is then lost, and with it the precision of every local service and region.)
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_array, eye_array, kron, vstack

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
SOFT: Final = 1e-3  # of a multiplier's square: figures beyond reach are approached, not met
TURNS: Final = 150
SWEEPS: Final = 100
AT_ONCE: Final = (2, 3)  # exchanges at once in each round
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
    ratings = _rounded(_likeliest(laid, mean, share), laid)
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


def _likeliest(laid: Layout, mean: Floats, share: Floats) -> Floats:
    """Real-valued (B, R, 5) ratings by region, least divergent from independence, near the printed figures.

    Cells are ``base exp(row + column + multiplier x what one rating adds to the region's figure)``; the dual
    of the margins and the figures is minimised, then the margins are met by iterative fitting.
    """
    raters, counts = laid.raters.astype(float), laid.counts.astype(float)
    base = raters[:, :, None] * counts[:, None, :] / np.maximum(counts.sum(axis=1), 1)[:, None, None]
    slopes, wanted = _slopes(laid, mean, share)
    ends = np.cumsum([raters.size, counts.size, wanted[0].size])

    def cells(dual: Floats) -> Floats:
        row, column, *figures = np.split(dual, ends)
        power = row.reshape(raters.shape)[:, :, None] + column.reshape(counts.shape)[:, None, :]
        power = power + sum(slope * figure[:, None] for slope, figure in zip(slopes, figures, strict=True))
        found: Floats = base * np.exp(np.clip(power, -40, 40))
        return found

    def objective(dual: Floats) -> tuple[float, Floats]:
        found, soft = cells(dual), dual[ends[1] :]
        figures = [
            (found * slope).sum(axis=(0, 2)) - goal for slope, goal in zip(slopes, wanted, strict=True)
        ]
        margins = (found.sum(axis=2) - raters).ravel(), (found.sum(axis=1) - counts).ravel()
        goals = np.concatenate([raters.ravel(), counts.ravel(), *wanted])
        slope = np.concatenate([*margins, *figures])
        slope[ends[1] :] += SOFT * soft
        return float(found.sum() - dual @ goals + SOFT / 2 * soft @ soft), slope

    start = np.zeros(ends[2] + wanted[1].size)
    best = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": TURNS, "maxcor": 30})
    return _fitted(cells(best.x), raters, counts)


def _slopes(laid: Layout, mean: Floats, share: Floats) -> tuple[list[Floats], list[Floats]]:
    """What one rating adds to its region's mean and share, (B, R, 5) each, and the figures, scaled alike."""
    slopes, wanted = [], []
    for figure, step, value in zip((mean, share), _steps(laid), (SCORE, FIVE), strict=True):
        printed = ~np.isnan(figure)
        slope = np.where(printed, step, 0.0)
        scale = 1 / max(float(slope.max()), 1e-12)
        slopes.append(scale * slope[:, :, None] * value)
        wanted.append(scale * np.where(printed, figure, 0.0))
    return slopes, wanted


def _fitted(cells: Floats, raters: Floats, counts: Floats) -> Floats:
    """Cells with the margins: raters of each block and region, counts of each block and rating.

    Cells that the figures drive towards zero converge slowly; what is left then is for the rounding.
    """
    for _ in range(SWEEPS):
        for axis, margin in ((1, counts), (2, raters)):
            total = cells.sum(axis=axis)
            ratio = np.divide(margin, total, out=np.zeros_like(margin), where=total > 0)
            cells = cells * np.expand_dims(ratio, axis)
        if np.abs(cells.sum(axis=1) - counts).max() < GRAIN / 100:
            break
    return cells


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
        A_eq=_margins(*laid.raters.shape),
        b_eq=margins,
        bounds=np.column_stack([np.zeros(part.size), (cells > 0).ravel().astype(float)]),
        method="highs-ds",
    )
    if answer.status != 0:
        raise ValueError(f"ratings of {laid.service} cannot be rounded with these margins: {answer.message}")
    up: Ints = np.rint(answer.x).reshape(cells.shape).astype(np.int64)
    return floor.astype(np.int64) + up


def _margins(blocks: int, regions: int) -> csr_array:
    """Rows that sum the ratings of each block: over 1..5 in each region, over regions for each of 1..5."""
    over_ratings = kron(eye_array(blocks * regions), np.ones((1, 5)))
    over_regions = kron(eye_array(blocks), kron(np.ones((1, regions)), eye_array(5)))
    return vstack([over_ratings, over_regions]).tocsr()
