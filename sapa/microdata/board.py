"""People's answers by region and the printed regional figures they make: what exchanges are judged by.

The error of a figure is its distance, before rounding, from the printed one, in units of its last digit, and
nothing when it prints. Of placements with little less error the more usual one is better: a unit of error is
worth :data:`PRICE` nats of the number of ways in which the answers' counts by region arise.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from sapa.microdata.layout import Layout
from sapa.microdata.nearest import GRAIN, PRICE, interval, printed_units
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ANSWER: Final = np.arange(6)  # 0 is none
HALF: Final = 0.5  # units from the printed figure to the end of its interval


@dataclass(frozen=True, slots=True)
class Board:
    """Answers by block and region, and figures by statistic and region in units of their last digits.

    Attributes
    ----------
    cells : (B, R, 6) int
        Counts of no answer and of 1..5, changed in place by exchanges.
    weight : (2, B, R) float
        What a block's mean, and one of its fives, adds to its region's mean and satisfaction.
    low, high : (2, R) float
        Intervals that print; everything where nothing is printed.
    figure : (2, R) float
        Of the cells as they stand.
    """

    cells: Ints
    weight: Floats
    low: Floats
    high: Floats
    figure: Floats

    @classmethod
    def of(cls, laid: Layout, ratings: Ints, mean: Floats, share: Floats) -> "Board":
        """Board of (B, R, 5) ratings laid out by region, with the printed figures as goals."""
        cells = np.concatenate([(laid.asked - ratings.sum(axis=2))[:, :, None], ratings], axis=2)
        a_five = np.divide(laid.weight, laid.asked, out=np.zeros_like(laid.weight), where=laid.weight > 0)
        weight = np.stack([laid.weight / MEAN_UNIT, a_five / SHARE_UNIT])
        ends = [interval(mean, MEAN_UNIT), interval(share, SHARE_UNIT)]
        low, high = (
            np.stack([end[i] / unit for end, unit in zip(ends, (MEAN_UNIT, SHARE_UNIT), strict=True)])
            for i in (0, 1)
        )
        return cls(cells, weight, low, high, figures(weight, cells))

    def error(self, statistic: int, region: int, figure: Floats) -> Floats:
        """Errors of a region's figure were it these."""
        low, high = self.low[statistic, region], self.high[statistic, region]
        return figure_error(figure, low, high)

    def errors(self) -> Floats:
        """(R,) errors of the regions' two figures as they stand."""
        total: Floats = figure_error(self.figure, self.low, self.high).sum(axis=0)
        return total

    def units(self) -> int:
        """Units by which all figures print away from the printed ones."""
        return int(printed_units(self.figure, self.low, self.high).sum())

    def worth(self) -> float:
        """Total error, with what the counts lack in usualness."""
        return float(self.errors().sum() + unusual(self.cells) / PRICE)

    def swap(self, chosen: list[tuple[int, int, int]], a: int, b: int) -> bool:
        """Swaps (block, answer leaving `a`, answer coming), unless a count turns negative, an item blank."""
        pair = self.cells[:, [a, b]]
        rated = pair[..., 1:].any(axis=2)
        for block, leaves, comes in chosen:
            pair[block, 0, [leaves, comes]] += [-1, 1]
            pair[block, 1, [comes, leaves]] += [-1, 1]
        if (pair < 0).any() or (pair[..., 1:].any(axis=2) != rated).any():
            return False
        self.cells[:, [a, b]] = pair
        self.figure[:, [a, b]] = figures(self.weight[:, :, [a, b]], pair)
        return True


def figure_error(figure: Floats, low: Floats, high: Floats) -> Floats:
    """Distance in units from the printed figure, the middle of an interval; zero inside the interval."""
    off = np.maximum(low - figure, figure - high)
    error: Floats = np.where(off > GRAIN, off + HALF, 0.0)
    return error


def figures(weight: Floats, cells: Ints) -> Floats:
    """(2, R) means and satisfactions in units of (B, R, 6) counts of answers."""
    mean = cells @ ANSWER / np.maximum(cells[..., 1:].sum(axis=2), 1)
    return np.stack([(weight[0] * mean).sum(axis=0), (weight[1] * cells[..., 5]).sum(axis=0)])


def unusual(cells: Ints) -> float:
    """Minus the logarithm of the number of ways that counts with these margins arise, but for a constant."""
    return float(gammaln(cells + 1.0).sum())
