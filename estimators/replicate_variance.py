"""Replicate variances of many domains at once: factors times the domains' unit totals.

A statistic is a ratio of totals; within a domain its replicates are one matrix product of the factors of the
units met there with the units' totals. Only moments are kept, not the replicates.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimators.domain_variance import Cells, sums_matrix
from estimators.histogram import Statistic
from estimators.ratings import CODES
from estimators.replication import Replicates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_REPLICATES = 1024  # done at once, to bound memory
_NOTHING = 1e-9  # share of the largest denominator below which a replicate has none


def domain_replicate_variance(
    replicates: Replicates,
    table: NDArray[np.int8],
    domain: IntArray,
    value: FloatArray,
    statistics: Sequence[Statistic],
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Variances (domain, item, statistic) over the replicates, and whether some replicate was undefined.

    Parameters
    ----------
    replicates : the replicate design.
    table : (respondent, item) codes of ratings.
    domain : (respondent,) codes of domains.
    value : (domain, item, statistic) full-sample values.
    statistics : as many as the last axis of ``value``.

    Notes
    -----
    A replicate in which a domain has no rater has no value there and is left out of that cell's variance,
    scaled up for the number lost.
    """
    vectors = np.stack([v for each in statistics for v in (each.numerator, each.denominator)])
    distinct, place = np.unique(vectors, axis=0, return_inverse=True)
    lookup = [np.take(vector, table.astype(np.intp) - CODES[0]) for vector in distinct]
    functionals = np.concatenate(lookup, axis=1)
    below = np.unique(place[1::2])
    about_mean = replicates.center == "mean"
    moments = np.zeros((5, *value.shape))
    for block in replicates.blocks(_REPLICATES):
        cells = Cells.found(domain, block.unit, len(block.factor))
        totals = sums_matrix(cells.of, cells.unit.size, block.base) @ functionals
        ends = np.searchsorted(cells.domain, np.arange(len(value) + 1))
        rscale = replicates.rscale[block.part]
        for d in range(len(value)):
            rows = slice(ends[d], ends[d + 1])
            drawn = totals[rows].T @ block.factor[cells.unit[rows]]
            by_vector = drawn.reshape(len(distinct), table.shape[1], -1)
            safe = by_vector[below].min() > _NOTHING * by_vector[below].max()
            for k in range(len(statistics)):
                pair = by_vector[place[2 * k]], by_vector[place[2 * k + 1]]
                moments[:, d, :, k] += _moments(*pair, value[d, :, k], rscale, safe, about_mean)
    return _variance(moments, replicates), moments[4] < replicates.n_replicates


def _moments(
    above: FloatArray, below: FloatArray, value: FloatArray, rscale: FloatArray, safe: bool, about_mean: bool
) -> FloatArray:
    """Sums over replicates of rscale d^2, rscale d, d, rscale and 1, with d the deviation from the value.

    ``safe`` tells that no denominator vanishes; the second and third are zero unless ``about_mean``.
    """
    result = np.zeros((5, value.size))
    if safe:
        gap = above / below
        gap -= value[:, None]
        result[3], result[4] = rscale.sum(), rscale.size
    else:
        defined = below > _NOTHING * np.max(below, axis=1, keepdims=True, initial=1e-300)
        gap = np.divide(above, below, out=np.zeros_like(above), where=defined) - value[:, None]
        gap[~defined] = 0.0
        result[3], result[4] = defined @ rscale, defined.sum(axis=1)
    if about_mean:
        result[1], result[2] = gap @ rscale, gap.sum(axis=1)
    result[0] = np.square(gap, out=gap) @ rscale
    return result


def _variance(moments: FloatArray, replicates: Replicates) -> FloatArray:
    """Variance from the sums; NaN where no replicate is defined."""
    square, linear, plain, rscale, count = moments
    shift = plain / np.maximum(count, 1) if replicates.center == "mean" else 0.0
    total = square - 2 * shift * linear + shift**2 * rscale
    kept = np.divide(rscale, replicates.rscale.sum())
    return np.where(count > 0, replicates.scale * total / np.where(kept > 0, kept, 1.0), np.nan)
