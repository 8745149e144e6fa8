"""Units by which no placement comes nearer to a region's two printed figures, whoever came by which channel.

For each of 62 multipliers ``t`` an item has a least and a largest ``mean - t x satisfaction``, over the
raters, fives and other ratings that its counts allow among so many people (minus infinity where they
allow none). Official scores are means of means, so criteria, channels and the region have them too;
nobody need rate an item where missing answers suffice for that. A printed pair beyond them is missed by what
leads back, along the mean or along satisfaction, beyond what rounding hides, in whole units: a Lagrangian
bound, one region at a time, at every split of its people by channel. Fewer multipliers would weaken it, no
more.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.board import HALF
from sapa.microdata.layout import Layout
from sapa.microdata.nearest import GRAIN
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SLOPES: Final = np.append(np.geomspace(0.1, 20.0, 60), [1.0, 4.0])  # multipliers of satisfaction
Extreme = tuple[Floats, bool]  # (2, T) largest ``mean - t x satisfaction`` and its negative; may be missing


def least_errors(laid: Layout, mean: Floats, share: Floats) -> Ints:
    """(R,) units of the last digit by which both figures of a region differ in print, at the least.

    Given are the counts of items over all regions and how many people a region and a channel have; free are
    who of a region's people came by which channel, its users, complainers and raters, and all other regions.
    A region that prints one figure only, or none, has no bound: zero.

    Examples
    --------
    Two of four people live in a region; all rate an item, two with one and two with five. The region prints
    3.00 and 100.0%: all fives are 200 hundredths away, and one five half of satisfaction:

    >>> one, two = np.zeros(1, dtype=int), np.array([[2, 2]])
    >>> item = one, one, one, two, two, np.array([[2, 0, 0, 0, 2]]), np.ones((1, 2)), np.array([-1])
    >>> laid = Layout("two", ("a", "b"), two.T, *item)
    >>> least_errors(laid, np.array([3.0, 3.0]), np.array([1.0, 0.5])).tolist()
    [200, 0]
    """
    people, most = laid.people.sum(axis=1), laid.people.sum(axis=0)
    of = [
        [_channel(laid, h, n) for n in range(1, int(min(total, people.max())) + 1)]
        for h, total in enumerate(most.tolist())
    ]
    found = np.zeros(people.size, dtype=np.int64)
    for r, size in enumerate(people.tolist()):
        splits = [[of[h][n - 1] for h, n in enumerate(split) if n] for split in _splits(size, most.tolist())]
        found[r] = min(_units(_mean_of(channels)[0], mean[r], share[r]) for channels in splits)
    return found


def _splits(size: int, most: list[int]) -> Iterator[tuple[int, ...]]:
    """People of a region by channel, no more than the channels have."""
    *first, last = most
    for some in product(*(range(min(size, n) + 1) for n in first)):
        if 0 <= size - sum(some) <= last:
            yield *some, size - sum(some)


def _units(extreme: Floats, mean: float, share: float) -> int:
    """Units by which a printed pair is missed, at the least: whole ones, since figures print in units.

    How far it lies beyond an extreme is made up for by errors of the two, ``|mean| + t |satisfaction|``. Both
    cost nothing as far as the ends of their intervals; the rest is cheapest on one of them.
    """
    if not np.isfinite(mean + share):
        return 0
    printed = mean - SLOPES * share
    beyond = np.maximum(printed - extreme[0], -extreme[1] - printed)
    free = HALF * (MEAN_UNIT + SHARE_UNIT * SLOPES)
    units = (beyond - free) / np.maximum(MEAN_UNIT, SHARE_UNIT * SLOPES)
    return max(0, ceil(float(units.max()) - GRAIN))


def _channel(laid: Layout, channel: int, people: int) -> Extreme:
    """Of so many people of a channel."""
    mine = laid.channel == channel
    criteria = [np.flatnonzero(mine & (laid.label == c)) for c in np.unique(laid.label[mine])]
    of = partial(_item, laid, people)
    return _mean_of([_mean_of([of(block) for block in blocks.tolist()]) for blocks in criteria])


def _item(laid: Layout, people: int, block: int) -> Extreme:
    """Of an item put to all of so many people, or to any users among them."""
    counts, asked = laid.counts[block], int(laid.asked[block].sum())
    missing = asked - int(counts.sum())
    if laid.users[block] < 0:
        return _figures(counts, missing, people), missing >= people
    sizes = range(1, min(asked, people) + 1)
    return np.max([_figures(counts, missing, size) for size in sizes], axis=0), True


def _figures(counts: Ints, missing: int, asked: int) -> Floats:
    """(2, T) largest ``mean - t x satisfaction`` of one item put to so many people, and of its negative."""
    silent, fives = np.indices((min(missing, asked - 1) + 1, counts[4] + 1))
    raters = asked - silent
    others = raters - fives
    possible = (others >= 0) & (others <= counts[:4].sum())
    if not possible.any():
        return np.full((2, SLOPES.size), -np.inf)
    ascending = np.repeat(np.arange(1, 5), counts[:4])
    points = [np.append(0, order.cumsum())[others[possible]] for order in (ascending[::-1], ascending)]
    most, least = ((5 * fives[possible] + point) / raters[possible] for point in points)
    reward = SLOPES[:, None] * fives[possible] / asked
    return np.stack([(most - reward).max(axis=1), (reward - least).max(axis=1)])


def _mean_of(parts: list[Extreme]) -> Extreme:
    """Largest means over parts of which some may be missing, but never all."""
    values, optional = np.stack([value for value, _ in parts]), np.array([free for _, free in parts])
    fixed, free = values[~optional], -np.sort(-values[optional], axis=0)
    total = np.concatenate([np.zeros((1, *values.shape[1:])), free.cumsum(axis=0)]) + fixed.sum(axis=0)
    size = np.arange(len(free) + 1) + len(fixed)
    whole = size > 0
    return (total[whole] / size[whole, None, None]).max(axis=0), bool(optional.all())
