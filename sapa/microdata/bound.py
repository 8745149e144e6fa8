"""The error of a local service's regional figures that no placement of its answers goes below.

The counts of all regions are given only in sum. A price on each sum makes regions apart: whatever the prices,
the least errors of the regions with what they pay, and the price of the sums, is a lower bound (Lagrangian
relaxation; Geoffrion 1974). Each region's least is an integer programme solved to the end, so the bound knows
that ratings are whole, which a linear programme does not. The prices are the linear programme's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.programme import Part, least, relaxed

Floats = NDArray[np.float64]


def bound(found: Sequence[Part], total: Floats, price: Floats) -> float:
    """Least total error, or less, of ratings whose counts by criterion are `total`: true at any price.

    Examples
    --------
    >>> from sapa.microdata.layout import layout
    >>> from sapa.microdata.programme import parts
    >>> from sapa.microdata.regions import regional_figures
    >>> laid = layout("s63")
    >>> found, total = parts(laid, *regional_figures("s63", laid.regions))
    >>> bound(found, total, np.zeros(total.size))
    0.0
    """
    apart = [least([part], price=price).mip_dual_bound for part in found]
    return max(0.0, float(sum(apart) + price @ total))


def prices(found: Sequence[Part], total: Floats) -> Floats:
    """Price of one more answer of each kind and criterion, in the linear programme."""
    answer = least([relaxed(part) for part in found], total)
    if answer.status != 0:
        raise ValueError(f"regions cannot have these counts together: {answer.message}")
    marginals: Floats = answer.eqlin.marginals[-total.size :]
    return marginals
