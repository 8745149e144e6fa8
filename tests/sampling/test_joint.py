import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import inclusion, joint

ORACLE = json.loads((Path(__file__).parent / "oracle" / "selection.json").read_text())
CASES = ["seven", "five", "sized"]
# R solves conditional Poisson to its own 1e-6; the others are closed forms.
TOLERANCE = {
    "sampford": 1e-10,
    "conditional_poisson": 2e-6,
    "systematic": 1e-10,
    "tille": 1e-10,
    "midzuno": 1e-10,
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scheme", list(TOLERANCE))
def test_against_r_sampling(case, scheme):
    known = ORACLE[case]
    assert np.abs(joint(known["prob"], scheme) - np.array(known[scheme])).max() < TOLERANCE[scheme]


def test_inclusion_against_r_sampling():
    known = ORACLE["inclusion"]
    assert inclusion(known["size"], known["n"]) == pytest.approx(known["prob"], abs=1e-12)


def enumerated(prob, weight):
    """First and second order probabilities of the design p(s) ~ weight(s), over every sample."""
    n = round(sum(prob))
    table, total = np.zeros((len(prob), len(prob))), 0.0
    for sample in combinations(range(len(prob)), n):
        w = weight(sample)
        table[np.ix_(sample, sample)] += w
        total += w
    return table / total


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.5, 50), min_size=4, max_size=8), st.data())
def test_sampford_and_entropy_by_enumeration(size, data):
    n = data.draw(st.integers(1, len(size) - 2))
    prob = inclusion(size, n)
    if (prob > 0.97).any():
        return
    odds = prob / (1 - prob)
    exact = enumerated(prob, lambda s: np.prod(odds[list(s)]) * (1 - prob[list(s)]).sum())
    assert np.abs(joint(prob, "sampford") - exact).max() < 1e-10
    assert np.diag(exact) == pytest.approx(prob, abs=1e-12)
    got = joint(prob, "conditional_poisson")
    # the maximum of entropy: log p(s) is additive, so cross ratios of the exact design match the pairs
    logit = _logits(prob, n)
    exact = enumerated(prob, lambda s: np.exp(logit[list(s)].sum()))
    assert np.abs(got - exact).max() < 1e-10


def _logits(prob, n):
    """Weights of the entropy-maximising design by Newton on the enumerated moments."""
    logit = np.log(prob / (1 - prob))
    for _ in range(200):
        odds = np.exp(logit)
        table = enumerated(prob, lambda s, odds=odds: odds[list(s)].prod())
        first = np.diag(table)
        covariance = table - np.outer(first, first)
        step = np.linalg.lstsq(covariance, prob - first, rcond=1e-10)[0]
        logit = logit + np.clip(step, -1, 1)
        if np.abs(prob - first).max() < 1e-14:
            break
    return logit


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.5, 50), min_size=3, max_size=30), st.data())
def test_rows_sum_to_n_times_the_probability(size, data):
    n = data.draw(st.integers(1, len(size)))
    prob = inclusion(size, n)
    for scheme in ("sampford", "conditional_poisson", "systematic", "tille", "midzuno"):
        table = joint(prob, scheme)
        assert np.diag(table) == pytest.approx(prob, abs=1e-12)
        assert table.sum(axis=1) == pytest.approx(n * prob, abs=1e-9)
        assert (table >= -1e-12).all()
        assert table == pytest.approx(table.T, abs=1e-12)


def test_steps_to_certain_units_are_taken_back():
    """A Newton step that makes a unit certain in doubles is halved: of three units, pairs leave one out."""
    prob = inclusion([24.0, 24.0, 0.5], 2)
    table = joint(prob, "conditional_poisson")
    assert table[0, 1] == pytest.approx(1 - prob[2], abs=1e-12)
    assert table[0, 2] == pytest.approx(1 - prob[1], abs=1e-12)


def test_large_populations_stay_exact():
    rng = np.random.default_rng(1)
    prob = inclusion(rng.lognormal(0, 1, 150), 60)
    for scheme in ("sampford", "conditional_poisson"):
        assert joint(prob, scheme).sum(axis=1) == pytest.approx(60 * prob, abs=1e-10)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e6)), min_size=1, max_size=30), st.data())
def test_inclusion_is_proportional_below_certainty(size, data):
    positive = sum(s > 0 for s in size)
    n = data.draw(st.integers(0, positive))
    prob = inclusion(size, n)
    assert prob.sum() == pytest.approx(n, abs=1e-9)
    assert ((prob >= 0) & (prob <= 1)).all()
    inside = (prob < 1 - 1e-9) & (np.array(size) > 0)
    if inside.any():
        rate = prob[inside] / np.array(size)[inside]
        assert np.ptp(rate) <= 1e-9 * rate.max()
        assert (np.array(size)[prob == 1] * rate.max() >= 1 - 1e-6).all()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"n must be at most the 2 units of positive size, got 3"):
        inclusion([1, 0, 2], 3)
    with pytest.raises(
        ValueError, match=r"scheme must be one of .* got 'pivotal'; others have no closed form"
    ):
        joint([0.5, 0.5], "pivotal")
    with pytest.raises(ValueError, match=r"prob must sum to a whole sample size, got 0.9"):
        joint([0.5, 0.4], "sampford")
    with pytest.raises(ValueError, match=r"prob must be at most 1, got 1.5"):
        joint([1.5, 0.5], "sampford")
    with pytest.raises(ValueError, match=r"prob must be equal for srs"):
        joint([0.3, 0.7], "srs")
    assert joint([0.5] * 4, "srs")[0, 1] == pytest.approx(1 / 6)
