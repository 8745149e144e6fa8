"""Whole numbers in proportion to quotas, with an exact total."""

from typing import Final, Literal, get_args

import numpy as np

from sampling.arguments import FloatArray, IntArray, Values, labelled, limits, numbers, placeable, whole
from sampling.filling import Divisor, earn, fill

METHODS: Final = ("largest_remainder", *get_args(Divisor))


def round_total(
    values: Values,
    n: float | None = None,
    *,
    method: Literal["largest_remainder"] | Divisor = "largest_remainder",
    lower: Values | None = None,
    upper: Values | None = None,
) -> IntArray:
    """The whole numbers in proportion to the values that sum exactly to n.

    Parameters
    ----------
    values : array of any shape
        Quotas, or any size measure. With largest remainder, values that sum to within one of n are kept
        as they are, otherwise they are scaled to n.
    n : int, optional
        Total; None means the rounded sum of the values.
    method : {"largest_remainder", "webster", "adams", "jefferson", "hill", "dean"}
        The divisor methods never take a unit from anyone when n grows (house monotone); the largest
        remainder never leaves floor and ceiling of the quota. Of equal remainders the larger quota comes
        first, then the earlier.
    lower, upper : array or number, optional
        Whole bounds of every entry.

    Returns
    -------
    array of int64
        Of the shape and labels of `values`.

    Raises
    ------
    ValueError
        If n is not whole or does not fit between the bounds (Adams, Hill and Dean give every positive
        value at least one unit).

    References
    ----------
    Balinski & Young (2001), Fair representation, appendix A.

    Examples
    --------
    >>> round_total([26.6667, 30, 10, 13.3333]).tolist()
    [27, 30, 10, 13]
    >>> [round_total([7.2, 1.7, 1.1], 10, method=m).tolist() for m in ("jefferson", "adams")]
    [[8, 1, 1], [7, 2, 1]]
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}; choose one")
    quota = numbers("values", values)
    total = whole("n", float(np.rint(quota.sum())) if n is None else n)
    low, high = limits(lower, upper, values)
    low, high = np.ceil(low), np.floor(high)
    if method in ("adams", "hill", "dean"):
        low = np.maximum(low, quota > 0)
    high = np.where(quota > 0, np.minimum(high, total), np.minimum(high, low))
    placeable(total, low, high)
    flat = [v.ravel() for v in (quota, low, high)]
    if method == "largest_remainder":
        whole_numbers = _largest_remainder(flat[0], total, flat[1], flat[2])
    else:
        whole_numbers = earn(flat[0], total, method, flat[1].astype(np.int64), flat[2].astype(np.int64))
    return labelled(whole_numbers.reshape(quota.shape), values)


def _largest_remainder(quota: FloatArray, n: int, low: FloatArray, high: FloatArray) -> IntArray:
    """Floors of the bounded quotas, and one more to the largest remainders, of equals the larger quota."""
    kept = abs(quota.sum() - n) < 1 and ((quota >= low) & (quota <= high)).all()
    real = quota if kept else fill(quota, float(n), low, high)
    floors = np.clip(np.floor(real + 1e-9), low, high)
    remainder = np.where(floors < high, real - floors, -np.inf)
    order = np.lexsort((-real, -np.round(remainder, 9)))
    extra = np.zeros(quota.size)
    extra[order[: max(n - int(floors.sum()), 0)]] = 1
    return (floors + extra).astype(np.int64)
