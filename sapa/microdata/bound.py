"""The error of a local service's regional figures that no placement of its answers goes below.

The counts of all regions are given only in sum. A price on each sum makes regions apart: whatever the prices,
the least errors of the regions with what they pay, and the price of the sums, is a lower bound (Lagrangian
relaxation; Geoffrion 1974). Each region's least is an integer programme, so the bound knows that ratings are
whole, which a linear programme does not. The linear programme's prices are a start; the best are sought in a
box around the best so far, by cutting planes (boxstep method; Marsten, Hogan & Blankenship 1975).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array, hstack

from sapa.microdata.programme import Part
from sapa.microdata.solve import least, relaxed

Floats = NDArray[np.float64]
NODES: Final = 20_000  # of a region's integer programme: where it ends early its own bound counts
STEPS: Final = 30
BOX: Final = 0.3  # units of error that a price may change at first
WIDER: Final = 1.5
NARROWER: Final = 0.7
TIGHT: Final = 0.002  # units of error by which the best prices may be better


def bound(found: Sequence[Part], total: Floats, price: Floats) -> float:
    """Least total error, or less, of ratings whose counts by class of items are `total`: true at any price.

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
    return _together(_apart(found, price), total, price)


def prices(found: Sequence[Part], total: Floats) -> Floats:
    """Price of one more answer of each kind and class, in the linear programme."""
    answer = least([relaxed(part) for part in found], total)
    if answer.status != 0:
        raise ValueError(f"regions cannot have these counts together: {answer.message}")
    marginals: Floats = answer.eqlin.marginals[-total.size :]
    return marginals


def best_prices(
    found: Sequence[Part], total: Floats, price: Floats, *, goal: float = np.inf, steps: int = STEPS
) -> tuple[Floats, float]:
    """Prices of a larger bound than that of `price`, and the bound.

    A region's answer at some prices is a bound on what it costs at any others. These bounds together have
    their best prices in the box; the box widens where they bring a gain and narrows where not. A bound of
    `goal` is enough.
    """
    best, box = -np.inf, np.where(total > 0, BOX, 0.0)
    cuts: list[tuple[int, float, Floats]] = []
    tried = price
    for _ in range(steps):
        answers = _apart(found, tried)
        value = _together(answers, total, tried)
        for r, answer in enumerate(answers):
            if answer.x is not None:
                sums = np.rint(found[r].sums @ answer.x)
                cuts.append((r, float(found[r].cost @ answer.x), sums))
        gained = value > best
        box = box * (WIDER if gained else NARROWER)
        if gained:
            best, price = value, tried
        if best >= goal:
            break
        hoped, tried = _in_box(cuts, len(found), total, price, box)
        if hoped < best + TIGHT:
            box = np.where(total > 0, BOX, 0.0)
            hoped, tried = _in_box(cuts, len(found), total, price, box)
            if hoped < best + TIGHT:
                break
    return price, max(0.0, best)


def _apart(found: Sequence[Part], price: Floats) -> list[OptimizeResult]:
    """Each region's programme at the prices."""
    return [least([part], price=price, nodes=NODES) for part in found]


def _together(answers: Sequence[OptimizeResult], total: Floats, price: Floats) -> float:
    return max(0.0, float(sum(answer.mip_dual_bound for answer in answers) + price @ total))


def _in_box(
    cuts: Sequence[tuple[int, float, Floats]], regions: int, total: Floats, price: Floats, box: Floats
) -> tuple[float, Floats]:
    """Largest bound that the regions' answers leave possible within the box, and its prices."""
    region = np.array([r for r, *_ in cuts])
    one = csr_array((np.ones(region.size), (np.arange(region.size), region)), shape=(region.size, regions))
    free = np.full(regions, np.inf)
    low, high = np.concatenate([-free, price - box]), np.concatenate([free, price + box])
    answer = linprog(
        -np.concatenate([np.ones(regions), total]),
        A_ub=hstack([one, csr_array(np.array([sums for *_, sums in cuts]))]).tocsr(),
        b_ub=np.array([cost for _, cost, _ in cuts]),
        bounds=np.column_stack([low, high]),
    )
    return -float(answer.fun), answer.x[regions:]
