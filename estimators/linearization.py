"""Linearised estimates: a value, and what each respondent contributes to its deviation.

An influence z (respondent, score) stands for an estimate whose variance is that of ``sum_i w_i z_i``. Every
variance and covariance of the package comes from influences (Woodruff 1971; Deville 1999).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from estimators.design import Design, Layer, check_design
from estimators.options import as_numbers

FloatArray = NDArray[np.float64]
_ALIKE = 1e-13  # of the estimate: who moves it by less is taken not to move it


@dataclass(frozen=True, slots=True, eq=False)
class Linearized:
    """Estimates (score,) with the influence (respondent, score) of each respondent, and their design.

    Examples
    --------
    >>> design = Design(strata=["a", "a", "b", "b"], weight=[1.0, 1.0, 3.0, 3.0])
    >>> result = mean(design, [5.0, 4.0, 5.0, 3.0])
    >>> result.estimate.tolist(), result.se.round(4).tolist()
    ([4.125], [0.7603])
    """

    estimate: FloatArray
    influence: FloatArray
    design: Design

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix (score, score)."""
        return covariance(self.design, self.influence)

    @property
    def se(self) -> FloatArray:
        """Standard errors (score,); NaN where nobody moves the estimate, where R has 0.

        So it is for one person, or values all alike: the data do not tell the error. It is 0 for a census and
        for totals that calibration fixes. `covariance` has zeros in the first case too.
        """
        moves = np.abs(self.design.weights[:, None] * self.influence).max(axis=0)
        told = moves > _ALIKE * np.abs(self.estimate)
        return np.where(told, np.sqrt(variance(self.design, self.influence)), np.nan)


def deviations(design: Design, influence: FloatArray) -> FloatArray:
    """Scaled deviations D (row, score) of the unit totals of every stage; the covariance is ``D' D``.

    With t the totals of w z in the units of a stage (after calibration's residuals), the rows are
    ``sqrt(scale_h) (t_u - mean of stratum h)`` (Sarndal, Swensson & Wretman 1992, result 4.3.1).

    >>> deviations(Design(weight=[1.0, 1.0]), np.array([[0.5], [-0.5]])).round(4).tolist()
    [[0.7071], [-0.7071]]
    """
    for residuals in reversed(design.residuals):
        influence = residuals.apply(influence)
    weighted = design.weights[:, None] * influence
    return np.concatenate([_stage_deviations(layer, weighted) for layer in design.layers])


def covariance(design: Design, influence: ArrayLike) -> FloatArray:
    """Covariance (score, score) of the estimates with the given influence (respondent, score).

    >>> covariance(Design(weight=[1.0, 1.0]), np.array([[0.5], [-0.5]])).round(6).tolist()
    [[1.0]]
    """
    rows = deviations(design, _influence_matrix(design, influence))
    return np.asarray(rows.T @ rows)


def variance(design: Design, influence: ArrayLike) -> FloatArray:
    """Variances (score,) of the estimates with the given influence (respondent, score).

    >>> variance(Design(weight=[1.0, 1.0]), np.array([[0.5], [-0.5]])).round(6).tolist()
    [1.0]
    """
    rows = deviations(design, _influence_matrix(design, influence))
    return np.asarray(np.einsum("us,us->s", rows, rows))


def total(design: Design, values: ArrayLike, *, where: ArrayLike | None = None) -> Linearized:
    """Weighted totals of the columns of ``values`` (respondent[, score]) over the respondents ``where``.

    >>> total(Design(weight=[2.0, 3.0]), [1.0, 10.0]).estimate.tolist()
    [32.0]
    """
    check_design(design)
    kept = _inside(design, where)[:, None] * _columns(design, values, "values")
    return Linearized(design.weights @ kept, kept, design)


def ratio(
    design: Design, numerator: ArrayLike, denominator: ArrayLike, *, where: ArrayLike | None = None
) -> Linearized:
    """Ratios of weighted totals, column by column, over the respondents ``where``.

    The influence is ``(y_i - R x_i) / X`` in the domain and zero outside, so every PSU of the design counts.

    Parameters
    ----------
    design : the design, of all respondents.
    numerator, denominator : (respondent[, score]) finite values.
    where : (respondent,) mask of the domain; all if None.

    Raises
    ------
    ValueError
        If a denominator is zero, as in an empty domain.

    Examples
    --------
    >>> ratio(Design(weight=[1.0, 1.0]), [4.0, 2.0], [1.0, 2.0]).estimate.tolist()
    [2.0]
    """
    above, below = total(design, numerator, where=where), total(design, denominator, where=where)
    if 1 != below.estimate.size != above.estimate.size:
        raise ValueError(
            f"denominator must have one column or the numerator's {above.estimate.size}, got"
            f" {below.estimate.size}"
        )
    if np.any(below.estimate == 0):
        raise ValueError(
            f"denominator must have a nonzero total, column {int(np.argmin(abs(below.estimate)))} is 0;"
            " drop that column or widen where"
        )
    value = above.estimate / below.estimate
    return Linearized(value, (above.influence - value * below.influence) / below.estimate, design)


def mean(design: Design, values: ArrayLike, *, where: ArrayLike | None = None) -> Linearized:
    """Weighted means of the columns of ``values`` (respondent[, score]); NaN means not observed.

    >>> mean(Design(weight=[1.0, 3.0, 1.0]), [5.0, 4.0, np.nan]).estimate.tolist()
    [4.25]
    """
    table = _columns(design, values, "values", missing=True)
    seen = ~np.isnan(table)
    if not (kept := (seen & (_inside(design, where)[:, None] > 0)).any(axis=0)).all():
        raise ValueError(
            f"values must have a number in the domain, column {int(np.argmin(kept))} has none;"
            " drop that column or widen where"
        )
    return ratio(design, np.where(seen, table, 0.0), seen.astype(float), where=where)


def influence(
    function: Callable[[NDArray[Any]], Any],
    design: Design,
    values: ArrayLike,
    *,
    gradient: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Linearized:
    """Smooth functions of totals, linearised: ``z_i = sum_j df/dT_j y_ij``.

    Parameters
    ----------
    function : maps the totals (total,) to a number or to (score,) numbers.
    design : the design, of all respondents.
    values : (respondent, total) the variables whose weighted totals are the arguments.
    gradient : (score, total) derivatives at the totals. Without it they are found by the complex step
        (Squire & Trapp 1998), exact for functions made of arithmetic and analytic ufuncs.
    where : (respondent,) mask of the domain.

    Examples
    --------
    >>> people = Design(weight=[1.0, 1.0, 2.0])
    >>> odds = influence(lambda t: t[0] / (t[1] - t[0]), people, [[1, 1], [0, 1], [1, 1]])
    >>> odds.estimate.tolist()
    [3.0]
    """
    sums = total(design, values, where=where)
    value = np.atleast_1d(np.asarray(function(sums.estimate), dtype=float))
    slope = (
        _complex_step(function, sums.estimate)
        if gradient is None
        else np.atleast_2d(as_numbers(gradient, "gradient"))
    )
    if slope.shape != (value.size, sums.estimate.size) or not np.isfinite(slope).all():
        raise ValueError(
            f"gradient must be finite with shape ({value.size}, {sums.estimate.size}), got {slope.shape};"
            " pass gradient if the function is not analytic"
        )
    if gradient is None:
        _check_slope(function, sums.estimate, value, slope)
    return Linearized(value, sums.influence @ slope.T, design)


def contrast(estimates: Linearized, coefficients: ArrayLike) -> Linearized:
    """Linear combinations of estimates: ``coefficients`` (score,) or (new score, score).

    >>> people = Design(weight=[1.0, 1.0])
    >>> both = mean(people, [[5.0, 4.0], [4.0, 4.0]])
    >>> contrast(both, [1, -1]).estimate.tolist()
    [0.5]
    """
    if not isinstance(estimates, Linearized):
        raise TypeError(
            f"estimates must be Linearized, as from mean or ratio, got {type(estimates).__name__}"
        )
    matrix = np.atleast_2d(as_numbers(coefficients, "coefficients"))
    if matrix.shape[1] != estimates.estimate.size:
        raise ValueError(f"coefficients must have {estimates.estimate.size} columns, got {matrix.shape[1]}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"coefficients must be finite, got {matrix.tolist()}; 0 leaves an estimate out")
    return Linearized(matrix @ estimates.estimate, estimates.influence @ matrix.T, estimates.design)


def observed(
    design: Design, values: ArrayLike, *, where: ArrayLike | None = None
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Mask (respondent,) of those in the domain who have a value, and the values (respondent,), checked.

    >>> observed(Design(weight=[1.0, 1.0]), [np.nan, 5.0])[0].tolist()
    [False, True]
    """
    table = _columns(design, values, "values", missing=True)
    if table.shape[1] != 1:
        raise ValueError(f"values must be one column, got {table.shape[1]}; take them one by one")
    return (_inside(design, where) > 0) & ~np.isnan(table[:, 0]), table[:, 0]


def unit_sums(unit: NDArray[np.intp], values: FloatArray, count: int) -> FloatArray:
    """Sums (unit, column) of ``values`` (respondent, column) over units coded 0 to ``count - 1``.

    >>> unit_sums(np.array([0, 1, 0]), np.array([[1.0], [2.0], [4.0]]), 2).tolist()
    [[5.0], [2.0]]
    """
    rows = sparse.csr_array((np.ones(unit.size), unit, np.arange(unit.size + 1)), shape=(unit.size, count))
    return np.asarray(rows.T @ values)


def _stage_deviations(layer: Layer, weighted: FloatArray) -> FloatArray:
    """Deviations of one stage's unit totals from their strata's means, scaled."""
    totals = unit_sums(layer.unit, weighted, layer.stratum.size)
    center = unit_sums(layer.stratum, totals, layer.scale.size) * layer.shrink[:, None]
    return np.sqrt(layer.scale)[layer.stratum, None] * (totals - center[layer.stratum])


def _complex_step(function: Callable[[NDArray[Any]], Any], at: FloatArray) -> FloatArray:
    """Derivatives (score, argument) of an analytic function."""
    step = 1e-30 * np.maximum(np.abs(at), 1.0)
    columns = [np.atleast_1d(function(at + 1j * np.diag(step)[j])).imag / step[j] for j in range(at.size)]
    return np.stack(columns, axis=1)


def _check_slope(
    function: Callable[[NDArray[Any]], Any], at: FloatArray, value: FloatArray, slope: FloatArray
) -> None:
    """Refuse derivatives that differences do not confirm; the complex step does not see ``abs``, for one.

    A function that bends or ends within the wider step, as the spread of values far from 0, is asked again.
    """
    for j in range(at.size):
        wrong = [_unconfirmed(function, at, value, slope, j, share) for share in (1e-5, 1e-8)]
        if all(each.any() for each in wrong):
            raise ValueError(
                f"function must be analytic: the derivative of value {int(np.argmax(wrong[0]))} by total {j}"
                " is not what the complex step says, which does not see abs, real and comparisons; pass"
                " gradient"
            )


def _unconfirmed(
    function: Callable[[NDArray[Any]], Any],
    at: FloatArray,
    value: FloatArray,
    slope: FloatArray,
    j: int,
    share: float,
) -> NDArray[np.bool_]:
    """Whether each value's derivative by total j differs from its difference over a share of the total."""
    along = np.zeros(at.size)
    along[j] = share * max(abs(at[j]), 1e-6)
    with np.errstate(all="ignore"):
        ends = [np.atleast_1d(np.asarray(function(at + way * along), dtype=float)) for way in (1, -1)]
    rise, told = (ends[0] - ends[1]) / 2, slope[:, j] * along[j]
    return np.asarray(~(np.abs(rise - told) <= 1e-3 * np.abs(told) + 1e-4 * share * np.abs(value)))


def _columns(design: Design, values: ArrayLike, name: str, *, missing: bool = False) -> FloatArray:
    """Values as (respondent, score), finite unless missing ones are allowed."""
    check_design(design)
    table = as_numbers(values, name)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != design.n:
        raise ValueError(f"{name} must have {design.n} rows, one per respondent, got shape {table.shape}")
    if np.any(np.isinf(table)) or (not missing and np.isnan(table).any()):
        raise ValueError(
            f"{name} must be finite; restrict the domain with where, or use mean, which takes NaN"
        )
    return table


def _influence_matrix(design: Design, values: ArrayLike) -> FloatArray:
    """Influence as a checked (respondent, score) matrix."""
    return _columns(design, values, "influence")


def _inside(design: Design, where: ArrayLike | None) -> FloatArray:
    """Domain mask as 0 and 1."""
    if where is None:
        return np.ones(design.n)
    mask = np.asarray(where)
    if mask.dtype != bool or mask.shape != (design.n,):
        raise ValueError(
            f"where must be a mask of {design.n} booleans, got {mask.dtype} of shape {mask.shape}"
        )
    return mask.astype(float)
