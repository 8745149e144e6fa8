"""The allocation under which every domain is estimated with the same precision."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import brentq

from sampling.allocation import has_room
from sampling.arguments import FloatArray, IntArray, Values, labelled, limits, matching, numbers, placeable
from sampling.filling import fill, reach


def equal_precision(
    sizes: Values,
    sd: Values,
    n: float,
    *,
    domain: Values | str,
    mean: Values = 1.0,
    lower: Values | None = None,
    upper: Values | None = None,
) -> FloatArray:
    """The allocation that gives every domain's estimated total the same coefficient of variation.

    Minimises the largest CV over domains for a given n; within a domain the strata follow Neyman. The CV
    is ``sqrt(sum(sizes**2 * sd**2 * (1/x - 1/sizes))) / sum(sizes * mean)``. A domain held at a bound may
    do better than the common CV, never worse.

    Parameters
    ----------
    sizes : array of any shape
        Stratum populations, persons.
    sd : array or number
        Standard deviation of the rating in each stratum.
    n : float
        Total number of interviews.
    domain : array of the shape of sizes, or str
        Label of the domain of each stratum, or the dimension of the sizes whose entries are the domains.
    mean : array or number
        Mean rating in each stratum; 1 asks for the same standard error of every mean.
    lower, upper : array or number, optional
        Bounds, in interviews. None means 0 and the population.

    Returns
    -------
    array
        Of the shape and labels of `sizes`, summing to n.

    Raises
    ------
    ValueError
        If n does not fit between the bounds, or a domain has no mass.

    References
    ----------
    Wesolowski & Wieczorkowski (2017), An eigenproblem approach to optimal equal-precision sample
    allocation in subpopulations, Comm. Stat. Theory Methods 46; here with bounds, solved as a monotone
    equation in the common CV.

    Examples
    --------
    >>> x = equal_precision([1000, 3000, 500], [1.0, 2.0, 1.0], 300, domain=["a", "a", "b"])
    >>> x.round(1).tolist()
    [33.0, 197.8, 69.2]
    """
    population = numbers("sizes", sizes)
    amount = population * matching("sd", sd, sizes)
    low, high = limits(lower, population if upper is None else upper, sizes)
    placeable(n, low, high)
    has_room(amount, low, high, np.ones_like(amount), n, "n")
    mass = population * matching("mean", mean, sizes)
    flat = [v.ravel() for v in (amount, population, low, high, mass)]
    names, codes = np.unique(_labels(domain, sizes).ravel(), return_inverse=True)
    if codes.size != population.size:
        raise ValueError(f"domain must have one label for each of {population.size} strata, got {codes.size}")
    total = np.bincount(codes, flat[4]).astype(np.float64)
    if (total <= 0).any():
        raise ValueError(f"sizes * mean must be positive in every domain, got 0 in {names[total <= 0][0]}")
    x = _equalised(flat[0], flat[1], flat[2], flat[3], codes, total, n)
    return labelled(x.reshape(amount.shape), sizes)


def _labels(domain: Values | str, sizes: Values) -> NDArray[Any]:
    """The label of the domain of each stratum."""
    if not isinstance(domain, str):
        return np.asarray(domain)
    if not isinstance(sizes, xr.DataArray) or domain not in sizes.dims:
        raise ValueError(
            f"domain must name a dimension of the sizes, got {domain!r}; give sizes as a DataArray with it"
        )
    return np.asarray(sizes[domain].broadcast_like(sizes).transpose(*sizes.dims))


def _equalised(
    amount: FloatArray,
    population: FloatArray,
    low: FloatArray,
    high: FloatArray,
    domain: IntArray,
    mass: FloatArray,
    n: float,
) -> FloatArray:
    """The root in the common squared CV: the smaller it is, the more interviews it takes."""
    blank = np.zeros_like(amount)
    unavoidable = np.bincount(
        domain, np.divide(amount**2, population, out=blank.copy(), where=population > 0)
    )
    at_caps = np.bincount(domain, np.divide(amount**2, high, out=blank.copy(), where=amount > 0))
    ones = np.ones_like(amount)

    def cheapest(log_cv2: float) -> FloatArray:
        target = np.maximum(np.exp(log_cv2) * mass**2 + unavoidable, at_caps * (1 + 1e-14))
        return reach(amount, ones, np.maximum(target, 1e-300), domain, low, high)

    def excess(log_cv2: float) -> float:
        return float(cheapest(log_cv2).sum()) - n

    fine = coarse = 2 * float(np.log(amount.sum() / mass.min()) - np.log(n) / 2)
    while excess(fine) < 0 and fine > -600:
        fine -= 4
    while excess(coarse) > 0 and coarse < 600:
        coarse += 4
    met = excess(fine) > 0 > excess(coarse)
    x = cheapest(brentq(excess, fine, coarse, xtol=1e-14, rtol=1e-15) if met else fine)
    return fill(x, n, np.minimum(low, x), high)  # takes the last rounding error out
