"""Sharp bounds on the standard deviation behind a printed mean and share of fives.

Among the raters let s be the share of fives and m the mean. The other ratings have mean mu = (m - 5s)/(1 - s)
in 1..4, and a mean square E2 between that of the two integers next to mu and that of ones and fours:

    Var = 25 s + (1 - s) E2 - m^2,   mu^2 + frac(mu)(1 - frac(mu)) <= E2 <= 5 mu - 4,            (1)

which reads, as functions of m and s,

    Var_max = 5m - 4 + 4s - m^2,
    Var_min = max over j = 1, 2, 3 of (4-j)(5-j) s + (2j+1) m - j(j+1) - m^2.                    (2)

Both grow with s. Both are concave in m between the points where mu is a whole number, so their extremes over
the rectangle that rounding leaves lie at a few known points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.attainability import CountCells, count_cells
from estimators.printed import SLACK, Floats, Rates, mean_interval, rate_interval, share_interval


@dataclass(frozen=True, slots=True)
class SdBounds:
    """Bounds on the SD of one item's ratings, in the broadcast shape of the figures.

    Attributes
    ----------
    lower, upper : ndarray of float
        Least and greatest SD, in points of the scale; NaN where nothing prints as the figures.
    feasible : ndarray of bool
        Whether anything does.
    """

    lower: Floats
    upper: Floats
    feasible: NDArray[np.bool_]


def sd_bounds(
    mean: ArrayLike,
    share: ArrayLike,
    n: ArrayLike | None = None,
    *,
    rating_rate: Rates = 1.0,
    mean_digits: int | None = 2,
    share_digits: int | None = 3,
) -> SdBounds:
    """Sharp bounds on the SD of one item's ratings, given its printed mean and share of fives.

    Parameters
    ----------
    mean : array_like
        Mean ratings on 1..5, of raters.
    share : array_like
        Shares of fives as proportions, of everyone asked.
    n : array_like of int, optional
        People asked. With it the bounds run over whole-number counts, and the SD has divisor raters - 1 (0
        for one rater); without it they run over all distributions, with the SD of the distribution.
    rating_rate : array_like, or a tuple (low, high) of such
        Raters/asked.
    mean_digits, share_digits : int or None
        Decimals printed; None takes the numbers as exact.

    Returns
    -------
    SdBounds

    Raises
    ------
    ValueError
        When a figure is outside its range or printed finer than said, n is not a positive whole number, or
        no whole number of raters has the given rate.

    Notes
    -----
    They bound the ratings of one item. The SD of a printed composite is another matter: see `bounds_on`.

    Examples
    --------
    >>> exact = sd_bounds(4.58, 0.751, mean_digits=None, share_digits=None)
    >>> exact.lower.round(3).item(), exact.upper.round(3).item()
    (0.765, 0.963)
    >>> rounded = sd_bounds(4.58, 0.751)
    >>> rounded.lower.round(3).item(), rounded.upper.round(3).item()
    (0.757, 0.975)
    >>> sd_bounds(4.33, 0.6, 20).feasible.item()
    False
    """
    if n is not None:
        rates = rate_interval(rating_rate)
        shape = np.broadcast_shapes(*(np.shape(x) for x in (mean, share, n, *rates)))
        cells = count_cells(
            mean, share, n, rating_rate=rating_rate, mean_digits=mean_digits, share_digits=share_digits
        )
        return _over_counts(cells, shape)
    mean_low, mean_high = mean_interval(mean, mean_digits)
    share_low, share_high = share_interval(share, share_digits)
    rate_low, rate_high = rate_interval(rating_rate)
    share_high = np.where(rate_low > 0, np.minimum(share_high / np.maximum(rate_low, SLACK), 1.0), 1.0)
    share_low = np.minimum(share_low / rate_high, 1.0 + 2 * SLACK)
    return _over_laws(*np.broadcast_arrays(mean_low, mean_high, share_low, share_high))


def _over_laws(m_low: Floats, m_high: Floats, s_low: Floats, s_high: Floats) -> SdBounds:
    """Extremes of (2) over means and raters' shares in a rectangle, where 1 + 4s <= m <= 4 + s."""
    feasible = (m_low <= 4 + s_high + SLACK) & (m_high >= 1 + 4 * s_low - SLACK) & (s_low <= 1 + SLACK)
    s_low = np.minimum(s_low, 1.0)
    first, last = np.maximum(m_low, 1 + 4 * s_low), np.minimum(m_high, 4 + s_high)
    last = np.maximum(first, last)
    # greatest: s as high as the mean allows; peaks at m = 2.5 (s at its end) and m = 3 (m = 1 + 4s)
    turns = np.stack([first, last, *(np.broadcast_to(x, first.shape) for x in (2.5, 3.0)), 1 + 4 * s_high])
    m = np.clip(turns, first, last)
    greatest = _greatest(m, np.minimum(s_high, (m - 1) / 4)).max(axis=0)
    # least: s as low as the mean allows, with mu = 2, 3 or 4 at the turns
    turns = np.stack([first, last, *(5 * s_low + mu * (1 - s_low) for mu in (2, 3, 4))])
    m = np.clip(turns, first, last)
    least = _least(m, np.maximum(s_low, m - 4)).min(axis=0)
    lower, upper = (np.sqrt(np.where(feasible, np.maximum(v, 0.0), np.nan)) for v in (least, greatest))
    return SdBounds(lower, upper, feasible)


def _greatest(m: Floats, s: Floats) -> Floats:
    """Var_max of (2)."""
    return np.asarray(5 * m - 4 + 4 * s - m**2)


def _least(m: Floats, s: Floats) -> Floats:
    """Var_min of (2)."""
    chords = [(4 - j) * (5 - j) * s + (2 * j + 1) * m - j * (j + 1) for j in (1, 2, 3)]
    return np.asarray(np.max(chords, axis=0) - m**2)


def _over_counts(cells: CountCells, shape: tuple[int, ...]) -> SdBounds:
    """Least and greatest SD over the count vectors of each pair."""
    others = cells.raters - cells.fives
    rest = cells.total - 5 * cells.fives
    each, more = np.divmod(rest, np.maximum(others, 1))
    even = others * each**2 + more * (2 * each + 1)
    fours, middle = np.divmod(rest - others, 3)  # ones and fours, and one rating between where needed
    apart = others + 15 * fours + middle * (middle + 2)
    size = int(np.prod(shape))
    bounds = []
    for squares, fill, keep in ((even, np.inf, np.minimum), (apart, -np.inf, np.maximum)):
        spread = 25 * cells.fives + squares - cells.total.astype(np.float64) ** 2 / cells.raters
        variance = np.maximum(spread, 0.0) / np.maximum(cells.raters - 1, 1)
        extreme = np.full(size, fill)
        keep.at(extreme, cells.cell, variance)
        bounds.append(np.sqrt(np.where(np.isfinite(extreme), extreme, np.nan)).reshape(shape))
    return SdBounds(bounds[0], bounds[1], np.isfinite(bounds[0]))
