"""The error of a local service's regional figures that no placement of its answers goes below.

People, users and complainers of regions are given, the counts of all regions only in sum. A price on each
sum makes regions apart: whatever the prices, the least errors of the regions with what they pay, and the
price of the sums, is a lower bound (Lagrangian relaxation; Geoffrion 1974). Each region's least is an integer
programme, so the bound knows that ratings are whole, which a linear programme does not. The linear
programme's prices are a start; the best are sought in a box around the best so far, by cutting planes
(boxstep method; Marsten, Hogan & Blankenship 1975).
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
INFEASIBLE: Final = 2  # status of the solver
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


@dataclass(frozen=True, slots=True)
class Priced:
    """Prices of the counts.

    Attributes
    ----------
    price : (6 C,) float
    bound
        Least total error, or less, at these prices.
    answers
        Of regions, at all prices tried on the way.
    """

    price: Floats
    bound: float
    answers: tuple["Answer", ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Counts of a region that cost least at some prices: at any others the region costs no more than these.

    Attributes
    ----------
    region, error
    sums : (6 C,) float
    missed : (2,) float
        Whether the mean, and satisfaction, does not print.
    """

    region: int
    error: float
    sums: Floats
    missed: tuple[float, ...]


def best_prices(
    found: Sequence[Part],
    total: Floats,
    price: Floats,
    *,
    goal: float = np.inf,
    steps: int = STEPS,
    answers: Sequence[Answer] = (),
) -> Priced:
    """Prices of a larger bound than that of `price`, and the bound.

    A region's answer at some prices is a bound on what it costs at any others. These bounds together have
    their best prices in the box; the box widens where they bring a gain and narrows where not. A bound of
    `goal` is enough. `answers` are known before.
    """
    best, box = -np.inf, np.where(total > 0, BOX, 0.0)
    known = list(answers)
    tried = price
    for _ in range(steps):
        solved = _apart(found, tried)
        value = _together(solved, total, tried)
        known.extend(_answer(r, found[r], one.x) for r, one in enumerate(solved) if one.x is not None)
        gained = value > best
        box = box * (WIDER if gained else NARROWER)
        if gained:
            best, price = value, tried
        if best >= goal:
            break
        hoped, tried, _ = in_box(known, total, price, box)
        if hoped < best + TIGHT:
            box = np.where(total > 0, BOX, 0.0)
            hoped, tried, _ = in_box(known, total, price, box)
            if hoped < best + TIGHT:
                break
    return Priced(price, max(0.0, best), tuple(known))


def _answer(region: int, part: Part, state: Floats) -> Answer:
    whole = np.where(part.whole, np.rint(state), state)
    missed = tuple(float(whole[j]) if j >= 0 else 0.0 for j in part.missed)
    return Answer(region, float(part.cost @ state), np.rint(part.sums @ state), missed)


def _apart(found: Sequence[Part], price: Floats) -> list[OptimizeResult]:
    """Each region's programme at the prices."""
    return [least([part], price=price, nodes=NODES) for part in found]


def _together(solved: Sequence[OptimizeResult], total: Floats, price: Floats) -> float:
    costs = [np.inf if one.status == INFEASIBLE else one.mip_dual_bound for one in solved]
    return max(0.0, float(sum(costs) + price @ total))


def in_box(
    answers: Sequence[Answer], total: Floats, price: Floats, box: Floats
) -> tuple[float, Floats, Floats]:
    """Largest bound that answers leave possible at prices within the box, its prices, each answer's part."""
    of, region = np.unique([answer.region for answer in answers], return_inverse=True)
    one = csr_array((np.ones(region.size), (np.arange(region.size), region)), shape=(region.size, of.size))
    free = np.full(of.size, np.inf)
    low, high = np.concatenate([-free, price - box]), np.concatenate([free, price + box])
    found = linprog(
        -np.concatenate([np.ones(of.size), total]),
        A_ub=hstack([one, csr_array(np.array([answer.sums for answer in answers]))]).tocsr(),
        b_ub=np.array([answer.error for answer in answers]),
        bounds=np.column_stack([low, high]),
    )
    return -float(found.fun), found.x[of.size :], -found.ineqlin.marginals
