"""Tiers of units that cannot be told apart: the compact letter display."""

from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice
from math import inf
from string import ascii_letters

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from estimators.comparisons_estimates import JointEstimate
from estimators.options import Best, direction
from estimators.ranks import DRAWS, Rng, orderings

Estimate = ArrayLike | xr.DataArray
Mask = NDArray[np.bool_]


def tiers(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    level: float = 0.95,
    stepwise: bool = True,
    best: Best = "high",
    df: ArrayLike = inf,
    draws: int = DRAWS,
    rng: Rng = 0,
) -> xr.Dataset:
    """Letters of units: two share a letter if and only if the table does not establish their order.

    Parameters
    ----------
    estimate, covariance_or_se, level, stepwise, best, df, draws, rng
        As in `ranks`; the orderings are those of its simultaneous sets.

    Returns
    -------
    Dataset
        `letters` (unit,), `member` (unit, tier) and `different` (unit, other unit).

    Notes
    -----
    Piepho (2004). Tiers overlap: being in one tier is not a proof of being equal.

    Examples
    --------
    >>> tiers([4.9, 4.75, 4.6], [0.05, 0.05, 0.05])["letters"].values.tolist()
    ['a', 'ab', 'b']
    """
    joint = JointEstimate.of(estimate, covariance_or_se)
    found = orderings(
        joint, level=level, simultaneous=True, stepwise=stepwise, best=best, df=df, draws=draws, rng=rng
    )
    different = found.superior | found.inferior
    order = np.argsort(-direction(best) * joint.values, kind="stable")
    member = cliques(different[np.ix_(order, order)])[np.argsort(order)]
    names = np.array(list(islice(_letters(), member.shape[1])))
    return xr.Dataset(
        {
            "letters": (joint.dim, ["".join(names[row]) for row in member]),
            "member": ((joint.dim, "tier"), member),
            "different": ((joint.dim, f"{joint.dim}_other"), different),
        },
        coords={joint.dim: joint.labels, "tier": names, f"{joint.dim}_other": joint.labels},
        attrs={"level": level, "best": best},
    )


def cliques(different: Mask) -> Mask:
    """Groups of units none of which differ, enough of them that any two that do not differ share one.

    Parameters
    ----------
    different : ndarray (unit, unit)
        Symmetric, False on the diagonal.

    Returns
    -------
    ndarray (unit, group)
        Membership, groups ordered by their first member; none could be left out.

    Notes
    -----
    The insert-and-absorb algorithm of Piepho (2004), Section 2, then its sweep for columns that add no pair.

    Examples
    --------
    >>> cliques(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool)).astype(int).tolist()
    [[1, 0], [1, 1], [0, 1]]
    """
    if not np.array_equal(different, different.T) or different.diagonal().any():
        raise ValueError("different must be symmetric with a False diagonal")
    groups = np.ones((1, len(different)), dtype=bool)
    for a, b in np.argwhere(np.triu(different)):
        both = groups[:, a] & groups[:, b]
        without_a, without_b = groups[both].copy(), groups[both].copy()
        without_a[:, a] = without_b[:, b] = False
        groups = _absorb(groups[~both], np.concatenate([without_a, without_b]))
    groups = _swept(groups)
    return groups[np.lexsort(~groups.T[::-1])].T


def _absorb(kept: Mask, new: Mask) -> Mask:
    """Drop new groups that lie inside another; the kept ones never lie inside a new one."""
    new = np.unique(new, axis=0)
    inside_kept = ((new[:, None] & ~kept[None]).sum(axis=2) == 0).any(axis=1)
    new = new[~inside_kept]
    within = (new[:, None] & ~new[None]).sum(axis=2) == 0
    np.fill_diagonal(within, False)
    return np.concatenate([kept, new[~within.any(axis=1)]])


def _swept(groups: Mask) -> Mask:
    """Leave out, from the smallest, groups all of whose pairs are in other groups too."""
    shared = groups.astype(int).T @ groups.astype(int)
    keep = np.ones(len(groups), dtype=bool)
    for row in np.argsort(groups.sum(axis=1), kind="stable"):
        pairs = np.outer(groups[row], groups[row])
        if (shared[pairs] > 1).all():
            keep[row] = False
            shared -= pairs
    return groups[keep]


def _letters() -> Iterator[str]:
    """Yield a..z, A..Z, then a2..Z2 and so on."""
    for turn in numbers(1):
        for letter in ascii_letters:
            yield letter if turn == 1 else f"{letter}{turn}"
