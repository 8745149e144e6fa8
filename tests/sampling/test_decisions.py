import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from sampling import (
    Frame,
    allocate,
    detects_change,
    power_of_comparison,
    reaches_half_width,
    separates_top,
    shrunken,
    smallest_plan,
)

FALSE_ALARM = 1e-6


def a_frame(regions=4, services=5):
    ids = [f"r{k}" for k in range(regions)], [f"s{k}" for k in range(services)]
    return Frame(*ids, np.ones(regions), np.ones(services), recipients_are="a size measure")


def make(n):
    return allocate(a_frame(), n)


def test_smallest_is_smallest_and_every_size_is_told():
    decision = detects_change(0.2, by="region")
    answer = smallest_plan(make, decision, probability=0.9)
    n = answer.plan.total
    assert decision(answer.plan) == answer.probability >= 0.9
    assert decision(make(n - 1)) < 0.9
    assert (n, answer.probability) in answer.tried


def test_change_is_the_power_of_the_t_test():
    plan = allocate(Frame(["a", "b"], ["x"], [1, 1], [1], recipients_are="measure"), 200)
    wanted = power_of_comparison(0.3, 100, sd=0.9).item()
    assert detects_change(0.3)(plan) == pytest.approx(wanted)
    assert detects_change(0.3, together=True)(plan) == pytest.approx(wanted**2)
    p = 0.75
    assert detects_change(0.1, statistic="share")(plan) == pytest.approx(
        power_of_comparison(0.1, 100, sd=np.sqrt(p * (1 - p))).item()
    )


def test_two_domains_have_a_known_probability():
    plan = allocate(Frame(["a"], ["x", "y"], [1], [1, 1], recipients_are="measure"), 200)
    se = 0.9 / 10
    options = {"true_scores": [4.5, 4.3], "draws": 40_000}
    lead = 0.2 / (np.sqrt(2) * se)
    error = norm.isf(FALSE_ALARM / 2) * 0.5 / np.sqrt(40_000)
    assert abs(separates_top([4.5, 4.3], 1, confirm=False, **options)(plan) - norm.cdf(lead)) < error
    confirmed = norm.cdf(lead - norm.ppf(0.95))
    assert (
        abs(separates_top([4.5, 4.3], 1, **options)(plan) - confirmed) < 2 * error
    )  # the quantile is drawn too


def test_false_leads_are_rare():
    plan = make(2000)
    assert separates_top([4.0] * 5, 2, true_scores=[4.0] * 5, draws=20_000)(plan) < 0.06


def test_more_interviews_never_hurt():
    for decision in (
        separates_top([4.8, 4.6, 4.5, 4.4, 4.3], 2, se=[0.05] * 5),
        detects_change(0.1, by="service"),
        reaches_half_width(0.1),
    ):
        values = [decision(make(n)) for n in (200, 400, 800, 1600, 3200, 6400)]
        assert values == sorted(values)


@given(st.lists(st.floats(1, 5), min_size=3, max_size=20), st.floats(0.01, 1))
def test_shrunken_scores_keep_order_and_lose_spread(scores, se):
    raw = np.array(scores)
    small = shrunken(raw, np.full(raw.size, se))
    assert np.ptp(small) <= np.ptp(raw) + 1e-12
    assert small.mean() == pytest.approx(raw.mean())
    assert (np.diff(small[np.argsort(raw)]) >= -1e-12).all()
    if raw.var(ddof=1) > 1.01 * se**2:  # equal errors: the factor is 1 - se**2 / s**2
        factor = 1 - se**2 / raw.var(ddof=1)
        assert small == pytest.approx(raw.mean() + factor * (raw - raw.mean()), abs=1e-6)


def test_default_truth_is_shrunken_and_harder_than_raw():
    scores, se = [4.6, 4.5, 4.4, 4.3, 4.2], [0.12] * 5
    plan = make(3000)
    assert separates_top(scores, 2, se=se)(plan) < separates_top(scores, 2, true_scores=scores)(plan)
    assert separates_top([*scores[:4], np.nan], 1, se=se)(plan) >= 0  # an unranked service is left out


def test_half_width_is_all_or_nothing():
    wide, narrow = make(200), make(2000)
    assert reaches_half_width(0.1)(wide) == 0.0
    assert reaches_half_width(0.1)(narrow) == 1.0


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"se must be given unless true_scores are"):
        separates_top([4, 5], 1)
    with pytest.raises(ValueError, match=r"k must lie in 1..1, got 2"):
        separates_top([4, 5], 2, se=[0.1, 0.1])
    with pytest.raises(ValueError, match=r"probability must be reachable with 300 interviews"):
        smallest_plan(make, detects_change(0.01), high=300)
    with pytest.raises(ValueError, match=r'statistic must be "mean" or "share"'):
        detects_change(0.1, statistic="median")(make(100))
    with pytest.raises(ValueError, match=r"level must lie between 0 and 1, got 5; write"):
        separates_top([4, 5], 1, true_scores=[4, 5], level=5)
    with pytest.raises(ValueError, match=r"change must be finite numbers, got nan"):
        detects_change(np.nan)
    with pytest.raises(ValueError, match=r"width must be above 0, got 0; say how wide"):
        reaches_half_width(0)
    with pytest.raises(ValueError, match=r"scores and se must be one each"):
        shrunken([4, 5], [0.1])


def test_sizes_that_cannot_be_planned_are_too_small_not_an_error():
    """The maker refuses sizes below its minima; the answer is the smallest of its neighbourhood."""
    frame = Frame(["A", "B"], ["x"], population=[1, 1], recipients=[2], recipients_are="a size measure")
    decision = reaches_half_width(0.1, by="region")

    def make(n):
        return allocate(frame, n, min_region=200)

    found = smallest_plan(make, decision, low=100)
    assert decision(found.plan) >= 0.9
    assert all(decision(make(n)) < 0.9 for n in range(found.plan.total - 8, found.plan.total))
    with pytest.raises(ValueError, match=r"must be reachable with 300 interviews.*minima"):
        smallest_plan(make, decision, low=100, high=300)
