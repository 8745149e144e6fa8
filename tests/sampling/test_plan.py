from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from sampling import (
    Frame,
    Precision,
    allocate,
    detectable_change,
    fewest,
    power_of_comparison,
    proportional,
    round_total,
)


def a_frame(seed=0, regions=6, services=9, **more):
    rng = np.random.default_rng(seed)
    possible = rng.random((regions, services)) > 0.1
    possible[0] = True
    return Frame(
        [f"r{k}" for k in range(regions)],
        [f"s{k}" for k in range(services)],
        rng.integers(200, 3000, regions),
        rng.integers(50, 9000, services),
        possible=possible,
        sd=rng.uniform(0.6, 1.1, services),
        contact={"telephone": 0.6, "online": 1.0},
        response={"telephone": 0.5, "online": 0.2},
        **more,
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(600, 3000), st.floats(0, 1))
def test_margins_minima_and_parts_add_up(seed, n, power):
    frame = a_frame(seed, recipients_are="a size measure")
    plan = allocate(frame, n, power=power, min_service=20, min_region=50, workload=37)
    assert plan.total == n
    assert (plan.count("service") >= 20).all()
    assert (plan.count("region") >= 50).all()
    assert (plan.n[~frame.possible] == 0).all()
    assert (plan.completes.sum(axis=2) == plan.n).all()
    rate = np.array([0.3, 0.2])
    assert (plan.issued == np.ceil(plan.completes / rate - 1e-9)).all()
    assert (plan.interviewers == -(-plan.count("region") // 37)).all()
    assert (plan.backchecks >= 0.15 * plan.count("region") - 1e-9).all()


def test_regions_follow_the_territorial_rule():
    frame = a_frame(recipients_are="a size measure")
    plan = allocate(frame, 900)
    wanted = round_total(proportional(frame.population, 900), 900)
    assert plan.count("region").tolist() == wanted.tolist()


def test_recipients_bound_the_sample():
    frame = Frame(["A", "B"], ["x", "y"], [1, 1], [10, 1000])
    plan = allocate(frame, 200, min_service=30)
    assert plan.count("service").tolist() == [10, 190]
    assert any("all recipients of x (10)" in sentence for sentence in plan.how)
    with pytest.raises(ValueError, match=r"services: n must be at most the sum of the caps 1010, got 2000"):
        allocate(frame, 2000)


def test_a_region_with_too_few_recipients_is_named():
    frame = Frame(["A", "B"], ["x", "y"], [1, 1], [50, 60], cells=[[48, 60], [2, 0]])
    with pytest.raises(
        ValueError, match=r"regions: lower must not exceed upper, got 5.0 and 2.0 at region B"
    ):
        allocate(frame, 20, min_region=5)


LIMITS = [
    Precision("region", "half_width", 0.12),
    Precision("service", "half_width", 0.15),
    Precision("country", "se", 0.02),
    Precision("region", "change", 0.2),
    Precision("service", "cv", 0.03),
    Precision("country", "half_width", 0.02, "share"),
    Precision("service", "change", 0.15, "share"),
    Precision("region", "cv", 0.05, "share"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("known", ["recipients", "a size measure"])
def test_a_limit_is_kept_and_no_interview_can_be_taken_away(limit, known):
    frame = a_frame(3, recipients_are=known, mean=4.5)
    got = fewest(frame, [limit], deff=1.2)
    assert got.met
    plan = allocate(frame, precision=[limit], deff=1.2)
    assert plan.total <= got.n.sum()
    assert limit.kept(plan, deff=1.2)
    if (plan.n == got.n).all():  # else cells are left empty, which is cheaper
        assert got.bound <= plan.total
        assert f"at least {got.bound:.6g} are needed" in plan.how[-1]
        assert spare(plan, [limit], 1.2) == []


def spare(plan, limits, deff, *, min_service=0, min_region=0):
    """Cells from which an interview can be taken while every demand is met."""
    found = []
    for r, s in np.argwhere(plan.n > 1).tolist():
        fewer = np.array(plan.n)
        fewer[r, s] -= 1
        less = replace(plan, n=fewer)
        enough = (less.count("service") >= min_service).all() and (less.count("region") >= min_region).all()
        if enough and all(limit.kept(less, deff=deff) for limit in limits):
            found.append((r, s))
    return found


def test_limits_and_minima_together_are_met_by_the_cheapest_table():
    frame = a_frame(5, recipients_are="a size measure", mean=4.5, cost=np.linspace(1, 3, 54).reshape(6, 9))
    limits = [LIMITS[0], Precision("service", "half_width", 0.3)]
    plan = allocate(frame, precision=limits, min_service=60, min_region=300)
    assert all(limit.kept(plan) for limit in limits)
    assert plan.count("service").min() >= 60
    assert plan.count("region").min() >= 300
    assert spare(plan, limits, 1.0, min_service=60, min_region=300) == []
    found = fewest(frame, limits, min_service=60, min_region=300)
    assert plan.cost == pytest.approx(found.cost)
    assert found.gap < 0.03
    # minima alone: as cheap as the cheapest cells allow
    floor = fewest(frame, [Precision("country", "se", 1.0)], min_service=60)
    assert np.asarray(floor.n).sum(axis=0).tolist() == [60] * 9
    assert floor.cost == pytest.approx(floor.bound, rel=1e-6)


def test_a_given_size_is_kept_and_spread_so_that_the_limits_are():
    frame = a_frame(3, recipients_are="a size measure")
    limit = Precision("service", "half_width", 0.15)
    least = np.asarray(fewest(frame, [limit]).n)
    size = int(least.sum()) + 40
    assert not limit.kept(allocate(frame, size))
    plan = allocate(frame, size, precision=[limit])
    assert plan.total == size
    assert limit.kept(plan)
    assert (plan.n >= least).all()
    with pytest.raises(ValueError, match=rf"n must be at least {least.sum()} for the precision asked"):
        allocate(frame, 100, precision=[limit])
    wide = Precision("service", "half_width", 0.9)
    assert (allocate(frame, size, precision=[wide]).n == allocate(frame, size).n).all()  # enough by itself


def test_where_the_country_alone_counts_cells_may_be_left_empty():
    frame = a_frame(1, regions=10, services=20, recipients_are="a size measure")
    limit = Precision("country", "half_width", 0.2)
    plan = allocate(frame, precision=[limit])
    assert plan.total < (frame.table > 0).sum()
    assert limit.kept(plan)
    assert not limit.kept(allocate(frame, plan.total - 1))
    assert "Some cells are left empty" in plan.how[-1]


def test_measures_by_hand():
    frame = Frame(["A", "B"], ["x"], [3, 1], [1000], sd=0.8, share=0.5, mean=4.0, recipients_are="measure")
    plan = allocate(frame, 100)
    error = 0.8 / np.sqrt(np.array([75, 25]))
    assert Precision("region", "se", 1).reached(plan) == pytest.approx(error)
    assert Precision("region", "cv", 1).reached(plan) == pytest.approx(error / 4)
    assert Precision("region", "cv", 1, "share").reached(plan) == pytest.approx(1 / np.sqrt([75, 25]))
    assert Precision("region", "half_width", 1).reached(plan, deff=2) == pytest.approx(
        t.ppf(0.975, np.array([75, 25]) / 2 - 1) * error * np.sqrt(2)
    )
    change = Precision("region", "change", 1).reached(plan)
    assert change == pytest.approx(detectable_change([75, 25], sd=0.8))
    assert power_of_comparison(change, [75, 25], sd=0.8) == pytest.approx([0.8, 0.8])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("agency", "se", 1), r"by must be one of .*, got 'agency'"),
        (("region", "moe", 1), r"measure must be one of .*, got 'moe'"),
        (("region", "se", 0), r"limit must be a positive number, got 0"),
        (("region", "se", float("nan")), r"limit must be a positive number, got nan"),
        (("region", "se", 1, "median"), r"statistic must be one of .*, got 'median'"),
    ],
)
def test_bad_limits_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Precision(*arguments)


def test_limits_beyond_the_frame_are_named():
    with pytest.raises(ValueError, match=r"mean must be given in the frame where a cv of means is asked for"):
        allocate(a_frame(), precision=[Precision("region", "cv", 0.05)])
    frame = Frame(["A"], ["x"], [1], [50.5], cells=[[50.5]])
    with pytest.raises(ValueError, match=r"targets must be attainable .* region standard error"):
        allocate(frame, precision=[Precision("region", "se", 1e-4)])
    with pytest.raises(
        ValueError, match=r"got 60 interviews for region minimum.* the caps give 50; ask for f"
    ):
        allocate(frame, precision=[Precision("region", "se", 0.3)], min_region=60)


def test_standard_error_by_hand():
    frame = Frame(["A", "B"], ["x"], [3, 1], [1000], sd=[[1.0], [2.0]])
    plan = allocate(frame, 100)
    assert plan.n.ravel().tolist() == [75, 25]
    stratified = 0.75**2 * 1 * (1 / 75 - 1 / 750) + 0.25**2 * 4 * (1 / 25 - 1 / 250)
    assert plan.standard_error("country").item() == pytest.approx(np.sqrt(stratified))
    assert plan.standard_error("country", deff=2).item() == pytest.approx(np.sqrt(2 * stratified))
    assert plan.standard_error("country", weighted=False).item() == pytest.approx(np.sqrt(75 + 25 * 4) / 100)
    assert plan.half_width("country").item() == pytest.approx(t.ppf(0.975, 99) * np.sqrt(stratified))
    assert plan.kish().item() == pytest.approx(1)
    even = allocate(Frame(["A", "B"], ["x"], [3, 1], [1000], recipients_are="a measure"), 100, min_region=50)
    assert even.kish().item() == pytest.approx(100 * (750**2 + 250**2) / 50 / 1000**2)


def test_domains_abroad_get_their_services():
    frame = Frame(["A", "abroad"], ["x", "y"], [5, 0], [90, 10], possible=[[True, False], [False, True]])
    plan = allocate(frame, 50, min_region=20)
    assert plan.n.tolist() == [[45, 0], [0, 5]]


def test_empty_domains_have_no_precision():
    frame = Frame(["A"], ["x", "y"], [5], [90, 10], surveyed=[True, False])
    plan = allocate(frame, 20)
    assert plan.half_width("service")[1] == np.inf
    assert np.isnan(plan.kish("service")[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"n must be given where no precision is asked for"),
        ({"n": 100, "min_region": 300}, r"regions: n must be at least the sum of the minima 1800, got 100"),
        ({"n": 100, "min_service": 30}, r"services: n must be at least the sum of the minima 270, got 100"),
        ({"n": 100, "mode_share": {"telephone": 1.0}}, r"mode_share must name the modes"),
        ({"n": 100, "mode_share": {"telephone": 0.6, "online": 0.6}}, r"mode_share must sum to 1, got 1.2"),
        ({"n": 100, "min_region": -1}, r"min_region must be a whole number of at least 0, got -1"),
    ],
)
def test_contradictions_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        allocate(a_frame(recipients_are="a size measure"), **options)


def test_impossible_tables_name_the_conflict():
    frame = Frame(
        ["A", "B"],
        ["x", "y"],
        [1, 9],
        [50, 50],
        possible=[[True, True], [False, True]],
        recipients_are="measure",
    )
    with pytest.raises(ValueError, match=r"no table meets the demands: rows B must hold 90, .* columns y"):
        allocate(frame, 100)
    with pytest.raises(ValueError, match=r'by must be "region", "service" or "country"'):
        allocate(frame, 100, min_region=50).count("agency")


def attempt(frame, n, power, min_region):
    try:
        return allocate(frame, n, power=power, min_region=min_region), ""
    except ValueError as error:
        return None, str(error)


@pytest.mark.slow
def test_any_frame_gets_a_plan_or_a_reason():
    for seed in range(400):
        rng = np.random.default_rng(seed)
        regions, services = (int(k) for k in rng.integers(2, 14, 2))
        possible = rng.random((regions, services)) > 0.2
        possible[0], possible[:, 0] = True, True
        frame = Frame(
            [f"r{k}" for k in range(regions)],
            [f"s{k}" for k in range(services)],
            rng.lognormal(8, 1.5, regions),
            np.ceil(rng.lognormal(6, 2, services)),
            possible=possible,
            sd=rng.uniform(0.3, 1.5, services),
            recipients_are="recipients" if seed % 2 else "a size measure",
        )
        n = int(rng.integers(50, 5000))
        plan, reason = attempt(frame, n, float(rng.choice([0, 0.5, 1])), int(rng.integers(0, 10)))
        if plan is None:
            assert reason.startswith(
                (
                    "no table meets the demands",
                    "services: n must be",
                    "regions: n must be",
                    "regions: lower must not exceed upper",
                )
            )
            continue
        assert plan.total == n
        assert (plan.n[~frame.possible] == 0).all()


@pytest.mark.parametrize("deff", [0.0, -1.0, float("nan"), float("inf")])
def test_a_design_effect_that_is_none_is_refused_not_shown_as_zero_width(deff):
    frame = Frame(["a", "b"], ["s"], population=[10, 20], recipients=[100])
    plan = allocate(frame, 20)
    with pytest.raises(ValueError, match="deff must be a positive number"):
        plan.half_width("region", deff=deff)


def test_one_of_three_is_no_census():
    """Cells of 0.2 to 1.8 expected people hold whole interviews: the correction alone promises certainty."""
    frame = Frame(["A", "B", "C"], ["x"], population=[1, 5, 9], recipients=[3])
    one, two, everyone = (allocate(frame, n) for n in (1, 2, 3))
    assert one.half_width("service").tolist() == [np.inf]
    assert one.detectable_change("service").tolist() == [np.inf]
    assert two.half_width("service")[0] >= 0.0
    assert everyone.half_width("service").tolist() == [0.0]
    assert everyone.detectable_change("service").tolist() == [0.0]
