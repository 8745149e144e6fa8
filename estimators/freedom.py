"""Degrees of freedom, one for all estimates or one for each, and t statistics brought on one scale.

With a number for each unit the t statistics of two pairs have different laws. Wallace's (1959) transformation

    z = c(v) sign(t) sqrt(v log(1 + t^2 / v)),    c(v) = (8v + 1) / (8v + 3),                    (1)

takes a t statistic of v degrees of freedom to one that is nearly normal, so that those with the fewest do not
decide which of several is largest. It rises in t: a test of the largest z, whose law is simulated through
the same transformation, holds its level however near to normal z is.
"""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Freedom = float | Array
KNOWN = 1e9  # degrees of freedom of a variance as good as known


def of_units(df: ArrayLike, size: int) -> Freedom:
    """Degrees of freedom as given, checked: one number for all, or one for each of `size` units.

    >>> of_units(5, 3), of_units([5, np.inf], 2).tolist()
    (5.0, [5.0, inf])
    """
    if np.shape(df) not in ((), (size,)):
        raise ValueError(f"df must be one number or one for each of {size} units, got shape {np.shape(df)}")
    return of_tests(df, (size,))


def of_tests(df: ArrayLike, shape: tuple[int, ...]) -> Freedom:
    """Degrees of freedom as given, checked: one number for all tests, or what broadcasts to their `shape`.

    >>> of_tests([5, 6], (3, 2)).shape
    (3, 2)
    """
    found: Array = np.asarray(df, dtype=np.float64)
    try:
        wide: Array = np.broadcast_to(found, shape)
    except ValueError:
        raise ValueError(f"df must be one number or broadcast to shape {shape}, got {found.shape}") from None
    if not (found > 0).all():
        raise ValueError(f"df must be positive, got {found[~(found > 0)].ravel()[0]}")
    return float(found) if found.ndim == 0 else wide


def of_differences(df: Freedom, covariance: Array) -> Freedom:
    """Degrees of freedom of the standard errors of all differences, (unit, unit), or the one number for all.

    Parameters
    ----------
    df : float or ndarray (unit,)
    covariance : ndarray (unit, unit)

    Notes
    -----
    Uncorrelated estimates: Welch (1938), Satterthwaite (1946), an approximation that rejects a little too
    often where a variance rests on two or three degrees of freedom. Correlated ones may share what their
    variances are estimated from: the smaller of the two, which is safe.

    Examples
    --------
    >>> of_differences(np.array([4.0, 9.0]), np.eye(2)).round(2).tolist()
    [[4.0, 11.08], [11.08, 9.0]]
    """
    if isinstance(df, float):
        return df
    variance = np.diag(covariance)
    part = variance**2 / df
    both = part[:, None] + part
    welch = np.full_like(both, inf)
    np.divide((variance[:, None] + variance) ** 2, both, out=welch, where=both > 0)
    return np.asarray(np.where(covariance == 0, welch, np.minimum(df[:, None], df)))


def of_sums(weights: Array, covariance: Array, df: Array) -> Array:
    """Degrees of freedom of the standard errors of weighted sums (sum,) of estimates.

    Parameters
    ----------
    weights : ndarray (sum, unit)
    covariance : ndarray (unit, unit)
    df : ndarray (unit,)

    Notes
    -----
    Satterthwaite's v^2 / sum c_j^2, c_j = |w_j (C w)_j| / sqrt(df_j), for uncorrelated estimates. Correlated
    ones may share what their variances are estimated from: their c_j are added before squaring, which is
    safe. At least 1.

    Examples
    --------
    Two independent halves, and twice the same one:

    >>> half = np.array([[0.5, 0.5]])
    >>> of_sums(half, np.eye(2), np.array([6.0, 6.0])).round(6).tolist()
    [12.0]
    >>> of_sums(half, np.ones((2, 2)), np.array([6.0, 6.0])).round(6).tolist()
    [6.0]
    """
    brought = weights * (weights @ covariance)
    part = np.abs(brought) / np.sqrt(df)
    squares = np.einsum("sj,sj->s", part @ (covariance != 0), part)
    total = brought.sum(axis=1) ** 2
    found: Array = np.full_like(total, inf)
    np.divide(total, squares, out=found, where=squares > 0)
    return np.maximum(found, 1.0)


def normal_score(statistic: Array, df: Freedom) -> Array:
    """Statistic on the scale of a normal one, (1); as it is for one `df`, whose law all share.

    Parameters
    ----------
    statistic : ndarray
    df : float or ndarray, broadcast against `statistic`

    Examples
    --------
    The number is at most the statistic's own size. The 97.5% point of t with 10 degrees of freedom is 2.228:

    >>> normal_score(np.array([2.228, -2.228]), np.array([10.0, np.inf])).round(2).tolist()
    [1.96, -2.23]
    """
    if isinstance(df, float):
        return statistic
    known = np.minimum(df, KNOWN)
    size = np.sqrt(known * np.log1p(statistic**2 / known)) * ((8 * known + 1) / (8 * known + 3))
    return np.asarray(np.copysign(size, statistic))


def student_score(score: ArrayLike, df: Freedom) -> Array:
    """Statistic of `df` degrees of freedom whose `normal_score` is the number given, at least 0.

    >>> student_score(1.96, np.array([10.0, np.inf])).round(2).tolist()
    [2.23, 1.96]
    """
    if isinstance(df, float):
        return np.asarray(score, dtype=float)
    known = np.minimum(df, KNOWN)
    return np.asarray(
        np.sqrt(known * np.expm1((np.asarray(score) * (8 * known + 3) / (8 * known + 1)) ** 2 / known))
    )
