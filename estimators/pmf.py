"""Five-point distributions with a given mean and share of fives: three choices among all that there are.

Maximum entropy, ordered probit and the centre of all reconstructions. Each meets the figures exactly, and is
the only one of its family that does. The limits are explicit: all fives (s = 1), ones and fives (m = 1 + 4s),
fours and fives (m = 4 + s).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from estimators.printed import Floats, mean_interval, share_interval

Infeasible = Literal["raise", "project"]
TOLERANCE: Final = 1e-12  # nearer than this to a limit is the limit
REACH: Final = 60.0  # of the parameters sought: e^-60 is far below TOLERANCE
STEPS: Final = 64  # halvings of 2 REACH, down to float precision


@dataclass(frozen=True, slots=True)
class FivePoint:
    """Five-point distributions, one for each pair of figures.

    Attributes
    ----------
    pmf : ndarray of float, shape (..., 5)
        Probabilities of 1..5 among raters.
    limit : ndarray of bool, shape (...)
        Whether the pair lies on a bound, so that no other distribution has these figures.
    projected : ndarray of bool, shape (...)
        Whether the pair was infeasible and its share was moved to the nearest that the mean allows.
    """

    pmf: Floats
    limit: NDArray[np.bool_]
    projected: NDArray[np.bool_]


def max_entropy(
    mean: ArrayLike, share: ArrayLike, *, rating_rate: ArrayLike = 1.0, infeasible: Infeasible = "raise"
) -> FivePoint:
    """Distribution over 1..5 of greatest entropy with the given mean and share of fives.

    Parameters
    ----------
    mean : array_like
        Mean ratings on 1..5, of raters, taken as exact.
    share : array_like
        Shares of fives as proportions, of everyone asked; broadcast against `mean`.
    rating_rate : array_like
        Raters/asked: the raters' share of fives is share / rating_rate.
    infeasible : {"raise", "project"}
        Refuse pairs that one item cannot have, or keep their mean, move the raters' share to the nearest
        feasible one and flag them. A mean above 4 + share is mended by the rating rate
        `feasible(...).rate_high` in just this way.

    Returns
    -------
    FivePoint

    Raises
    ------
    ValueError
        When a figure is outside its range, or a pair is infeasible and not to be projected.

    Notes
    -----
    Given the share, entropy is greatest when the other ratings have p_j proportional to exp(theta j),
    j = 1..4, with theta fixed by their mean (m - 5s)/(1 - s).

    Examples
    --------
    >>> max_entropy(4.58, 0.751).pmf.round(4).tolist()
    [0.0146, 0.0309, 0.0653, 0.1381, 0.751]
    """
    scores = np.arange(1.0, 5.0)

    def tilted(theta: Floats) -> Floats:
        power = theta[:, None] * (scores - 2.5)
        weight = np.exp(power - power.max(axis=1, keepdims=True))
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    def others(m: Floats, s: Floats) -> Floats:
        mu = (m - 5 * s) / (1 - s)
        theta = _root(lambda x: np.asarray(tilted(x) @ scores) - mu, mu.size)
        return np.asarray((1 - s)[:, None] * tilted(theta))

    return _assemble(*_figures(mean, share, rating_rate, infeasible), others)


def probit_pmf(
    mean: ArrayLike, share: ArrayLike, *, rating_rate: ArrayLike = 1.0, infeasible: Infeasible = "raise"
) -> FivePoint:
    """Ordered-probit distribution over 1..5, equal thresholds, with the given mean and share of fives.

    Parameters
    ----------
    mean : array_like
        Mean ratings on 1..5, of raters, taken as exact.
    share : array_like
        Shares of fives as proportions, of everyone asked; broadcast against `mean`.
    rating_rate : array_like
        Raters/asked: the raters' share of fives is share / rating_rate.
    infeasible : {"raise", "project"}
        As for `max_entropy`.

    Returns
    -------
    FivePoint

    Raises
    ------
    ValueError
        When a figure is outside its range, or a pair is infeasible and not to be projected.

    Notes
    -----
    A latent N(location, scale^2) is cut at 1.5, 2.5, 3.5 and 4.5. With z the (1 - s) quantile and
    d = 1/scale, the cumulative probabilities are Phi(z - (4 - j) d), j = 1..4, and m = 5 - their sum rises
    in d from 1 + 4s (d = 0) to 4 + s (d infinite): one solution for every pair inside the bounds. As s goes
    to 0 the mass gathers on the two scores next to m: the law returned for s = 0, marked as a limit.

    Examples
    --------
    >>> probit_pmf(4.58, 0.751).pmf.round(4).tolist()
    [0.0126, 0.0303, 0.0726, 0.1335, 0.751]
    """
    steps = np.arange(3.0, -1.0, -1.0)

    def others(m: Floats, s: Floats) -> Floats:
        z = -ndtri(s)

        def cumulative(log_d: Floats) -> Floats:
            return np.asarray(ndtr(z[:, None] - np.exp(log_d)[:, None] * steps))

        log_d = _root(lambda x: 5 - cumulative(x).sum(axis=1) - m, m.size)
        return np.asarray(np.diff(cumulative(log_d), axis=1, prepend=0.0))

    return _assemble(*_figures(mean, share, rating_rate, infeasible), others, adjacent_without_fives=True)


def reconstructed_pmf(
    mean: ArrayLike, share: ArrayLike, *, rating_rate: ArrayLike = 1.0, infeasible: Infeasible = "raise"
) -> FivePoint:
    """Mean of all distributions over 1..5 that have the given mean and share of fives.

    Parameters
    ----------
    mean : array_like
        Mean ratings on 1..5, of raters, taken as exact.
    share : array_like
        Shares of fives as proportions, of everyone asked; broadcast against `mean`.
    rating_rate : array_like
        Raters/asked: the raters' share of fives is share / rating_rate.
    infeasible : {"raise", "project"}
        As for `max_entropy`.

    Returns
    -------
    FivePoint

    Raises
    ------
    ValueError
        When a figure is outside its range, or a pair is infeasible and not to be projected.

    Notes
    -----
    Given the share, the other ratings have a mean mu in 1..4, and the distributions that have it fill a
    polygon whose corners are those on two scores around mu. This is its centre of area: what the mean of the
    count vectors of `reconstruct`, each counted once, tends to as the raters grow many.

    Examples
    --------
    >>> reconstructed_pmf(4.58, 0.751).pmf.round(4).tolist()
    [0.019, 0.0285, 0.057, 0.1445, 0.751]
    """

    def others(m: Floats, s: Floats) -> Floats:
        return np.asarray((1 - s)[:, None] * _centre((m - 5 * s) / (1 - s)))

    return _assemble(*_figures(mean, share, rating_rate, infeasible), others)


def _centre(mu: Floats) -> Floats:
    """(n, 4) centre of the distributions over 1..4 with means `mu`: that of a triangle, or of two."""

    def corner(i: int, j: int) -> Floats:
        out = np.zeros((mu.size, 4))
        out[:, i - 1], out[:, j - 1] = (j - mu) / (j - i), (mu - i) / (j - i)
        return out

    around_both = corner(1, 4)
    lowest = (corner(1, 2) + corner(1, 3) + around_both) / 3
    highest = (around_both + corner(2, 4) + corner(3, 4)) / 3
    # Between 2 and 3 a quadrilateral: triangles on one diagonal, by their areas.
    diagonal = corner(1, 3) + corner(2, 4)
    upper, lower = (mu - 1) * (4 - mu), 3 * (3 - mu) * (mu - 2)
    parts = upper[:, None] * (diagonal + around_both) + lower[:, None] * (diagonal + corner(2, 3))
    middle = parts / (3 * (upper + lower))[:, None]
    return np.select([mu[:, None] <= 2, mu[:, None] >= 3], [lowest, highest], middle)


def _figures(
    mean: ArrayLike, share: ArrayLike, rating_rate: ArrayLike, infeasible: Infeasible
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Means and raters' shares within the bounds, and where the share had to be moved."""
    if infeasible not in ("raise", "project"):
        raise ValueError(f"infeasible must be 'raise' or 'project', got {infeasible!r}")
    rate = np.asarray(rating_rate, dtype=np.float64)
    if not ((rate > 0) & (rate <= 1)).all():
        raise ValueError(f"rating_rate must lie in (0, 1], got {rate[~((rate > 0) & (rate <= 1))].flat[0]:g}")
    m, s = np.broadcast_arrays(mean_interval(mean, None)[0], share_interval(share, None)[0] / rate)
    allowed = np.clip(s, m - 4, (m - 1) / 4)
    moved = np.abs(allowed - s) > TOLERANCE
    if moved.any() and infeasible == "raise":
        at = tuple(np.argwhere(moved)[0])
        raise ValueError(
            f"share must lie in [mean - 4, (mean - 1)/4], got {s[at]:g} with mean {m[at]:g}: "
            "give the rating_rate that saves it, or infeasible='project'"
        )
    return m, allowed, moved


def _assemble(
    m: Floats,
    s: Floats,
    projected: NDArray[np.bool_],
    others: Callable[[Floats, Floats], Floats],
    *,
    adjacent_without_fives: bool = False,
) -> FivePoint:
    """Limits written out, the rest from `others`: probabilities of 1..4 of pairs inside the bounds."""
    pmf = np.zeros((*m.shape, 5))
    pmf[..., 4] = s
    at_ones, at_fours = m - 1 - 4 * s < TOLERANCE, 4 + s - m < TOLERANCE
    pmf[..., 3] = np.where(at_fours, 1 - s, 0)
    pmf[..., 0] = np.where(at_ones, 1 - s, 0)
    limit = at_ones | at_fours
    if adjacent_without_fives:
        apart = ~limit[..., None] & (s == 0)[..., None]
        pmf[..., :4] += np.where(apart, np.maximum(1 - np.abs(m[..., None] - np.arange(1, 5)), 0), 0)
        limit = limit | apart[..., 0]
    inside = ~limit
    if inside.any():
        pmf[inside, :4] = others(m[inside], s[inside])
    return FivePoint(pmf, limit, projected)


def _root(rising: Callable[[Floats], Floats], size: int) -> Floats:
    """Roots of `size` rising functions within (-REACH, REACH), by halving."""
    low: Floats = np.full(size, -REACH)
    high: Floats = np.full(size, REACH)
    for _ in range(STEPS):
        middle = (low + high) / 2
        below = rising(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    root: Floats = (low + high) / 2
    return root
