from itertools import product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import t

from sampling import Target, bethel, neyman


def test_one_variable_one_domain_is_neyman():
    size, sd, cost = np.array([400.0, 600, 90]), np.array([1.0, 0.5, 2.0]), np.array([1.0, 2, 3])
    answer = bethel(size, sd, [Target(0.06)], cost=cost, lower=0.5)
    wanted = neyman(size, sd, variance=(0.06 * size.sum()) ** 2, cost=cost, lower=0.5)
    assert answer.n == pytest.approx(wanted, rel=1e-6)
    assert answer.cost == pytest.approx(answer.bound, rel=1e-8)


def test_against_a_general_optimiser():
    rng = np.random.default_rng(2)
    size, sd = rng.integers(50, 900, 8).astype(float), rng.uniform(0.3, 1.5, (3, 8))
    halves = np.arange(8) % 2
    answer = bethel(size, sd, [Target(0.09), Target([[0.2, 0.15]] * 3, by=halves)])

    def room(x):
        whole = (size / size.sum()) ** 2 * sd**2 * (1 / x - 1 / size)
        rows = [0.09**2 - whole.sum(axis=1)]
        for half, wanted in ((0, 0.2), (1, 0.15)):
            own = halves == half
            weight = size[own] / size[own].sum()
            rows.append(wanted**2 - (weight**2 * sd[:, own] ** 2 * (1 / x[own] - 1 / size[own])).sum(axis=1))
        return np.concatenate(rows) * 1e3

    slow = minimize(
        np.sum,
        size / 2,
        bounds=[(1, m) for m in size],
        constraints={"type": "ineq", "fun": room},
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-13},
    )
    assert answer.cost == pytest.approx(slow.fun, rel=1e-6)
    assert answer.met


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_targets_met_no_unit_removable_and_the_bound_holds(seed):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 6)), int(rng.integers(2, 7)))
    size = rng.integers(5, 500, shape).astype(float)
    sd, cost = rng.uniform(0.2, 1.5, (2, *shape)), rng.uniform(0.5, 3, shape)
    targets = [Target(rng.uniform(0.05, 0.3), by=0), Target(rng.uniform(0.05, 0.3), by=1), Target(0.04)]
    real = bethel(size, sd, targets, cost=cost)
    whole = bethel(size, sd, targets, cost=cost, integer=True)
    assert real.met
    assert whole.met
    assert real.cost == pytest.approx(real.bound, rel=1e-6)
    assert whole.bound <= whole.cost * (1 + 1e-9)
    assert (whole.n <= size).all()
    assert (whole.n >= 1).all()
    for i, j in product(range(shape[0]), range(shape[1])):
        if whole.n[i, j] > 1:
            fewer = whole.n.astype(float)
            fewer[i, j] -= 1
            assert not _met(size, sd, targets, fewer)


def _met(size, sd, targets, x):
    for target in targets:
        axis = None if target.by is None else 1 - target.by
        weight = size / size.sum(axis=axis, keepdims=axis is not None)
        variance = (weight**2 * sd**2 * (1 / x - 1 / size)).sum(axis=(1, 2) if axis is None else axis + 1)
        if (variance > float(target.se) ** 2 * (1 + 1e-9)).any():
            return False
    return True


def test_whole_optimum_of_a_tiny_problem():
    size, sd = np.array([12.0, 9.0, 7.0]), np.array([[1.0, 0.4, 0.8], [0.3, 1.2, 0.5]])
    target = Target(0.16)
    answer = bethel(size, sd, [target], integer=True)
    feasible = [
        sum(x) for x in product(range(1, 13), range(1, 10), range(1, 8))
        if ((size / size.sum()) ** 2 * sd**2 * (1 / np.array(x) - 1 / size)).sum(axis=1).max() <= 0.16**2
    ]  # fmt: skip
    assert answer.n.sum() == min(feasible)


def test_a_published_example_that_rounding_up_leaves_at_162():
    """Three variables, eight strata, CV of 5% each: the example of the R package bethel (De Meo 2009).

    Sizes, totals and variances within strata of its 1,000 people. It rounds every stratum up.
    """
    size = np.array([158.0, 120, 126, 40, 124, 180, 197, 55])
    variance = np.array(
        [
            [173288328.551197, 146902338.208333, 164571496.314984, 161485439.333333,
             184191920.720889, 166657102.301179, 159816070.017508, 186047874.385859],
            [50.439128, 43.873319, 60.549651, 74.742949, 52.517703, 50.421943, 49.926759, 57.839731],
            [1471.367734, 1756.310294, 1313.439746, 1636.025,
             1661.695974, 1493.444413, 1290.623381, 1596.331987],
        ]
    )  # fmt: skip
    totals = np.array([27509070.0, 12429, 56122])
    target = Target.cv(0.05, (totals / size.sum())[:, None])
    floors = np.maximum(3, np.ceil(0.04 * size))
    real = bethel(size, np.sqrt(variance), [target], lower=floors)
    assert np.ceil(real.n).sum() == 162
    whole = bethel(size, np.sqrt(variance), [target], lower=floors, integer=True)
    assert whole.met
    assert (whole.n >= floors).all()
    assert whole.n.sum() == 159
    assert whole.bound > 158  # so no 158 can do
    assert "gap 0.2%" in str(whole)
    for h in range(8):
        fewer = whole.n - np.eye(8)[h]
        error = np.sqrt((size**2 * variance * (1 / fewer - 1 / size)).sum(axis=1)) / totals
        assert (error > 0.05).any()


def test_bound_holds_whatever_the_design_effect_and_without_correction():
    size = np.array([1000.0, 3000.0])
    plain = bethel(size, 1.0, [Target(0.05)], finite=False, lower=1)
    twice = bethel(size, 1.0, [Target(0.05)], finite=False, lower=1, deff=2.0)
    assert plain.n.sum() == pytest.approx(400, rel=1e-6)
    assert twice.n.sum() == pytest.approx(800, rel=1e-6)


def test_labels_and_target_kinds():
    size = xr.DataArray(
        [[500.0, 300.0]], coords={"region": ["A"], "service": ["x", "y"]}, dims=["region", "service"]
    )
    target = Target.half_width(0.1, by="service", name="service")
    answer = bethel(size, 0.9, [target], integer=True)
    assert answer.n.dims == ("region", "service")
    assert answer.names == ("service, variable 0, domain x", "service, variable 0, domain y")
    assert float(Target.cv(0.02, 4.5).se) == pytest.approx(0.09)
    assert float(Target.change(0.155).se) == pytest.approx(0.0391, abs=1e-4)
    assert "2 of 2 targets met" in str(answer)


def test_unattainable_target_is_named():
    with pytest.raises(
        ValueError, match=r"targets must be attainable .* region, variable 0, domain 1 where the caps"
    ):
        bethel([[50.0, 50.0], [5.0, 5.0]], 1.0, [Target(0.3, by=0, name="region")], upper=[[50, 50], [2, 2]])
    with pytest.raises(ValueError, match=r"by must name a dimension of the sizes, got 'region'"):
        bethel([50.0], 1.0, [Target(0.3, by="region")])
    with pytest.raises(ValueError, match=r"se must be positive"):
        Target(0.0)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([Target(0.1, by=2)], r"by must be an axis of the sizes, 0\.\.1, got 2"),
        ([Target([0.1, 0.2, 0.3], by=0)], r"se of target 0 must be .* shape \(1, 2\), got shape \(3,\)"),
        ([Target.fewest([4, 5, 6], by=0)], r"count of target 0 must be .* shape \(2,\), got shape \(3,\)"),
        ([0.1], r"targets must be a sequence of Target, got \[0\.1\]"),
        (Target(0.1), r"targets must be a sequence of Target, got Target"),
    ],
)
def test_targets_that_do_not_fit_the_sizes_say_how(targets, message):
    with pytest.raises((ValueError, TypeError), match=message):
        bethel(np.full((2, 3), 50.0), 1.0, targets)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Target(0.1, by=True), "by must be an axis, a dimension's name or labels, got True"),
        (lambda: Target.half_width(0.1, student=True, deff=0), "deff must be a positive number, got 0"),
        (lambda: Target.change(0.1, student=True, deff=np.nan), "deff must be a positive number, got nan"),
        (lambda: Target.change(0.1, power=0.04), "power must be above the level 0.05, got 0.04"),
        (
            lambda: Target.change(0.1, student=True, power=0.05),
            "power must be above the level 0.05, got 0.05",
        ),
    ],
)
def test_targets_that_ask_for_nothing_sensible_are_refused(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_an_axis_may_be_counted_from_the_last():
    table = np.full((2, 3), 50.0)
    assert bethel(table, 1.0, [Target(0.2, by=-1)]).n == pytest.approx(
        bethel(table, 1.0, [Target(0.2, by=1)]).n
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_student_targets_and_fewest_interviews_against_a_general_optimiser(seed):
    rng = np.random.default_rng(seed)
    size, sd, cost = rng.integers(300, 900, 6).astype(float), rng.uniform(0.5, 1.5, 6), rng.uniform(1, 3, 6)
    halves, width, least = np.arange(6) % 2, rng.uniform(0.25, 0.5), float(rng.integers(30, 120))
    demands = [
        Target.half_width(width, by=halves, student=True, deff=1.3),
        Target.fewest([least, least / 2], by=np.arange(6) // 3),
    ]
    answer = bethel(size, sd, demands, cost=cost, deff=1.3)

    def room(x):
        found = []
        for half in (0, 1):
            own = halves == half
            weight = size[own] / size[own].sum()
            error = np.sqrt(1.3 * (weight**2 * sd[own] ** 2 * (1 / x[own] - 1 / size[own])).sum())
            found.append(width - t.ppf(0.975, x[own].sum() / 1.3 - 1) * error)
        return np.array([*found, (x[:3].sum() - least) / 50, (x[3:].sum() - least / 2) / 50])

    slow = minimize(
        lambda x: cost @ x,
        size / 2,
        bounds=[(1, m) for m in size],
        constraints={"type": "ineq", "fun": room},
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-12},
    )
    assert answer.met
    assert room(np.asarray(answer.n)).min() > -1e-8
    assert answer.cost == pytest.approx(slow.fun, rel=1e-5)
    assert answer.bound == pytest.approx(answer.cost, rel=1e-5)
    whole = bethel(size, sd, demands, cost=cost, deff=1.3, integer=True)
    assert whole.met
    assert answer.bound <= whole.cost <= answer.cost + 6 * cost.max()
    for fewer in whole.n - np.eye(6):
        assert (fewer < 1).any() or room(fewer).min() < 0


def test_more_interviews_than_the_caps_hold_are_named():
    with pytest.raises(
        ValueError, match=r"got 40 interviews for floor, fewest .* domain 1 where the caps give"
    ):
        bethel([[50.0, 50.0], [9.0, 9.0]], 1.0, [Target.fewest(40, by=0, name="floor")])
