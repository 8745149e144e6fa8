"""Straight-line trend of a repeated survey."""

from math import inf
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from estimators.comparisons_estimates import JointEstimate
from estimators.freedom import of_tests
from estimators.multiplicity import critical, two_sided
from estimators.options import check_level

Array = NDArray[np.float64]
Mixing = Literal["refuse", "rescale", "drop"]


def trend(
    estimate: ArrayLike | xr.DataArray,
    covariance_or_se: ArrayLike | xr.DataArray | None = None,
    *,
    times: ArrayLike | None = None,
    time_dim: str = "year",
    scale: ArrayLike = 5,
    mixing: Mixing = "refuse",
    level: float = 0.95,
    df: float = inf,
) -> xr.Dataset:
    """Slope of a line through the rounds of a survey, with its test and interval.

    Parameters
    ----------
    estimate : array-like (..., time) or DataArray with `time_dim`
    covariance_or_se : array-like, optional
        Standard errors, shaped as `estimate`, of independent rounds; or, for one series, the covariance
        (time, time). None: the scatter about the line is the error, on rounds less two degrees of freedom.
    times : array-like (time,), optional
        When the rounds were; by default the labels of `time_dim`, or 0, 1, ...
    time_dim : str
        Name of the time dimension of a DataArray.
    scale : int or array-like (time,)
        Number of points of the rating scale in each round.
    mixing : {"refuse", "rescale", "drop"}
        What to do when the scale changed: refuse; map means linearly on the last round's scale, which
        assumes that people used both scales alike; or drop the rounds not on the last round's scale.
    level : float
    df : float
        Degrees of freedom of given standard errors.

    Returns
    -------
    Dataset
        `slope` per unit of time, `se`, `statistic`, `p_value`, `lower`, `upper`, `at_last` (the line at the
        last round) and, with given errors, `misfit` (chi-squared of the scatter about the line) and
        `misfit_p_value`; attributes say which rounds were used and how the scales were treated.

    Raises
    ------
    ValueError
        If scales are mixed without leave, an estimate exceeds its scale, shares are to be rescaled, or
        rounds are too few.

    Notes
    -----
    Generalised least squares; with independent rounds, weights 1 / se^2.

    Examples
    --------
    >>> found = trend([4.5, 4.6, 4.7], [0.02, 0.02, 0.02], times=[2018, 2019, 2020])
    >>> round(float(found["slope"]), 3), round(float(found["se"]), 4)
    (0.1, 0.0141)
    """
    check_level(level)
    df = float(of_tests(df, ()))
    given = _last(estimate, time_dim)
    when = _times(given, times, time_dim)
    covariance = _covariance(given, covariance_or_se)
    points = _points(scale, given.values)
    factor, keep = _one_scale(given.values, points, mixing)
    values = np.where(factor == 1, given.values, 1 + (given.values - 1) * factor)[..., keep]
    known = covariance is not None
    size = int(keep.sum())
    if size < (2 if known else 3):
        raise ValueError(f"trend needs at least {2 if known else 3} rounds on one scale, got {size}")
    weight: Array = np.eye(size)
    if covariance is not None:
        weight = np.asarray(
            np.linalg.inv((covariance * np.outer(factor, factor))[..., keep, :][..., keep]), dtype=np.float64
        )
    df = df if known else size - 2
    columns = _line(values, weight, when[keep], known=known, width=critical(level, df=df), df=df)
    dims = given.dims[:-1]
    return xr.Dataset(
        {name: (dims, column) for name, column in columns.items()},
        coords={k: v for k, v in given.coords.items() if time_dim not in v.dims},
        attrs={
            "level": level,
            "null": "the slope is zero",
            "times": when[keep].tolist(),
            "scale": f"{points[keep][-1]:g} points" + (f", mixed scales: {mixing}" if np.ptp(points) else ""),
        },
    )


def _line(
    values: Array, weight: Array, when: Array, *, known: bool, width: Array, df: float
) -> dict[str, Array]:
    """Fit value = at_last + slope (time - last), weights the inverse covariance (..., time, time)."""
    design = np.stack([np.ones_like(when), when - when[-1]], axis=1)
    spread = np.linalg.inv(design.T @ weight @ design)
    fit = np.einsum("...ij,...j->...i", spread @ (design.T @ weight), values)
    rest = values - fit @ design.T
    misfit = np.einsum(
        "...i,...ij,...j->...", rest, np.broadcast_to(weight, (*values.shape, len(when))), rest
    )
    slope, variance = fit[..., 1], np.broadcast_to(spread[..., 1, 1], misfit.shape)
    se = np.sqrt(variance if known else variance * misfit / df)
    if not (se > 1e-12 * np.abs(values).max()).all():
        raise ValueError("the rounds lie exactly on a line: give their standard errors")
    columns = {
        "slope": slope,
        "se": se,
        "statistic": slope / se,
        "p_value": two_sided(slope / se, df=df),
        "lower": slope - width * se,
        "upper": slope + width * se,
        "at_last": fit[..., 0],
    }
    if known and len(when) > 2:
        columns |= {"misfit": misfit, "misfit_p_value": chi2.sf(misfit, len(when) - 2)}
    return columns


def _points(scale: ArrayLike, values: Array) -> Array:
    """Points of each round's scale, (time,), none of them below an estimate of that round."""
    points: Array = np.asarray(scale, dtype=np.float64)
    if points.shape not in ((), values.shape[-1:]):
        raise ValueError(
            f"scale must be one number or one for each of {values.shape[-1]} rounds, got shape {points.shape}"
        )
    points = np.broadcast_to(points, values.shape[-1:])
    if not (points >= 2).all():
        raise ValueError(f"scale must have at least 2 points, got {points.min():g}")
    above = np.argwhere(values > points)
    if len(above):
        raise ValueError(
            f"estimate must not exceed the scale, got {values[tuple(above[0])]:g} in a round of "
            f"{points[above[0][-1]]:g} points: give the scale of each round, and shares as proportions"
        )
    return points


def _one_scale(values: Array, points: Array, mixing: Mixing) -> tuple[Array, NDArray[np.bool_]]:
    """Factor that brings each round's distances to the last round's scale, and which rounds to keep."""
    if mixing not in ("refuse", "rescale", "drop"):
        raise ValueError(f"mixing must be 'refuse', 'rescale' or 'drop', got {mixing!r}")
    same = points == points[-1]
    if same.all() or mixing == "drop":
        return np.ones_like(points), same
    if mixing == "refuse":
        raise ValueError(
            f"the rounds use scales of {sorted({int(x) for x in points})} points: mixing='drop' keeps those "
            "on the last scale, mixing='rescale' maps means linearly and assumes people use both alike"
        )
    if (values < 1).any():
        raise ValueError(
            "shares cannot be rescaled: a share of tens says nothing about a share of fives; "
            "mixing='drop' keeps the last scale"
        )
    return (points[-1] - 1) / (points - 1), np.ones_like(same)


def _covariance(given: xr.DataArray, covariance_or_se: ArrayLike | xr.DataArray | None) -> Array | None:
    """Covariance of the rounds, (..., time, time), or None for one to be estimated."""
    if covariance_or_se is None:
        return None
    if given.ndim == 1:
        return JointEstimate.of(given.values, np.asarray(covariance_or_se)).covariance
    if isinstance(covariance_or_se, xr.DataArray):
        covariance_or_se = covariance_or_se.transpose(*given.dims)
    se = np.asarray(covariance_or_se, dtype=float)
    if se.shape != given.shape or not (np.isfinite(se) & (se > 0)).all():
        raise ValueError(
            f"covariance_or_se must be standard errors above 0 of shape {given.shape}, got shape {se.shape}"
        )
    return np.asarray(se[..., None] ** 2 * np.eye(se.shape[-1]))


def _last(estimate: ArrayLike | xr.DataArray, time_dim: str) -> xr.DataArray:
    """Put the time dimension last; an unlabelled array has it there."""
    if isinstance(estimate, xr.DataArray):
        if time_dim not in estimate.dims:
            raise ValueError(f"time_dim must be a dimension of estimate {estimate.dims}, got {time_dim!r}")
        given = estimate.transpose(..., time_dim).astype(float)
    else:
        array = np.asarray(estimate, dtype=float)
        given = xr.DataArray(array, dims=[*(f"unit_{i}" for i in range(array.ndim - 1)), time_dim])
    if not np.isfinite(given).all():
        raise ValueError("estimate must be finite: drop the rounds or units without a figure")
    return given


def _times(given: xr.DataArray, times: ArrayLike | None, time_dim: str) -> Array:
    size = given.sizes[time_dim]
    when = np.asarray(given[time_dim] if times is None else times, dtype=float)
    if when.shape != (size,) or not (np.diff(when) > 0).all():
        raise ValueError(f"times must be {size} increasing numbers, got {when.tolist()}")
    return when
