"""Comparisons of units with one another: all pairs, and equivalence."""

from collections.abc import Callable
from math import inf

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from estimators.comparisons_estimates import JointEstimate, labelled
from estimators.freedom import Freedom, normal_score, of_differences, of_tests, of_units, student_score
from estimators.multiplicity import CORRECTIONS, Method, critical, law, two_sided
from estimators.options import check_draws, check_level
from estimators.ranks_stepwise import error_draws, quantile, table_maxima

Array = NDArray[np.float64]
Estimate = ArrayLike | xr.DataArray
Rng = np.random.Generator | int | None
SIMULTANEOUS: tuple[Method, ...] = ("max_t", "holm", "bonferroni")


def pairwise(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    level: float = 0.95,
    adjust: Method = "max_t",
    df: ArrayLike = inf,
    draws: int = 10_000,
    rng: Rng = 0,
) -> xr.Dataset:
    """Differences of all pairs of units, with tests and intervals.

    Parameters
    ----------
    estimate : array-like (unit,) or DataArray
    covariance_or_se : array-like (unit, unit) or (unit,)
        Covariance of the estimates, or standard errors of independent ones.
    level : float
        Confidence level of the intervals: of all at once for "max_t", "bonferroni" and "holm" (whose
        intervals are Bonferroni's), of each alone for "none" and "bh".
    adjust : {"max_t", "holm", "bonferroni", "bh", "none"}
        Correction of the p-values; "max_t" is the single-step one and agrees with its intervals.
    df : float or array-like (unit,)
        Degrees of freedom of the standard errors; infinite takes them as known. One for each unit where
        their variances are estimated apart; pairs then have Welch's, and "max_t" compares `normal_score`.
    draws : int
        Draws for "max_t".
    rng : Generator, int or None
        Source of the draws; the default repeats itself.

    Returns
    -------
    Dataset
        Along `pair`: coordinates `first` and `second`, `difference` (first minus second), `se`, `statistic`,
        `df`, `p_value`, `p_adjusted`, `p_adjusted_mcse`, `lower`, `upper`.

    Raises
    ------
    ValueError
        If there is one unit only, or a difference has standard error 0.

    Notes
    -----
    The null of a pair is that the two true values are equal. Max-t with the full covariance: Hothorn,
    Bretz and Westfall (2008), equation 5.

    Examples
    --------
    >>> found = pairwise([4.9, 4.6, 4.5], [0.05, 0.05, 0.05])
    >>> (found["p_adjusted"] < 0.05).values.tolist()
    [True, True, False]
    """
    joint = JointEstimate.of(estimate, covariance_or_se)
    if len(joint.values) < 2:
        raise ValueError("pairwise needs at least 2 units, got 1")
    a, b = np.triu_indices(len(joint.values), k=1)
    difference, se = joint.values[a] - joint.values[b], joint.se_difference[a, b]
    own = of_units(df, len(joint.values))
    freedom = of_differences(own, joint.covariance)

    def largest() -> Array:
        check_draws(draws, level=level)
        errors = error_draws(joint.covariance, draws, df=own, rng=np.random.default_rng(rng))
        return table_maxima(errors, joint.se_difference, freedom)

    pairs = freedom if isinstance(freedom, float) else freedom[a, b]
    columns, bar = family_tests(difference, se, largest=largest, level=level, adjust=adjust, df=pairs)
    return xr.Dataset(
        {name: ("pair", values) for name, values in columns.items()},
        coords={"first": ("pair", joint.labels[a]), "second": ("pair", joint.labels[b])},
        attrs={
            "level": level,
            "adjust": adjust,
            "critical_value": bar,
            "coverage": "all intervals at once" if adjust in SIMULTANEOUS else "each interval taken alone",
            "null": "the two true values are equal",
        },
    )


def equivalence(
    difference: Estimate,
    se: ArrayLike,
    *,
    margin: float | tuple[float, float],
    level: float = 0.95,
    df: ArrayLike = inf,
) -> xr.Dataset:
    """Two one-sided tests that a difference is too small to matter.

    Parameters
    ----------
    difference : array-like or DataArray, any shape
    se : array-like, broadcast against `difference`
        Standard error, above 0.
    margin : float or (low, high)
        Differences strictly inside (-margin, margin), or (low, high), do not matter. It must be chosen
        before the data are seen.
    level : float
        1 minus the probability of calling a difference equivalent that matters.
    df : float or array-like, broadcast against `difference`
        Degrees of freedom of the standard error.

    Returns
    -------
    Dataset
        `difference`, `se`, `p_value`, `lower` and `upper` (the 2 level - 1 interval, which lies inside the
        margin if and only if the test rejects), `equivalent`; attribute `null`.

    Raises
    ------
    ValueError
        If a standard error is not above 0 or the margin does not run from low to high.

    Notes
    -----
    Schuirmann (1987). Many differences: correct `p_value` with `adjust`.

    Examples
    --------
    >>> equivalence([0.01, 0.01], [0.02, 0.06], margin=0.05)["equivalent"].values.tolist()
    [True, False]
    """
    check_level(level)
    if level <= 0.5:
        raise ValueError(f"level must be above 0.5, got {level}: below it the interval has no width")
    low, high = margin if isinstance(margin, tuple) else (-margin, margin)
    if not low < high:
        raise ValueError(f"margin must be above 0, or (low, high) with low < high, got {margin}")
    given = labelled(difference)
    values, errors = np.broadcast_arrays(given.values, np.asarray(se, dtype=float))
    if values.shape != given.shape:
        raise ValueError(f"se must have the shape of difference {given.shape}, got {errors.shape}")
    if not (np.isfinite(values).all() and (np.isfinite(errors) & (errors > 0)).all()):
        raise ValueError("difference must be finite and se above 0: an unknown error is not zero")
    reference = law(of_tests(df, values.shape))
    p_values = np.maximum(reference.sf((values - low) / errors), reference.cdf((values - high) / errors))
    width = reference.isf(1 - level) * errors
    columns = {
        "difference": values,
        "se": errors,
        "p_value": p_values,
        "lower": values - width,
        "upper": values + width,
        "equivalent": p_values <= 1 - level,
    }
    null = f"the true difference is outside ({low}, {high})"
    return xr.Dataset(
        {name: (given.dims, np.array(column)) for name, column in columns.items()},
        coords=given.coords,
        attrs={"level": level, "null": null},
    )


def family_tests(
    difference: Array, se: Array, *, largest: Callable[[], Array], level: float, adjust: Method, df: Freedom
) -> tuple[dict[str, Array], float]:
    """Tests and intervals of a family of differences, and the critical value of the intervals.

    Parameters
    ----------
    difference, se : ndarray (test,)
    largest : callable
        Gives draws of the largest absolute `normal_score` of the errors, (draw,); called for "max_t" alone.
    level, adjust
        As in `pairwise`.
    df : float or ndarray (test,)
        Degrees of freedom. Where each test has its own, the critical value is that of a normal statistic.

    Examples
    --------
    >>> columns, width = family_tests(np.array([0.5]), np.array([0.1]), largest=lambda: np.zeros(0),
    ...                               level=0.95, adjust="none", df=inf)
    >>> round(width, 2), columns["lower"].round(3).tolist()
    (1.96, [0.304])
    """
    check_level(level)
    statistic = difference / se
    p_values = two_sided(statistic, df=df)
    error = np.zeros_like(se)
    if adjust == "max_t":
        maxima = largest()
        adjusted, error = exceedance(np.abs(normal_score(statistic, df)), maxima)
        bar = quantile(maxima, draws=len(maxima), level=level).value
        width = student_score(bar, df)
    elif adjust in CORRECTIONS:
        adjusted = CORRECTIONS[adjust](p_values)
        tests = len(se) if adjust in SIMULTANEOUS else 1
        width = critical(level, df=df, tests=tests)
        bar = float(critical(level, df=df if isinstance(df, float) else inf, tests=tests))
    else:
        raise ValueError(f"adjust must be one of {['max_t', *CORRECTIONS]}, got {adjust!r}")
    columns = {
        "difference": difference,
        "se": se,
        "statistic": statistic,
        "df": np.broadcast_to(np.asarray(df, dtype=float), se.shape),
        "p_value": p_values,
        "p_adjusted": np.maximum(adjusted, p_values),
        "p_adjusted_mcse": error,
        "lower": difference - width * se,
        "upper": difference + width * se,
    }
    return columns, bar


def exceedance(statistic: Array, largest: Array) -> tuple[Array, Array]:
    """Share of simulated maxima at or above each statistic, with its Monte Carlo standard error.

    >>> exceedance(np.array([2.0, 9.0]), np.array([1.0, 2.0, 3.0]))[0].tolist()
    [0.75, 0.25]
    """
    draws = len(largest)
    above = draws - np.searchsorted(np.sort(largest), statistic, side="left")
    share = (1 + above) / (draws + 1)  # the observed statistic counts as one of the draws
    return share, np.sqrt(share * (1 - share) / draws)
