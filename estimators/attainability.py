"""Which whole-number ratings can print as the published figures.

Of n people asked, r rate an item; k of them give a five and the ratings sum to S. The other q = r - k ratings
lie in 1..4, so S can be any whole number with

    r + 4k <= S <= 4r + k.                                                         (1)

The printed mean bounds S/r and the printed share bounds k/n (everyone asked) or k/r (raters).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.printed import (
    SLACK,
    Floats,
    Integers,
    mean_interval,
    rate_interval,
    share_interval,
    whole,
)

Denominator = Literal["asked", "rated"]


@dataclass(frozen=True, slots=True)
class Attainability:
    """Whether printed pairs can come from n people, and from how many raters.

    Attributes
    ----------
    attainable : ndarray of bool
        Whether some count vector prints as the pair.
    raters_low, raters_high : ndarray of int
        Fewest and most raters that do; 0 where none.
    raters_count : ndarray of int
        How many different numbers of raters do.
    """

    attainable: NDArray[np.bool_]
    raters_low: Integers
    raters_high: Integers
    raters_count: Integers


def attainable(
    mean: ArrayLike,
    share: ArrayLike | None,
    n: ArrayLike,
    *,
    rating_rate: float | tuple[float, float] = (0.0, 1.0),
    denominator: Denominator = "asked",
    mean_digits: int | None = 2,
    share_digits: int | None = 3,
) -> Attainability:
    """Attainability of a printed mean and share jointly, given the number asked.

    Parameters
    ----------
    mean : array_like
        Mean ratings on 1..5, of raters.
    share : array_like or None
        Shares of fives as proportions; None where only the mean is printed (the GRIM question on 1..5).
    n : array_like of int
        People asked; broadcast with the others.
    rating_rate : float or (low, high)
        Raters/asked: by default unknown, any number of raters from 1 to n; 1.0 when everybody rated.
    denominator : {"asked", "rated"}
        What the share divides by.
    mean_digits, share_digits : int or None
        Decimals printed; None takes the numbers as exact.

    Returns
    -------
    Attainability
        With the broadcast shape of mean, share and n.

    Raises
    ------
    ValueError
        When a figure is outside its range or printed finer than said, n is not a positive whole number, or
        no whole number of raters has the given rate.

    Notes
    -----
    One item, exactly: by (1) of the module, k and S exist for r raters if and only if some whole k lies
    in the share's range and in [S_low - 4r, (S_high - r)/4], and the mean's range of S holds a whole
    number.

    Examples
    --------
    An office item printed 4.96 with 83 of 93 fives has 84 or 85 raters; 4.33 with 60% of 20 is impossible:

    >>> verdict = attainable([4.96, 4.33], [0.892, 0.600], [93, 20])
    >>> verdict.attainable.tolist(), verdict.raters_low.tolist(), verdict.raters_high.tolist()
    ([True, True], [84, 15], [85, 18])
    >>> attainable(4.33, 0.6, 20, rating_rate=1.0).attainable.item()
    False
    """
    means, shares, asked, raters = _intervals(
        mean, share, n, rating_rate=rating_rate, mean_digits=mean_digits, share_digits=share_digits
    )
    cell, r = expand(raters[0].ravel(), raters[1].ravel())
    low, high = _fives_range(cell, r, means, shares, asked, denominator)[:2]
    works = low <= high
    count = np.bincount(cell[works], minlength=asked.size).reshape(asked.shape)
    fewest = np.full(asked.size, np.iinfo(np.int64).max)
    most = np.zeros(asked.size, dtype=np.int64)
    np.minimum.at(fewest, cell[works], r[works])
    np.maximum.at(most, cell[works], r[works])
    fewest = np.where(count.ravel() > 0, fewest, 0)
    return Attainability(count > 0, fewest.reshape(asked.shape), most.reshape(asked.shape), count)


@dataclass(frozen=True, slots=True)
class CountCells:
    """All (raters, fives, sum of ratings) that print as the figures, one row each.

    Attributes
    ----------
    cell : ndarray of int
        Which input pair (flat index) the row belongs to; ascending.
    raters, fives, total : ndarray of int
        Number of ratings, number of fives, sum of the ratings.
    """

    cell: Integers
    raters: Integers
    fives: Integers
    total: Integers


def count_cells(
    mean: ArrayLike,
    share: ArrayLike | None,
    n: ArrayLike,
    *,
    rating_rate: float | tuple[float, float] = (0.0, 1.0),
    denominator: Denominator = "asked",
    mean_digits: int | None = 2,
    share_digits: int | None = 3,
) -> CountCells:
    """All numbers of raters, fives and sums of ratings that print as the figures; arguments of `attainable`.

    Examples
    --------
    >>> cells = count_cells(4.96, 0.892, 93)
    >>> cells.raters.tolist(), cells.fives.tolist(), cells.total.tolist()
    ([84, 85], [83, 83], [417, 422])
    """
    means, shares, asked, raters = _intervals(
        mean, share, n, rating_rate=rating_rate, mean_digits=mean_digits, share_digits=share_digits
    )
    cell, r = expand(raters[0].ravel(), raters[1].ravel())
    low, high, total_low, total_high = _fives_range(cell, r, means, shares, asked, denominator)
    row, k = expand(low, high)
    r, cell = r[row], cell[row]
    inner, total = expand(np.maximum(total_low[row], r + 4 * k), np.minimum(total_high[row], 4 * r + k))
    return CountCells(cell[inner], r[inner], k[inner], total)


def expand(low: Integers, high: Integers) -> tuple[Integers, Integers]:
    """Row index and value of every whole number of the ranges low[i]..high[i]; empty where low > high.

    >>> [x.tolist() for x in expand(np.array([1, 5, 7]), np.array([2, 4, 7]))]
    [[0, 0, 2], [1, 2, 7]]
    """
    size = np.maximum(high - low + 1, 0)
    index = np.repeat(np.arange(low.size), size)
    start = np.cumsum(size) - size
    return index, low[index] + np.arange(index.size) - start[index]


def _intervals(
    mean: ArrayLike,
    share: ArrayLike | None,
    n: ArrayLike,
    *,
    rating_rate: float | tuple[float, float],
    mean_digits: int | None,
    share_digits: int | None,
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], Integers, tuple[Integers, Integers]]:
    """Broadcast intervals of mean and share, the numbers asked, and the range of the numbers of raters."""
    means = mean_interval(mean, mean_digits)
    shares = (np.zeros(()), np.ones(())) if share is None else share_interval(share, share_digits)
    asked = whole(n, name="n")
    m_low, m_high, s_low, s_high, asked = np.broadcast_arrays(*means, *shares, asked)
    low, high = rate_interval(rating_rate)
    fewest = np.maximum(np.ceil(low * asked - SLACK), 1).astype(np.int64)
    most = np.floor(high * asked + SLACK).astype(np.int64)
    empty = fewest > most
    if empty.any():
        at = asked[empty].flat[0]
        raise ValueError(
            f"rating_rate must allow a whole number of raters, got {rating_rate} of {at} asked: give a range"
        )
    return (m_low, m_high), (s_low, s_high), asked, (fewest, most)


def _fives_range(
    cell: Integers,
    r: Integers,
    means: tuple[Floats, Floats],
    shares: tuple[Floats, Floats],
    asked: Integers,
    denominator: Denominator,
) -> tuple[Integers, Integers, Integers, Integers]:
    """Range of the fives for which a sum exists (empty if none) and of the sums, for each (cell, r)."""
    if denominator not in ("asked", "rated"):
        raise ValueError(f"denominator must be 'asked' or 'rated', got {denominator!r}")
    base = asked.ravel()[cell] if denominator == "asked" else r
    total_low = np.ceil(r * means[0].ravel()[cell] - SLACK).astype(np.int64)
    total_high = np.floor(r * means[1].ravel()[cell] + SLACK).astype(np.int64)
    low = np.ceil(base * shares[0].ravel()[cell] - SLACK).astype(np.int64)
    high = np.floor(base * shares[1].ravel()[cell] + SLACK).astype(np.int64)
    low = np.maximum(low, total_low - 4 * r)
    high = np.minimum(np.minimum(high, r), (total_high - r) // 4)
    high = np.where(total_low <= total_high, high, low - 1)
    return low, high, total_low, total_high
