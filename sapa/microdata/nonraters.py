"""How many answers the regional figures of a local service say are missing.

A mean above 4 + satisfaction needs fewer raters than asked: with a raters per asked person a mean is at most
``4 + satisfaction / a``.
"""

from functools import cache
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.placement import AMBULANCE, placement_2020, regional_figures, regional_tables
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Floats = NDArray[np.float64]
ROOM: Final = 2.0  # times the least: with just so many, every rating below five would have to be a four


def needed(mean: Floats, share: Floats) -> Floats:
    """Least share of missing answers with which printed pairs can hold, rounding allowed for.

    >>> needed(np.array([5.0, 4.5]), np.array([0.671, 0.8])).round(3).tolist()
    [0.325, 0.0]
    """
    above = np.nan_to_num(mean - MEAN_UNIT / 2 - 4)
    most = np.divide(share + SHARE_UNIT / 2, above, out=np.ones_like(above), where=above > 0)
    least: Floats = np.clip(1 - np.nan_to_num(most, nan=1.0), 0.0, 1.0)
    return least


def wanted(service: str, asked: int) -> int:
    """Non-raters of an item put to so many people that let the service's regional figures be near.

    Zero where no region's pair asks for any.

    >>> wanted("s60", 260), wanted("s01", 260)
    (10, 0)
    """
    return ceil(ROOM * asked * _least(service))


@cache
def _least(service: str) -> float:
    """Least share of missing answers over all regions."""
    regions = list(regional_tables().get(service, ()))
    if not regions or service == AMBULANCE:
        return 0.0
    people = placement_2020().loc[service, regions].to_numpy()
    return float(needed(*regional_figures(service, tuple(regions))) @ people / people.sum())
