"""The options that each cell brings to the joint choice, and what they cost."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.attainable import mean_attains
from sapa.microdata.cells import Cell
from sapa.microdata.item_rounding import rounded_means, rounded_shares
from sapa.microdata.joint import CRITERION_MISS, Menu
from sapa.microdata.lattice import (
    FEW,
    Floats,
    Ints,
    MeanOption,
    evenly_over,
    mean_options,
    means_reachable,
    nearest_means,
    shares,
    spread_means,
)
from sapa.microdata.targets import Figures

UNREACHABLE: Final = 1.5 * CRITERION_MISS  # fives that leave no way to the printed mean
ROUNDED: Final = (
    20.0  # a figure that prints only from rounded items; all of a service's cost less than a miss
)
NEAR: Final = 0.03  # satisfactions this near to the printed one are tried out with whole counts,
FAR: Final = 0.3  # and those of few people this near
PULL: Final = 0.01  # of a figure that nothing printed fixes towards its channel's
CENTRE: Final = 20.0  # pull to the printed mean: half a unit off costs as much as a tenth of non-raters
PER_ITEM: Final = 3  # means of each item where the items themselves are printed


@dataclass(frozen=True, slots=True, eq=False)
class ShareMenu:
    """Satisfactions of a cell, and the (K, J) fives behind them."""

    menu: Menu
    fives: Ints


@dataclass(frozen=True, slots=True, eq=False)
class MeanMenu:
    """Means of a cell with given fives, and the options behind them."""

    menu: Menu
    options: tuple[MeanOption, ...]


def share_menu(cell: Cell, channel: Figures) -> ShareMenu:
    """Satisfactions of a cell: those that print, then misses, dearer by their distance."""
    if cell.each:
        return _each_share(cell)
    share, items = cell.figures.share, len(cell.items)
    value, totals = shares(cell.asked, items, share)
    fives = evenly_over(totals, items)
    if np.isnan(share.printed):
        cost = PULL * np.abs(value - channel.share.printed)
    else:
        cost = np.abs(value - share.printed) + CRITERION_MISS * ((value < share.low) | (value >= share.high))
    if cost.min() >= CRITERION_MISS:
        rounded = rounded_shares(cell.asked, items, share)
        fives = np.concatenate([fives, rounded])
        value = fives.sum(axis=1) / (cell.asked * items)
        cost = np.concatenate([cost, np.full(len(rounded), ROUNDED)])
    reachable = _reachable(cell, value, fives, rounded=cost == ROUNDED)
    return ShareMenu(Menu(value, cost + UNREACHABLE * ~reachable), fives)


def _reachable(cell: Cell, value: Floats, fives: Ints, *, rounded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether some counts with these fives print the cell's mean.

    Satisfactions far from the printed one are judged by real-valued sums: others are taken before them.
    """
    mean, share = cell.figures.mean, cell.figures.share
    possible = means_reachable(cell.asked, len(cell.items), fives.sum(axis=1), mean)
    exact = possible & (np.abs(value - share.printed) < (FAR if cell.asked <= FEW else NEAR))
    possible[exact] = [
        mean_attains(cell.asked, row, mean, rounded=bool(from_items))
        for row, from_items in zip(fives[exact], rounded[exact], strict=True)
    ]
    return possible


def mean_menu(cell: Cell, channel: Figures, fives: Ints, *, silent: int = 0) -> MeanMenu:
    """Means of a cell with given fives: those that print, then misses.

    About `silent` non-raters an item come first where items are alike, the fewest where they are not.
    """
    options = _each_mean(cell, fives) if cell.each else _mean_options(cell, channel, fives, silent)
    value, cost = (np.array([getattr(option, name) for option in options]) for name in ("value", "cost"))
    return MeanMenu(Menu(value, cost), tuple(options))


def _mean_options(cell: Cell, channel: Figures, fives: Ints, silent: int) -> list[MeanOption]:
    mean = cell.figures.mean
    spread = spread_means(cell.asked, fives)
    if np.isnan(mean.printed):
        return [replace(o, cost=PULL * abs(o.value - channel.mean.printed)) for o in spread]
    missed = partial(_missed, printed=mean.printed)
    inside = [_centred(o, mean.printed) for o in mean_options(cell.asked, fives, mean, silent=silent)]
    inside = inside or [replace(o, cost=o.cost + ROUNDED) for o in rounded_means(cell.asked, fives, mean)]
    inside = inside or [missed(o) for o in nearest_means(cell.asked, fives, mean)]
    return inside + [missed(o) for o in spread if not mean.holds(o.value)]


def _centred(option: MeanOption, printed: float) -> MeanOption:
    return replace(option, cost=option.cost + CENTRE * abs(option.value - printed))


def _missed(option: MeanOption, printed: float) -> MeanOption:
    return replace(option, cost=CRITERION_MISS + 10 * abs(option.value - printed))


def _each_share(cell: Cell) -> ShareMenu:
    """Satisfaction of a cell whose every item is printed: the nearest fives of each item."""
    fives = np.array([[round(figures.share.printed * cell.asked) for figures in cell.each]])
    value = fives.mean(axis=1) / cell.asked
    return ShareMenu(
        Menu(value, np.array([CRITERION_MISS * (not cell.figures.share.holds(value[0]))])), fives
    )


def _each_mean(cell: Cell, fives: Ints) -> list[MeanOption]:
    """Means of a cell whose every item is printed, from the ways in which each item prints."""
    ways = []
    for figures, f in zip(cell.each, fives, strict=True):
        found = mean_options(cell.asked, np.array([f]), figures.mean)
        ways.append((found or nearest_means(cell.asked, np.array([f]), figures.mean))[:PER_ITEM])
    return [_joined(cell, choice) for choice in product(*ways)]


def _joined(cell: Cell, choice: tuple[MeanOption, ...]) -> MeanOption:
    value = float(np.mean([option.value for option in choice]))
    cost = sum(option.cost for option in choice) + CRITERION_MISS * (not cell.figures.mean.holds(value))
    raters, fives, sums = (
        np.concatenate([getattr(o, k) for o in choice]) for k in ("raters", "fives", "sums")
    )
    return MeanOption(value, cost, raters, fives, sums)
