"""How near the regional figures of each local service are, beside how near they could be."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sapa.microdata.board import HALF
from sapa.microdata.floor import least_errors
from sapa.microdata.layout import layout
from sapa.microdata.nearest import SCORE, goals
from sapa.microdata.placement import AMBULANCE, regional_figures, regional_tables
from sapa.microdata.points import least_error
from sapa.microdata.regions import Placed, ambulance_figures, placed

Floats = NDArray[np.float64]
PROVED = 0.01  # of a unit of the last digit: the gap below which the least is taken as proved
MISSED = 1e-7
Row = dict[str, str | int | float | bool]


def regional_nearness() -> pd.DataFrame:
    """Regional figures of each local service: how many are met, how far the others are, and the bound.

    Returns
    -------
    One row a service: ``service``; ``printed`` and ``met`` figures; ``error``, the total distance of figures
    that are not met from the printed ones, in units of their last digits, which the placement makes small;
    ``least_error``, which no answers go below that have the same counts and as many people in every
    region and channel, wherever users live and whatever channel the people of a region used
    (:func:`sapa.microdata.floor.least_errors`; of s62, item by item, a dynamic programme); ``gap`` between
    the two and whether the least is thereby ``proved``; and
    ``variance_within``, the share of the variance of the items' ratings that lies within regions.

    Examples
    --------
    >>> rows = regional_nearness()
    >>> bool((rows["gap"] > -1e-6).all())
    True
    """
    return pd.DataFrame([nearness(service) for service in regional_tables()])


def nearness(service: str) -> Row:
    """One service's row of :func:`regional_nearness`.

    >>> nearness("s63")["proved"]
    True
    """
    found = placed(service)
    off, least = _items(found) if service == AMBULANCE else _regions(service, found)
    missed = off > MISSED
    error = float(off.sum() + HALF * missed.sum())
    return {
        "service": service,
        "printed": off.size,
        "met": int((~missed).sum()),
        "error": error,
        "least_error": least,
        "gap": error - least,
        "proved": error - least < PROVED,
        "variance_within": variance_within(found.ratings),
    }


def _regions(service: str, found: Placed) -> tuple[Floats, float]:
    """Distances of regional figures from what prints, and what no answers go below."""
    printed = regional_figures(service, found.layout.regions)
    return goals(found.layout, *printed).distance(found.ratings), sum(least_by_region(service).values())


@cache
def least_by_region(service: str) -> dict[str, float]:
    """Units of error that no placement of a service other than s62 goes below, by region.

    >>> {region: round(least, 1) for region, least in least_by_region("s60").items() if least}
    {'SKO': 20.2}
    """
    laid = layout(service)
    errors = least_errors(laid, *regional_figures(service, laid.regions))
    return dict(zip(laid.regions, errors.tolist(), strict=True))


def _items(found: Placed) -> tuple[Floats, float]:
    """The same of a service whose items are printed by region, one by one."""
    laid, blank = found.layout, np.full(len(found.layout.regions), np.nan)
    printed = ambulance_figures(laid.regions).T
    off = [
        goals(laid.block(b), item, blank).distance(found.ratings[b : b + 1]) for b, item in enumerate(printed)
    ]
    least = [least_error(laid.asked[b], laid.counts[b], item)[2] for b, item in enumerate(printed)]
    return np.concatenate(off), sum(least)


def variance_within(ratings: NDArray[np.int64]) -> float:
    """Share of the sum of squares of (B, R, 5) ratings about their items' means that lies within regions."""
    square = [_squares(counts) for counts in (ratings, ratings.sum(axis=1))]
    return square[0] / square[1]


def _squares(counts: NDArray[np.int64]) -> float:
    """Sum of squares of ratings about the mean of their group, over all groups of (..., 5) counts."""
    number = np.maximum(counts.sum(axis=-1), 1)
    return float((counts @ SCORE**2 - (counts @ SCORE) ** 2 / number).sum())
