import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from sampling import backcheck, issue, qualitative
from sampling.fieldwork import backcheck_quota, workloads

FALSE_ALARM = 1e-6


@settings(max_examples=50)
@given(st.integers(0, 300), st.floats(0.05, 1), st.floats(0.05, 1), st.floats(0.5, 0.99))
def test_issued_contacts_are_the_fewest(wanted, contact, response, assurance):
    expected = int(issue([wanted], contact, response)[0])
    rate = contact * response
    assert expected * rate >= wanted * (1 - 1e-9)
    assert (expected - 1) * rate < wanted or wanted == 0
    assured = int(issue([wanted], contact, response, assurance=assurance)[0])
    if wanted:
        assert binom.sf(wanted - 1, assured, rate) >= assurance
        assert assured == expected or binom.sf(wanted - 1, assured - 1, rate) < assurance


def test_rates_by_mode_spread_over_the_last_axis():
    assert issue([[10, 10], [0, 4]], [0.5, 1.0], [0.4, 0.2]).tolist() == [[50, 50], [0, 20]]
    with pytest.raises(ValueError, match=r"completes must be whole numbers"):
        issue([1.5], 1, 1)
    with pytest.raises(ValueError, match=r"contact must lie above 0 and at most 1, got 0"):
        issue([1], 0, 1)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.floats(0.01, 1), st.integers(0, 100))
def test_backcheck_reaches_every_interviewer(who, share, seed):
    chosen = backcheck(who, share=share, rng=seed)
    labels = np.array(who)
    for interviewer in np.unique(labels):
        count, checked = (labels == interviewer).sum(), (labels[chosen] == interviewer).sum()
        assert share * count - 1e-6 <= checked < share * count + 1
        assert checked >= 1
    assert (np.diff(chosen) > 0).all()
    assert chosen.tolist() == backcheck(who, share=share, rng=seed).tolist()


def test_backcheck_is_random_within_interviewers():
    rng = np.random.default_rng(1)
    who = ["a"] * 10 + ["b"] * 7
    counts = sum(np.bincount(backcheck(who, rng=rng), minlength=17) for _ in range(5000))
    prob = np.r_[np.full(10, 0.2), np.full(7, 2 / 7)]
    z = (counts / 5000 - prob) / np.sqrt(prob * (1 - prob) / 5000)
    assert (z**2).max() < chi2.isf(FALSE_ALARM / 17, 1)
    assert backcheck_quota(np.arange(201)).tolist() == [-(-15 * k // 100) for k in range(201)]
    with pytest.raises(ValueError, match=r"interviewer must be one label per questionnaire"):
        backcheck([])


@given(st.integers(0, 2000), st.integers(1, 150))
def test_workloads_are_even(n, most):
    loads = workloads(n, most)
    assert loads.sum() == n
    assert (loads <= most).all()
    assert not loads.size or np.ptp(loads) <= 1


def test_qualitative_floors():
    services = [f"s{k:02d}" for k in range(1, 71)]
    surveyed = [k not in (4, 5, 29, 43, 53, 57, 64, 66) for k in range(1, 71)]
    regions = {f"r{k}": 1.0 + k for k in range(17)}
    quota = qualitative(services, surveyed, regions)
    assert quota.experts.sum() == 30
    assert (quota.experts[~np.array(surveyed)] == 2).all()
    assert quota.visits.sum() == 20
    assert (quota.visits >= 1).all()
    assert quota.groups.sum() == 5
    assert quota.group_size == (8, 10)
    assert (quota.interviews > 0).tolist() == [not s for s in surveyed]
    assert qualitative(services, surveyed, regions, experts=10).experts.sum() == 16  # 8 services need 2 each
    with pytest.raises(ValueError, match=r"group_size must be a range"):
        qualitative(services, surveyed, regions, group_size=(10, 8))


@pytest.mark.parametrize("missing", [None, float("nan"), " "])
def test_a_questionnaire_without_an_interviewer_is_named(missing):
    with pytest.raises(ValueError, match="interviewer must be known for every questionnaire, got none at 1"):
        backcheck(["a", missing, "b"], rng=1)


def test_interviewers_may_be_numbers_and_names():
    chosen = backcheck(np.array(["a"] * 7 + [12] * 8, dtype=object), rng=1)
    assert ((chosen < 7).sum(), (chosen >= 7).sum()) == (2, 2)
