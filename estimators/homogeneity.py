"""Tests that several true values are equal."""

from dataclasses import dataclass
from math import inf

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, f

from estimators.comparisons_estimates import JointEstimate
from estimators.freedom import of_tests, of_units

Array = NDArray[np.float64]
NULL = "all true values are equal"


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A Wald test: statistic, its reference law, p-value and null.

    Parameters
    ----------
    statistic : float
        Chi-squared or F statistic.
    p_value : float
    df : float
        Numerator degrees of freedom: the number of contrasts.
    df_denominator : float
        Denominator degrees of freedom; infinite for chi-squared.
    null : str
    """

    statistic: float
    p_value: float
    df: int
    df_denominator: float
    null: str


def homogeneity(
    estimate: ArrayLike | xr.DataArray,
    covariance_or_se: ArrayLike | xr.DataArray,
    *,
    df: ArrayLike = inf,
    adjusted: bool = True,
) -> WaldTest:
    """Wald test that all units have the same true value.

    Parameters
    ----------
    estimate : array-like (unit,) or DataArray
        Two units or more.
    covariance_or_se : array-like (unit, unit) or (unit,)
    df : float or array-like (unit,)
        Degrees of freedom of the design (clusters less strata). Infinite: chi-squared test. One for each
        unit, of independent estimates: Welch's test.
    adjusted : bool
        With one finite `df`: whether to refer (df - q + 1) / (df q) W to F(q, df - q + 1), the law it has
        when the covariance is Wishart, rather than W / q to F(q, df).

    Returns
    -------
    WaldTest

    Raises
    ------
    ValueError
        If there is one unit only, the covariance of the contrasts is singular, `df` is too small, or it is
        given for each of correlated estimates.

    Notes
    -----
    Korn and Graubard (1990), equation 1 (adjusted); with independent standard errors and infinite `df` the
    statistic is Cochran's (1954) Q. Degrees of freedom of each unit: Welch (1951), equations 27 to 29.

    Examples
    --------
    >>> found = homogeneity([4.9, 4.6, 4.5], [0.1, 0.1, 0.1])
    >>> round(found.statistic, 3), round(found.p_value, 5), found.df
    (8.667, 0.01312, 2)
    """
    joint = JointEstimate.of(estimate, covariance_or_se)
    q = len(joint.values) - 1
    if q == 0:
        raise ValueError("homogeneity needs at least 2 units, got 1")
    own = of_units(df, q + 1)
    if not isinstance(own, float):
        return _welch(joint, own)
    contrast = joint.values[:-1] - joint.values[-1]
    cross = joint.covariance[:-1, -1]
    covariance = (
        joint.covariance[:-1, :-1] - cross[:, None] - cross[None, :] + joint.covariance[-1, -1]
    )  # of unit minus last unit
    return wald(contrast, covariance, df=own, adjusted=adjusted, null=NULL)


def _welch(joint: JointEstimate, df: Array) -> WaldTest:
    """Welch's test, of variances estimated apart."""
    variance = np.diag(joint.covariance)
    if np.any(joint.covariance != np.diag(variance)) or not (variance > 0).all():
        raise ValueError(
            "df of each unit asks for independent estimates with standard errors above 0: "
            "give one df, that of the design, for correlated ones"
        )
    count, weight = len(variance), 1 / variance
    spread = weight @ (joint.values - np.average(joint.values, weights=weight)) ** 2
    loss = float(np.sum((1 - weight / weight.sum()) ** 2 / df))
    statistic = float(spread / (count - 1) / (1 + 2 * (count - 2) / (count**2 - 1) * loss))
    rest = (count**2 - 1) / (3 * loss) if loss > 0 else inf
    p_value = f.sf(statistic, count - 1, rest) if rest < inf else chi2.sf(spread, count - 1)
    return WaldTest(statistic, float(p_value), count - 1, rest, NULL)


def wald(
    contrast: ArrayLike, covariance: ArrayLike, *, df: float = inf, adjusted: bool = True, null: str
) -> WaldTest:
    """Wald test that all contrasts are zero.

    Parameters
    ----------
    contrast : array-like (contrast,)
    covariance : array-like (contrast, contrast)
        Regular.
    df, adjusted
        As in `homogeneity`.
    null : str
        The null in words.

    Examples
    --------
    >>> round(wald([2.0], [[1.0]], null="it is 0").p_value, 4)
    0.0455
    """
    df = float(of_tests(df, ()))
    values, matrix = np.asarray(contrast, dtype=float), np.asarray(covariance, dtype=float)
    q = len(values)
    scale = np.sqrt(np.diag(matrix))
    if not (scale > 0).all() or np.linalg.matrix_rank(matrix / np.outer(scale, scale), hermitian=True) < q:
        raise ValueError(
            "covariance of the contrasts is singular: with fewer clusters than units, or units without "
            "variance, test fewer contrasts or give pooled variances"
        )
    statistic = float(values @ np.linalg.solve(matrix, values))
    if df == inf:
        return WaldTest(statistic, float(chi2.sf(statistic, q)), q, inf, null)
    rest = df - q + 1 if adjusted else df
    if rest <= 0:
        raise ValueError(f"df must be at least the number of contrasts {q}, got {df}: test fewer contrasts")
    ratio = statistic / q * (rest / df)
    return WaldTest(ratio, float(f.sf(ratio, q, rest)), q, rest, null)
