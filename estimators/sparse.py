"""Items with too few or too like ratings: what stands for a variance that cannot be estimated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.options import as_numbers, check_level, check_whole

Array = NDArray[np.float64]
OWN, POOLED, BOUNDED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class SparseRule:
    """When an item's own variance is not used, and what is put in its place.

    Attributes
    ----------
    min_raters : int
        Fewer answers than this make the item sparse, at least 2; an item whose answers are all alike is
        sparse whatever their number. Two answers have a variance, but one so uncertain that with 2 intervals
        of a score with feedback from two or three people cover 0.91; with 5 they cover 0.94 or more.
    min_pool_df : int
        Degrees of freedom that the items of the same criterion must bring together (answers less items)
        before their pooled variance is used; with fewer the bound is used.
    rho : float
        Correlation taken between a sparse answer and any other answer of the same respondent.
    level : float
        Of the interval of plausible means over which the bound is taken.
    """

    min_raters: int = 5
    min_pool_df: int = 10
    rho: float = 0.5
    level: float = 0.95

    def __post_init__(self) -> None:
        check_whole(self.min_raters, "min_raters", least=2)  # one answer has no variance
        check_whole(self.min_pool_df, "min_pool_df", least=1)
        if not 0 <= as_numbers(self.rho, "rho") <= 1:
            raise ValueError(f"rho must be between 0 and 1, got {self.rho}")
        check_level(self.level)

    def __str__(self) -> str:
        return (
            f"fewer than {self.min_raters} answers or all alike: variance pooled within the criterion "
            f"(from {self.min_pool_df} df), otherwise the largest one over the plausible means at level "
            f"{self.level:g}; correlation {self.rho:g} with the respondent's other answers"
        )


def plausible_bound(
    n: ArrayLike, mean: ArrayLike, *, lowest: ArrayLike, highest: ArrayLike, level: float
) -> Array:
    """Largest variance of one answer over the means that n answers, all alike, leave plausible.

    If all n answers equal v, then P(v) >= (1 - level)**(1/n) at the stated level; the rest may lie at
    either end of the scale. On that interval of means the variance is at most (highest - m)(m - lowest).

    Parameters
    ----------
    n : (L,) answers, at least 1.
    mean : (L,) their common value.
    lowest, highest
        Ends of the scale: 1 and 5 for Q, 0 and 1 for a share.
    level
        Of the interval.

    Returns
    -------
    (L,) variances; never zero.

    Examples
    --------
    One rating of 5 says next to nothing, a hundred say something:

    >>> plausible_bound([1, 100], [5.0, 5.0], lowest=1, highest=5, level=0.95).round(3).tolist()
    [4.0, 0.458]
    """
    answers, value, lowest, highest = (np.asarray(each, dtype=float) for each in (n, mean, lowest, highest))
    elsewhere = 1 - (1 - level) ** (1 / answers)
    low = value - (value - lowest) * elsewhere
    high = value + (highest - value) * elsewhere
    worst = np.clip((lowest + highest) / 2, low, high)
    return np.asarray((highest - worst) * (worst - lowest))


def answer_variance(
    n: Array,
    mean: Array,
    variance: Array,
    *,
    pool: NDArray[np.intp],
    lowest: ArrayLike,
    highest: ArrayLike,
    rule: SparseRule,
) -> tuple[Array, NDArray[np.int8]]:
    """Variance of one answer to each item: its own, or the one that the rule puts in its place.

    Parameters
    ----------
    n, mean, variance : (..., L)
        Answers, their mean and their variance with divisor n - 1 (anything where n < 2).
    pool : (L,)
        Code of the criterion within which variances are pooled.
    lowest, highest
        Ends of the scale; arrays that broadcast against `n` where scales differ.
    rule
        When and how.

    Returns
    -------
    variance : (..., L), NaN where n is 0.
    kind : (..., L) int8
        0 its own, 1 pooled, 2 bound.

    Notes
    -----
    The pooled variance is the sum of (n - 1) variances over the sum of (n - 1), items all alike included
    (leaving them out would bias it upwards). A bound for few answers that differ is that of the whole
    scale, (highest - lowest)^2 / 4.

    Examples
    --------
    >>> answer_variance(np.array([20.0, 1.0, 1.0]), np.array([4.0, 5.0, 5.0]), np.array([0.8, 0.0, 0.0]),
    ...                 pool=np.array([0, 0, 1]), lowest=1, highest=5, rule=SparseRule())
    (array([0.8, 0.8, 4. ]), array([0, 1, 2], dtype=int8))
    """
    degrees = np.maximum(n - 1, 0)
    spread = np.where(degrees > 0, variance, 0.0)
    total = _within(pool, degrees)
    pooled = _within(pool, degrees * spread) / np.maximum(total, 1)
    alike = spread <= 1e-12 * np.square(np.subtract(highest, lowest))
    own = ~alike & (n >= rule.min_raters)
    poolable = (total >= rule.min_pool_df) & (pooled > 0)
    used = np.where(own, spread, pooled)
    kind = np.where(own, OWN, np.where(poolable, POOLED, BOUNDED)).astype(np.int8)
    if (short := kind == BOUNDED).any():
        low, high = (np.broadcast_to(np.asarray(end, float), n.shape)[short] for end in (lowest, highest))
        used[short] = _bounds(n[short], mean[short], alike[short], low, high, rule.level)
    return np.where(n > 0, used, np.nan), kind


def _bounds(n: Array, mean: Array, alike: NDArray[np.bool_], low: Array, high: Array, level: float) -> Array:
    """Largest variances of answers that are all alike, or are few and differ, all (L,)."""
    plausible = plausible_bound(np.maximum(n, 1), mean, lowest=low, highest=high, level=level)
    return np.where(alike, plausible, (high - low) ** 2 / 4)


def _within(pool: NDArray[np.intp], values: Array) -> Array:
    """Sums of the values (..., L) over their pool (L,), at every leaf."""
    rows = values.reshape(-1, pool.size)
    count = int(pool.max()) + 1
    key = pool + count * np.arange(len(rows))[:, None]
    sums = np.bincount(key.ravel(), rows.ravel(), count * len(rows)).reshape(-1, count)
    return np.asarray(sums[:, pool].reshape(values.shape))
