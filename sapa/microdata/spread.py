"""Ratings of single items by region that make the figures that sums by criterion make, near independence.

The items of one criterion share a region's fives, lost points and missing answers so that each item keeps its
counts over all regions: small integer programmes, one a class of items. Where no ratings do that, the figures
that they make are as near as can be.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from sapa.microdata.layout import Layout
from sapa.microdata.nearest import FIVE, margin_rows, rungs, steps
from sapa.microdata.programme import LOST, Part, alike
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
GAP: Final = 0.002
NODES: Final = 2000
STRICT: Final = 1e4  # nats of divergence that a unit of error costs


def spread(
    laid: Layout, found: Sequence[Part], solved: Sequence[Floats], *, like: int = 2
) -> tuple[Layout, Ints]:
    """Layout with raters as solved, and (B, R, 5) ratings with the regions' sums.

    Parameters
    ----------
    found, solved
        Programme and variables of each region.
    """
    classes = alike(laid, like)
    raters = laid.raters.copy()
    ratings = np.zeros((*raters.shape, 5), dtype=np.int64)
    for c in range(classes.max() + 1):
        mine = np.flatnonzero(classes == c)
        part = laid.only(mine)
        if not part.counts.any():
            raters[mine] = 0
            continue
        part = replace(part, raters=_raters(part, found, solved, c))
        raters[mine] = part.raters
        ratings[mine] = _ratings(part, found, solved, c)
    return replace(laid, raters=raters), ratings


def _raters(laid: Layout, found: Sequence[Part], solved: Sequence[Floats], c: int) -> Ints:
    """Raters of each item by region: in each as many items as solved have so many missing answers."""
    blocks, regions = laid.asked.shape
    silent = np.where(laid.weight > 0, 0, laid.asked)
    missing = laid.asked.sum(axis=1) - laid.counts.sum(axis=1) - silent.sum(axis=1)
    if not missing.any():
        return laid.asked - silent
    number = {
        (r, s): 1.0 * (laid.weight[:, r] > 0).sum() if items < 0 else solved[r][items]
        for r, part in enumerate(found)
        for s, items, _ in part.levels[c]
    }
    choices = [
        (b, r, s) for (r, s), items in number.items() if items for b in np.flatnonzero(laid.weight[:, r] > 0)
    ]
    b, r, s = np.array(choices).T
    each = csr_array((s, (b, np.arange(s.size))), shape=(blocks, s.size))
    rows = vstack([_groups(b * regions + r), _groups(r * (s.max() + 1) + s), each]).tocsr()
    items = [items for _, items in sorted(number.items()) if items]
    ones = np.ones(np.unique(b * regions + r).size)
    wanted = np.concatenate([ones, items, missing])
    answer = milp(
        s * s / np.maximum(laid.asked[b, r], 1),
        integrality=np.ones(s.size),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, wanted, wanted),
    )
    if answer.x is None:
        raise ValueError(f"missing answers of {laid.service} cannot be shared by items: {answer.message}")
    taken = np.rint(answer.x) > 0
    silent[b[taken], r[taken]] = s[taken]
    return laid.asked - silent


def _groups(label: Ints) -> csr_array:
    """Rows that sum the variables of each label, in the order of labels."""
    row = np.unique(label, return_inverse=True)[1]
    return csr_array((np.ones(label.size), (row, np.arange(label.size))))


def _ratings(laid: Layout, found: Sequence[Part], solved: Sequence[Floats], c: int) -> Ints:
    """Ratings of one criterion's items with these raters that add to each region's figures what is solved."""
    into, cost, width = rungs(laid)
    exact = np.concatenate([laid.raters.ravel(), laid.counts.ravel()])
    rows, wanted = _figures(laid, found, solved, c)
    size, loose = cost.size, eye_array(wanted.size)
    margins = hstack([margin_rows(*laid.raters.shape) @ into, csr_array((exact.size, 2 * wanted.size))])
    answer = milp(
        np.concatenate([cost, np.full(2 * wanted.size, STRICT)]),
        integrality=np.concatenate([np.ones(size), np.zeros(2 * wanted.size)]),
        bounds=Bounds(0, np.concatenate([width, np.full(2 * wanted.size, np.inf)])),
        constraints=[
            LinearConstraint(margins.tocsr(), exact, exact),
            LinearConstraint(hstack([rows @ into, loose, -loose]).tocsr(), wanted, wanted),
        ],
        options={"mip_rel_gap": GAP, "node_limit": NODES},
    )
    if answer.x is None:
        raise ValueError(f"ratings of {laid.service} cannot be shared by items: {answer.message}")
    ratings: Ints = np.rint(into @ answer.x[:size]).astype(np.int64).reshape(*laid.raters.shape, 5)
    return ratings


def _figures(
    laid: Layout, found: Sequence[Part], solved: Sequence[Floats], c: int
) -> tuple[csr_array, Floats]:
    """What a rating takes from a region's mean and adds to its satisfaction, in units; what all are to."""
    per_point, per_five = steps(laid)
    rows, wanted = [], []
    for r, part in enumerate(found):
        for step, value in ((per_point / MEAN_UNIT, LOST), (per_five / SHARE_UNIT, FIVE)):
            cells = np.zeros((*laid.raters.shape, 5))
            cells[:, r] = step[:, r, None] * value
            rows.append(csr_array(cells.reshape(1, -1)))
        weight, asked = laid.weight[:, r].max(), laid.asked[:, r].max()
        lost = sum(solved[r][k] / (asked - silent) for silent, _, k in part.levels[c])
        fives = solved[r][part.sums[[4 * len(part.levels) + c]].indices].sum() / max(asked, 1)
        wanted += [weight * lost / MEAN_UNIT, weight * fives / SHARE_UNIT]
    return vstack(rows).tocsr(), np.array(wanted)
