"""Which differences a sample will find: between two rounds, two domains, or all domains of a ranking."""

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq
from scipy.special import chdtr
from scipy.stats import nct, norm

from sampling.arguments import FloatArray, Values, labelled, numbers, proportion, whole
from sampling.standard_errors import (
    at_least,
    completed,
    deviation,
    per_interval,
    standard_error,
    student_quantile,
)


def power_of_comparison(
    difference: Values,
    n: Values,
    other: Values | None = None,
    *,
    sd: Values | None = None,
    share: Values | None = None,
    population: Values = np.inf,
    deff: Values = 1.0,
    response: Values = 1.0,
    correlation: float = 0.0,
    level: float = 0.05,
    multiplicity: int = 1,
    df: Values | None = None,
) -> FloatArray:
    """The probability that a two-sided t test finds a true difference between two samples.

    Two rounds of one domain, or two domains. Noncentral t with ``n1/deff + n2/deff - 2`` degrees of
    freedom; with overlapping samples `correlation` is that of the two estimates.

    Parameters
    ----------
    difference : number or array
        True difference, in the unit of the standard deviation.
    n, other : number or array
        Contacts issued in each sample; `other` defaults to n.
    sd, share, population, deff, response
        As in `half_width`, for both samples.
    correlation : float
        Of the two estimates, -1..1.
    level : float
        Of the test, 0..1; shared among `multiplicity` comparisons (Bonferroni).
    multiplicity : int
        Number of comparisons made.
    df : number or array, optional
        Degrees of freedom instead; infinity gives the normal test.

    Returns
    -------
    array
        Probability, with the labels of the difference.

    Examples
    --------
    >>> round(power_of_comparison(0.155, 529, sd=0.9, df=float("inf")).item(), 2)
    0.8
    """
    gap = numbers("difference", difference, minimum=-np.inf)
    error, freedom = _difference_error(n, other, sd, share, population, deff, response, correlation)
    freedom = freedom if df is None else numbers("df", df, infinite=True)
    confidence = per_interval(1 - proportion("level", level), multiplicity)
    return labelled(power_of_shift(gap, error, freedom, confidence), difference)


def detectable_change(
    n: Values,
    other: Values | None = None,
    *,
    sd: Values | None = None,
    share: Values | None = None,
    population: Values = np.inf,
    deff: Values = 1.0,
    response: Values = 1.0,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.05,
    multiplicity: int = 1,
    df: Values | None = None,
) -> FloatArray:
    """The smallest true difference that the test of `power_of_comparison` finds with the given power.

    Returns
    -------
    array
        In the unit of the standard deviation, with the labels of n; infinite without degrees of freedom.

    Examples
    --------
    >>> round(detectable_change(529.4117647, sd=0.9, df=float("inf")).item(), 4)
    0.155
    """
    error, freedom = _difference_error(n, other, sd, share, population, deff, response, correlation)
    freedom = freedom if df is None else np.broadcast_to(numbers("df", df, infinite=True), error.shape)
    confidence = per_interval(1 - proportion("level", level), multiplicity)
    shift = detectable_shift(np.asarray(freedom), power=power, level=1 - confidence)
    found = np.multiply(shift, error, out=np.zeros(error.shape), where=error > 0)
    return labelled(np.asarray(found), n)


def resolvable_difference(
    n: Values,
    *,
    domains: int | None = None,
    sd: Values | None = None,
    share: Values | None = None,
    population: Values = np.inf,
    deff: Values = 1.0,
    response: Values = 1.0,
    confidence: float = 0.95,
    simultaneous: bool = True,
    multiplicity: int = 1,
) -> FloatArray:
    """The smallest difference between two domains of a ranking that is significant.

    ``q * sqrt(v_i + v_j)``: with `simultaneous`, q holds the level over all pairs at once (the range of
    that many normals divided by sqrt 2: exact for equal variances, conservative otherwise: Tukey-Kramer);
    without it, q is normal and holds for one pair chosen beforehand.

    Parameters
    ----------
    n : number or array (D,)
        Contacts issued in each domain.
    domains : int, optional
        Number of domains where n is one number for all.
    sd, share, population, deff, response, confidence
        As in `half_width`.
    simultaneous : bool
        Whether the level holds over all pairs at once.
    multiplicity : int
        Number of rankings, or of pairs chosen beforehand, that share the error (Bonferroni).

    Returns
    -------
    array
        A number for one n; else (D, D), with 0 on the diagonal.

    References
    ----------
    Tukey (1953); Kramer (1956); Hayter (1984), Ann. Stat. 12 (conservative for unequal variances).

    Examples
    --------
    >>> round(resolvable_difference(529.4117647, domains=17, sd=0.9).item(), 4)
    0.1913
    """
    done = completed(n, response)
    inflation = at_least("deff", deff, 0.0)
    error = standard_error(done, deviation(sd, share, population), population, inflation)
    count = error.size if domains is None else whole("domains", domains, minimum=2)
    if count < 2:
        raise ValueError(
            "domains must be at least 2, got one n and no number; say how many domains are ranked"
        )
    if error.ndim > 1 or (error.ndim == 1 and domains not in (None, error.size)):
        raise ValueError(f"n must be one number or one for each of {count} domains, got shape {error.shape}")
    level = per_interval(confidence, multiplicity)
    q = range_quantile(level, count) / np.sqrt(2) if simultaneous else norm.ppf((1 + level) / 2)
    if error.ndim == 0:
        return np.asarray(q * np.sqrt(2) * error)
    pairs = q * np.sqrt(error[:, None] ** 2 + error**2)
    np.fill_diagonal(pairs, 0.0)
    return np.asarray(pairs)


def detectable_shift(df: FloatArray, *, power: float, level: float) -> FloatArray:
    """The difference, in standard errors, that a two-sided test finds with a power; infinite below 1 df.

    >>> detectable_shift(np.array([np.inf, 8.0, 0.5]), power=0.8, level=0.05).round(3).tolist()
    [2.802, 3.201, inf]
    """
    check_power(power, level)
    low, high = np.zeros(df.shape), np.full(df.shape, 4.0)
    usable = df >= 1
    for _ in range(40):
        short = usable & (rejection_probability(high, df, 1 - level) < power)
        if not short.any():
            break
        high = np.where(short, 2 * high, high)
    for _ in range(60):
        middle = (low + high) / 2
        found = rejection_probability(middle, df, 1 - level) >= power
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return np.where(usable, high, np.inf)


def check_power(power: float, level: float) -> None:
    """Refuse a power that the test has where there is no difference at all.

    >>> check_power(0.04, 0.05)
    Traceback (most recent call last):
    ValueError: power must be above the level 0.05, got 0.04; without any difference the test has that much
    """
    if proportion("power", power) <= proportion("level", level):
        raise ValueError(
            f"power must be above the level {level:g}, got {power:g}; "
            "without any difference the test has that much"
        )


def range_quantile(level: float, count: int) -> float:
    """The quantile of the range of independent standard normals.

    ``P(range <= q) = count * integral of phi(x) * (Phi(x) - Phi(x - q))**(count - 1)``, by Gauss-Legendre.

    Examples
    --------
    >>> round(range_quantile(0.95, 17), 3)
    4.891
    """
    nodes, weights = leggauss(200)
    x = 9.0 * nodes
    density = 9.0 * weights * norm.pdf(x) * count

    def excess(q: float) -> float:
        return float(density @ (norm.cdf(x) - norm.cdf(x - q)) ** (count - 1)) - level

    return float(brentq(excess, 1e-6, 40.0, xtol=1e-12))


def power_of_shift(gap: FloatArray, error: FloatArray, df: FloatArray, confidence: float) -> FloatArray:
    """The power for a difference whose estimate has a standard error; two censuses show any but 0.

    >>> power_of_shift(np.array([0.0, 0.1]), np.zeros(2), np.zeros(2), 0.95).tolist()
    [0.0, 1.0]
    """
    gap, error = np.broadcast_arrays(gap, error)
    shift = np.divide(gap, error, out=np.zeros(gap.shape), where=error > 0)
    return np.where(error > 0, rejection_probability(shift, df, confidence), gap != 0)


def rejection_probability(shift: FloatArray, df: FloatArray, confidence: float) -> FloatArray:
    """The chance that |t| exceeds its critical value when the difference is `shift` standard errors.

    >>> round(rejection_probability(np.array(2.8), np.array(np.inf), 0.95).item(), 2)
    0.8
    """
    shift, df = np.broadcast_arrays(np.abs(shift), df)
    critical = student_quantile(confidence, df)
    normal = norm.sf(critical - shift) + norm.cdf(-critical - shift)
    student = np.isfinite(df) & (df >= 1)
    if not student.any():
        return np.asarray(np.where(df >= 1, normal, 0.0))
    few, at, bound = (
        np.where(student, df, 1.0),
        np.where(student, shift, 0.0),
        np.where(student, critical, 1.0),
    )
    near = at < 6  # beyond, the other tail is below 1e-9, and hard to compute
    # where scipy finds the other tail too small to compute it says nan
    other = np.nan_to_num(np.where(near, nct.cdf(-bound, few, np.where(near, at, 0.0)), 0.0))
    exact = np.where(at < 40, nct.sf(bound, few, np.minimum(at, 40.0)), _far(at, few, bound)) + other
    return np.asarray(np.where(df < 1, 0.0, np.where(student, exact, normal)))


def _difference_error(
    n: Values,
    other: Values | None,
    sd: Values | None,
    share: Values | None,
    population: Values,
    deff: Values,
    response: Values,
    correlation: float,
) -> tuple[FloatArray, FloatArray]:
    """Standard error and degrees of freedom of a difference of two estimates."""
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation must lie in -1..1, got {correlation}; give that of the two estimates")
    spread, inflation = deviation(sd, share, population), at_least("deff", deff, 0.0)
    first, second = completed(n, response), completed(n if other is None else other, response)
    a, b = (standard_error(m, spread, population, inflation) for m in (first, second))
    error = np.sqrt(np.maximum(a**2 + b**2 - 2 * correlation * a * b, 0.0))
    return np.asarray(error), np.broadcast_to((first + second) / inflation - 2, error.shape)


def _far(shift: FloatArray, df: FloatArray, bound: FloatArray) -> FloatArray:
    """Upper tail of the noncentral t at a large shift: mean of ``P(chi2 <= df*((z + shift)/t)**2)``."""
    nodes, weights = hermegauss(40)
    ratio = np.maximum(shift[..., None] + nodes, 0.0) / bound[..., None]
    tail = chdtr(df[..., None], df[..., None] * ratio**2)
    return np.asarray(tail @ weights / np.sqrt(2 * np.pi))
