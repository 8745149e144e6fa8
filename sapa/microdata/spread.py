"""Ratings of single items by region that make the figures that sums by class make, near independence.

The items of one class share a region's fives, lost points and missing answers so that each item keeps
its counts over all regions: small integer programmes, one a class. Where no ratings do that, the figures that
they make are as near as can be.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array, diags_array, eye_array, hstack, kron, vstack

from sapa.microdata.layout import Layout
from sapa.microdata.nearest import FIVE, rungs
from sapa.microdata.programme import LIKE, LOST, Part, alike
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
GAP: Final = 0.002
NODES: Final = 2000
STRICT: Final = 1e4  # nats of divergence that a unit of error costs


def spread(
    laid: Layout, found: Sequence[Part], solved: Sequence[Floats], *, like: int = LIKE
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
        ratings[mine] = _ratings(part, found, solved, c)
        raters[mine] = ratings[mine].sum(axis=2)
    return replace(laid, raters=raters), ratings


def _groups(label: Ints) -> csr_array:
    """Rows that sum the variables of each label, in the order of labels."""
    row = np.unique(label, return_inverse=True)[1]
    return _adding(row, int(row.max()) + 1)


def _adding(row: Ints, rows: int) -> csr_array:
    """Each variable in its row."""
    return csr_array((np.ones(row.size), (row, np.arange(row.size))), shape=(rows, row.size))


def _ratings(laid: Layout, found: Sequence[Part], solved: Sequence[Floats], c: int) -> Ints:
    """(B, R, 5) ratings of one class of items whose part in each region's figures is as solved."""
    block, region, silent = _choices(laid, found, solved, c)
    size = block.size
    figure, wanted = _figures(laid, found, solved, c, region, laid.asked[block, region] - silent)
    into, cost, width = rungs(replace(laid, raters=laid.asked))
    cell = (block * len(found) + region)[:, None] * 5 + np.arange(5)
    of_cell = _adding(cell.ravel(), into.shape[0])
    exact, value = _margins(laid, found, solved, c, (block, region, silent))
    loose = eye_array(wanted.size)
    rows = block_array(
        [
            [exact, None, None, None],
            [hstack([csr_array((into.shape[0], size)), of_cell]), -into, None, None],
            [hstack([csr_array((wanted.size, size)), figure]), None, loose, -loose],
        ]
    ).tocsr()
    value = np.concatenate([value, np.zeros(into.shape[0]), wanted])
    free = cost.size + 2 * wanted.size
    answer = milp(
        np.concatenate([np.zeros(6 * size), cost, np.full(2 * wanted.size, STRICT)]),
        integrality=np.repeat([1, 0], [6 * size, free]),
        bounds=Bounds(
            0,
            np.concatenate(
                [np.ones(size), np.full(5 * size, np.inf), width, np.full(2 * wanted.size, np.inf)]
            ),
        ),
        constraints=LinearConstraint(rows, value, value),
        options={"mip_rel_gap": GAP, "node_limit": NODES},
    )
    if answer.x is None:
        raise ValueError(f"ratings of {laid.service} cannot be shared by items: {answer.message}")
    shared: Ints = np.rint(of_cell @ answer.x[size : 6 * size]).astype(np.int64)
    return shared.reshape(*laid.asked.shape, 5)


def _choices(laid: Layout, found: Sequence[Part], solved: Sequence[Floats], c: int) -> Ints:
    """(3, N) items, regions and missing answers that items of a class may have there."""
    return np.array(
        [
            (b, r, silent)
            for r, part in enumerate(found)
            for silent, number, *_ in part.levels[c]
            if round(solved[r][number])
            for b in np.flatnonzero(laid.weight[:, r] > 0)
        ]
    ).T


def _margins(
    laid: Layout,
    found: Sequence[Part],
    solved: Sequence[Floats],
    c: int,
    choices: tuple[Ints, Ints, Ints],
) -> tuple[csr_array, Floats]:
    """Rows of choices (taken or not) and their ratings 1..5, and what each row adds up to.

    An item makes one choice a region; as many make it as solved; its missing answers and ratings are its own.
    """
    block, region, silent = choices
    blocks, regions = laid.asked.shape
    blank = np.where(laid.weight > 0, 0, laid.asked)
    missing = laid.asked.sum(axis=1) - laid.counts.sum(axis=1) - blank.sum(axis=1)
    items = [
        round(solved[r][number])
        for r, part in enumerate(found)
        for _, number, *_ in part.levels[c]
        if round(solved[r][number])
    ]
    one, level = _groups(block * regions + region), _groups(region * (silent.max() + 1) + silent)
    of_item = _adding((block[:, None] * 5 + np.arange(5)).ravel(), 5 * blocks)
    rows = block_array(
        [
            [one, None],
            [level, None],
            [_adding(block, blocks) * silent, None],
            [
                -diags_array((laid.asked[block, region] - silent).astype(float)),
                kron(eye_array(block.size), csr_array(np.ones((1, 5)))),
            ],
            [None, of_item],
        ]
    )
    value = [np.ones(one.shape[0]), items, missing, np.zeros(block.size), laid.counts.ravel()]
    return rows.tocsr(), np.concatenate(value)


def _figures(
    laid: Layout, found: Sequence[Part], solved: Sequence[Floats], c: int, region: Ints, raters: Ints
) -> tuple[csr_array, Floats]:
    """What ratings of choices take from a region's mean and add to its satisfaction, in units; the sums."""
    weight, asked = laid.weight.max(axis=0), laid.asked.max(axis=0)
    point = (weight[region] / raters / MEAN_UNIT)[:, None] * LOST
    five = (weight[region] / asked[region] / SHARE_UNIT)[:, None] * FIVE
    where, column = np.repeat(region, 5), np.arange(5 * region.size)
    shape = (len(found), column.size)
    rows = [csr_array((step.ravel(), (where, column)), shape=shape) for step in (point, five)]
    wanted = np.zeros((2, len(found)))
    for r, part in enumerate(found):
        for silent, _, lost, ratings in part.levels[c]:
            wanted[0, r] += weight[r] * solved[r][lost] / (asked[r] - silent) / MEAN_UNIT
            wanted[1, r] += weight[r] * solved[r][ratings[4]] / asked[r] / SHARE_UNIT
    return vstack(rows).tocsr(), wanted.ravel()
