"""The options that each cell brings to the joint choice, and what they cost."""

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Final

import numpy as np

from sapa.microdata.cells import Cell
from sapa.microdata.item_rounding import rounded_means, rounded_shares
from sapa.microdata.joint import CRITERION_MISS
from sapa.microdata.lattice import (
    Ints,
    MeanOption,
    ShareOption,
    mean_options,
    mean_reachable,
    nearest_means,
    share_options,
    spread_means,
)
from sapa.microdata.targets import Figures

UNREACHABLE: Final = 1.5 * CRITERION_MISS  # fives that leave no way to the printed mean
ROUNDED: Final = (
    20.0  # a figure that prints only from rounded items; all of a service's cost less than a miss
)
PULL: Final = 0.01  # of a figure that nothing printed fixes towards its channel's
CENTRE: Final = 20.0  # pull to the printed mean: half a unit off costs as much as a tenth of non-raters
PER_ITEM: Final = 3  # means of each item where the items themselves are printed


def share_menu(cell: Cell, channel: Figures) -> list[ShareOption]:
    """Satisfactions of a cell: those that print, then misses, dearer by their distance."""
    if cell.each:
        return _each_share(cell)
    share, items = cell.figures.share, len(cell.items)
    options = share_options(cell.asked, items, share)
    options = [replace(o, cost=o.cost + CRITERION_MISS * (not share.holds(o.value))) for o in options]
    if np.isnan(share.printed):
        options = [replace(o, cost=PULL * abs(o.value - channel.share.printed)) for o in options]
    if min(option.cost for option in options) >= CRITERION_MISS:
        options += [replace(o, cost=ROUNDED) for o in rounded_shares(cell.asked, items, share)]
    return [replace(o, cost=o.cost + UNREACHABLE * (not _reachable(cell, o))) for o in options]


def _reachable(cell: Cell, option: ShareOption) -> bool:
    return mean_reachable(cell.asked, len(cell.items), int(option.fives.sum()), cell.figures.mean)


def mean_menu(cell: Cell, channel: Figures, fives: Ints) -> list[MeanOption]:
    """Means of a cell with given fives: those that print, fewest non-raters first, then misses."""
    if cell.each:
        return _each_mean(cell, fives)
    mean = cell.figures.mean
    spread = spread_means(cell.asked, fives)
    if np.isnan(mean.printed):
        return [replace(o, cost=PULL * abs(o.value - channel.mean.printed)) for o in spread]
    missed = partial(_missed, printed=mean.printed)
    inside = [_centred(o, mean.printed) for o in mean_options(cell.asked, fives, mean)]
    inside = inside or [replace(o, cost=o.cost + ROUNDED) for o in rounded_means(cell.asked, fives, mean)]
    inside = inside or [missed(o) for o in nearest_means(cell.asked, fives, mean)]
    return inside + [missed(o) for o in spread if not mean.holds(o.value)]


def _centred(option: MeanOption, printed: float) -> MeanOption:
    return replace(option, cost=option.cost + CENTRE * abs(option.value - printed))


def _missed(option: MeanOption, printed: float) -> MeanOption:
    return replace(option, cost=CRITERION_MISS + 10 * abs(option.value - printed))


def _each_share(cell: Cell) -> list[ShareOption]:
    """Satisfactions of a cell whose every item is printed: the nearest fives of each item."""
    fives = np.array([round(figures.share.printed * cell.asked) for figures in cell.each])
    value = float(fives.mean() / cell.asked)
    return [ShareOption(value, CRITERION_MISS * (not cell.figures.share.holds(value)), fives)]


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
