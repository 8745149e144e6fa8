"""Whether a printed mean and share of fives can come from the same ratings.

Raters of an item number a times those asked, and the share counts everyone asked. Among the raters the
share of fives is then p/a and the other ratings lie in 1..4, so

    1 + 4 p/a <= m <= 4 + p/a.                                                     (1)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.printed import HIGHEST, LOWEST, SLACK, Floats, mean_interval, share_interval


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Verdict on each printed pair; all arrays have the broadcast shape of mean and share.

    Attributes
    ----------
    above : ndarray of bool
        The mean exceeds 4 + share by more than rounding allows.
    below : ndarray of bool
        The mean falls short of 1 + 4 share by more than rounding allows.
    rate_low, rate_high : ndarray of float
        Rates raters/asked, the same for every item behind the pair, under which (1) holds; a low of 0
        means any positive rate; NaN where no rate does.
    """

    above: NDArray[np.bool_]
    below: NDArray[np.bool_]
    rate_low: Floats
    rate_high: Floats

    @property
    def common(self) -> NDArray[np.bool_]:
        """Whether the pair can come from one denominator, everybody asked having rated."""
        return ~(self.above | self.below)

    @property
    def impossible(self) -> NDArray[np.bool_]:
        """Whether the pair is impossible under any denominators, also item by item."""
        return np.isnan(self.rate_low)


def feasible(
    mean: ArrayLike, share: ArrayLike, *, mean_digits: int | None = 2, share_digits: int | None = 3
) -> Feasibility:
    """Feasibility of printed pairs of mean rating and share of fives.

    Parameters
    ----------
    mean : array_like
        Mean ratings on 1..5, of raters.
    share : array_like
        Shares of fives as proportions, of everyone asked; broadcast against `mean`.
    mean_digits, share_digits : int or None
        Decimals printed; None takes the numbers as exact.

    Returns
    -------
    Feasibility

    Raises
    ------
    ValueError
        When a figure is outside its range, not finite or printed finer than said.

    Notes
    -----
    (1) is linear, so it holds for any average of items with a common rate too. With item rates that
    differ, m = mean_k m_k and p_k/a_k >= p_k still give m >= 1 + 4p: what is below is impossible under any
    denominators. What is above never is, unless no one gave a five: some rate below one saves it.

    Examples
    --------
    >>> verdict = feasible([4.96, 4.33, 3.00], [0.892, 0.60, 0.847])
    >>> verdict.above.tolist(), verdict.below.tolist()
    ([True, False, False], [False, False, True])
    >>> verdict.rate_low.round(4).tolist(), verdict.rate_high.round(4).tolist()
    ([0.8994, 0.719, nan], [0.9346, 1.0, nan])
    """
    mean_low, mean_high = mean_interval(mean, mean_digits)
    share_low, share_high = share_interval(share, share_digits)
    mean_low, mean_high, share_low, share_high = np.broadcast_arrays(
        mean_low, mean_high, share_low, share_high
    )
    above = mean_low > HIGHEST - 1 + share_high + SLACK
    below = mean_high < LOWEST + 4 * share_low - SLACK
    # raters' share of fives allowed by the mean alone: [least_share, most_share]
    least_share = np.maximum(mean_low - (HIGHEST - 1), 0)
    most_share = (mean_high - LOWEST) / 4
    with np.errstate(divide="ignore", invalid="ignore"):
        rate_low = np.where(share_low > 0, share_low / most_share, 0.0)
        rate_high = np.where(least_share > SLACK, share_high / least_share, 1.0)
    rate_high = np.minimum(rate_high, 1.0)
    none = below | (rate_high <= 0)
    rate_low = np.where(none, np.nan, np.minimum(rate_low, 1.0))
    return Feasibility(above, below, rate_low, np.where(none, np.nan, rate_high))
