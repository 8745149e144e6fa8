"""Calibration kernels: factors that make weighted totals equal to known ones.

Deville & Sarndal (1992): the factor of respondent i is ``F(x_i' lambda)`` with lambda solving
``sum_i d_i F(x_i' lambda) x_i = totals``; the distance decides F.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Distance = Literal["linear", "raking", "logit", "truncated", "participation"]
Factor = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

TOLERANCE = 1e-10  # of a margin, relative to 1 + its target


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Factors (respondent,) of the weights, and the iterations it took."""

    factor: FloatArray
    iterations: int


def factor_function(distance: Distance, bounds: tuple[float, float] | None) -> Factor:
    """Return F and its derivative for a distance, as one function of ``x' lambda``.

    "linear": 1 + u; "raking": exp u; "truncated": 1 + u cut at the bounds; "logit": between the bounds,
    slope 1 at 0 (Deville & Sarndal 1992, cases 1, 2, 7 and 6). "participation": 1 + exp u, the inverse of a
    logistic propensity to take part, for volunteers of weight 1.

    >>> value, slope = factor_function("logit", (0.5, 2.0))(np.zeros(1))
    >>> value.item(), round(slope.item(), 12)
    (1.0, 1.0)
    """
    if distance not in get_args(Distance):
        raise ValueError(f"distance must be one of {', '.join(get_args(Distance))}, got {distance!r}")
    if distance in ("logit", "truncated"):
        low, high = _checked_bounds(bounds, distance)
    elif bounds is not None:
        raise ValueError(f"bounds are for 'logit' and 'truncated', not {distance!r}; choose one of these")
    if distance == "linear":
        return lambda u: (1 + u, np.ones_like(u))
    if distance == "raking":
        return lambda u: (np.exp(u), np.exp(u))
    if distance == "participation":
        return lambda u: (1 + np.exp(u), np.exp(u))
    if distance == "truncated":
        return lambda u: (np.clip(1 + u, low, high), ((1 + u > low) & (1 + u < high)).astype(float))
    rate = (high - low) / ((1 - low) * (high - 1))

    def logit(u: FloatArray) -> tuple[FloatArray, FloatArray]:
        odds = np.exp(np.clip(rate * u, -700, 700))
        below = (high - 1) + (1 - low) * odds
        value = (low * (high - 1) + high * (1 - low) * odds) / below
        return value, rate * (value - low) * (high - value) / (high - low)

    return logit


def calibration_factors(
    auxiliary: FloatArray,
    weight: FloatArray,
    totals: FloatArray,
    *,
    names: Sequence[str],
    distance: Distance = "linear",
    bounds: tuple[float, float] | None = None,
    penalty: FloatArray | None = None,
    iterations: int = 100,
) -> Fit:
    """Factors that meet the totals, by damped Newton steps.

    Parameters
    ----------
    auxiliary : (respondent, total) calibration variables; columns may depend on each other.
    weight : (respondent,) weights before calibration.
    totals : (total,) known totals.
    names : of the totals, for messages.
    distance, bounds : see `factor_function`.
    penalty : (total,) costs c of missing a total; then ``lambda_j = c_j (gap_j)`` replaces ``gap_j = 0``
        (ridge calibration, Chambers 1996; infinite means exact). Exact if None.
    iterations : at most.

    Raises
    ------
    ValueError
        If the totals cannot be met: it names the worst and its gap.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> calibration_factors(x, np.ones(2), np.array([4.0, 3.0]), names=["all", "b"]).factor.round(9).tolist()
    [1.0, 3.0]
    """
    curve = factor_function(distance, bounds)
    ridge = np.zeros(totals.size) if penalty is None else np.where(np.isinf(penalty), 0.0, 1 / penalty)
    scale = _column_scale(auxiliary, weight)
    x, target, ridge = auxiliary / scale, totals / scale, ridge / scale**2
    multiplier = np.zeros(totals.size)

    def gap_at(lambdas: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        factor, slope = curve(x @ lambdas)
        return factor, slope, target - x.T @ (weight * factor) - ridge * lambdas

    factor, slope, gap = gap_at(multiplier)
    for count in range(1, iterations + 1):
        hessian = (x * (weight * slope)[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.lstsq(hessian, gap, rcond=1e-12)[0]
        for halving in range(30):
            trial = multiplier + step * 0.5**halving
            with np.errstate(over="ignore", invalid="ignore"):
                found = gap_at(trial)
                nearer = np.linalg.norm(found[2]) < np.linalg.norm(gap)
            if nearer:
                break
        else:
            break
        multiplier, (factor, slope, gap) = trial, found
        if np.all(np.abs(gap * scale) <= TOLERANCE * (1 + np.abs(totals))):
            return Fit(factor, count)
    if np.all(np.abs(gap * scale) <= 1e-8 * (1 + np.abs(totals))):
        return Fit(factor, count)
    raise ValueError(_infeasible(names, totals, gap * scale, f"{distance} calibration", count))


def rake_factors(
    margins: Sequence[IntArray],
    weight: FloatArray,
    targets: Sequence[FloatArray],
    *,
    names: Sequence[Sequence[str]],
    iterations: int = 1000,
) -> Fit:
    """Factors that meet the margins' totals, by iterative proportional fitting on the occupied cells.

    Parameters
    ----------
    margins : (respondent,) codes of each margin.
    weight : (respondent,) weights before raking.
    targets : (level,) totals of each margin.
    names : of the levels of each margin, for messages.
    iterations : rounds over all margins, at most.

    Raises
    ------
    ValueError
        If a level has a target and no respondents, the margins' sums differ, or they are not met.

    Examples
    --------
    >>> fit = rake_factors([np.array([0, 0, 1])], np.ones(3), [np.array([4.0, 5.0])], names=[["a", "b"]])
    >>> fit.factor.tolist()
    [2.0, 2.0, 5.0]
    """
    shape = tuple(target.size for target in targets)
    place, cell_weight = _cells(np.ravel_multi_index(tuple(margins), shape), weight, int(np.prod(shape)))
    axes = np.unravel_index(place, shape)
    _check_margins(axes, cell_weight, targets, names)
    factors = [np.ones(size) for size in shape]
    limits = [TOLERANCE * (1 + target) for target in targets]
    current = cell_weight.copy()
    for count in range(1, iterations + 1):
        met = True
        for axis, target, factor, limit in zip(axes, targets, factors, limits, strict=True):
            sums = np.bincount(axis, weights=current, minlength=target.size)
            met &= bool((np.abs(sums - target) <= limit).all())
            change = np.divide(target, sums, out=np.ones_like(sums), where=sums > 0)
            current *= change[axis]
            factor *= change
        if met:
            return Fit(np.prod([f[m] for f, m in zip(factors, margins, strict=True)], axis=0), count)
    reached = np.concatenate([np.bincount(a, current, t.size) for a, t in zip(axes, targets, strict=True)])
    gap = np.concatenate(targets) - reached
    labels = [name for group in names for name in group]
    raise ValueError(_infeasible(labels, np.concatenate(targets), gap, "raking", iterations))


def check_one_sum(sums: Mapping[str, float]) -> None:
    """Refuse margins whose totals do not add up to the same.

    >>> check_one_sum({"sex": 10.0, "age": 12.0})
    Traceback (most recent call last):
    ...
    ValueError: totals must have one sum, those of 'sex' sum to 10 and those of 'age' to 12, a gap of 2; \
scale one of them
    """
    if not sums:
        return
    first, *_ = sums
    worst = max(sums, key=lambda name: abs(sums[name] - sums[first]))
    gap = sums[worst] - sums[first]
    if abs(gap) > 1e-8 * abs(sums[first]):
        raise ValueError(
            f"totals must have one sum, those of {first!r} sum to {sums[first]:g} and those of {worst!r} to"
            f" {sums[worst]:g}, a gap of {gap:g}; scale one of them"
        )


def _checked_bounds(bounds: tuple[float, float] | None, distance: Distance) -> tuple[float, float]:
    """Bounds of the factors, about 1; those of the logit distance are finite."""
    pair = bounds is not None and len(bounds) == 2 and all(isinstance(end, Real) for end in bounds)
    if bounds is None or not pair or not 0 <= bounds[0] < 1 < bounds[1]:
        raise ValueError(f"bounds must satisfy 0 <= low < 1 < high for {distance!r}, got {bounds}")
    if distance == "logit" and np.isinf(bounds[1]):
        raise ValueError(f"bounds must be finite for 'logit', got {bounds}; use 'raking', which has none")
    return bounds


def _column_scale(auxiliary: FloatArray, weight: FloatArray) -> FloatArray:
    """Root mean squares of the columns, so that units do not matter; 1 for a column of zeros."""
    size = np.sqrt(weight @ auxiliary**2)
    return np.where(size > 0, size, 1.0)


def _cells(index: IntArray, weight: FloatArray, size: int) -> tuple[IntArray, FloatArray]:
    """Occupied cells and their weights."""
    if size <= 10 * index.size + 1000:
        sums = np.bincount(index, weights=weight, minlength=size)
        place = np.flatnonzero(sums)
        return place, np.asarray(sums[place], dtype=float)
    place, inverse = np.unique(index, return_inverse=True)
    return place, np.bincount(inverse, weights=weight).astype(float)


def _check_margins(
    axes: Sequence[IntArray],
    weight: FloatArray,
    targets: Sequence[FloatArray],
    names: Sequence[Sequence[str]],
) -> None:
    """Refuse margins that raking can never meet."""
    check_one_sum({labels[0]: float(target.sum()) for labels, target in zip(names, targets, strict=True)})
    for axis, target, labels in zip(axes, targets, names, strict=True):
        empty = (np.bincount(axis, weights=weight, minlength=target.size) == 0) & (target > 0)
        if empty.any():
            level = int(np.argmax(empty))
            raise ValueError(
                f"margin {labels[level]!r} has target {target[level]:g} and no respondents; merge levels"
            )


def _infeasible(
    names: Sequence[str], totals: FloatArray, gap: FloatArray, method: str, iterations: int
) -> str:
    """Message that names the margin missed most and its gap."""
    worst = int(np.argmax(np.abs(gap) / (1 + np.abs(totals))))
    remedy = "widen bounds, merge levels, or give a penalty"
    if method.startswith("participation"):
        remedy = "totals must exceed the volunteers', each of whom stands for more than one; or merge levels"
    return (
        f"{method} did not meet its totals in {iterations} iterations: margin {names[worst]!r} has target"
        f" {totals[worst]:g} and gap {gap[worst]:g}; {remedy}"
    )
