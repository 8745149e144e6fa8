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
    Rates,
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
    items: ArrayLike = 1,
    rounded_items: bool = False,
    rating_rate: Rates = 1.0,
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
    items : array_like of int
        Items whose figures the pair averages, each put to the same n and rated by equally many of them.
    rounded_items : bool
        Whether the items' figures were rounded to the same digits before they were averaged. Averages of
        several items are then allowed another half unit: more than rounding does to some of them.
    rating_rate : array_like, or a tuple (low, high) of such
        Raters/asked: by default everybody rated; (0, 1) when unknown, for any number of raters from 1 to n.
    denominator : {"asked", "rated"}
        What the share divides by.
    mean_digits, share_digits : int or None
        Decimals printed; None takes the numbers as exact.

    Returns
    -------
    Attainability
        With the broadcast shape of mean, share, n and items; raters are those of one item.

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
    4.33 with 60% of 20 is impossible unless some did not rate; an office item printed 4.96 with 83 of 93
    fives has 84 or 85 raters:

    >>> attainable([4.96, 4.33], [0.892, 0.600], [93, 20]).attainable.tolist()
    [False, False]
    >>> verdict = attainable([4.96, 4.33], [0.892, 0.600], [93, 20], rating_rate=(0, 1))
    >>> verdict.attainable.tolist(), verdict.raters_low.tolist(), verdict.raters_high.tolist()
    ([True, True], [84, 15], [85, 18])
    """
    grid = _grid(mean, share, n, items, rounded_items, rating_rate, denominator, mean_digits, share_digits)
    works = grid.fives[0] <= grid.fives[1]
    cell, raters = grid.cell[works], grid.raters[works] // grid.items[works]
    cells = int(np.prod(grid.shape))
    count = np.bincount(cell, minlength=cells)
    fewest = np.full(cells, np.iinfo(np.int64).max)
    most = np.zeros(cells, dtype=np.int64)
    np.minimum.at(fewest, cell, raters)
    np.maximum.at(most, cell, raters)
    fewest[count == 0] = 0
    low, high, count = (x.reshape(grid.shape) for x in (fewest, most, count))
    return Attainability(count > 0, low, high, count)


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
    items: ArrayLike = 1,
    rounded_items: bool = False,
    rating_rate: Rates = 1.0,
    denominator: Denominator = "asked",
    mean_digits: int | None = 2,
    share_digits: int | None = 3,
) -> CountCells:
    """All numbers of ratings, fives and sums that print as the figures, items pooled; as `attainable`.

    Examples
    --------
    >>> cells = count_cells(4.96, 0.892, 93, rating_rate=(0, 1))
    >>> cells.raters.tolist(), cells.fives.tolist(), cells.total.tolist()
    ([84, 85], [83, 83], [417, 422])
    """
    grid = _grid(mean, share, n, items, rounded_items, rating_rate, denominator, mean_digits, share_digits)
    row, k = expand(*grid.fives)
    r = grid.raters[row]
    low, high = np.maximum(grid.total[0][row], r + 4 * k), np.minimum(grid.total[1][row], 4 * r + k)
    inner, total = expand(low, high)
    return CountCells(grid.cell[row][inner], r[inner], k[inner], total)


def expand(low: Integers, high: Integers) -> tuple[Integers, Integers]:
    """Row index and value of every whole number of the ranges low[i]..high[i]; empty where low > high.

    >>> [x.tolist() for x in expand(np.array([1, 5, 7]), np.array([2, 4, 7]))]
    [[0, 0, 2], [1, 2, 7]]
    """
    size = np.maximum(high - low + 1, 0)
    index = np.repeat(np.arange(low.size), size)
    start = np.cumsum(size) - size
    return index, low[index] + np.arange(index.size) - start[index]


@dataclass(frozen=True, slots=True)
class _Grid:
    """One row for each (cell, raters): pooled raters, and ranges of fives and of the sum of ratings.

    The range of fives is empty where no sum exists for any number of fives.
    """

    shape: tuple[int, ...]
    cell: Integers
    items: Integers
    raters: Integers
    fives: tuple[Integers, Integers]
    total: tuple[Integers, Integers]


def _grid(
    mean: ArrayLike,
    share: ArrayLike | None,
    n: ArrayLike,
    items: ArrayLike,
    rounded_items: bool,
    rating_rate: Rates,
    denominator: Denominator,
    mean_digits: int | None,
    share_digits: int | None,
) -> _Grid:
    if denominator not in ("asked", "rated"):
        raise ValueError(f"denominator must be 'asked' or 'rated', got {denominator!r}")
    means = mean_interval(mean, mean_digits)
    shares = (np.zeros(()), np.ones(())) if share is None else share_interval(share, share_digits)
    wholes = whole(n, name="n"), whole(items, name="items")
    m_low, m_high, s_low, s_high, asked, parts, low, high = np.broadcast_arrays(
        *means, *shares, *wholes, *rate_interval(rating_rate)
    )
    cell, r = expand(*_raters_range(asked.ravel(), low.ravel(), high.ravel()))
    parts = parts.ravel()[cell]
    r = r * parts
    base = asked.ravel()[cell] * parts if denominator == "asked" else r
    more = rounded_items & (parts > 1)
    m_more, s_more = (0 if d is None else more * 0.5 * 10.0**-d for d in (mean_digits, share_digits))
    total = _ceil(r * (m_low.ravel()[cell] - m_more)), _floor(r * (m_high.ravel()[cell] + m_more))
    low = np.maximum(_ceil(base * (s_low.ravel()[cell] - s_more)), total[0] - 4 * r)
    high = np.minimum(_floor(base * (s_high.ravel()[cell] + s_more)), (total[1] - r) // 4)
    low, high = np.maximum(low, 0), np.minimum(high, r)
    fives = low, np.where(total[0] <= total[1], high, low - 1)
    return _Grid(asked.shape, cell, parts, r, fives, total)


def _raters_range(asked: Integers, low: Floats, high: Floats) -> tuple[Integers, Integers]:
    """Fewest and most raters of one item, of those asked and the rates."""
    fewest, most = np.maximum(_ceil(low * asked), 1), _floor(high * asked)
    if (fewest > most).any():
        at = int(np.argmax(fewest > most))
        raise ValueError(
            f"rating_rate must allow a whole number of raters, got {low[at]:g} to {high[at]:g} "
            f"of {asked[at]} asked: give a range"
        )
    return fewest, most


def _ceil(x: NDArray[np.floating]) -> Integers:
    result: Integers = np.ceil(x - SLACK).astype(np.int64)
    return result


def _floor(x: NDArray[np.floating]) -> Integers:
    result: Integers = np.floor(x + SLACK).astype(np.int64)
    return result
