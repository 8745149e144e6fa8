"""Every set of ratings that prints as the published figures: counted first, then listed or streamed.

For r raters with k fives and sum S, the other q = r - k ratings lie in 1..4. Take one off each: they are
partitions of u = S - 5k - q into at most q parts of at most 3, whose number is a coefficient of the
Gaussian binomial [q+3 choose 3].
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from estimators.attainability import CountCells, Denominator, count_cells, expand
from estimators.printed import SLACK, Floats, Integers, half_unit

LIST_LIMIT: Final = 2_000_000
BLOCK: Final = 100_000
ROWS: Final = 500_000  # (cell, fours) rows held at once


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """All count vectors (n1..n5) that print as one published set of figures.

    Attributes
    ----------
    cells : CountCells
        The (raters, fives, sum) combinations.
    ways : ndarray of int
        Number of count vectors of each combination.
    sd : (float, float) or None
        Range of the SD they must have, where one was printed.
    """

    cells: CountCells
    ways: Integers
    sd: tuple[float, float] | None

    @property
    def count(self) -> int:
        """How many count vectors there are, exactly."""
        return int(self.ways.sum())

    @property
    def raters(self) -> Integers:
        """The possible numbers of raters, ascending."""
        return np.unique(self.cells.raters[self.ways > 0])

    def blocks(self, size: int = BLOCK) -> Iterator[Integers]:
        """Stream the count vectors in arrays of shape (about `size`, 5), columns n1..n5.

        Raters ascend, then fives, then the sum. One combination of fours is never cut, so that a block may
        pass `size` by at most half the raters.
        """
        cells, held, have = self.cells, [], 0
        for rows in _row_chunks(cells):
            row, fours = expand(np.zeros(rows.size, dtype=np.int64), _most_fours(cells, rows))
            row = rows[row]
            low, high = _threes_range(cells, row, fours, self.sd)
            ends = np.cumsum(np.maximum(high - low + 1, 0))
            start = 0
            while start < row.size:
                before = ends[start - 1] if start else 0
                stop = max(int(np.searchsorted(ends, before + size - have, side="right")), start + 1)
                block = _vectors(cells, row[start:stop], fours[start:stop], low[start:stop], high[start:stop])
                held.append(block)
                have += len(block)
                start = stop
                if have >= size:
                    yield np.concatenate(held)
                    held, have = [], 0
        if have:
            yield np.concatenate(held)

    def table(self, limit: int = LIST_LIMIT) -> Integers:
        """All count vectors at once, shape (count, 5), columns n1..n5.

        Raises
        ------
        ValueError
            When there are more than `limit`.
        """
        if self.count > limit:
            raise ValueError(f"count must be at most {limit} to list, got {self.count}: stream with blocks()")
        return np.concatenate([np.empty((0, 5), dtype=np.int64), *self.blocks()])


def reconstruct(
    mean: float,
    share: float | None,
    n: int,
    *,
    sd: float | None = None,
    rating_rate: float | tuple[float, float] = 1.0,
    denominator: Denominator = "asked",
    mean_digits: int | None = 2,
    share_digits: int | None = 3,
    sd_digits: int | None = 2,
) -> Reconstruction:
    """All count vectors, and numbers of raters, behind one printed mean, share and (if printed) SD.

    Parameters
    ----------
    mean : float
        Mean rating on 1..5, of raters.
    share : float or None
        Share of fives as a proportion; None where none is printed.
    n : int
        People asked.
    sd : float, optional
        Standard deviation of the raters' ratings, divisor raters - 1 (0 for one rater).
    rating_rate : float or (low, high)
        Raters/asked: by default everybody rated; (0, 1) when unknown, for any number of raters from 1 to n.
    denominator : {"asked", "rated"}
        What the share divides by.
    mean_digits, share_digits, sd_digits : int or None
        Decimals printed; None takes the numbers as exact.

    Returns
    -------
    Reconstruction
        `count` is exact before anything is listed; `table()` lists, `blocks()` streams.

    Raises
    ------
    ValueError
        When a figure is outside its range or printed finer than said, n is not a positive whole number, or
        no whole number of raters has the given rate.

    Notes
    -----
    With t fours and c threes fixed, the twos and ones follow, and the sum of squares grows by 2 with each
    further three: an SD only narrows the range of c, so the count stays exact without listing.

    Examples
    --------
    >>> solutions = reconstruct(4.96, 0.892, 93, rating_rate=(0, 1))
    >>> solutions.count, solutions.raters.tolist()
    (2, [84, 85])
    >>> solutions.table().tolist()
    [[0, 1, 0, 0, 83], [0, 0, 1, 1, 83]]

    The CLOSURE example, a mean of 2.7 and SD of 1.9 from 100 ratings on 1..5, has 2,256 solutions:

    >>> reconstruct(2.7, None, 100, sd=1.9, mean_digits=1, sd_digits=1).count
    2256
    """
    for name, value in (("mean", mean), ("share", share), ("n", n), ("sd", sd)):
        if np.asarray(value).ndim:
            raise ValueError(f"{name} must be one number, got {value}: call once for each cell")
    cells = count_cells(
        mean,
        share,
        n,
        rating_rate=rating_rate,
        denominator=denominator,
        mean_digits=mean_digits,
        share_digits=share_digits,
    )
    if sd is None:
        return Reconstruction(cells, ways(cells), None)
    low, high = half_unit(sd, sd_digits, name="sd", least=0.0, most=np.inf)
    within = (float(low), float(high))
    return Reconstruction(cells, _ways_with_sd(cells, within), within)


def ways(cells: CountCells) -> Integers:
    """Number of count vectors of each (raters, fives, sum).

    With N(v) = round((v+3)^2 / 12) the partitions of v into parts 1, 2, 3, the coefficient is the
    inclusion-exclusion sum over subsets A of {q+1, q+2, q+3} of (-1)^|A| N(u - sum A).

    >>> ways(count_cells(4.7, 0.72, 25, mean_digits=1)).tolist()
    [1, 1]
    """
    others = cells.raters - cells.fives
    excess = cells.total - 5 * cells.fives - others
    result = np.zeros_like(excess)
    for size in range(4):
        for subset in combinations((1, 2, 3), size):
            rest = excess - sum(subset) - size * others
            result += (-1) ** size * np.where(rest >= 0, ((rest + 3) ** 2 + 6) // 12, 0)
    return result


def _ways_with_sd(cells: CountCells, sd: tuple[float, float]) -> Integers:
    """Number of count vectors of each row whose SD lies in the range."""
    result = np.zeros_like(cells.raters)
    for rows in _row_chunks(cells):
        row, fours = expand(np.zeros(rows.size, dtype=np.int64), _most_fours(cells, rows))
        low, high = _threes_range(cells, rows[row], fours, sd)
        np.add.at(result, rows[row], np.maximum(high - low + 1, 0))
    return result


def _row_chunks(cells: CountCells) -> Iterator[Integers]:
    """Runs of row numbers whose (row, fours) expansion stays near ROWS."""
    every = np.arange(cells.raters.size)
    weight = np.cumsum(_most_fours(cells, every) + 1)
    if every.size:
        yield from np.split(every, np.flatnonzero(np.diff(weight // ROWS)) + 1)


def _most_fours(cells: CountCells, rows: Integers) -> Integers:
    """Largest number of fours in each row: u // 3."""
    others = cells.raters[rows] - cells.fives[rows]
    most: Integers = (cells.total[rows] - 5 * cells.fives[rows] - others) // 3
    return most


def _threes_range(
    cells: CountCells, row: Integers, fours: Integers, sd: tuple[float, float] | None
) -> tuple[Integers, Integers]:
    """Range of the number of threes for each (row, fours); empty where low > high."""
    r, k, total = cells.raters[row], cells.fives[row], cells.total[row]
    others = r - k - fours
    rest = total - 5 * k - (r - k) - 3 * fours  # = twos + 2 threes
    low, high = np.maximum(rest - others, 0), rest // 2
    if sd is None:
        return low, high
    squares = 25 * k + 16 * fours + others + 3 * rest  # with no three; each three adds 2
    centre = total.astype(np.float64) ** 2 / r
    least: Floats = (r - 1) * sd[0] ** 2 + centre - squares
    most: Floats = (r - 1) * sd[1] ** 2 + centre - squares
    single = (r == 1) & (sd[0] > SLACK)
    low = np.maximum(low, np.ceil(least / 2 - SLACK).astype(np.int64))
    high = np.minimum(high, np.floor(most / 2 + SLACK).astype(np.int64))
    return low, np.where(single, low - 1, high)


def _vectors(cells: CountCells, row: Integers, fours: Integers, low: Integers, high: Integers) -> Integers:
    """Count vectors (n1..n5) of the given (row, fours) and ranges of threes."""
    index, threes = expand(low, high)
    row, fours = row[index], fours[index]
    r, k = cells.raters[row], cells.fives[row]
    twos = cells.total[row] - 5 * k - (r - k) - 3 * fours - 2 * threes
    ones = r - k - fours - threes - twos
    return np.stack([ones, twos, threes, fours, k], axis=1)
