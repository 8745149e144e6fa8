"""Effective sizes of small domains: their own design effect where it can be trusted, else a pooled one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

OWN_DF: Final = 30  # PSUs less strata in a domain from which its own design effect is used


def pooled_correlation(
    variance: FloatArray, srs: FloatArray, kish: FloatArray, cluster_size: FloatArray
) -> FloatArray:
    """Intraclass correlation (statistic,) common to all domains and items.

    It makes the model ``deff = kish (1 + (m - 1) rho)`` agree with the summed variances, ``sum V = sum V_srs
    deff``, over the cells where both are known; kept in [0, 1] (Kish 1965, section 5.4).

    Parameters
    ----------
    variance, srs : (domain, item, statistic) design variance, and that of a simple random sample.
    kish : (domain,) ``n sum w^2 / (sum w)^2``.
    cluster_size : (domain,) mean cluster size met by a respondent.

    Examples
    --------
    >>> ones = np.ones((2, 1, 1))
    >>> pooled_correlation(1.5 * ones, ones, np.ones(2), np.array([6.0, 6.0])).tolist()
    [0.1]
    """
    known = np.isfinite(variance) & np.isfinite(srs)
    base = np.where(known, srs * kish[:, None, None], 0.0)
    excess = np.sum(np.where(known, variance, 0.0) - base, axis=(0, 1))
    slope = np.sum(base * (cluster_size[:, None, None] - 1), axis=(0, 1))
    correlation: FloatArray = np.divide(excess, slope, out=np.zeros_like(excess), where=slope > 0)
    return np.clip(correlation, 0.0, 1.0)


def design_effect(
    variance: FloatArray, srs: FloatArray, kish: FloatArray, cluster_size: FloatArray, domain_df: IntArray
) -> FloatArray:
    """Design effect (domain, item, statistic) to make intervals with.

    A domain's own ``variance / srs`` where it has `OWN_DF` degrees of freedom and the two are known;
    elsewhere ``kish (1 + (m - 1) rho)`` with the pooled correlation.

    >>> ones, sizes = np.ones((2, 1, 1)), np.array([6.0, 1.0])
    >>> design_effect(1.5 * ones, ones, np.ones(2), sizes, np.array([3, 3])).ravel().tolist()
    [2.0, 1.0]
    """
    rho = pooled_correlation(variance, srs, kish, cluster_size)
    model = (kish[:, None] * (1 + (cluster_size[:, None] - 1) * rho))[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        own = variance / srs
    return np.where((domain_df[:, None, None] >= OWN_DF) & np.isfinite(own) & (own > 0), own, model)
