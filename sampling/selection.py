"""Fixed-size selection with given inclusion probabilities: systematic, rejective and eliminating schemes.

Every scheme takes inclusion probabilities that sum to a whole n, removes certain units first, and gives
sorted positions: (n,), or (draws, n) for several independent samples.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sampling.arguments import FloatArray, IntArray, Seed, Values, whole
from sampling.inclusion import parts, survival
from sampling.poisson_law import working_probabilities

Kernel: TypeAlias = Callable[[FloatArray, int, int, np.random.Generator], NDArray[np.bool_]]
BATCH = 4_000_000


def pps_systematic(prob: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Systematic sampling in the order given: one random start on the cumulated probabilities.

    Parameters
    ----------
    prob : array (N,)
        Inclusion probabilities, summing to a whole n.
    draws : int, optional
        Number of independent samples.
    rng : Generator, int or None

    Returns
    -------
    array of int64 (n,) or (draws, n)

    References
    ----------
    Madow (1949), Ann. Math. Stat. 20.

    Examples
    --------
    >>> pps_systematic([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=1).tolist()
    [1, 2, 4]
    """
    return select(_systematic, prob, draws, rng)


def systematic(size: int, n: int, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Systematic sampling with equal probabilities: every ``size / n``-th unit from a random start.

    Examples
    --------
    >>> systematic(10, 2, rng=1).tolist()
    [2, 7]
    """
    return pps_systematic(_equal(size, n), draws=draws, rng=rng)


def random_systematic(prob: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Systematic sampling after the units are put in random order.

    References
    ----------
    Goodman & Kish (1950), JASA 45.

    Examples
    --------
    >>> random_systematic([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=1).size
    3
    """
    return select(_random_systematic, prob, draws, rng)


def sampford(prob: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Sampford's scheme: exact probabilities and joint probabilities in closed form.

    A Poisson sample of size n is kept with probability proportional to ``sum(1 - prob)`` over it, which
    gives Sampford's design ``p(s) ~ prod(odds) * sum(1 - prob)``.

    References
    ----------
    Sampford (1967), Biometrika 54, section 3.

    Examples
    --------
    >>> sampford([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=1).size
    3
    """
    return select(_sampford, prob, draws, rng)


def conditional_poisson(prob: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Conditional Poisson (maximum entropy) sampling with the given inclusion probabilities.

    References
    ----------
    Hajek (1964), Ann. Math. Stat. 35; Chen, Dempster & Liu (1994), Biometrika 81.

    Examples
    --------
    >>> conditional_poisson([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=1).size
    3
    """
    return select(_conditional_poisson, prob, draws, rng)


def tille(prob: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Tille's elimination: units leave one by one until n are left.

    References
    ----------
    Tille (1996), Biometrika 83, algorithm 1.

    Examples
    --------
    >>> tille([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=1).size
    3
    """
    return select(_tille, prob, draws, rng)


def midzuno(prob: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Midzuno's scheme for any size: the complement of elimination on the complements.

    References
    ----------
    Deville & Tille (1998), Unequal probability sampling without replacement through a splitting method,
    Biometrika 85.

    Examples
    --------
    >>> midzuno([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=1).size
    3
    """
    return select(_midzuno, prob, draws, rng)


def select(kernel: Kernel, prob: Values, draws: int | None, rng: Seed) -> IntArray:
    """Samples of certain units and of a kernel's choice among the others, as sorted positions.

    >>> select(_systematic, [1.0, 0.0, 1.0], None, 1).tolist()
    [0, 2]
    """
    generator = np.random.default_rng(rng)
    count = 1 if draws is None else whole("draws", draws, minimum=1)
    certain, rest, chance = parts(prob)
    taken = np.zeros((count, np.size(prob)), dtype=bool)
    taken[:, certain] = True
    if rest.size:
        taken[:, rest] = kernel(chance, int(np.rint(chance.sum())), count, generator)
    positions = np.nonzero(taken)[1].reshape(count, -1)
    return positions[0] if draws is None else positions


def _equal(size: int, n: int) -> FloatArray:
    """Equal probabilities."""
    count, number = whole("size", size, minimum=1), whole("n", n)
    if number > count:
        raise ValueError(f"n must be at most the population {count}, got {number}; lower n")
    return np.full(count, number / count)


def _hits(chance: FloatArray, n: int, start: FloatArray) -> NDArray[np.bool_]:
    """Units whose stretch of the cumulated probabilities holds a start plus a whole number."""
    ends = np.cumsum(chance, axis=-1)
    ends[..., -1] = n
    passed = np.floor(ends - start) + 1
    return np.diff(passed, axis=-1, prepend=0.0) > 0


def _systematic(chance: FloatArray, n: int, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    return _hits(chance, n, rng.random((draws, 1)))


def _random_systematic(chance: FloatArray, n: int, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    order = rng.permuted(np.tile(np.arange(chance.size), (draws, 1)), axis=1)
    hits = _hits(chance[order], n, rng.random((draws, 1)))
    taken = np.zeros((draws, chance.size), dtype=bool)
    np.put_along_axis(taken, order, hits, axis=1)
    return taken


def _rejective(
    work: FloatArray,
    n: int,
    draws: int,
    rng: np.random.Generator,
    keep: Callable[[NDArray[np.bool_]], NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """Poisson samples in batches, those of size n that are kept, until there are enough."""
    found: list[NDArray[np.bool_]] = []
    number, spread = 0, float((work * (1 - work)).sum())
    while number < draws:
        tries = int((draws - number) * 6 * np.sqrt(spread + 1)) + 8
        batch = rng.random((min(tries, max(1, BATCH // work.size)), work.size)) < work
        batch = batch[batch.sum(axis=1) == n]
        batch = batch[keep(batch)]
        found.append(batch)
        number += batch.shape[0]
    return np.concatenate(found)[:draws]


def _sampford(chance: FloatArray, n: int, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    most = np.sort(1 - chance)[-n:].sum()

    def keep(batch: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(rng.random(batch.shape[0]) * most < batch @ (1 - chance))

    return _rejective(chance, n, draws, rng, keep)


def _conditional_poisson(
    chance: FloatArray, n: int, draws: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    work = working_probabilities(chance, n)
    return _rejective(work, n, draws, rng, lambda batch: np.ones(batch.shape[0], dtype=bool))


def _tille(chance: FloatArray, n: int, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    alive = np.ones((draws, chance.size), dtype=bool)
    rows = np.arange(draws)
    for stay in survival(chance, n):
        risk = np.cumsum(np.where(alive, 1 - stay, 0.0), axis=1)
        aim = rng.random((draws, 1))
        goes = np.minimum((risk / risk[:, -1:] <= aim).sum(axis=1), chance.size - 1)
        alive[rows, goes] = False
    return alive


def _midzuno(chance: FloatArray, n: int, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    return ~_tille(1 - chance, chance.size - n, draws, rng)
