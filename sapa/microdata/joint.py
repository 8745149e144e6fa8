"""Joint choice of one option a criterion, so that criteria, channels and the service all print.

A dynamic programme over the running mean of a channel's criteria: the sums that options can make, binned
finely, each with its cheapest way there. Costs are lexicographic: a miss of Table 8 outweighs every miss of a
channel, which outweighs every miss of a criterion, which outweighs every distance and every non-rater.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.targets import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
SERVICE_MISS: Final = 1e9
CHANNEL_MISS: Final = 1e6
CRITERION_MISS: Final = 1e3
BINS: Final = 32  # of one unit of the last printed digit
EXTRA_MISSES: Final = 3
CENTRE: Final = 100.0  # pull of channel and service to their printed figures
KEPT: Final = 600  # running means of a channel kept when the channel itself must miss


@dataclass(frozen=True, slots=True)
class Menu:
    """Options of one criterion: values of its figure and their costs."""

    value: Floats
    cost: Floats


@dataclass(frozen=True, slots=True)
class _States:
    """Running means reached, cheapest cost of each and the way there."""

    total: Floats
    cost: Floats
    path: Ints


def choose(
    channels: Sequence[Sequence[Menu]], printed: Sequence[Interval], service: Interval, *, unit: float
) -> list[list[int]]:
    """Option of every criterion of every channel of a service.

    Parameters
    ----------
    channels
        Menus by channel and criterion.
    printed
        Printed figure of each channel.
    service
        Printed figure of the service, the mean of its channels.
    unit
        Worth of the last printed digit.

    Returns
    -------
    Position of the chosen option in each menu. Misses of criteria are added one by one until channel and
    service print, at most :data:`EXTRA_MISSES`.

    Examples
    --------
    >>> menu = Menu(np.array([0.50, 0.51]), np.zeros(2))
    >>> choose([[menu, menu]], [Interval(0.504, 0.506, 0.505)], Interval(0.504, 0.506, 0.505), unit=0.001)
    [[0, 1]]
    """
    least = sum(float(menu.cost.min()) for menus in channels for menu in menus)
    best, picked = np.inf, [[0] * len(menus) for menus in channels]
    # the second time around also choices that make a channel miss are followed to the end
    for bound, extra in product((True, False), range(EXTRA_MISSES + 1)):
        limit = least + (extra + 0.9) * CRITERION_MISS
        ends = [
            _ends(menus, figure, unit, limit, bound=bound)
            for menus, figure in zip(channels, printed, strict=True)
        ]
        cost, paths = _pair(ends, service)
        if cost < best:
            best, picked = cost, [path.tolist() for path in paths]
        if best < CHANNEL_MISS:
            break
    return picked


def _ends(menus: Sequence[Menu], printed: Interval, unit: float, limit: float, *, bound: bool) -> _States:
    """Means that a channel can reach within a limit of cost, its own miss added.

    If `bound`, only choices that can still print the channel's figure are followed, while there are any.
    """
    states = _States(np.zeros(1), np.zeros(1), np.zeros((1, 0), dtype=np.intp))
    usable = [menu.value[menu.cost <= limit] / len(menus) for menu in menus]
    rest_low = sum(value.min() for value in usable)
    rest_high = sum(value.max() for value in usable)
    for menu, value in zip(menus, usable, strict=True):
        rest_low, rest_high = rest_low - value.min(), rest_high - value.max()
        window = (printed.low - rest_high - unit, printed.high - rest_low + unit)
        window = window if bound else (-np.inf, np.inf)
        states = _step(states, menu, len(menus), unit / BINS, limit, window)
    misses = (states.total < printed.low) | (states.total >= printed.high)
    off = np.abs(states.total - printed.printed) if np.isfinite(printed.low) else np.zeros(misses.size)
    cost = states.cost + misses * (CHANNEL_MISS + off / unit) + CENTRE * off
    keep = np.argsort(cost, kind="stable")[: max(KEPT, int((~misses).sum()))]
    return _States(states.total[keep], cost[keep], states.path[keep])


def _step(
    states: _States, menu: Menu, criteria: int, width: float, limit: float, window: tuple[float, float]
) -> _States:
    """States with one more criterion chosen; those that can no longer reach the channel's figure go."""
    total = states.total[:, None] + menu.value / criteria
    cost = states.cost[:, None] + menu.cost
    cheap = cost <= limit
    reaching = cheap & (total >= window[0]) & (total < window[1])
    start, option = np.nonzero(reaching if reaching.any() else cheap)
    total, cost = total[start, option], cost[start, option]
    cell = np.floor(total / width).astype(np.int64)
    order = np.lexsort((cost, cell))
    keep = order[np.diff(cell[order], prepend=-1) > 0]
    path = np.column_stack([states.path[start[keep]], option[keep]])
    return _States(total[keep], cost[keep], path)


def _pair(ends: Sequence[_States], service: Interval) -> tuple[float, list[Ints]]:
    """Cheapest way of every channel together, the service's own miss added."""
    total = sum(np.ix_(*(end.total for end in ends))) / len(ends)
    cost = sum(np.ix_(*(end.cost for end in ends)))
    misses = (total < service.low) | (total >= service.high)
    off = np.abs(total - service.printed)
    cost = cost + misses * (SERVICE_MISS + off) + CENTRE * off
    at = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return float(cost[at]), [end.path[k] for end, k in zip(ends, at, strict=True)]
