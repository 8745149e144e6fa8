"""Quantiles of a weighted distribution, with Woodruff's interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.design import Design
from estimators.linearization import mean, observed, variance
from estimators.options import as_numbers, check_level
from estimators.share_intervals import student_t

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Quantiles:
    """Quantiles (prob,) with the ends of Woodruff's interval; ``se`` is its length over twice Student's t.

    An end is NaN where the interval of the share leaves [0, 1]. Where both ends are one score, as for the
    median of mostly fives or of one person, the data do not tell the error: ``se`` is NaN, where R has 0.
    ``influence`` (respondent, prob) linearises the quantiles with the density that the interval implies, so
    that their covariances can be had; it is zero where the interval has no length or no end.
    """

    prob: FloatArray
    estimate: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    influence: FloatArray


def quantile(
    design: Design,
    values: ArrayLike,
    prob: float | Sequence[float] = 0.5,
    *,
    level: float = 0.95,
    where: ArrayLike | None = None,
) -> Quantiles:
    """Weighted quantiles; the median by default.

    Parameters
    ----------
    design : the design, of all respondents.
    values : (respondent,) numbers; NaN means not observed.
    prob : shares in (0, 1).
    level : confidence level of the intervals.
    where : (respondent,) mask of the domain.

    Notes
    -----
    The rule is the smallest value with ``F(value) >= prob`` (R's type 1, survey's "math"). Woodruff (1952):
    the interval ``p -+ t se`` of the share at or below the quantile is read back through the same rule. The
    influence is ``-(1(y <= q) - p) / f`` with ``f = 2 t se / (upper - lower)``, se that of the share.

    Examples
    --------
    >>> found = quantile(Design(weight=np.ones(5)), [1.0, 2.0, 3.0, 4.0, 5.0])
    >>> found.estimate.tolist()
    [3.0]
    """
    shares = np.atleast_1d(as_numbers(prob, "prob"))
    if not np.all((shares > 0) & (shares < 1)):
        raise ValueError(f"prob must lie strictly between 0 and 1, got {prob}")
    check_level(level)
    kept, x = observed(design, values, where=where)
    if not kept.any():
        raise ValueError("values must have at least one number in the domain")
    order = np.argsort(x[kept], kind="stable")
    sorted_values = x[kept][order]
    cumulative = np.cumsum(design.weights[kept][order])
    cumulative /= cumulative[-1]

    def inverse(share: FloatArray) -> FloatArray:
        inside = (share >= 0) & (share <= 1)
        place = np.searchsorted(cumulative, np.where(inside, share, 0) - 1e-14)
        return np.where(inside, sorted_values[np.minimum(place, sorted_values.size - 1)], np.nan)

    estimate = inverse(shares)
    below = mean(design, (x[:, None] <= estimate).astype(float), where=kept)
    t = student_t(np.asarray(float(design.df)), level)
    spread = np.sqrt(variance(design, below.influence))
    lower, upper = inverse(below.estimate - t * spread), inverse(below.estimate + t * spread)
    length = upper - lower
    se = np.where(length > 0, length, np.nan) / (2 * t)
    slope = np.divide(se, spread, out=np.zeros_like(se), where=np.isfinite(se) & (spread > 0))
    return Quantiles(shares, estimate, se, lower, upper, -slope * below.influence)
