"""Where a local service's missing answers lie: in the regions whose printed pairs ask for them."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sampling import round_table
from sapa.microdata.layout import Layout, weights
from sapa.microdata.nonraters import needed

Floats = NDArray[np.float64]
STEEP: Final = 8.0  # most by which the log odds of silence in two regions may differ
SWEEPS: Final = 50


def silent_where_needed(laid: Layout, mean: Floats, share: Floats) -> Layout:
    """The layout with each item's missing answers moved to the regions that need them.

    Silences of an item are as near as can be to proportional, tilted by one multiplier a region until the
    official weights of its silent items reach what its figures need, or nearly. No item loses its last rater.
    """
    asked = laid.asked.astype(float)
    total = (laid.asked.sum(axis=1) - laid.counts.sum(axis=1)).astype(float)
    room = np.maximum(asked - 1, 0)
    room = np.where(room.sum(axis=1, keepdims=True) >= total[:, None], room, asked)
    some = total > 0
    if not some.any():
        return laid
    weight = np.divide(laid.weight, asked, out=np.zeros_like(asked), where=asked > 0)[some]
    scale = max(float(weight.max()), 1e-12)
    silent = np.zeros_like(asked)
    silent[some] = _tilted(
        np.where(room > 0, asked, 0.0)[some], total[some], weight / scale, needed(mean, share) / scale
    )
    raters = laid.asked - round_table(_within(silent, room))
    return replace(laid, raters=raters, weight=weights(laid.channel, laid.label, raters))


def _tilted(size: Floats, total: Floats, weight: Floats, wanted: Floats) -> Floats:
    """Parts of each total in proportion to ``size x exp(multiplier x weight)``, by convex minimisation."""

    def parts(multiplier: Floats) -> tuple[Floats, Floats]:
        odds = size * np.exp(multiplier * weight)
        whole = odds.sum(axis=1)
        return total[:, None] * odds / whole[:, None], whole

    def dual(multiplier: Floats) -> tuple[float, Floats]:
        found, whole = parts(multiplier)
        slope = (found * weight).sum(axis=0) - wanted
        return float(total @ np.log(whole) - multiplier @ wanted), slope

    bounds = [(0.0, STEEP)] * wanted.size
    best = minimize(dual, np.zeros(wanted.size), jac=True, method="L-BFGS-B", bounds=bounds)
    return parts(best.x)[0]


def _within(parts: Floats, room: Floats) -> Floats:
    """Parts with the same totals, none above its room: what is cut goes to the others in proportion."""
    for _ in range(SWEEPS):
        cut = np.minimum(parts, room)
        excess = (parts - cut).sum(axis=1)
        if excess.max() < 1e-9:
            break
        free = np.where(cut < room - 1e-9, room, 0.0)
        parts = cut + free * (excess / np.maximum(free.sum(axis=1), 1e-9))[:, None]
    return parts
