"""Effective sizes of small domains: their own design effect where it can be trusted, else a pooled one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

OWN_DF: Final = 30  # PSUs less strata in a domain from which its own design effect is used


def pooled_correlation(
    variance: FloatArray, srs: FloatArray, kish: FloatArray, cluster_size: FloatArray, n: FloatArray
) -> FloatArray:
    """Intraclass correlation (item, statistic) of each item, common to all domains.

    It makes the model ``deff = kish (1 + (m - 1) rho)`` agree with the summed variances, ``sum V k/(k - 1) =
    sum V_srs deff``, over the domains where both are known; kept in [0, 1] (Kish 1965, section 5.4).
    ``k = n / m`` clusters share one fitted mean, which takes 1/k of the variance between them; domains of
    fewer than two are left out.

    Parameters
    ----------
    variance, srs : (domain, item, statistic) design variance, and that of a simple random sample.
    kish : (domain,) ``n sum w^2 / (sum w)^2``.
    cluster_size : (domain,) mean cluster size m met by a respondent.
    n : (domain,) respondents.

    Examples
    --------
    >>> ones = np.ones((2, 1, 1))
    >>> pooled_correlation(1.25 * ones, ones, np.ones(2), np.full(2, 6.0), np.full(2, 36.0)).tolist()
    [[0.1]]
    """
    clusters = (n / cluster_size)[:, None, None]
    known = np.isfinite(variance) & np.isfinite(srs) & (clusters >= 2)
    base = np.where(known, srs * kish[:, None, None], 0.0)
    whole = np.where(known, variance * clusters / np.maximum(clusters - 1, 1), 0.0)
    slope = np.sum(base * (cluster_size[:, None, None] - 1), axis=0)
    excess = np.sum(whole - base, axis=0)
    correlation: FloatArray = np.divide(excess, slope, out=np.zeros_like(excess), where=slope > 0)
    return np.clip(correlation, 0.0, 1.0)


def design_effect(
    variance: FloatArray,
    srs: FloatArray,
    kish: FloatArray,
    cluster_size: FloatArray,
    n: FloatArray,
    domain_df: IntArray,
) -> FloatArray:
    """Design effect (domain, item, statistic) to make intervals with.

    A domain's own ``variance / srs`` where it has `OWN_DF` degrees of freedom and the two are known;
    elsewhere ``kish (1 + (m - 1) rho)`` with the item's pooled correlation.

    >>> ones, sizes = np.ones((2, 1, 1)), np.array([6.0, 1.0])
    >>> n, df = np.full(2, 36.0), np.array([3, 3])
    >>> design_effect(1.25 * ones, ones, np.ones(2), sizes, n, df).ravel().round(9).tolist()
    [1.785714286, 1.0]
    """
    rho = pooled_correlation(variance, srs, kish, cluster_size, n)
    model = kish[:, None, None] * (1 + (cluster_size[:, None, None] - 1) * rho)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = variance / srs
    return np.where((domain_df[:, None, None] >= OWN_DF) & np.isfinite(own) & (own > 0), own, model)
