"""Whether means and standard deviations of whole numbers can print as published: GRIM, GRIMMER and DEBIT."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.attainability import expand
from estimators.printed import SLACK, half_unit, whole


def grim(mean: ArrayLike, n: ArrayLike, *, items: int = 1, digits: int = 2) -> NDArray[np.bool_]:
    """Whether a printed mean of n whole numbers is possible (Brown & Heathers 2017), on any scale.

    Parameters
    ----------
    mean : array_like
        Printed means.
    n : array_like of int
        Sizes; broadcast.
    items : int
        Whole numbers averaged per person.
    digits : int
        Decimals printed; both directions of rounding a half are allowed.

    Returns
    -------
    ndarray of bool

    Raises
    ------
    ValueError
        When n or items is not a positive whole number, or a mean is not finite or finer than `digits`.

    Examples
    --------
    >>> grim([5.21, 5.20], 28).tolist()
    [True, False]
    """
    size = whole(n, name="n") * whole(items, name="items")
    low, high = half_unit(mean, digits, name="mean", least=-np.inf, most=np.inf)
    return np.ceil(low * size - SLACK) <= np.floor(high * size + SLACK)


def grimmer(
    mean: ArrayLike, sd: ArrayLike, n: ArrayLike, *, mean_digits: int = 2, sd_digits: int = 2
) -> NDArray[np.bool_]:
    """Whether a printed mean and SD (divisor n - 1) of n whole numbers are possible, on any scale.

    Parameters
    ----------
    mean, sd : array_like
        Printed means and standard deviations.
    n : array_like of int
        Sizes, at least 2; broadcast.
    mean_digits, sd_digits : int
        Decimals printed.

    Returns
    -------
    ndarray of bool

    Raises
    ------
    ValueError
        When n is below 2 or a figure is not finite, negative (sd) or finer than its digits.

    Notes
    -----
    A sum S and a sum of squares Q of n whole numbers are compatible only if Q is at least that of the most
    even split of S, and Q - S is even, every x^2 - x being so (Allard 2018; Anaya 2016). For ratings on 1..5
    `reconstruct` with `sd` is exact.

    Examples
    --------
    >>> grimmer([4.74, 5.23], [6.55, 2.55], [31, 35]).tolist()
    [True, False]
    """
    size = whole(n, name="n", least=2)
    means = half_unit(mean, mean_digits, name="mean", least=-np.inf, most=np.inf)
    sds = half_unit(sd, sd_digits, name="sd", least=0.0, most=np.inf)
    m_low, m_high, s_low, s_high, size = np.broadcast_arrays(*means, *sds, size)
    flat = size.ravel()
    low = np.ceil(m_low.ravel() * flat - SLACK).astype(np.int64)
    cell, total = expand(low, np.floor(m_high.ravel() * flat + SLACK).astype(np.int64))
    count = flat[cell]
    centre = total**2 / count
    least = np.ceil((count - 1) * s_low.ravel()[cell] ** 2 + centre - SLACK).astype(np.int64)
    most = np.floor((count - 1) * s_high.ravel()[cell] ** 2 + centre + SLACK).astype(np.int64)
    whole_part, rest = np.divmod(total, count)
    least = np.maximum(least, count * whole_part**2 + rest * (2 * whole_part + 1))
    least += (least - total) % 2
    works = np.bincount(cell[least <= most], minlength=flat.size) > 0
    return works.reshape(size.shape)


def debit(
    mean: ArrayLike, sd: ArrayLike, n: ArrayLike, *, mean_digits: int = 2, sd_digits: int = 2
) -> NDArray[np.bool_]:
    """Whether a printed mean and SD (divisor n - 1) of n zeros and ones are possible (Heathers & Brown 2019).

    Parameters
    ----------
    mean, sd : array_like
        Printed shares of ones and standard deviations.
    n : array_like of int
        Sizes, at least 2; broadcast.
    mean_digits, sd_digits : int
        Decimals printed.

    Returns
    -------
    ndarray of bool

    Raises
    ------
    ValueError
        When n is below 2, or a figure is outside its range or finer than its digits.

    Examples
    --------
    >>> debit([0.77, 0.19], [0.42, 0.35], 1683).tolist()
    [True, False]
    """
    size = whole(n, name="n", least=2)
    low, high = half_unit(mean, mean_digits, name="mean", least=0.0, most=1.0)
    sd_low, sd_high = half_unit(sd, sd_digits, name="sd", least=0.0, most=np.inf)
    low, high, sd_low, sd_high, size = np.broadcast_arrays(low, high, sd_low, sd_high, size)
    flat = size.ravel()
    first = np.ceil(low.ravel() * flat - SLACK).astype(np.int64)
    cell, ones = expand(first, np.floor(high.ravel() * flat + SLACK).astype(np.int64))
    found = np.sqrt(ones * (flat[cell] - ones) / (flat[cell] * (flat[cell] - 1.0)))
    inside = (found >= sd_low.ravel()[cell] - SLACK) & (found <= sd_high.ravel()[cell] + SLACK)
    return (np.bincount(cell[inside], minlength=flat.size) > 0).reshape(size.shape)
