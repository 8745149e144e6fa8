"""Whether some whole counts print a criterion's figures."""

from math import ceil, floor

import numpy as np

from sapa.microdata.item_rounding import rounded_means, rounded_shares
from sapa.microdata.lattice import Ints, even, mean_options
from sapa.microdata.targets import Figures, Interval


def attains(asked: int, items: int, figures: Figures, *, rounded: bool) -> bool:
    """Whether some counts on `asked` people print both figures.

    Parameters
    ----------
    rounded
        Accept counts that print when item figures are rounded first.

    Examples
    --------
    >>> figures = Figures.of(4.42, 78.9)
    >>> attains(26, 2, figures, rounded=False), attains(26, 2, figures, rounded=True)
    (False, True)
    """
    share, mean, top = figures.share, figures.mean, items * asked
    if np.isnan(share.printed):
        return True
    totals = range(max(0, ceil(share.low * top)), min(top, floor(share.high * top)) + 1)
    plain = [even(total, items) for total in totals if share.holds(total / top)]
    if any(mean_attains(asked, fives, mean, rounded=rounded) for fives in plain):
        return True
    if not rounded or items == 1 or plain:
        return False
    uneven = rounded_shares(asked, items, share)
    return any(mean_attains(asked, fives, mean, rounded=rounded) for fives in uneven)


def mean_attains(asked: int, fives: Ints, mean: Interval, *, rounded: bool) -> bool:
    """Whether some raters and sums print the mean; above 100 ratings the sums lie closer than the digits.

    >>> mean_attains(10, np.array([9, 9, 9, 9, 9]), Interval.of(4.95, 0.01), rounded=False)
    True
    """
    if np.isnan(mean.printed):
        return True
    items, total = fives.size, int(fives.sum())
    most = asked if mean.low <= 4 else min(asked, floor(total / (items * (mean.low - 4))))
    dense = most * items * (mean.high - mean.low) >= 1 and most >= fives.max()
    if dense and most + 4 * total / items < mean.high * most - 1 / items:
        return True
    return bool(mean_options(asked, fives, mean, keep=1)) or (
        rounded and bool(rounded_means(asked, fives, mean))
    )
