"""How near the regional figures of each local service are, beside how near they could be."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sapa.microdata.floor import least_errors
from sapa.microdata.layout import layout
from sapa.microdata.nearest import SCORE, goals
from sapa.microdata.placement import AMBULANCE, regional_figures, regional_tables
from sapa.microdata.points import least_error
from sapa.microdata.regions import Placed, ambulance_figures, placed

Ints = NDArray[np.int64]
Row = dict[str, str | int | float | bool]


def regional_nearness() -> pd.DataFrame:
    """Regional figures of each local service: how many are met, how far the others are, and the bound.

    Returns
    -------
    One row a service: ``service``; ``printed`` and ``met`` figures; ``error``, by how many units of the last
    digit figures print away from the printed ones, in all; ``least_error``, below which no answers are that
    have the same counts and as many people in every region and channel, wherever users live and whatever
    channel the people of a region used (:func:`sapa.microdata.floor.least_errors`; of s62, item by item, a
    dynamic programme); ``gap`` between the two, and whether none is nearer: ``proved``; and
    ``variance_within``, the share of the variance of the items' ratings that lies within regions.

    Examples
    --------
    >>> rows = regional_nearness()
    >>> bool((rows["gap"] >= 0).all())
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
    error = int(off.sum())
    return {
        "service": service,
        "printed": off.size,
        "met": int((off == 0).sum()),
        "error": error,
        "least_error": least,
        "gap": error - least,
        "proved": error == least,
        "variance_within": variance_within(found.ratings),
    }


def _regions(service: str, found: Placed) -> tuple[Ints, int]:
    """Units by which regional figures print away from the printed ones, and the least."""
    printed = regional_figures(service, found.layout.regions)
    return goals(found.layout, *printed).units(found.ratings), sum(least_by_region(service).values())


@cache
def least_by_region(service: str) -> dict[str, int]:
    """Units by which no placement of a service other than s62 prints nearer, by region.

    >>> {region: least for region, least in least_by_region("s67").items() if least}
    {'SKO': 33}
    """
    laid = layout(service)
    errors = least_errors(laid, *regional_figures(service, laid.regions))
    return dict(zip(laid.regions, errors.tolist(), strict=True))


def _items(found: Placed) -> tuple[Ints, int]:
    """The same of a service whose items are printed by region, one by one."""
    laid, blank = found.layout, np.full(len(found.layout.regions), np.nan)
    printed = ambulance_figures(laid.regions).T
    off = [
        goals(laid.block(b), item, blank).units(found.ratings[b : b + 1]) for b, item in enumerate(printed)
    ]
    least = [least_error(laid.asked[b], laid.counts[b], item)[2] for b, item in enumerate(printed)]
    return np.concatenate(off), sum(least)


def variance_within(ratings: Ints) -> float:
    """Share of the sum of squares of (B, R, 5) ratings about their items' means that lies within regions."""
    square = [_squares(counts) for counts in (ratings, ratings.sum(axis=1))]
    return square[0] / square[1]


def _squares(counts: Ints) -> float:
    """Sum of squares of ratings about the mean of their group, over all groups of (..., 5) counts."""
    number = np.maximum(counts.sum(axis=-1), 1)
    return float((counts @ SCORE**2 - (counts @ SCORE) ** 2 / number).sum())
