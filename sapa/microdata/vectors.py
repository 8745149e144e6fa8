"""The neutral counts of 1..5 behind raters, fives and a sum."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Ints = NDArray[np.int64]
REACH = 4  # steps around the real-valued solution that are searched


def count_vectors(raters: Ints, fives: Ints, sums: Ints) -> Ints:
    """Counts of 1..5 with given raters, fives and sum that can arise in the most ways.

    Of all whole-number vectors the one with the largest multinomial coefficient: maximum entropy among
    integers.

    Parameters
    ----------
    raters, fives, sums : (K,) int
        With ``raters + 4 fives <= sums <= 4 raters + fives``.

    Returns
    -------
    (K, 5) counts of the ratings 1, 2, 3, 4, 5.

    Raises
    ------
    ValueError
        When no counts have these totals.

    Examples
    --------
    >>> count_vectors(np.array([10]), np.array([6]), np.array([42])).tolist()
    [[0, 1, 2, 1, 6]]
    """
    rest, points = raters - fives, sums - 5 * fives
    bad = (fives < 0) | (rest < 0) | (points < rest) | (points > 4 * rest)
    if bad.any():
        k = int(bad.argmax())
        raise ValueError(
            f"sums must lie between raters + 4 fives and 4 raters + fives, got {sums[k]} "
            f"for {raters[k]} raters and {fives[k]} fives"
        )
    ones, twos = (np.rint(x).astype(np.int64) for x in _real_solution(rest, points))
    step = np.arange(-REACH, REACH + 1)
    one = ones[:, None, None] + step[:, None]
    # twos keep the sum at a whole three and four: any pair (one, two) fixes the other two counts
    shift = np.rint((ones[:, None, None] - one) * 1.5).astype(np.int64)
    two = twos[:, None, None] + shift + step[None, :]
    one, two = np.broadcast_arrays(one, two)
    four = points[:, None, None] - one - 2 * two - 3 * (rest[:, None, None] - one - two)
    three = rest[:, None, None] - one - two - four
    ways = np.where(
        (one >= 0) & (two >= 0) & (three >= 0) & (four >= 0),
        -sum(gammaln(np.maximum(x, 0) + 1.0) for x in (one, two, three, four)),
        -np.inf,
    ).reshape(len(rest), -1)
    best = ways.argmax(axis=1)
    if np.isneginf(ways[np.arange(len(rest)), best]).any():
        raise ValueError("no whole-number vector lies near the maximum-entropy one")
    picked = [x.reshape(len(rest), -1)[np.arange(len(rest)), best] for x in (one, two, three, four)]
    return np.column_stack([*picked, fives]).astype(np.int64)


def _real_solution(rest: Ints, points: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ones and twos of the maximum-entropy law on 1..4 with that mean, by bisection on its slope."""
    mean = np.divide(points, rest, out=np.full(rest.shape, 2.5), where=rest > 0)
    low, high = np.full(rest.shape, -60.0), np.full(rest.shape, 60.0)
    score = np.arange(1, 5)
    for _ in range(60):
        slope = (low + high) / 2
        weight = np.exp(slope[:, None] * (score - 2.5) - 1.5 * np.abs(slope)[:, None])
        law = weight / weight.sum(axis=1, keepdims=True)
        less = law @ score < mean
        low, high = np.where(less, slope, low), np.where(less, high, slope)
    return rest * law[:, 0], rest * law[:, 1]
