"""Ratings of a local service by region, as near to the printed regional figures as its counts allow.

With people and raters of every region fixed, a region's mean and satisfaction are linear in its ratings. A
linear programme gives ratings near the printed intervals: every further rating of a cell costs the change of
its divergence from independence, every unit of distance costs :data:`PRICE`. (Least distance alone heaps an
item's low ratings in few regions: then most of the variance within regions is lost.)
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, kron, vstack
from scipy.special import gammaln

from sapa.microdata.layout import Layout
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SCORE: Final = np.arange(1, 6)
FIVE: Final = np.array([0, 0, 0, 0, 1])
GRAIN: Final = 1e-9
PRICE: Final = 100.0  # of one unit of the last digit, in nats of divergence
EDGES: Final = (-np.inf, -8, -2, 0, 1, 3, 9, np.inf)  # ratings from independence where their cost bends


@dataclass(frozen=True, slots=True)
class Goals:
    """Regional figures in units of their last digits, and the intervals that print.

    Attributes
    ----------
    rows : (F, B R 5) sparse
        What one rating adds to each printed figure.
    low, high : (F,)
    """

    rows: csr_array
    low: Floats
    high: Floats

    def units(self, ratings: Ints) -> Ints:
        """(F,) units by which the figures of (B, R, 5) ratings print away from the printed ones."""
        return printed_units(self.rows @ ratings.ravel(), self.low, self.high)


def steps(laid: Layout) -> tuple[Floats, Floats]:
    """What one point and one five of a block add to a region's mean and satisfaction, (B, R) each."""
    zero = np.zeros_like(laid.weight)
    rate = np.divide(laid.weight, laid.raters, out=zero.copy(), where=laid.weight > 0)
    return rate, np.divide(laid.weight, laid.asked, out=zero, where=laid.weight > 0)


def interval(wanted: Floats, unit: float) -> tuple[Floats, Floats]:
    """Ends of the printed intervals, the open upper one kept clear; everything where nothing is printed."""
    blank, half = np.isnan(wanted), unit / 2
    return np.where(blank, -np.inf, wanted - half), np.where(blank, np.inf, wanted + half * (1 - 1e-6))


def printed_units(figure: Floats, low: Floats, high: Floats) -> Ints:
    """Units of the last digit, whole ones, by which a figure prints away from the printed one.

    >>> printed_units(np.array([9.4, 9.6, 10.4, 12.0]), np.array(9.5), np.array(10.4999)).tolist()
    [1, 0, 0, 2]
    """
    off = np.maximum(low - figure, figure - high)
    units: Ints = np.ceil(np.maximum(off, 0.0) - GRAIN).astype(np.int64)
    return units


def goals(laid: Layout, mean: Floats, share: Floats) -> Goals:
    """Printed regional means and satisfactions as goals for (B, R, 5) ratings."""
    rows, lows, highs = [], [], []
    for step, value, wanted, unit in zip(
        steps(laid), (SCORE, FIVE), (mean, share), (MEAN_UNIT, SHARE_UNIT), strict=True
    ):
        low, high = interval(wanted, unit)
        for r in np.flatnonzero(~np.isnan(wanted)):
            part = np.zeros((*laid.raters.shape, 5))
            part[:, r, :] = step[:, r, None] * value / unit
            rows.append(csr_array(part.reshape(1, -1)))
            lows.append(low[r] / unit)
            highs.append(high[r] / unit)
    return Goals(vstack(rows).tocsr(), np.array(lows), np.array(highs))


def nearest_ratings(laid: Layout, mean: Floats, share: Floats) -> Floats:
    """(B, R, 5) ratings with the layout's margins, nearly whole, near the print and near independence."""
    wanted, (into, cost, width) = goals(laid, mean, share), rungs(laid)
    margins, apart = margin_rows(*laid.raters.shape), eye_array(wanted.low.size)
    rows, total = wanted.rows @ into, np.concatenate([laid.raters.ravel(), laid.counts.ravel()])
    far = np.full(wanted.low.size, np.inf)
    answer = linprog(
        np.concatenate([cost, np.full(far.size, PRICE)]),
        A_ub=vstack([hstack([rows, -apart]), hstack([-rows, -apart])]).tocsr(),
        b_ub=np.concatenate([wanted.high, -wanted.low]),
        A_eq=hstack([margins @ into, csr_array((total.size, far.size))]).tocsr(),
        b_eq=total,
        bounds=np.column_stack([np.zeros(cost.size + far.size), np.append(width, far)]),
        method="highs-ds",
    )
    if answer.status != 0:
        raise ValueError(f"ratings of {laid.service} cannot be placed with these margins: {answer.message}")
    ratings: Floats = (into @ answer.x[: cost.size]).reshape(*laid.raters.shape, 5)
    return ratings


def rungs(laid: Layout) -> tuple[csr_array, Floats, Floats]:
    """Cells as sums of rungs of rising cost: the sums, and cost a rating and width of each rung.

    The (k + 1)th rating of a cell adds ``log((k + 1/2) / usual)`` to ``x log(x / usual)``, up to a constant;
    a rung costs the mean over its ratings.
    """
    counts = laid.counts / np.maximum(laid.counts.sum(axis=1, keepdims=True), 1)
    usual = (laid.raters[:, :, None] * counts[:, None, :]).ravel()
    most = np.minimum(laid.raters[:, :, None], laid.counts[:, None, :]).ravel()
    edges = np.clip(np.floor(usual)[:, None] + np.array(EDGES), 0, most[:, None])
    cell, rung = np.nonzero(np.diff(edges, axis=1) > 0)
    low, high = edges[cell, rung], edges[cell, rung + 1]
    cost = (gammaln(high + 0.5) - gammaln(low + 0.5)) / (high - low) - np.log(usual[cell])
    into = csr_array((np.ones(cell.size), (cell, np.arange(cell.size))), shape=(usual.size, cell.size))
    return into, cost, high - low


def margin_rows(blocks: int, regions: int) -> csr_array:
    """Rows that sum the ratings of each block: over 1..5 in each region, over regions for each of 1..5."""
    over_ratings = kron(eye_array(blocks * regions), np.ones((1, 5)))
    over_regions = kron(eye_array(blocks), kron(np.ones((1, regions)), eye_array(5)))
    return vstack([over_ratings, over_regions]).tocsr()
