"""The integer programmes of regions solved, alone or together: their least error at given sums or prices."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import block_diag, csr_array, hstack, vstack

from sapa.microdata.programme import Part

Floats = NDArray[np.float64]


def relaxed(part: Part) -> Part:
    """The same programme with real numbers."""
    return replace(part, whole=np.zeros_like(part.whole))


def least(
    chosen: Sequence[Part],
    total: Floats | None = None,
    *,
    price: Floats | None = None,
    ties: float = 0.0,
    gap: float = 0.0,
    nodes: int | None = None,
) -> OptimizeResult:
    """Least error of regions together, with their sums in all fixed or each at a price.

    Parameters
    ----------
    chosen
        Programmes of the regions.
    total : (6 C,)
        Sums over the regions.
    price : (6 C,)
        Taken off the error for every unit of a sum.
    ties
        Units of error that a departure from independence by a standard deviation costs, beyond the first.
    gap
        Relative distance from the optimum at which the search may end.
    nodes
        Most nodes of the search.

    Returns
    -------
    SciPy's result of the integer programme (with no whole variable: of the linear one, which has prices).
    """
    cost = np.concatenate([part.cost + ties * part.tie for part in chosen])
    sums = hstack([part.sums for part in chosen]).tocsr()
    if price is not None:
        cost = cost - price @ sums
    rows = block_diag([part.rows for part in chosen]).tocsr()
    low, high, small, large, whole = (
        np.concatenate([getattr(part, name) for part in chosen])
        for name in ("low", "high", "least", "most", "whole")
    )
    if total is not None:
        rows = vstack([rows, sums]).tocsr()
        small, large = np.concatenate([small, total]), np.concatenate([large, total])
    if not whole.any():
        return _linear(cost, rows, small, large, np.column_stack([low, high]))
    options = {"mip_rel_gap": gap} | ({} if nodes is None else {"node_limit": nodes})
    return milp(
        cost,
        integrality=whole,
        bounds=Bounds(low, high),
        constraints=LinearConstraint(rows, small, large),
        options=options,
    )


def _linear(cost: Floats, rows: csr_array, small: Floats, large: Floats, bounds: Floats) -> OptimizeResult:
    """A linear programme with rows between ends; the prices of rows of equal ends are ``eqlin.marginals``."""
    equal = small == large
    above, below = ~equal & np.isfinite(large), ~equal & np.isfinite(small)
    return linprog(
        cost,
        A_ub=vstack([rows[above], -rows[below]]).tocsr(),
        b_ub=np.concatenate([large[above], -small[below]]),
        A_eq=rows[equal],
        b_eq=large[equal],
        bounds=bounds,
        method="highs-ds",
    )


def states(chosen: Sequence[Part], answer: OptimizeResult) -> list[Floats]:
    """Variables of each region."""
    ends = np.cumsum([part.cost.size for part in chosen])[:-1]
    return np.split(answer.x, ends)
