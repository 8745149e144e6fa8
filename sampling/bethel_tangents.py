"""Closing the gap of Bethel's problem by linear programmes, where the interior-point steps left one."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, diags_array, hstack, vstack

from sampling.arguments import FloatArray
from sampling.bethel_real import feasible, lower_bound
from sampling.targets import Constraints

ENOUGH = 1e-7
ROUNDS = 60
PATIENCE = 8  # rounds without progress
FACTORS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)
FAR = 1e4  # tangents further away than this say nothing and spoil the scaling
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """The cost, the constraints and the bounds, and the points and lines gathered so far."""

    rules: Constraints
    price: FloatArray
    low: FloatArray
    high: FloatArray
    points: list[FloatArray] = field(default_factory=list)
    lines: list[tuple[FloatArray, FloatArray]] = field(default_factory=list)

    def touch(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Tangents at one more allocation; the slopes and levels of the bounds there."""
        fewest, most = (self.rules.members @ np.minimum(ends, 1e15) for ends in (self.low, self.high))
        self.points.append(x)
        self.lines.append(self.rules.line(self.rules.members @ x, fewest, most))
        return self.lines[-1]

    def bound(self, multipliers: FloatArray, lines: tuple[FloatArray, FloatArray]) -> float:
        """What no allocation costs less than."""
        return lower_bound(self.rules, self.price, multipliers, lines, self.low, self.high)


def closed(
    rules: Constraints,
    price: FloatArray,
    x: FloatArray,
    multipliers: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray, float]:
    """The cheapest of the allocations met on the way, the multipliers of the best bound, and the bound.

    ``u >= 1 / x`` is replaced by its tangents ``u >= 2 / p - x / p**2`` at several points (Kelley 1960); the
    programme in x and u that is left gives multipliers, hence a bound, and the next point p. Degenerate
    problems, in which counts or censuses leave nothing to choose, are no harder for it than others.
    """
    problem = _Problem(rules, price, low, high)
    bound = problem.bound(multipliers, problem.touch(x))
    if price @ x <= bound * (1 + ENOUGH):
        return x, multipliers, bound
    for factor in FACTORS:
        problem.touch(np.clip(x * factor, low, high))
    idle, room = 0, rules.excess(x).max(initial=0.0)
    for _ in range(ROUNDS):
        found = _programme(problem, x)
        if found is None or idle > PATIENCE:
            break
        trial, dual, lines = found
        problem.touch(trial)
        better, cheaper = problem.bound(dual, lines), feasible(rules, trial, high)
        gain = better - bound
        if better > bound:
            bound, multipliers = better, dual
        if price @ cheaper < price @ x and rules.excess(cheaper).max(initial=0.0) <= room:
            gain = max(gain, float(price @ (x - cheaper)))
            x = cheaper
        idle = 0 if gain > 0.1 * ENOUGH * (price @ x) else idle + 1
        if price @ x <= bound * (1 + ENOUGH):
            break
    return x, multipliers, bound


def _programme(
    problem: _Problem, x: FloatArray
) -> tuple[FloatArray, FloatArray, tuple[FloatArray, FloatArray]] | None:
    """Its optimum, the multipliers, and the lines they weight; in units of x and 1 / x. None if unsolved."""
    rules, some = problem.rules, problem.high > 0
    unit = x[some]
    worth = problem.price[some] * unit
    curves = _curves([point[some] / unit for point in problem.points])
    rows, slope, level = _lines(problem)
    inverse = diags_array(1 / rules.scale[rows])
    spent = inverse @ rules.matrix[rows][:, some] @ diags_array(1 / unit)
    room = diags_array(-slope) @ inverse @ rules.members[rows][:, some] @ diags_array(unit)
    ends = np.stack([problem.low[some] / unit, problem.high[some] / unit], axis=1)
    answer = linprog(
        np.concatenate([worth / worth.sum(), np.zeros(unit.size)]),
        A_ub=vstack([curves, hstack([room, spent])]),
        b_ub=np.concatenate([np.full(curves.shape[0], -2.0), level / rules.scale[rows]]),
        bounds=np.concatenate([ends, np.tile([0.0, np.inf], (unit.size, 1))]),
        options=EXACT,
    )
    if answer.status != 0:
        return None
    best = np.zeros(x.size)
    best[some] = np.clip(answer.x[: unit.size] * unit, problem.low[some], problem.high[some])
    force = np.maximum(-answer.ineqlin.marginals[curves.shape[0] :], 0.0) * worth.sum() / rules.scale[rows]
    dual, slopes, levels = (
        np.asarray(np.bincount(rows, force * part, rules.se.size), dtype=np.float64)
        for part in (np.ones(rows.size), slope, level)
    )
    first = problem.lines[0]
    slope, level = (
        np.divide(mixed, dual, out=np.array(plain), where=dual > 0)
        for mixed, plain in ((slopes, first[0]), (levels, first[1]))
    )
    return best, dual, (slope, level)


def _curves(ratios: list[FloatArray]) -> csr_array:
    """``-x / p - p * u`` at every point p, in units: at most -2."""
    parts = []
    for distance in ratios:
        near = (distance > 1 / FAR) & (distance < FAR)
        ratio = np.maximum(distance, 1 / FAR)
        parts.append(hstack([diags_array(-1 / ratio), diags_array(-ratio)]).tocsr()[near])
    return csr_array(vstack(parts))


def _lines(problem: _Problem) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Row, slope and level of lines above the constraints' bounds: at every point where these are curved."""
    curved = np.zeros(problem.rules.se.size, dtype=bool)
    for at, _ in problem.rules.factors:
        curved[at] = True
    every, bent = np.arange(curved.size), np.flatnonzero(curved)
    rows = [every] + [bent] * (len(problem.lines) - 1)
    slopes, levels = (
        np.concatenate([line[part][at] for line, at in zip(problem.lines, rows, strict=True)])
        for part in (0, 1)
    )
    return np.concatenate(rows), slopes, levels
