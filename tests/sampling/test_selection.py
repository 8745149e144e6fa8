from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from scipy.stats import chi2

from sampling import (
    conditional_poisson,
    joint,
    midzuno,
    pps_systematic,
    random_systematic,
    sampford,
    systematic,
    tille,
)
from sampling.selection import _midzuno, _random_systematic, _systematic, _tille

FALSE_ALARM = 1e-6
PROB = np.array([0.15, 0.25, 0.4, 0.5, 0.7])
SCHEMES = [pps_systematic, random_systematic, sampford, conditional_poisson, tille, midzuno]


def moments(law, size):
    table = np.zeros((size, size))
    for sample, weight in law.items():
        table[np.ix_(sample, sample)] += weight
    return table


def positions(mask):
    return tuple(np.flatnonzero(mask).tolist())


@pytest.mark.parametrize(("kernel", "scheme"), [(_tille, "tille"), (_midzuno, "midzuno")])
def test_elimination_over_every_outcome(exact_law, kernel, scheme):
    law = exact_law(lambda rng: positions(kernel(PROB, 2, 1, rng)[0]))
    assert all(len(s) == 2 for s in law)
    assert moments(law, 5) == pytest.approx(joint(PROB, scheme), abs=1e-12)


class Start:
    """A generator whose uniform is given and whose permutation is given."""

    def __init__(self, start, order=None):
        self.start, self.order = start, order

    def random(self, size):
        return np.full(size, self.start)

    def permuted(self, array, axis):
        return np.array([self.order])


def test_systematic_over_every_start():
    bends = np.unique(np.concatenate([[0, 1], np.cumsum(PROB) % 1]))
    law = {}
    for low, high in pairwise(bends):
        sample = positions(_systematic(PROB, 2, 1, Start((low + high) / 2))[0])
        law[sample] = law.get(sample, 0) + high - low
    assert all(len(s) == 2 for s in law)
    assert moments(law, 5) == pytest.approx(joint(PROB, "systematic"), abs=1e-12)


def test_random_systematic_over_every_order_and_start():
    law, mean = {}, np.zeros((5, 5))
    orders = list(permutations(range(5)))
    for order in orders:
        bends = np.unique(np.concatenate([[0, 1], np.cumsum(PROB[list(order)]) % 1]))
        for low, high in pairwise(bends):
            sample = positions(_random_systematic(PROB, 2, 1, Start((low + high) / 2, order))[0])
            law[sample] = law.get(sample, 0) + (high - low) / len(orders)
        arranged = np.ix_(order, order)
        mean[arranged] += joint(PROB[list(order)], "systematic") / len(orders)
    assert all(len(s) == 2 for s in law)
    assert moments(law, 5) == pytest.approx(mean, abs=1e-12)
    assert np.diag(mean) == pytest.approx(PROB, abs=1e-12)


def sampford_law():
    odds = PROB / (1 - PROB)
    weights = {s: np.prod(odds[list(s)]) * (1 - PROB[list(s)]).sum() for s in combinations(range(5), 2)}
    return {s: w / sum(weights.values()) for s, w in weights.items()}


def entropy_law():
    pair = joint(PROB, "conditional_poisson")
    return {s: pair[s] for s in combinations(range(5), 2)}  # with n = 2 a pair is the sample


@pytest.mark.parametrize(
    ("scheme", "law"), [(sampford, sampford_law()), (conditional_poisson, entropy_law())]
)
def test_rejective_schemes_follow_their_law(scheme, law):
    draws = 40_000
    got = scheme(PROB, draws=draws, rng=11)
    counts = dict.fromkeys(law, 0)
    for sample in map(tuple, got.tolist()):
        counts[sample] += 1
    expected = np.array([law[s] * draws for s in law])
    observed = np.array([counts[s] for s in law])
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert sum(law.values()) == pytest.approx(1, abs=1e-12)
    assert moments(law, 5).diagonal() == pytest.approx(PROB, abs=1e-12)
    assert chi2.sf(statistic, len(law) - 1) > FALSE_ALARM


@pytest.mark.parametrize("scheme", SCHEMES)
def test_replicates_reach_the_probabilities(scheme):
    rng = np.random.default_rng(2)
    prob = rng.uniform(0.05, 0.9, 12)
    prob *= 5 / prob.sum()
    prob = np.minimum(np.concatenate([prob, [1.0, 0.0]]), 1)
    prob[:12] *= 5 / prob[:12].sum()
    draws = 8000
    got = scheme(prob, draws=draws, rng=3)
    assert got.shape == (draws, 6)
    assert (np.diff(got, axis=1) > 0).all()
    assert (got == 12).any(axis=1).all()
    assert not (got == 13).any()
    share = np.bincount(got.ravel(), minlength=14)[:12] / draws
    z = (share - prob[:12]) / np.sqrt(prob[:12] * (1 - prob[:12]) / draws)
    assert (z**2).max() < chi2.isf(FALSE_ALARM / 72, 1)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_draw_is_reproducible_and_certainty_is_left_alone(scheme):
    prob = [0.5, 1.0, 0.25, 0.25, 0.0]
    first, again = scheme(prob, rng=7), scheme(prob, rng=7)
    assert first.tolist() == again.tolist()
    assert first.shape == (2,)
    assert 1 in first
    assert scheme([1.0, 0.0, 1.0], rng=1).tolist() == [0, 2]
    assert scheme([0.0, 0.0], rng=1).size == 0


def test_systematic_with_equal_probabilities():
    for sample in systematic(10, 4, draws=200, rng=1):
        assert set(np.diff(sample).tolist()) <= {2, 3}
    with pytest.raises(ValueError, match=r"n must be at most the population 3, got 4"):
        systematic(3, 4)


def test_large_systematic_keeps_its_size():
    prob = np.full(100_003, 17 / 100_003)
    assert pps_systematic(prob, draws=50, rng=1).shape == (50, 17)


def test_bad_input_is_named():
    for scheme in SCHEMES:
        with pytest.raises(ValueError, match=r"prob must sum to a whole sample size, got 0.9"):
            scheme([0.5, 0.4])
        with pytest.raises(ValueError, match=r"draws must be a whole number of at least 1, got 0"):
            scheme([0.5, 0.5], draws=0)
