"""Ties: scores that differ by the rounding of floating point alone are one score."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDING: Final = 1e-12  # of the largest score: means of thousands of terms err by less


def rounding(score: Array) -> float:
    """Difference of two scores (any shape, NaN for none) that is rounding and nothing else.

    >>> rounding(np.array([4.5, np.nan, -5.0]))
    5e-12
    """
    return ROUNDING * float(np.abs(score[~np.isnan(score)]).max(initial=0.0))


def levelled(score: Array) -> Array:
    """Scores (..., unit) of which those that differ by rounding along the last axis are made equal.

    Examples
    --------
    The same mean, summed in two orders:

    >>> first, second = 0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1
    >>> first == second, levelled(np.array([first, 0.7, second])).tolist()
    (False, [0.6, 0.7, 0.6])
    """
    order = np.argsort(score, axis=-1, kind="stable")
    rising = np.take_along_axis(score, order, axis=-1)
    first = np.ones(score.shape, dtype=bool)  # of a run of ties
    first[..., 1:] = ~(np.diff(rising, axis=-1) <= rounding(score))
    run = np.maximum.accumulate(np.where(first, np.arange(score.shape[-1]), 0), axis=-1)
    out: Array = np.empty_like(score)
    np.put_along_axis(out, order, np.take_along_axis(rising, run, axis=-1), axis=-1)
    return out
