"""Exact coverage of the interval kinds, every outcome of n ratings enumerated."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from estimators.intervals import IntervalKind, interval

FloatArray = NDArray[np.float64]

_OUTCOMES = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Exact behaviour of an interval, each number (...) as the laws.

    ``coverage`` of the true mean; ``below`` and ``above``, chances that the interval lies wholly below or
    above it; mean ``width``; ``empty``, the chance of no interval or one of width zero, which never covers.
    """

    coverage: FloatArray
    below: FloatArray
    above: FloatArray
    width: FloatArray
    empty: FloatArray


def exact_coverage(
    law: ArrayLike,
    n: int,
    *,
    kind: IntervalKind,
    level: float = 0.95,
    scores: Sequence[float] = (1, 2, 3, 4, 5),
) -> Coverage:
    """Coverage of the mean of n independent ratings with known laws, summed over all outcomes.

    Parameters
    ----------
    law : (..., score) probabilities of the scores.
    n : ratings; the outcomes number ``C(n + scores - 1, n)``.
    kind : interval kind, not "bootstrap_t".
    level : nominal confidence level.
    scores : values of the scale; (0, 1) for a share.

    Raises
    ------
    ValueError
        For a law that does not sum to 1, or more than two million outcomes.

    Examples
    --------
    >>> found = exact_coverage([0.005, 0.005, 0.01, 0.08, 0.9], 5, kind="smoothed_moments")
    >>> round(float(found.coverage), 3)
    0.999
    """
    laws, values = np.asarray(law, dtype=float), np.asarray(scores, dtype=float)
    if laws.shape[-1:] != values.shape or np.any(laws < 0) or np.any(np.abs(laws.sum(axis=-1) - 1) > 1e-9):
        raise ValueError(f"law must end in the probabilities of {values.size} scores, summing to 1")
    if special.comb(n + values.size - 1, n) > _OUTCOMES:
        raise ValueError(f"n must leave at most {_OUTCOMES:,} outcomes, {n} has too many; simulate instead")
    counts = outcomes(n, values.size)
    lower, upper = _ends(counts / n, n, kind, level, values)
    kept = upper - lower > 1e-12
    base = special.gammaln(n + 1) - special.gammaln(counts + 1).sum(axis=1)
    rows = [
        _summary(np.exp(base + special.xlogy(counts, each).sum(axis=1)), each @ values, lower, upper, kept)
        for each in laws.reshape(-1, values.size)
    ]
    parts = np.array(rows).T.reshape(5, *laws.shape[:-1])
    return Coverage(*parts)


def outcomes(n: int, size: int) -> FloatArray:
    """All counts (outcome, size) of n things in ``size`` cells.

    >>> outcomes(2, 2).tolist()
    [[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]]
    """
    bars = np.array(list(combinations(range(n + size - 1), size - 1)), dtype=float).reshape(-1, size - 1)
    edges = np.hstack([np.full((len(bars), 1), -1.0), bars, np.full((len(bars), 1), n + size - 1.0)])
    return np.diff(edges, axis=1) - 1


def _ends(
    shares: FloatArray, n: int, kind: IntervalKind, level: float, scores: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ends (outcome,) of the intervals of a simple random sample; NaN where undefined."""
    mean = shares @ scores
    variance = np.maximum(shares @ scores**2 - mean**2, 0.0)
    made = interval(
        mean,
        kind=kind,
        level=level,
        se=np.sqrt(np.where(variance > 1e-12, variance, 0.0) / (n - 1)),
        df=n - 1,
        n=n,
        n_eff=n,
        distribution=shares,
        scores=scores.tolist(),
        bounds=(float(scores[0]), float(scores[-1])),
        unusable="nan",
    )
    return made.lower, made.upper


def _summary(
    chance: FloatArray, truth: float, lower: FloatArray, upper: FloatArray, kept: NDArray[np.bool_]
) -> list[float]:
    """Numbers of `Coverage` for one law from the chance of each outcome."""
    below, above = kept & (upper < truth - 1e-12), kept & (lower > truth + 1e-12)
    width = np.where(kept, upper - lower, 0.0)
    return [float(chance @ each) for each in (kept & ~below & ~above, below, above, width, ~kept)]
