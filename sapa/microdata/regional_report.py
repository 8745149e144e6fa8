"""How near the regional figures of each local service are, beside how near they could be."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sapa.microdata.layout import Layout
from sapa.microdata.nearest import SCORE, goals, least_distance
from sapa.microdata.placement import regional_tables
from sapa.microdata.regions import AMBULANCE, ambulance_figures, placed, regional_figures, regional_layout

Floats = NDArray[np.float64]
PRINTS = 1e-6  # of a unit of the last digit
Part = tuple[Layout, NDArray[np.int64], Floats, Floats]


def regional_nearness() -> pd.DataFrame:
    """Regional figures of each local service: how many are met, how far the others are, and the bound.

    Returns
    -------
    One row a service: ``service``; ``printed`` and ``met`` figures; ``distance``, the total by which figures
    lie outside what rounds to the printed ones, in units of their last digits; ``least_distance``, which no
    ratings with the same counts, people and raters of regions go below (a linear programme); and
    ``variance_within``, the share of the variance of the items' ratings that lies within regions.

    Examples
    --------
    >>> rows = regional_nearness()
    >>> bool((rows["distance"] >= rows["least_distance"] - 1e-6).all())
    True
    """
    return pd.DataFrame([_row(service) for service in regional_tables()])


def _row(service: str) -> dict[str, str | int | float]:
    parts = _parts(service)
    off = np.concatenate([goals(laid, mean, share).distance(found) for laid, found, mean, share in parts])
    return {
        "service": service,
        "printed": off.size,
        "met": int((off < PRINTS).sum()),
        "distance": float(off.sum()),
        "least_distance": sum(least_distance(laid, mean, share) for laid, _, mean, share in parts),
        "variance_within": _within(placed(service)),
    }


def _parts(service: str) -> list[Part]:
    """Layout, ratings and printed figures; of s62, whose table prints items, item by item."""
    laid, ratings = regional_layout(service), placed(service)
    if service != AMBULANCE:
        return [(laid, ratings, *regional_figures(service, laid.regions))]
    blank = np.full(len(laid.regions), np.nan)
    items = ambulance_figures(laid.regions).T
    return [(laid.block(b), ratings[b : b + 1], item, blank) for b, item in enumerate(items)]


def _within(ratings: NDArray[np.int64]) -> float:
    """Share of the sum of squares of (B, R, 5) ratings about their items' means that lies within regions."""
    square = [_squares(counts) for counts in (ratings, ratings.sum(axis=1))]
    return square[0] / square[1]


def _squares(counts: NDArray[np.int64]) -> float:
    """Sum of squares of ratings about the mean of their group, over all groups of (..., 5) counts."""
    number = np.maximum(counts.sum(axis=-1), 1)
    return float((counts @ SCORE**2 - (counts @ SCORE) ** 2 / number).sum())
