"""Real-valued allocations by a rule of size: proportional, power, compromise."""

import numpy as np

from sampling.arguments import (
    FloatArray,
    Values,
    labelled,
    limits,
    matching,
    numbers,
    placeable,
    proportion,
)
from sampling.filling import fill


def proportional(
    sizes: Values, n: float, *, lower: Values | None = None, upper: Values | None = None
) -> FloatArray:
    """The allocation in proportion to the sizes, within bounds: ``x = clip(t * sizes, lower, upper)``.

    Parameters
    ----------
    sizes : array of any shape
        Populations or any size measure (percentages do as well), at least 0.
    n : float
        Total to allocate, interviews.
    lower, upper : array or number, optional
        Bounds of every stratum, in interviews. None means 0 and no cap.

    Returns
    -------
    array
        Of the shape and labels of `sizes`, summing to n.

    Raises
    ------
    ValueError
        If sizes or bounds are negative or not numbers, or n lies outside the sums of the bounds.

    Examples
    --------
    >>> proportional([50, 30, 20], 10, lower=3).round(3).tolist()
    [4.0, 3.0, 3.0]
    """
    return _filled(sizes, numbers("sizes", sizes), n, lower, upper)


def power_allocation(
    sizes: Values,
    n: float,
    *,
    cv: Values = 1.0,
    power: float = 0.5,
    lower: Values | None = None,
    upper: Values | None = None,
) -> FloatArray:
    """The power allocation of Bankier: in proportion to ``sizes**power * cv``.

    Between equal precision everywhere (power 0) and the best national estimate (power 1).

    Parameters
    ----------
    sizes : array of any shape
        Measure of importance X of each domain.
    n : float
        Total to allocate, interviews.
    cv : array or number
        Population coefficient of variation in each domain.
    power : float
        Between 0 and 1.
    lower, upper : array or number, optional
        Bounds, in interviews.

    Returns
    -------
    array
        Of the shape and labels of `sizes`, summing to n.

    Raises
    ------
    ValueError
        As in `proportional`, or if power lies outside 0..1.

    References
    ----------
    Bankier (1988), Power allocations, The American Statistician 42, equation 2.2.

    Examples
    --------
    >>> power_allocation([100, 400], 30).tolist()
    [10.0, 20.0]
    """
    proportion("power", power, ends=True)
    weight = numbers("sizes", sizes)
    rate = np.where(weight > 0, weight**power, 0.0) * matching("cv", cv, sizes)
    return _filled(sizes, rate, n, lower, upper)


def compromise(
    sizes: Values,
    n: float,
    *,
    share: float = 0.5,
    lower: Values | None = None,
    upper: Values | None = None,
) -> FloatArray:
    """The convex mixture of the proportional allocation (weight `share`) and the equal one.

    Parameters
    ----------
    sizes : array of any shape
        Populations or any size measure; a stratum of size 0 gets nothing.
    n : float
        Total to allocate, interviews.
    share : float
        1 is proportional, 0 is equal.
    lower, upper : array or number, optional
        Bounds, in interviews.

    Returns
    -------
    array
        Of the shape and labels of `sizes`, summing to n.

    Raises
    ------
    ValueError
        As in `proportional`, or if share lies outside 0..1.

    References
    ----------
    Costa, Satorra & Ventura (2004), Using composite estimators to improve both domain and total area
    estimation, SORT 28.

    Examples
    --------
    >>> compromise([90, 10], 100).tolist()
    [70.0, 30.0]
    """
    proportion("share", share, ends=True)
    weight = numbers("sizes", sizes)
    present = weight > 0
    if not present.any():
        raise ValueError("sizes must have a positive entry, got only zeros; fill the sizes")
    rate = share * weight / weight.sum() + (1 - share) * present / present.sum()
    return _filled(sizes, rate, n, lower, upper)


def _filled(
    sizes: Values, rate: FloatArray, n: float, lower: Values | None, upper: Values | None
) -> FloatArray:
    """`fill` after the checks every rule shares."""
    low, high = limits(lower, upper, sizes)
    total = float(numbers("n", n))
    placeable(total, low, high)
    has_room(rate, low, high, np.ones_like(rate), total, "n")
    answer = fill(rate.ravel(), total, low.ravel(), high.ravel()).reshape(rate.shape)
    return labelled(answer, sizes)


def has_room(
    rate: FloatArray, low: FloatArray, high: FloatArray, price: FloatArray, total: float, name: str
) -> None:
    """Check that the total fits where the rule gives something: strata of rate 0 stay at their minimum."""
    most = float(np.where(rate > 0, high * price, low * price).sum())
    if total > most * (1 + 1e-9):
        message = (
            f"{name} must be at most {most:.10g}, what strata of positive size and deviation can take, "
            f"got {total:.10g}; lower {name} or correct the zeros"
        )
        raise ValueError(message)
