"""Tests that several true values are equal."""

from dataclasses import dataclass
from math import inf

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.stats import chi2, f

from estimators.comparisons_estimates import JointEstimate


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
    df: float = inf,
    adjusted: bool = True,
) -> WaldTest:
    """Wald test that all units have the same true value.

    Parameters
    ----------
    estimate : array-like (unit,) or DataArray
        Two units or more.
    covariance_or_se : array-like (unit, unit) or (unit,)
    df : float
        Degrees of freedom of the design (clusters less strata). Infinite: chi-squared test.
    adjusted : bool
        With finite `df`: whether to refer (df - q + 1) / (df q) W to F(q, df - q + 1), the law it has
        when the covariance is Wishart, rather than W / q to F(q, df).

    Returns
    -------
    WaldTest

    Raises
    ------
    ValueError
        If there is one unit only, the covariance of the contrasts is singular, or `df` is too small.

    Notes
    -----
    Korn and Graubard (1990), equation 1 (adjusted); with independent standard errors and infinite `df` the
    statistic is Cochran's (1954) Q.

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
    contrast = joint.values[:-1] - joint.values[-1]
    cross = joint.covariance[:-1, -1]
    covariance = (
        joint.covariance[:-1, :-1] - cross[:, None] - cross[None, :] + joint.covariance[-1, -1]
    )  # of unit minus last unit
    return wald(contrast, covariance, df=df, adjusted=adjusted, null="all true values are equal")


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
