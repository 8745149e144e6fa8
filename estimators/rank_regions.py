"""Joint statements about a ranking: region, top verified or not, and the plug-in chance of each rank."""

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from estimators.comparisons import exceedance
from estimators.comparisons_estimates import UNKNOWN, JointEstimate
from estimators.freedom import normal_score, of_differences, of_units
from estimators.multiplicity import law, two_sided
from estimators.options import Best, check_level, check_whole, direction
from estimators.ranks import Rng
from estimators.ranks_stepwise import error_draws, table_maxima, unit_maxima
from estimators.ties import levelled, rounding

Estimate = ArrayLike | xr.DataArray
Array = NDArray[np.float64]
Joint = Literal["sidak", "bonferroni"]


@dataclass(frozen=True, slots=True)
class TopVerification:
    """The test that the units observed on top are the true top.

    Parameters
    ----------
    top : tuple
        Labels of the observed best units, best first.
    weakest : tuple
        The pair (one on top, one outside) whose order is least certain.
    statistic : float
        Studentised difference of that pair.
    p_value : float
    p_value_mcse : float
        Its Monte Carlo standard error, 0 where no draws were needed.
    method : str
        Which reference law was used, and why it is valid.
    null : str
    """

    top: tuple[object, ...]
    weakest: tuple[object, object]
    statistic: float
    p_value: float
    p_value_mcse: float
    method: str
    null: str = "some unit outside is at least as good as some unit on top"


def verify_top(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    k: int,
    best: Best = "high",
    df: ArrayLike = inf,
    draws: int = 10_000,
    rng: Rng = 0,
) -> TopVerification:
    """Test that the `k` units observed on top are the true top `k`, in any order.

    The statistic is the smallest studentised difference between a unit on top and one outside. For
    independent estimates its two-sided p-value needs no correction, although the top was chosen by the same
    data; with equal variances that is the test of the last on top against the next. For correlated estimates
    no such result is known, and the largest difference to all rivals gives the reference law. With degrees
    of freedom of each unit every pair has Welch's, and the pair least certain by its own law decides.

    Parameters
    ----------
    estimate, covariance_or_se, best, df, draws, rng
        As in `ranks`.
    k : int
        1 to the number of units minus 1.

    Returns
    -------
    TopVerification

    Raises
    ------
    ValueError
        If `k` leaves no unit on top or outside, or the estimates tie across the border.

    Notes
    -----
    Independent and equal variances: Hung and Fithian (2019), Theorem 1. Independent and unequal ones, over
    all pairs: Goldwasser, Fithian and Hooker (2025); Sood (2025). Correlated: a false verification of one
    winner means that some unit's studentised lead over the true best is as large, so the law is that of the
    largest difference to one rival, for the rival where it is largest; for other `k`, over all pairs.

    Examples
    --------
    >>> found = verify_top([4.9, 4.6, 4.5], [0.05, 0.05, 0.05], k=1)
    >>> round(found.statistic, 3), round(found.p_value, 6), found.method
    (4.243, 2.2e-05, 'last on top against the next, unadjusted: independent estimates, equal variances')
    """
    joint = JointEstimate.of(estimate, covariance_or_se)
    size = len(joint.values)
    if size < 2:
        raise ValueError("verify_top needs at least 2 units, got 1: there is nobody to be better than")
    check_whole(k, "k", least=1, most=size - 1)
    order = np.argsort(-direction(best) * joint.values, kind="stable")
    top, rest = order[:k], order[k:]
    if abs(joint.values[top[-1]] - joint.values[rest[0]]) <= rounding(joint.values):
        raise ValueError(f"k = {k} cuts through a tie: choose k so that the units at the border differ")
    own = of_units(df, size)
    se, freedom = joint.se_difference, of_differences(own, joint.covariance)
    rivals = np.ix_(top, rest)
    pairs = freedom if isinstance(freedom, float) else freedom[rivals]
    studentised = np.abs(joint.values[top][:, None] - joint.values[rest]) / se[rivals]
    score = normal_score(studentised, pairs)
    i, j = np.unravel_index(np.argmin(score), score.shape)
    error = 0.0
    variance = np.diag(joint.covariance)
    if np.array_equal(joint.covariance, np.diag(variance)):
        p_value = float(two_sided(studentised, df=pairs).max())
        method = "smallest difference over all rivals, unadjusted: independent estimates, unequal variances"
        if isinstance(own, float) and np.ptp(variance) <= 1e-9 * variance.max():
            method = "last on top against the next, unadjusted: independent estimates, equal variances"
    else:
        errors = error_draws(joint.covariance, draws, df=own, rng=np.random.default_rng(rng))
        alone = k in (1, size - 1)
        laws = unit_maxima(errors, se, freedom) if alone else table_maxima(errors, se, freedom)[None]
        shares = [exceedance(score[i, j], each) for each in laws]
        p_value, error = max((float(share), float(mcse)) for share, mcse in shares)
        over = "one rival, the rival where it is largest" if alone else "any rival of any unit"
        method = f"largest difference to {over}, simulated: correlated estimates"
    names = joint.labels.tolist()
    weakest = (names[top[i]], names[rest[j]])
    top_names = tuple(names[u] for u in top)
    return TopVerification(top_names, weakest, float(studentised[i, j]), p_value, error, method)


def joint_region(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    level: float = 0.95,
    method: Joint = "sidak",
    best: Best = "high",
    df: ArrayLike = inf,
) -> xr.Dataset:
    """Joint confidence region of a ranking, read off simultaneous intervals of the scores.

    A unit is surely behind those whose intervals lie wholly above its own. It needs no difference of two
    units, so it can be drawn from printed intervals; the sets of `ranks` are narrower.

    Parameters
    ----------
    estimate, covariance_or_se, best, df
        As in `ranks`; of a covariance only the diagonal is used.
    level : float
        Probability that all true ranks lie in their sets, at least.
    method : {"sidak", "bonferroni"}
        How the joint level is shared out. Sidak's is exact for independent estimates and safe for any
        normal ones (Sidak 1967).

    Returns
    -------
    Dataset
        `estimate`, `lower` and `upper` (of the score), `rank` (ties share the best), `rank_lower`,
        `rank_upper`.

    Notes
    -----
    Klein, Wright and Wieczorek (2020), Theorem 1.

    Examples
    --------
    >>> found = joint_region([4.9, 4.6, 4.5], [0.05, 0.05, 0.05])
    >>> found["rank_lower"].values.tolist(), found["rank_upper"].values.tolist()
    ([1, 2, 2], [1, 3, 3])
    """
    if method not in ("sidak", "bonferroni"):
        raise ValueError(f"method must be 'sidak' or 'bonferroni', got {method!r}")
    check_level(level)
    joint = JointEstimate.of(estimate, covariance_or_se)
    if (joint.se == 0).sum() > 1:
        first, second = joint.labels[joint.se == 0][:2]
        raise ValueError(
            f"{first} and {second} have standard error 0: {UNKNOWN}, or leave one of the two out"
        )
    size = len(joint.values)
    each = 1 - level ** (1 / size) if method == "sidak" else (1 - level) / size
    width = law(of_units(df, size)).isf(each / 2) * joint.se
    lower, upper = joint.values - width, joint.values + width
    above = (lower[None, :] > upper[:, None]).sum(axis=1)
    below = (upper[None, :] < lower[:, None]).sum(axis=1)
    better, worse = (above, below) if direction(best) > 0 else (below, above)
    columns = {
        "estimate": joint.values,
        "lower": lower,
        "upper": upper,
        "rank": rankdata(-levelled(direction(best) * joint.values), method="min").astype(int),
        "rank_lower": 1 + better,
        "rank_upper": size - worse,
    }
    return xr.Dataset(
        {name: (joint.dim, values) for name, values in columns.items()},
        coords={joint.dim: joint.labels},
        attrs={"level": level, "method": method, "best": best},
    )


def plug_in_rank_probability(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    best: Best = "high",
    draws: int = 10_000,
    rng: Rng = 0,
) -> xr.Dataset:
    """Share of each rank when scores are drawn about the estimates: a description, not confidence.

    It answers "how often would a new survey of the same precision print this rank, were the estimates
    true", and spreads units apart that are close in truth.

    Parameters
    ----------
    estimate, covariance_or_se, best, draws, rng
        As in `ranks`.

    Returns
    -------
    Dataset
        `probability` (unit, rank) and `probability_mcse`; attribute `meaning`.

    Examples
    --------
    >>> found = plug_in_rank_probability([4.9, 4.5], [0.05, 0.05])
    >>> found["probability"].values.round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    joint = JointEstimate.of(estimate, covariance_or_se)
    _ = joint.se_difference  # refuses two units whose order no draw could change
    size = len(joint.values)
    errors = error_draws(joint.covariance, draws, df=inf, rng=np.random.default_rng(rng))
    scores = joint.values[:, None] + errors
    order = np.argsort(-direction(best) * scores, axis=0)  # place -> unit
    cells = (order * size + np.arange(size)[:, None]).ravel()
    share = np.bincount(cells, minlength=size * size).reshape(size, size) / draws
    dims = (joint.dim, "rank")
    return xr.Dataset(
        {"probability": (dims, share), "probability_mcse": (dims, np.sqrt(share * (1 - share) / draws))},
        coords={joint.dim: joint.labels, "rank": np.arange(1, size + 1)},
        attrs={"meaning": "plug-in description under N(estimate, covariance), not confidence", "best": best},
    )
