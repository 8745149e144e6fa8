"""Intervals for a share, from its estimate, standard error and effective sample size.

Every function takes ``p`` (...) in [0, 1], ``se`` (...) its standard error, ``df`` (...) the design degrees
of freedom, ``n`` (...) the number of respondents and ``n_eff`` (...) the effective number; it uses what it
needs and returns the two ends, each (...). A bounded mean is scaled to [0, 1] by the caller.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Ends = tuple[FloatArray, FloatArray]


def student_t(df: FloatArray, level: float) -> FloatArray:
    """Student's t for a two-sided level; normal where the degrees of freedom are infinite.

    >>> student_t(np.array([10.0, np.inf]), 0.95).round(4).tolist()
    [2.2281, 1.96]
    """
    finite: FloatArray = special.stdtrit(df, 0.5 + level / 2)
    return np.where(np.isinf(df), special.ndtri(0.5 + level / 2), finite)


def wald(p: FloatArray, *, se: FloatArray, df: FloatArray, level: float) -> Ends:
    """Ends of ``p -+ t se``, clipped to [0, 1] (R's svyciprop method "mean").

    >>> low, high = wald(np.array(0.5), se=np.array(0.1), df=np.array(np.inf), level=0.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.304, 0.696)
    """
    reach = student_t(df, level) * se
    return np.maximum(p - reach, 0.0), np.minimum(p + reach, 1.0)


def logit(p: FloatArray, *, se: FloatArray, df: FloatArray, level: float) -> Ends:
    """Ends on the logit scale, ``logit p -+ t se / (p (1 - p))`` (R's "logit" and "xlogit").

    >>> low, high = logit(np.array(0.9), se=np.array(0.05), df=np.array(np.inf), level=0.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.7518, 0.9639)
    """
    center = special.logit(p)
    reach = student_t(df, level) * se / (p * (1 - p))
    return np.asarray(special.expit(center - reach)), np.asarray(special.expit(center + reach))


def arcsine(p: FloatArray, *, se: FloatArray, df: FloatArray, level: float) -> Ends:
    """Ends on the scale of ``asin sqrt p``, kept inside [0, pi/2] (R's "asin").

    R lets the transform run past pi/2, where its square of the sine turns back; here it stops at 1.

    >>> low, high = arcsine(np.array(0.9), se=np.array(0.05), df=np.array(np.inf), level=0.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.7826, 0.9751)
    """
    center = np.arcsin(np.sqrt(p))
    reach = student_t(df, level) * se / (2 * np.sqrt(p * (1 - p)))
    low, high = np.maximum(center - reach, 0), np.minimum(center + reach, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def likelihood(p: FloatArray, *, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Ends:
    """Ends where the design-scaled binomial log likelihood has dropped by ``t^2 / 2`` (R's "likelihood").

    ``2 n_eff KL(p || q) = t^2 n / (n - 1)`` with ``n_eff = p (1 - p) / se^2`` (Rao & Scott 1984); the factor
    is the dispersion of the quasi-binomial fit in R. Solved exactly: R's own objective has these ends, on a
    fine grid to 6e-9; what R prints is interpolated on some ten points and differs by up to 1.2e-4.

    >>> low, high = likelihood(np.array(0.9), se=np.array(0.05), df=np.array(60), n=np.array(40), level=.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.7702, 0.9716)
    """
    cut = 0.5 * student_t(df, level) ** 2 * n / (n - 1) * se**2 / (p * (1 - p))

    def drop(q: FloatArray) -> FloatArray:
        return np.asarray(special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q))

    def end(outer: float) -> FloatArray:
        far, near = np.full_like(p, outer), p
        for _ in range(60):
            middle = (far + near) / 2
            outside = drop(middle) > cut
            far, near = np.where(outside, middle, far), np.where(outside, near, middle)
        return (far + near) / 2

    return end(0.0), end(1.0)


def wilson(p: FloatArray, *, n_eff: FloatArray, df: FloatArray, level: float) -> Ends:
    """Ends of Wilson's score interval on the effective sample size, with Student's t for z.

    >>> low, high = wilson(np.array(1.0), n_eff=np.array(10.0), df=np.array(np.inf), level=0.95)
    >>> round(float(low), 4), float(high)
    (0.7225, 1.0)
    """
    square = student_t(df, level) ** 2 / n_eff
    center = (p + square / 2) / (1 + square)
    reach = np.sqrt(square * (p * (1 - p) + square / 4)) / (1 + square)
    low, high = np.maximum(center - reach, 0.0), np.minimum(center + reach, 1.0)
    # exact at the ends, where rounding would leave 1 - 1e-16
    return np.where(p == 0, 0.0, low), np.where(p == 1, 1.0, high)


def clopper_pearson(p: FloatArray, *, n_eff: FloatArray, level: float) -> Ends:
    """Ends of the exact binomial interval for ``n_eff p`` successes out of ``n_eff``.

    >>> low, high = clopper_pearson(np.array(1.0), n_eff=np.array(10.0), level=0.95)
    >>> round(float(low), 4), float(high)
    (0.6915, 1.0)
    """
    tail = (1 - level) / 2
    hits, misses = n_eff * p, n_eff * (1 - p)
    low = special.betaincinv(np.where(p > 0, hits, 1), misses + 1, tail)
    high = special.betaincinv(hits + 1, np.where(p < 1, misses, 1), 1 - tail)
    return np.where(p > 0, low, 0.0), np.where(p < 1, high, 1.0)


def korn_graubard(
    p: FloatArray, *, se: FloatArray, df: FloatArray, n: FloatArray, n_eff: FloatArray, level: float
) -> Ends:
    """Ends of Clopper-Pearson on ``p (1 - p) / se^2`` shrunk by ``(t_{n-1} / t_df)^2`` (R's "beta").

    The factor is cut at 1: degrees of freedom beyond n - 1, those of a design of which n are a small domain,
    do not enlarge the sample. Where the estimate has no standard error of its own (p = 0 or 1, or se = 0) the
    effective size given is used instead, shrunk the same way (Korn & Graubard 1998, section 3).

    >>> low, high = korn_graubard(np.array(1.0), se=np.array(0.0), df=np.array(9.0), n=np.array(10.0),
    ...                           n_eff=np.array(10.0), level=0.95)
    >>> round(float(low), 4), float(high)
    (0.6915, 1.0)
    """
    usable = (se > 0) & (p > 0) & (p < 1)
    own = np.where(usable, p * (1 - p) / np.where(usable, se, 1.0) ** 2, n_eff)
    factor = np.minimum((student_t(n - 1, level) / student_t(df, level)) ** 2, 1.0)
    return clopper_pearson(p, n_eff=own * factor, level=level)


def bootstrap_t(
    p: FloatArray, *, se: FloatArray, replicates: FloatArray, replicate_se: FloatArray, level: float
) -> Ends:
    """Ends ``p - q se``, q the quantiles of the studentised ``replicates`` (replicate, ...) (Efron 1979).

    Replicates without spread of their own are dropped; where none is left the ends are NaN.

    >>> draws = np.array([[0.4], [0.5], [0.6]])
    >>> low, high = bootstrap_t(np.array([0.5]), se=np.array([0.1]), replicates=draws,
    ...                         replicate_se=np.full((3, 1), 0.1), level=0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.4], [0.6])
    """
    spread = replicate_se > 0
    pivot = np.where(spread, (replicates - p) / np.where(spread, replicate_se, 1.0), np.nan)
    usable = spread.any(axis=0)
    tails = [0.5 + level / 2, 0.5 - level / 2]
    high, low = np.nanquantile(np.where(usable, pivot, 0.0), tails, axis=0, method="inverted_cdf")
    reach = np.where(usable, se, np.nan)
    return np.clip(p - high * reach, 0, 1), np.clip(p - low * reach, 0, 1)
