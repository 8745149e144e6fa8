"""Ratings by region of a service whose regional table prints items, as near in print as can be.

Of one item a region's figure is its points over its raters. With people and points in all fixed, a dynamic
programme over regions finds the points and silences whose figures print the fewest units away: no placement
is nearer. Ratings with these raters and points, near independence, are an integer programme; where it finds
them the least is attained.
"""

from dataclasses import replace
from math import floor
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from sapa.microdata.board import figure_error
from sapa.microdata.layout import Layout
from sapa.microdata.nearest import SCORE, interval, margin_rows, printed_units, rungs
from sapa.microdata.targets import MEAN_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
TIE: Final = 1e-6  # worth of a unit before rounding beside one in print: all regions' are less than one


def placed_points(laid: Layout, mean: Floats) -> tuple[Layout, Ints]:
    """Layout of one block with raters by region, and (1, R, 5) ratings, whose means print nearest in all.

    Raises
    ------
    ValueError
        When no ratings have the points that the nearest means need.
    """
    silent, points, _ = least_error(laid.asked[0], laid.counts[0], mean)
    found = replace(laid, raters=laid.asked - silent)
    return found, _with_points(found, points)


def least_error(asked: Ints, counts: Ints, mean: Floats) -> tuple[Ints, Ints, int]:
    """Silences and points of each region that print nearest in all, and by how many units they do not print.

    Of such placements it is the nearest before rounding.

    Parameters
    ----------
    asked : (R,) int
    counts : (5,) int
        Ratings 1..5 over all regions.
    mean : (R,) float
        Printed means, NaN where none is.

    Raises
    ------
    ValueError
        When the ratings are too few for every region to have one.

    Examples
    --------
    Three people in two regions share a four and two fives; 4.50 and 5.00 print:

    >>> silent, points, error = least_error(np.array([2, 1]), np.array([0, 0, 0, 1, 2]), np.array([4.5, 5.0]))
    >>> silent.tolist(), points.tolist(), error
    ([0, 0], [9, 5], 0)
    """
    total, silences = int(counts @ SCORE), int(asked.sum() - counts.sum())
    best = np.full((silences + 1, total + 1), np.inf)
    best[0, 0] = 0.0
    steps = []
    for people, printed in zip(asked.tolist(), mean.tolist(), strict=True):
        best, choice = _with_region(best, _errors(people, silences, printed))
        steps.append(choice)
    if np.isinf(best[-1, -1]):
        raise ValueError(
            f"counts must leave every region a rater, got {counts.sum()} ratings for {asked.size}"
        )
    units, where = floor(best[-1, -1]), (silences, total)
    silent, points = np.zeros_like(asked), np.zeros_like(asked)
    for r in range(asked.size - 1, -1, -1):
        silent[r], points[r] = steps[r][where]
        where = (where[0] - int(silent[r]), where[1] - int(points[r]))
    return silent, points, units


def _errors(people: int, silences: int, printed: float) -> Floats:
    """Units of a region by its silences and points; infinite where its raters cannot have these points."""
    raters = people - np.arange(min(silences, people - 1) + 1)[:, None]
    points = np.arange(5 * people + 1)
    low, high = (end / MEAN_UNIT for end in interval(np.array(printed), MEAN_UNIT))
    figure = points / raters / MEAN_UNIT
    error = printed_units(figure, low, high) + TIE * figure_error(figure, low, high)
    return np.where((points >= raters) & (points <= 5 * raters), error, np.inf)


def _with_region(best: Floats, errors: Floats) -> tuple[Floats, Ints]:
    """Least error by silences and points once a region is added, and the region's own silences and points."""
    found, choice = np.full_like(best, np.inf), np.zeros((*best.shape, 2), dtype=np.int64)
    for silent, points in np.argwhere(np.isfinite(errors)).tolist():
        if points >= best.shape[1] or silent >= best.shape[0]:
            continue
        moved = best[: best.shape[0] - silent, : best.shape[1] - points] + errors[silent, points]
        to = found[silent:, points:]
        better = moved < to
        to[better] = moved[better]
        choice[silent:, points:][better] = silent, points
    return found, choice


def _with_points(laid: Layout, points: Ints) -> Ints:
    """(1, R, 5) ratings of one block with the layout's margins and these points, near independence."""
    into, cost, width = rungs(laid)
    regions = points.size
    by_region = csr_array(np.kron(np.eye(regions), SCORE))
    rows = csr_array(vstack([margin_rows(1, regions), by_region]) @ into)
    wanted = np.concatenate([laid.raters[0], laid.counts[0], points])
    answer = milp(
        cost,
        integrality=np.ones(cost.size),
        bounds=Bounds(0, width),
        constraints=LinearConstraint(rows, wanted, wanted),
        options={"mip_rel_gap": 0.02},
    )
    if answer.x is None:
        raise ValueError(f"no ratings of {laid.service} have these points by region: {answer.message}")
    ratings: Ints = np.rint(into @ answer.x).astype(np.int64).reshape(1, regions, 5)
    return ratings
