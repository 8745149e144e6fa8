"""How precise a sample will be, and how large it must be: means and shares."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sampling.arguments import FloatArray, IntArray, Values, labelled, numbers
from sampling.standard_errors import (
    at_least,
    completed,
    deviation,
    per_interval,
    standard_error,
    student_quantile,
)

LARGEST = 2**40


def half_width(
    n: Values,
    *,
    sd: Values | None = None,
    share: Values | None = None,
    population: Values = np.inf,
    deff: Values = 1.0,
    response: Values = 1.0,
    confidence: float = 0.95,
    multiplicity: int = 1,
    df: Values | None = None,
) -> FloatArray:
    """The expected half-width of the confidence interval of a mean or a share.

    ``t * sqrt(deff * S**2 * (1 / m - 1 / population))`` with ``m = n * response`` completed interviews and
    Student's t at ``m / deff - 1`` degrees of freedom; infinite where these are below 1.

    Parameters
    ----------
    n : number or array
        Contacts issued (completed interviews if `response` is 1).
    sd, share : number or array
        Exactly one: standard deviation of the rating, or expected share p, for which
        ``S**2 = p * (1 - p) * population / (population - 1)``.
    population : number or array
        Persons, for the finite-population correction.
    deff : number or array
        Design effect, weighting included.
    response : number or array
        Expected completed interviews per issued contact, above 0 and at most 1.
    confidence : float
        Level, 0..1.
    multiplicity : int
        Number of intervals that hold together (Bonferroni).
    df : number or array, optional
        Degrees of freedom instead; infinity gives the normal interval.

    Returns
    -------
    array
        In the unit of the standard deviation, with the labels of n.

    Raises
    ------
    ValueError
        If not exactly one of sd and share is given, or a number is out of range.

    References
    ----------
    Sarndal, Swensson & Wretman (1992), Model assisted survey sampling, equation 2.8.5.

    Examples
    --------
    >>> round(half_width(100, sd=0.9).item(), 4)
    0.1786
    >>> half_width([30, 300], share=0.75).round(3).tolist()
    [0.162, 0.049]
    """
    done, spread = completed(n, response), deviation(sd, share, population)
    inflation = at_least("deff", deff, 0.0)
    level = per_interval(confidence, multiplicity)
    freedom = done / inflation - 1 if df is None else numbers("df", df, infinite=True)
    error = standard_error(done, spread, population, inflation)
    quantile = student_quantile(level, freedom)
    return labelled(
        np.multiply(
            quantile, error, out=np.zeros(np.broadcast_shapes(quantile.shape, error.shape)), where=error > 0
        ),
        n,
    )


def sample_size(
    margin: Values,
    *,
    sd: Values | None = None,
    share: Values | None = None,
    population: Values = np.inf,
    deff: Values = 1.0,
    response: Values = 1.0,
    confidence: float = 0.95,
    multiplicity: int = 1,
    df: Values | None = None,
) -> IntArray:
    """The smallest whole number of contacts whose expected half-width is at most the margin.

    The exact inverse of `half_width`, whose other arguments it shares.

    Parameters
    ----------
    margin : number or array
        Half-width wanted, in the unit of the standard deviation (0..1 for a share).

    Returns
    -------
    array of int64
        Contacts to issue (completed interviews if `response` is 1), with the labels of the margin.

    Raises
    ------
    ValueError
        As `half_width`; or if even the whole population is too few, because of the degrees of freedom.

    Examples
    --------
    >>> sample_size(0.05, share=0.5, df=float("inf")).item()
    385
    >>> sample_size([0.1, 0.05], sd=0.9, population=2000).tolist()
    [272, 769]
    """
    wanted = at_least("margin", margin, 0.0)

    def narrow(count: FloatArray) -> Any:
        return half_width(
            count,
            sd=sd,
            share=share,
            population=population,
            deff=deff,
            response=response,
            confidence=confidence,
            multiplicity=multiplicity,
            df=df,
        ) <= wanted * (1 + 1e-12)

    given = [v for v in (margin, population, deff, response, sd, share, df) if v is not None]
    shape = np.broadcast_shapes(*(np.shape(v) for v in given))
    most = np.floor(
        numbers("population", population, infinite=True) / numbers("response", response) * (1 + 1e-12)
    )
    most = np.minimum(np.broadcast_to(most, shape), LARGEST)
    return labelled(_smallest(narrow, most, "margin"), margin)


def _smallest(good: Callable[[FloatArray], Any], most: FloatArray, name: str) -> IntArray:
    """The smallest whole numbers for which a monotone statement holds, by halving."""
    high = np.array(most, dtype=np.float64)
    if not np.all(good(high)):
        message = (
            f"{name} must be attainable with the whole population, got one that is not; accept a wider one"
        )
        raise ValueError(message)
    low = np.zeros(high.shape)
    while (high - low > 1).any():
        middle = np.where(high - low > 1, np.floor((low + high) / 2), high)
        enough = np.asarray(good(middle))
        high, low = np.where(enough, middle, high), np.where(enough | (high - low <= 1), low, middle)
    return np.asarray(high, dtype=np.int64)
