"""The law of the number of successes of a Poisson sample, with and without some units."""

import numpy as np

from sampling.arguments import FloatArray, IntArray


def working_probabilities(chance: FloatArray, n: int) -> FloatArray:
    """The Poisson probabilities whose samples of size n have the wanted inclusion probabilities.

    Newton-like steps on the logits (Deville 2000), started at the wanted probabilities.

    >>> working_probabilities(np.array([0.5, 0.5]), 1).tolist()
    [0.5, 0.5]
    """
    if np.ptp(chance) < 1e-15:
        return np.full(chance.size, n / chance.size)
    logit = np.log(chance / (1 - chance))
    for _ in range(2000):
        work = 1 / (1 + np.exp(-logit))
        got = first_order(work, n)
        error = chance - got
        if np.abs(error).max() < 1e-14:
            break
        logit = logit + error / (got * (1 - got))
        logit -= _centre(logit, n)
    return np.asarray(1 / (1 + np.exp(-logit)))


def _centre(logit: FloatArray, n: int) -> float:
    """The shift of logits that makes the working probabilities sum to n (they are defined up to it)."""
    low, high = -60.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(logit - middle)))).sum() > n:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def first_order(work: FloatArray, n: int) -> FloatArray:
    """Inclusion probabilities of a Poisson sample given that its size is n.

    >>> first_order(np.array([0.2, 0.8]), 1).round(4).tolist()
    [0.0588, 0.9412]
    """
    counts = poisson_binomial(work, work.size)
    without = law_without(counts, work, np.array([n - 1]))[0]
    return np.asarray(work * without / counts[n])


def poisson_binomial(work: FloatArray, most: int) -> FloatArray:
    """Probabilities of 0..most successes."""
    counts = np.zeros(most + 1)
    counts[0] = 1.0
    for p in work:
        counts[1:] = counts[1:] * (1 - p) + counts[:-1] * p
        counts[0] *= 1 - p
    return counts


def law_without(counts: FloatArray, work: FloatArray, wanted: IntArray) -> FloatArray:
    """Probabilities of the wanted numbers of successes without each unit, (wanted, ..., N).

    The law of the others solves ``counts[m] = (1 - p) g[m] + p g[m - 1]``: upwards where p is at most a
    half, downwards above, so that errors shrink.
    """
    top = counts.shape[0] - 1
    shape = np.broadcast_shapes(counts.shape[1:], work.shape)
    up, down = np.zeros(shape), np.zeros(shape)
    answer = np.zeros((wanted.size, *shape))
    small = np.broadcast_to(work <= 0.5, shape)
    slot = {int(m): i for i, m in enumerate(wanted)}
    for m in range(int(wanted.max(initial=-1)) + 1):
        up = (counts[m] - work * up) / np.where(work <= 0.5, 1 - work, 1.0)
        if m in slot:
            answer[slot[m]] = np.where(small, up, 0.0)
    for m in range(top, max(int(wanted.min(initial=0)), 0), -1):
        down = (counts[m] - (1 - work) * down) / np.where(work <= 0.5, 1.0, work)
        if m - 1 in slot:
            answer[slot[m - 1]] = np.where(small, answer[slot[m - 1]], down)
    return answer
