"""The probabilities that two units are in the sample together."""

from typing import Literal

import numpy as np

from sampling.arguments import FloatArray, Values
from sampling.inclusion import parts, survival
from sampling.poisson_law import pairs_without, poisson_binomial, working_probabilities

Scheme = Literal["srs", "systematic", "sampford", "conditional_poisson", "tille", "midzuno"]


def joint(prob: Values, scheme: Scheme) -> FloatArray:
    """The probabilities that two units are in the sample together; first order on the diagonal.

    Parameters
    ----------
    prob : array (N,)
        Inclusion probabilities, summing to a whole number; certain units allowed.
    scheme : {"srs", "systematic", "sampford", "conditional_poisson", "tille", "midzuno"}
        Schemes with a closed form. "systematic" is in the order given. Randomised systematic, pivotal and
        cube sampling have none that is usable: estimate theirs from replicates of the scheme itself.

    Returns
    -------
    array (N, N)
        Symmetric; rows sum to ``n * prob``.

    Raises
    ------
    ValueError
        If the scheme has no closed form, or srs is asked for with unequal probabilities.

    References
    ----------
    Sampford (1967), Biometrika 54; Chen, Dempster & Liu (1994), Biometrika 81; Deville & Tille (1998),
    Biometrika 85 (elimination); Tille (2006), Sampling algorithms, sections 5.4, 6.4, 7.1.

    Examples
    --------
    >>> joint([0.5, 0.5, 1.0], "sampford").tolist()
    [[0.5, 0.0, 0.5], [0.0, 0.5, 0.5], [0.5, 0.5, 1.0]]
    """
    laws = {
        "srs": _srs,
        "systematic": _systematic,
        "sampford": _sampford,
        "conditional_poisson": _conditional_poisson,
        "tille": _tille,
        "midzuno": _midzuno,
    }
    if scheme not in laws:
        raise ValueError(f"scheme must be one of {sorted(laws)}, got {scheme!r}; others have no closed form")
    certain, rest, chance = parts(prob)
    first = np.zeros(np.size(prob))
    first[certain], first[rest] = 1.0, chance
    table = np.outer(first, first)
    if rest.size:
        inner = laws[scheme](chance, int(np.rint(chance.sum())))
        table[np.ix_(rest, rest)] = inner
    np.fill_diagonal(table, first)
    return table


def _conditional_poisson(chance: FloatArray, n: int) -> FloatArray:
    """Products of working probabilities with the law of the others."""
    work = working_probabilities(chance, n)
    if n < 2:
        return np.diag(chance)
    both = pairs_without(work, np.array([n - 2]))[0]
    return np.asarray(np.outer(work, work) * both / poisson_binomial(work, n)[n])


def _sampford(chance: FloatArray, n: int) -> FloatArray:
    """Sampford's sum, written with the law of the number of successes of a Poisson sample.

    ``pi_ij ~ w_i w_j sum_t (t - p_i - p_j) e_{n-t}(others)`` for t = 2..n with odds w; the elementary
    symmetric sums e are that law without its constant. Odds against cancel in the ratio to the total.
    """
    if n < 2:
        return np.diag(chance)
    steps = np.arange(n - 2, -1, -1)
    others = pairs_without(chance, steps)
    pair = chance[:, None] + chance
    weight = np.arange(2, n + 1)[:, None, None] - pair
    total = np.outer(chance, chance) * (weight * others).sum(axis=0)
    counts = poisson_binomial(chance, n)
    scale = (np.arange(1, n + 1) * counts[n - 1 :: -1]).sum()
    table = total / scale
    np.fill_diagonal(table, 0.0)
    return np.asarray(table)


def _srs(chance: FloatArray, n: int) -> FloatArray:
    """The same for every pair."""
    if np.ptp(chance) > 1e-9:
        raise ValueError("prob must be equal for srs, got unequal ones; choose another scheme")
    count = chance.size
    return np.full((count, count), n * (n - 1) / (count * max(count - 1, 1)))


def _systematic(chance: FloatArray, n: int) -> FloatArray:
    """Lengths of the sets of starts that reach both units: at most N + 1 intervals between bends."""
    ends = np.concatenate([[0.0], np.cumsum(chance)])
    ends[-1] = n
    bends = np.unique(np.concatenate([[0.0, 1.0], np.mod(ends[1:-1], 1.0)]))
    middle, length = (bends[1:] + bends[:-1]) / 2, np.diff(bends)
    hit = np.diff(np.floor(ends[None, :] - middle[:, None]), axis=1) > 0
    return np.asarray((hit * length[:, None]).T @ hit)


def _tille(chance: FloatArray, n: int) -> FloatArray:
    """Product over the eliminations of the chance that neither unit goes."""
    table = np.ones((chance.size, chance.size))
    for stay in survival(chance, n):
        table *= np.maximum(stay[:, None] + stay - 1, 0.0)
    return table


def _midzuno(chance: FloatArray, n: int) -> FloatArray:
    """The complement of elimination with the probabilities not to be chosen."""
    missing = _tille(1 - chance, chance.size - n)
    return np.maximum(missing - 1 + chance[:, None] + chance, 0.0)
