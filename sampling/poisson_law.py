"""The law of the number of successes of a Poisson sample, with and without some units."""

import numpy as np
from scipy.special import expit

from sampling.arguments import FloatArray, IntArray


def working_probabilities(chance: FloatArray, n: int) -> FloatArray:
    """The Poisson probabilities whose samples of size n have the wanted inclusion probabilities.

    Their logits minimise the convex ``log e_n(odds) - sum(chance * logit)`` (Chen, Dempster & Liu 1994), by
    Newton steps that are halved until the function falls.

    >>> working_probabilities(np.array([0.25, 0.75]), 1).round(4).tolist()
    [0.366, 0.634]
    """
    logit = _centred(np.log(chance / (1 - chance)), n)
    height, error = _climb(logit, chance, n)
    for _ in range(200):
        worst = float(np.abs(error).max())
        if worst < 1e-14:
            break
        direction, step = _newton(logit, chance, n, error), 1.0
        while True:
            trial = _centred(logit + step * direction, n)
            reached, missing = _climb(trial, chance, n)
            if reached <= height + 1e-13 * (1 + abs(height)) or step < 1e-9:
                break
            step /= 2
        if worst < 1e-11 and np.abs(missing).max() >= worst / 2:
            break  # rounding is all that is left
        logit, height, error = trial, reached, missing
    return np.asarray(expit(logit))


def _newton(logit: FloatArray, chance: FloatArray, n: int, error: FloatArray) -> FloatArray:
    """A step: the exact Hessian (the covariance of the indicators) up to 200 units, beyond them Hajek's."""
    if chance.size > 200:
        variance = chance * (1 - chance)
        diagonal = np.array(variance)
        for _ in range(20):
            diagonal = variance / np.maximum(1 - diagonal / diagonal.sum(), 0.1)
        return np.asarray(error / diagonal)
    work = expit(logit)
    first = chance - error
    both = pairs_without(work, np.array([n - 2]))[0] if n > 1 else np.zeros((work.size, work.size))
    hessian = np.outer(work, work) * both / poisson_binomial(work, n)[n] - np.outer(first, first)
    np.fill_diagonal(hessian, first * (1 - first))
    hessian += hessian.diagonal().mean()  # the direction of a common shift, along which nothing changes
    return np.asarray(np.linalg.solve(hessian, error))


def _climb(logit: FloatArray, chance: FloatArray, n: int) -> tuple[float, FloatArray]:
    """The convex function and minus its slope: wanted less present inclusion probabilities."""
    work = expit(logit)
    likely = poisson_binomial(work, n)[n]
    height = float(np.log(likely) + np.logaddexp(0.0, logit).sum() - chance @ logit)
    return height, chance - first_order(work, n)


def _centred(logit: FloatArray, n: int) -> FloatArray:
    """The logits shifted so that the working probabilities sum to n (they are defined up to a shift)."""
    low, high = float(logit.min()) - 40.0, float(logit.max()) + 40.0
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(logit - middle).sum() > n else (low, middle)
    return np.asarray(logit - (low + high) / 2)


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


def pairs_without(work: FloatArray, wanted: IntArray) -> FloatArray:
    """Probabilities of the wanted numbers of successes without each pair of units, (wanted, N, N)."""
    counts = poisson_binomial(work, work.size)
    single = law_without(counts, work, np.arange(work.size))
    return np.maximum(law_without(single[:, :, None], work[None, :], wanted), 0.0)
