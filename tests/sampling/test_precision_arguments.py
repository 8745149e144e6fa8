"""Every planning function by every argument: what each does to the answer, worked out another way."""

import numpy as np
import pytest
from scipy.stats import norm

from sampling import (
    Frame,
    allocate,
    detectable_change,
    detects_change,
    half_width,
    power_of_comparison,
    reaches_half_width,
    resolvable_difference,
    sample_size,
    separates_top,
    smallest_plan,
)

SD, N = 0.9, 400
NORMAL = {"df": np.inf}


def width(n, **options):
    return half_width(n, **NORMAL, **options).item()


def change(n, **options):
    return detectable_change(n, **NORMAL, **options).item()


def power(n, **options):
    return power_of_comparison(0.1, n, **NORMAL, **options).item()


def resolved(n, **options):
    return resolvable_difference(n, domains=17, **options).item()


def size(n, **options):
    """The half-width that n contacts reach, asked back: the same but where an argument is misread."""
    wanted = half_width(n, **NORMAL, **options).item()
    assert sample_size(wanted, **NORMAL, **options).item() == n
    return wanted


EVERY = pytest.mark.parametrize("of", [width, size, change, power, resolved])


@EVERY
def test_share(of):
    assert of(N, share=0.7) == pytest.approx(of(N, sd=np.sqrt(0.7 * 0.3)))
    one = np.sqrt(0.7 * 0.3 * 1000 / 999)  # of 1,000 people the variance is p * q * N / (N - 1)
    assert of(N, share=0.7, population=1000) == pytest.approx(of(N, sd=one, population=1000))
    assert of(N, share=0.7) != pytest.approx(of(N, share=0.5), rel=1e-3)


@EVERY
def test_design_effect(of):
    assert of(N, sd=SD, deff=1.7) == pytest.approx(of(N, sd=SD * np.sqrt(1.7)))
    assert of(N, sd=SD, deff=1.7) != pytest.approx(of(N, sd=SD), rel=1e-3)


@EVERY
def test_finite_population(of):
    assert of(N, sd=SD, population=1000) == pytest.approx(of(N, sd=SD * np.sqrt(0.6)))
    if of is size:  # the margin must be positive
        assert sample_size(1e-9, sd=SD, population=N).item() == N
    else:
        assert of(N, sd=SD, population=N) == (1.0 if of is power else 0.0)


@EVERY
def test_response(of):
    n = 4 * N
    assert of(n, sd=SD, response=0.25) == pytest.approx(of(N, sd=SD))
    assert of(n, sd=SD, response=0.25) != pytest.approx(of(n, sd=SD), rel=1e-3)


@EVERY
def test_multiplicity(of):
    level = {"level": 0.05 / 6} if of in (change, power) else {"confidence": 1 - 0.05 / 6}
    assert of(N, sd=SD, multiplicity=6) == pytest.approx(of(N, sd=SD, **level))
    assert of(N, sd=SD, multiplicity=6) != pytest.approx(of(N, sd=SD), rel=1e-3)


def test_resolvable_pair_by_hand():
    pair = resolvable_difference([200, 50], share=0.7, deff=1.5, response=0.5, population=400, multiplicity=3,
                                 simultaneous=False)[0, 1]  # fmt: skip
    square = 0.21 * 400 / 399
    error = np.sqrt(1.5 * square * (1 / 100 - 1 / 400) + 1.5 * square * (1 / 25 - 1 / 400))
    assert pair == pytest.approx(norm.ppf(1 - 0.025 / 3) * error)


def one_cell(**options):
    """A frame of one service in one region: its plan is the textbook's single sample."""
    return Frame(["A"], ["x"], population=[1], recipients=[3000], **options)


@pytest.mark.parametrize(
    ("statistic", "options"),
    [
        ("mean", {}),
        ("share", {}),
        ("mean", {"deff": 1.6}),
        ("mean", {"multiplicity": 8}),
        ("share", {"deff": 1.3, "multiplicity": 3}),
    ],
)
def test_smallest_plan_is_the_sample_size(statistic, options):
    """Means and shares, design effect, correction, several at once; and the contacts by the response rate."""
    frame = one_cell(cells=[[3000]], contact={"telephone": 0.8}, response={"telephone": 0.5})
    assert frame.finite
    limit = 0.12 if statistic == "mean" else 0.05
    found = smallest_plan(
        lambda n: allocate(frame, n), reaches_half_width(limit, statistic=statistic, **options), low=10
    )
    spread = frame.spread(statistic).ravel()[0]
    n = sample_size(limit, sd=spread, population=3000, **options).item()
    assert found.plan.total == n
    assert found.plan.issued.sum() == np.ceil(n / 0.4)
    other = smallest_plan(
        lambda n: allocate(frame, n), detects_change(limit, statistic=statistic, **options), low=10
    )
    reached = power_of_comparison(limit, other.plan.total, sd=spread, population=3000, **options).item()
    assert other.probability == pytest.approx(reached)
    before = power_of_comparison(limit, other.plan.total - 1, sd=spread, population=3000, **options).item()
    assert reached >= 0.9 > before


def test_the_truth_planned_for_is_shrunken_unless_it_is_given():
    """Scores that differ by noise alone are planned for as equal: no size tells them apart."""
    frame = Frame(["A"], ["x", "y", "z"], population=[1], recipients=[1, 1, 1], recipients_are="a size")
    scores, se = [4.6, 4.5, 4.4], [0.2, 0.2, 0.2]
    plan = allocate(frame, 30_000)
    assert separates_top(scores, 1, true_scores=scores)(plan) > 0.99
    assert separates_top(scores, 1, se=se)(plan) < 0.1
    with pytest.raises(ValueError, match=r"probability must be reachable with 20000 interviews"):
        smallest_plan(lambda n: allocate(frame, n), separates_top(scores, 1, se=se, draws=200), high=20_000)


def test_where_everyone_is_asked_decisions_are_certain():
    frame = Frame(["A", "B"], ["x", "y"], [50, 50], [40, 60], cells=[[20, 30], [20, 30]])
    plan = allocate(frame, 100)
    assert detects_change(0.01)(plan) == 1.0
    assert detects_change(0.0)(plan) == 0.0
    assert reaches_half_width(1e-6)(plan) == 1.0
    assert separates_top([4.5, 4.2], 1, true_scores=[4.5, 4.2])(plan) == 1.0
    assert separates_top([4.5, 4.2], 1, true_scores=[4.5, 4.5])(plan) == 0.0
    assert detectable_change(1, sd=1.0, population=1).item() == 0.0
