"""The stepwise max-t test of all orderings of pairs, on one set of draws.

The family holds both directions of every pair, "a is not better than b". A step rejects those whose
statistic exceeds the quantile of the largest recentred statistic over the hypotheses still standing, and
repeats with what is left. The opposite of a rejected direction stays in the family, so no error of
direction escapes the level (Romano and Wolf 2005; Mogstad, Romano, Shaikh and Wilhelm 2024, Section 3).
Where pairs have degrees of freedom of their own, statistics are compared on one scale (`normal_score`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, inf, sqrt

import numpy as np
from numpy.typing import NDArray

from estimators.freedom import KNOWN, Freedom, normal_score
from estimators.options import check_draws

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Pairs = tuple[Index, Index, Array, Freedom]  # better, worse, 1 / se, degrees of freedom
BLOCK = 1 << 19  # numbers handled at once, 4 MB: memory is bounded whatever the draws


@dataclass(frozen=True, slots=True)
class Quantile:
    """A simulated quantile and its Monte Carlo standard error."""

    value: float
    mcse: float


def error_draws(covariance: Array, draws: int, *, df: Freedom, rng: np.random.Generator) -> Array:
    """Draws from N(0, covariance), or from a multivariate t, as (unit, draw).

    One `df` is that of a variance estimate common to all units. With a df for each unit every unit has a t
    law of its own, as in the Behrens-Fisher problem, whose test errs on the side of caution.

    Examples
    --------
    >>> error_draws(np.eye(2), 3, df=inf, rng=np.random.default_rng(1)).shape
    (2, 3)
    """
    check_draws(draws)
    noise = rng.standard_normal((len(covariance), draws))
    if np.ndim(df) == 0 and df < inf:
        noise /= np.sqrt(rng.chisquare(df, draws) / df)
    variance = np.diag(covariance)
    if np.array_equal(covariance, np.diag(variance)):
        errors = np.sqrt(variance)[:, None] * noise
    else:
        roots, vectors = np.linalg.eigh(covariance)
        errors = np.asarray((vectors * np.sqrt(roots.clip(0.0))) @ noise)
    if np.ndim(df) == 1:
        own = np.minimum(np.asarray(df, dtype=float), KNOWN)[:, None]
        errors /= np.sqrt(rng.chisquare(own, errors.shape) / own)
    return errors


def unit_maxima(errors: Array, se_difference: Array, df: Freedom = inf) -> Array:
    """Largest absolute studentised difference of each unit to any other, (unit, draw).

    Parameters
    ----------
    errors : ndarray (unit, draw)
    se_difference : ndarray (unit, unit)
        Positive off the diagonal.
    df : float or ndarray (unit, unit)
        Degrees of freedom of each difference: if they differ, the largest `normal_score`.

    Examples
    --------
    >>> unit_maxima(np.array([[1.0], [3.0], [-2.0]]), np.ones((3, 3))).ravel().tolist()
    [3.0, 5.0, 5.0]
    """
    out = np.zeros_like(errors)
    for part, block in _blocks(errors, out):
        for j, gap in _gaps(part, se_difference):
            gap = normal_score(gap, df if isinstance(df, float) else df[j, j + 1 :, None])
            np.maximum(block[j], gap.max(axis=0), out=block[j])
            np.maximum(block[j + 1 :], gap, out=block[j + 1 :])
    return out


def table_maxima(errors: Array, se_difference: Array, df: Freedom = inf) -> Array:
    """Largest absolute studentised difference of any two units, (draw,); arguments as in `unit_maxima`.

    Examples
    --------
    >>> table_maxima(np.array([[1.0], [3.0], [-2.0]]), np.ones((3, 3))).tolist()
    [5.0]
    """
    out: Array = np.zeros((1, errors.shape[1]))
    for part, block in _blocks(errors, out):
        for j, gap in _gaps(part, se_difference):
            _raise(block[0], gap, df if isinstance(df, float) else df[j, j + 1 :])
    return out.ravel()


def _blocks(errors: Array, out: Array) -> Iterator[tuple[Array, Array]]:
    """Draws, and the columns of a result along them, some at a time."""
    width = max(1, BLOCK // len(errors))
    for start in range(0, errors.shape[1], width):
        yield errors[:, start : start + width], out[:, start : start + width]


def _gaps(errors: Array, se_difference: Array) -> Iterator[tuple[int, Array]]:
    """One row of the pair table at a time: unit j, and its absolute studentised gaps to the later ones."""
    scale = _inverse(se_difference)
    for j in range(len(errors) - 1):
        gap = errors[j + 1 :] - errors[j]
        np.abs(gap, out=gap)
        gap *= scale[j, j + 1 :, None]
        yield j, gap


def _raise(largest: Array, gap: Array, df: Freedom) -> None:
    """Raise the largest scores (draw,) to those of the statistics (pair, draw)."""
    if isinstance(df, float):
        np.maximum(largest, gap.max(axis=0), out=largest)
        return
    # a score is at most its statistic: only the few statistics above the largest can raise it
    pair, draw = np.divmod(np.flatnonzero(gap > largest), gap.shape[1])
    np.maximum.at(largest, draw, normal_score(gap[pair, draw], df[pair]))


def tail_count(draws: int, level: float) -> int:
    """How many of the largest draws reach down to the `level` quantile.

    The observed statistic counts as one more draw, so that the test holds its level for any number of draws.

    >>> tail_count(1000, 0.95)
    50
    """
    return draws - min(draws, ceil(level * (draws + 1) - 1e-9)) + 1


def quantile(values: Array, *, draws: int, level: float) -> Quantile:
    """Quantile at `level` of a sample of `draws` numbers of which `values` holds the largest.

    The quantile is the order statistic with at least `level` of `draws` + 1 numbers at or below it. Its
    standard error is half the distance between the order statistics one binomial standard deviation away.

    Examples
    --------
    >>> quantile(np.arange(1.0, 1001.0), draws=1000, level=0.95).value
    951.0
    """
    descending = np.sort(values)[::-1]
    at, spread = tail_count(draws, level), ceil(sqrt(draws * level * (1 - level)))
    low, high = min(at + spread, len(descending)), max(at - spread, 1)
    return Quantile(float(descending[at - 1]), float(descending[high - 1] - descending[low - 1]) / 2)


def step_down(
    statistic: Array,
    first: Array,
    errors: Array,
    better: Index,
    worse: Index,
    se: Array,
    *,
    level: float,
    stepwise: bool,
    df: Freedom = inf,
) -> tuple[Mask, Quantile]:
    """Which of the hypotheses "`better` is not better than `worse`" are rejected.

    Parameters
    ----------
    statistic : ndarray (hypothesis,)
        Studentised differences; their `normal_score` where `df` differs.
    first : ndarray (draw,)
        Largest recentred statistic over the whole family, draw by draw.
    errors : ndarray (unit, draw)
        The draws behind `first`; every step reads the same ones.
    better, worse : ndarray (hypothesis,)
        Units of each hypothesis.
    se : ndarray (hypothesis,)
        Standard error of each difference.
    level : float
        Probability that no true hypothesis is rejected.
    stepwise : bool
        Whether to go on after the first step.
    df : float or ndarray (hypothesis,)
        Degrees of freedom of each difference.

    Returns
    -------
    rejected : ndarray (hypothesis,)
    critical : Quantile
        The critical value of the first step.
    """
    draws = len(first)
    order = np.argsort(-first)
    largest = first[order[: 2 * tail_count(draws, level) + 10]]
    critical = quantile(largest, draws=draws, level=level)
    rejected = statistic > critical.value
    count = 0
    while stepwise and count < rejected.sum() < len(rejected):
        count = int(rejected.sum())
        left = ~rejected
        pairs = better[left], worse[left], 1 / se[left], df if isinstance(df, float) else df[left]
        value = _tail_quantile(first, order, errors, pairs, level)
        rejected = statistic > value
    return rejected, critical


def _tail_quantile(first: Array, order: Index, errors: Array, pairs: Pairs, level: float) -> float:
    """Quantile over a part of the family; exact, though most draws are never looked at.

    A part's maximum is at most the whole family's, so once enough maxima reach the largest bound among the
    draws not yet looked at, those cannot change the quantile.
    """
    draws = len(first)
    need = tail_count(draws, level)
    seen, top = 0, np.empty(0)
    while seen < draws:
        until = min(draws, max(2 * seen, 2 * need))
        more = _family_maxima(errors[:, order[seen:until]], pairs)
        seen, top = until, np.concatenate([top, more])
        reached = float(-np.partition(-top, need - 1)[need - 1])
        if seen < draws and reached >= first[order[seen]]:
            break
    return reached


def _family_maxima(errors: Array, pairs: Pairs) -> Array:
    """Largest studentised difference over the listed pairs, at least 0, (draw,)."""
    better, worse, scale, df = pairs
    out = np.zeros(errors.shape[1])
    height = max(1, BLOCK // errors.shape[1])
    for start in range(0, len(better), height):
        rows = slice(start, start + height)
        gap = errors[better[rows]]
        gap -= errors[worse[rows]]
        gap *= scale[rows, None]
        _raise(out, gap, df if isinstance(df, float) else df[rows])
    return out


def _inverse(se_difference: Array) -> Array:
    out = np.zeros_like(se_difference)
    np.divide(1.0, se_difference, out=out, where=se_difference > 0)
    return out
