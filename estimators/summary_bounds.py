"""Bounds on composites, their standard errors, tests and ranks when only summaries are published.

A composite is Q_c = sum_k A_ck Q_k over leaves, each the mean of K_k items of r_k raters. With u_k the
variance of one rating, rho the correlation of two ratings of one respondent, and the raters of a leaf with
fewer among those of a leaf with more,

    Var(Q_c) = deff sum_g sum_{k,l in g} A_ck A_cl C_kl,   C_kk = u_k (1 + (K_k - 1) rho) / (K_k r_k),
    C_kl = rho sqrt(u_k u_l) / max(r_k, r_l),                                                          (1)

over groups g of leaves answered by the same people. With weights and rho not negative it grows in u, rho and
deff and falls in r, so its bounds are at the ends of their ranges. Raters that overlap less only lower it:
the upper bound does not need that assumption.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from estimators.attainability import expand
from estimators.dispersion import sd_bounds
from estimators.pmf import max_entropy, probit_pmf
from estimators.printed import Floats, Integers, Rates, mean_interval, rate_interval, share_interval, whole
from estimators.sparse import plausible_bound
from estimators.summary_verdicts import SummaryBounds

Statistic = Literal["mean", "satisfaction"]
Law = Literal["any", "max_entropy", "probit"]
SCORES: Final = np.arange(1.0, 6.0)
ENDS: Final[dict[str, tuple[float, float]]] = {"mean": (1.0, 5.0), "satisfaction": (0.0, 1.0)}
PLAUSIBLE: Final = 0.95  # level of the interval of means that alike ratings leave plausible
NO_SPREAD: Final = 1e-12
WHOLE: Final = 1e-6  # how far from 1 weights may add up


def bounds_on(
    mean: ArrayLike,
    share: ArrayLike,
    averaging: ArrayLike | sparse.sparray,
    *,
    statistic: Statistic = "mean",
    raters: ArrayLike | tuple[ArrayLike, ArrayLike],
    group: ArrayLike,
    correlation: float | tuple[float, float],
    rating_rate: Rates = 1.0,
    items: ArrayLike = 1,
    items_alike: bool = True,
    deff: float | tuple[float, float] = 1.0,
    law: Law = "any",
    published: ArrayLike | None = None,
    mean_digits: int | None = 2,
    share_digits: int | None = 3,
    level: float = 0.95,
) -> SummaryBounds:
    """What published means and shares of leaves say about composites of them.

    Parameters
    ----------
    mean, share : array_like, (L,)
        Printed figures of the leaves: items, or criteria where only those are printed.
    averaging : array_like or sparse, (C, L)
        Weight of each leaf in each composite, not negative, 1 in all (`averaging_matrix`).
    statistic : {"mean", "satisfaction"}
        Which of the two figures the composites average.
    raters : array_like (L,) of int, or a pair (low, high) of such
        Ratings of each item that the leaf's figure divides by: raters for the mean, everyone asked for
        satisfaction.
    group : array_like, (L,)
        Labels: leaves with one label are answered by the same people (a service's channel).
    correlation : float or (low, high)
        Between two ratings of one respondent, 0 to 1.
    rating_rate : array_like, or a tuple (low, high) of such
        Raters/asked of each leaf's items.
    items : array_like of int, (L,)
        Items that each leaf averages.
    items_alike : bool
        True takes every item of a leaf to have the leaf's figures. False does not: the upper bounds stay (the
        greatest variance is concave in the figures), the lower bounds of leaves of several items are zero.
    deff : float or (low, high)
        Design effect beyond (1): clusters, interviewers, weights.
    law : {"any", "max_entropy", "probit"}
        Every distribution that prints so, or one of the two single choices at the figures as printed (an
        infeasible pair is projected).
    published : array_like, (C,), optional
        Printed composites with the digits of the statistic, used as estimates; by default the weighted
        leaves.
    mean_digits, share_digits : int or None
        Decimals printed; None takes the figures as exact.
    level : float
        Confidence level of what the result derives.

    Returns
    -------
    SummaryBounds

    Raises
    ------
    ValueError
        When an argument is out of range, shapes do not agree, or a leaf's figures are infeasible under the
        rating rate.

    Notes
    -----
    u is n/(n-1) times the variance of the ratings, as a sample variance would be. A leaf whose ratings may
    be all alike has no usable variance: its upper bound is the variance over the means left plausible.

    The greatest standard errors are sharp for leaves of like figures and cautious for others: (1) gives each
    pair the highest correlation of the range, which the most spread ratings of unlike figures cannot always
    reach (Frechet's bound on two laws). They are then too great, never too small: `certain` verdicts may be
    missed, and `possible` ones be too many, never the other way round.

    Examples
    --------
    Two one-channel services of two items each: their difference of 0.15 may be significant.

    >>> found = bounds_on([4.8, 4.7, 4.65, 4.55], [0.85, 0.78, 0.75, 0.7], [[.5, .5, 0, 0], [0, 0, .5, .5]],
    ...                   raters=150, group=["a", "a", "b", "b"], correlation=(0.2, 0.8))
    >>> found.se.round(3).tolist()
    [[0.035, 0.053], [0.044, 0.068]]
    >>> verdict = found.pairwise()
    >>> verdict.certain[0, 1].item(), verdict.possible[0, 1].item()
    (False, True)
    """
    digits = {"mean": mean_digits, "satisfaction": share_digits}
    if statistic not in digits:
        raise ValueError(f"statistic must be 'mean' or 'satisfaction', got {statistic!r}")
    mean, share = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(share, dtype=float))
    size = mean.shape
    if mean.size == 0:
        raise ValueError("mean must have a figure for at least one leaf, got none")
    weights = _weights(averaging, size)
    count = _counts(raters, size)
    parts = np.broadcast_to(whole(items, name="items"), size)
    labels = _labels(group, size)
    rho, effect = _range(correlation, "correlation", 1.0), _range(deff, "deff", np.inf)
    if effect[0] == 0 or effect[1] == np.inf:
        raise ValueError(f"deff must be above 0 and finite, got {deff}: nothing could be tested then")
    if statistic == "mean":
        unit = _mean_variances(mean, share, count, rating_rate, law, (mean_digits, share_digits))
    else:
        unit = _share_variances(share, count, share_digits)
    if not items_alike:
        unit = np.where(parts > 1, 0.0, unit[0]), unit[1]
    low, high = (
        np.sqrt(effect[end] * _variances(weights, unit[end], count[1 - end], parts, labels, rho[end]))
        for end in (0, 1)
    )
    figure = _printed(mean if statistic == "mean" else share, statistic, digits[statistic])
    estimate = weights @ figure[0], weights @ figure[1]
    if published is not None:
        estimate = _printed(published, statistic, digits[statistic])
        if estimate[0].shape != low.shape:
            raise ValueError(f"published must have shape {low.shape}, got {estimate[0].shape}")
    said = _assumptions(statistic, rho, rating_rate, effect, law, items_alike or not (parts > 1).any())
    return SummaryBounds(
        estimate=np.stack(estimate, axis=1),
        se=np.stack([low, high], axis=1),
        respondents=_respondents(weights, labels),
        ends=ENDS[statistic],
        level=level,
        assumptions=said,
    )


def _printed(value: ArrayLike, statistic: Statistic, digits: int | None) -> tuple[Floats, Floats]:
    return mean_interval(value, digits) if statistic == "mean" else share_interval(value, digits)


def _weights(averaging: ArrayLike | sparse.sparray, size: tuple[int, ...]) -> sparse.csr_array:
    matrix = sparse.csr_array(
        averaging if sparse.issparse(averaging) else np.atleast_2d(np.asarray(averaging))
    )
    if len(size) != 1 or matrix.shape[1] != size[0]:
        raise ValueError(
            f"averaging must have one column a leaf, got {matrix.shape} for leaves of shape {size}"
        )
    if not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
        raise ValueError("averaging must hold weights that are finite and not negative")
    total = np.asarray(matrix.sum(axis=1)).ravel()
    if (np.abs(total - 1) > WHOLE).any():
        at = int(np.abs(total - 1).argmax())
        raise ValueError(
            f"averaging must have rows that sum to 1, got {total[at]:g} in row {at}: "
            + ("divide by it" if total[at] else "leave it out")
        )
    return matrix


def _counts(
    raters: ArrayLike | tuple[ArrayLike, ArrayLike], size: tuple[int, ...]
) -> tuple[Integers, Integers]:
    """Fewest and most raters of each leaf's items."""
    low, high = raters if isinstance(raters, tuple) else (raters, raters)
    counts = [whole(x, name="raters") for x in (low, high)]
    if odd := [x.shape for x in counts if x.shape not in ((), size)]:
        raise ValueError(f"raters must be one number or one for each leaf, shape {size}, got {odd[0]}")
    fewest, most = (np.broadcast_to(x, size) for x in counts)
    if (fewest > most).any():
        raise ValueError("raters must be one array or a pair (low, high), got a low above its high")
    return fewest, most


def _labels(group: ArrayLike, size: tuple[int, ...]) -> Integers:
    """Number of each leaf's group."""
    given = np.asarray(group)
    if given.shape not in ((), size):
        raise ValueError(f"group must have one label a leaf, shape {size}, got {given.shape}")
    return np.unique(np.broadcast_to(given, size), return_inverse=True)[1].ravel()


def _range(value: float | tuple[float, float], name: str, most: float) -> tuple[float, float]:
    low, high = value if isinstance(value, tuple) else (value, value)
    if not 0 <= low <= high <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g} or a pair low <= high, got {value}")
    return float(low), float(high)


def _mean_variances(
    mean: Floats,
    share: Floats,
    count: tuple[Integers, Integers],
    rating_rate: Rates,
    law: Law,
    digits: tuple[int | None, int | None],
) -> tuple[Floats, Floats]:
    """Least and greatest variance of one rating, as a sample of the most and fewest raters would give it."""
    if law not in ("any", "max_entropy", "probit"):
        raise ValueError(f"law must be 'any', 'max_entropy' or 'probit', got {law!r}")
    if law == "any":
        bounds = sd_bounds(
            mean, share, rating_rate=rating_rate, mean_digits=digits[0], share_digits=digits[1]
        )
        if not bounds.feasible.all():
            at = int(np.flatnonzero(~bounds.feasible)[0])
            raise ValueError(
                f"mean and share of leaf {at} must be feasible under the rating_rate, got {mean[at]:g} and "
                f"{share[at]:g}: give a range of rates that saves it, or leave the leaf out"
            )
        least, greatest = bounds.lower**2, bounds.upper**2
    else:
        make = max_entropy if law == "max_entropy" else probit_pmf
        rates = rate_interval(rating_rate)
        laws = [make(mean, share, rating_rate=rate, infeasible="project").pmf for rate in rates]
        spread = [np.maximum(pmf @ SCORES**2 - (pmf @ SCORES) ** 2, 0.0) for pmf in laws]
        least, greatest = np.min(spread, axis=0), np.max(spread, axis=0)
    return _as_sampled(least, greatest, np.rint(mean), count, ENDS["mean"])


def _share_variances(
    share: Floats, count: tuple[Integers, Integers], digits: int | None
) -> tuple[Floats, Floats]:
    """The same for the indicator of a five."""
    low, high = share_interval(share, digits)
    peak = np.clip(0.5, low, high)
    least = np.minimum(low * (1 - low), high * (1 - high))
    return _as_sampled(least, peak * (1 - peak), np.rint(share), count, ENDS["satisfaction"])


def _as_sampled(
    least: Floats,
    greatest: Floats,
    alike: Floats,
    count: tuple[Integers, Integers],
    ends: tuple[float, float],
) -> tuple[Floats, Floats]:
    """Variances with divisor n - 1, and the plausible bound where all ratings may be `alike`."""
    fewest, most = count
    low = np.where(most > 1, least * most / np.maximum(most - 1, 1), 0.0)
    high = np.where(fewest > 1, greatest * fewest / np.maximum(fewest - 1, 1), 0.0)
    unseen = plausible_bound(fewest, alike, lowest=ends[0], highest=ends[1], level=PLAUSIBLE)
    return low, np.where((least <= NO_SPREAD) | (fewest == 1), np.maximum(high, unseen), high)


def _variances(
    weights: sparse.csr_array,
    unit: Floats,
    raters: Integers,
    items: Integers,
    group: Integers,
    rho: float,
) -> Floats:
    """Variance of each composite by (1), without the design effect."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    first, second = expand(start, start + np.repeat(sizes, sizes) - 1)
    k, other = order[first], order[second]
    covariance = rho * np.sqrt(unit[k] * unit[other]) / np.maximum(raters[k], raters[other])
    own = unit[k] * (1 + (items[k] - 1) * rho) / (items[k] * raters[k])
    shape = (unit.size, unit.size)
    joint = sparse.csr_array((np.where(k == other, own, covariance), (k, other)), shape=shape)
    return np.asarray((weights @ joint).multiply(weights).sum(axis=1)).ravel()


def _respondents(weights: sparse.csr_array, group: Integers) -> sparse.csr_array:
    """Weight of each group of respondents in each composite."""
    leaf = np.arange(group.size)
    member = sparse.csr_array((np.ones(group.size), (leaf, group)), shape=(group.size, group.max() + 1))
    return sparse.csr_array(weights @ member)


def _assumptions(
    statistic: Statistic,
    rho: tuple[float, float],
    rating_rate: Rates,
    effect: tuple[float, float],
    law: Law,
    alike: bool,
) -> tuple[str, ...]:
    """What the bounds rest on, in words."""
    rates = rate_interval(rating_rate)
    low, high = rates[0].min(), rates[1].max()
    ratings = {
        "any": f"any ratings that print so, with raters/asked from {low:g} to {high:g}",
        "max_entropy": f"ratings of maximum entropy, with raters/asked {low:g} or {high:g}",
        "probit": f"ordered-probit ratings, with raters/asked {low:g} or {high:g}",
    }
    return (
        ratings[law] if statistic == "mean" else "shares of everyone asked",
        "items of one leaf have its figures" if alike else "items of one leaf may differ",
        f"correlation {rho[0]:g} to {rho[1]:g} between ratings of one respondent",
        "greatest errors give any two figures the highest correlation: cautious for unlike ones",
        f"design effect {effect[0]:g} to {effect[1]:g}; respondents sampled at random within groups",
        "raters of a leaf with fewer raters are among those of a leaf with more",
    )
