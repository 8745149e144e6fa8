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
from estimators.replication import Center, Replicates
from estimators.threads import one_thread

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
    With e the totals of ``a - value b`` (a the numerator, b the denominator), a replicate deviates by e / b.
    A replicate in which a domain has no rater has no value there and is left out of that cell's variance,
    scaled up for the number lost.
    """
    above = np.stack([each.numerator for each in statistics])
    below, place = np.unique([each.denominator for each in statistics], axis=0, return_inverse=True)
    vectors = np.concatenate([above, below])
    place_of_code = table.astype(np.intp)
    place_of_code -= CODES[0]
    read = np.empty(table.shape)
    moments = np.zeros((5, *value.shape))
    known = np.nan_to_num(value)
    for block in replicates.blocks(_REPLICATES):
        cells = Cells.found(domain, block.unit, len(block.factor))
        sums = sums_matrix(cells.of, cells.unit.size, block.base)
        totals = np.empty((cells.unit.size, len(vectors), table.shape[1]))
        for k, vector in enumerate(vectors):
            totals[:, k] = sums @ vector.take(place_of_code, out=read, mode="clip")
        ends = np.searchsorted(cells.domain, np.arange(len(value) + 1))
        rscale = replicates.rscale[block.part]
        drawn = np.empty((*totals.shape[1:], rscale.size))
        met = np.empty((int(np.diff(ends).max()), rscale.size))
        with one_thread():
            for d in range(len(value)):
                rows = slice(ends[d], ends[d + 1])
                factor = met[: ends[d + 1] - ends[d]]
                block.factor.take(cells.unit[rows], axis=0, out=factor, mode="clip")  # "raise" would buffer
                for k, row in enumerate(place):
                    totals[rows, k] -= known[d, :, k] * totals[rows, len(above) + row]
                mine = totals[rows].reshape(len(factor), len(drawn) * drawn.shape[1])
                np.matmul(mine.T, factor, out=drawn.reshape(mine.shape[1], -1))
                moments[:, d] += _moments(
                    drawn[: len(above)], drawn[len(above) :], place, rscale, replicates.center
                )
    return _variance(moments, replicates), moments[4] < replicates.n_replicates


def _moments(
    gap: FloatArray, below: FloatArray, place: IntArray, rscale: FloatArray, center: Center
) -> FloatArray:
    """Sums over replicates of rscale d^2, rscale d, d, rscale and 1, (5, item, statistic), d the deviation.

    ``gap`` (statistic, item, replicate) are the deviations times their denominators ``below[place]`` and
    are overwritten. The second and third sums are zero unless the squares are about the replicates' mean.
    """
    result = np.zeros((5, *gap.shape[:2]))
    if below.min() > _NOTHING * below.max():
        inverse, defined = np.divide(1.0, below, out=below), None
        result[3], result[4] = rscale.sum(), rscale.size
    else:
        defined = below > _NOTHING * np.max(below, axis=2, keepdims=True, initial=1e-300)
        inverse = np.divide(1.0, below, out=np.zeros_like(below), where=defined)
        result[3], result[4] = (defined @ rscale)[place], defined.sum(axis=2)[place]
    for k, row in enumerate(place):
        gap[k] *= inverse[row]
    if center == "mean":
        result[1], result[2] = gap @ rscale, gap.sum(axis=2)
    weighted = gap if (rscale == 1).all() else gap * rscale
    result[0] = np.vecdot(gap, weighted)
    return result.transpose(0, 2, 1)


def _variance(moments: FloatArray, replicates: Replicates) -> FloatArray:
    """Variance from the sums; NaN where no replicate is defined."""
    square, linear, plain, rscale, count = moments
    shift = plain / np.maximum(count, 1) if replicates.center == "mean" else 0.0
    total = square - 2 * shift * linear + shift**2 * rscale
    kept = np.divide(rscale, replicates.rscale.sum())
    return np.where(count > 0, replicates.scale * total / np.where(kept > 0, kept, 1.0), np.nan)
