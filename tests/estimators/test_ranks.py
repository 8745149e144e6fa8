import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from estimators import Nodes, Scheme, compose, ranks, tau_best, tau_worst
from estimators.comparisons_estimates import JointEstimate
from estimators.ranks_stepwise import error_draws, quantile, step_down, tail_count, unit_maxima

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())
FALSE_ALARM = 1e-6
Z_ALARM = 4.9  # two-sided normal quantile of FALSE_ALARM


def near_ties(size: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.1, size), rng.uniform(0.02, 0.1, size)


def sets(table: xr.Dataset) -> list[list[int]]:
    return [table["lower"].values.tolist(), table["upper"].values.tolist()]


@pytest.mark.parametrize("case", ORACLE["table"]["sets"], ids=lambda c: f"{c['level']}")
def test_sets_of_a_correlated_table_agree_with_integrated_laws(case):
    found = ranks(
        ORACLE["table"]["estimate"],
        ORACLE["table"]["covariance"],
        level=case["level"],
        simultaneous=case["simultaneous"],
        stepwise=case["stepwise"],
        draws=40_000,
    )
    assert sets(found) == [case["lower"], case["upper"]]
    first = [c[0] if isinstance(c, list) else c for c in case["criticals"]]
    first = np.broadcast_to(first, 5)
    error = found["critical_value_mcse"].values
    assert np.all(np.abs(found["critical_value"].values - first) < Z_ALARM * error + 1e-4)


@pytest.mark.parametrize("case", ORACLE["tukey"], ids=lambda c: f"{c['units']}-{c['level']}")
@pytest.mark.parametrize(("column", "df"), [("critical", np.inf), ("critical_df20", 20)])
def test_critical_value_of_equal_variances_is_tukeys(case, column, df):
    size = case["units"]
    found = ranks(np.zeros(size), np.full(size, 0.3), level=case["level"], df=df, draws=20_000)
    error = found["critical_value_mcse"].values
    assert error.max() < 0.05
    assert np.all(np.abs(found["critical_value"].values - case[column]) < Z_ALARM * error)


@pytest.mark.parametrize(("size", "exact"), [(17, 3.458425), (70, 4.145576)])
def test_known_critical_values(size, exact):
    found = ranks(np.zeros(size), np.ones(size), draws=5_000, stepwise=False)
    assert abs(float(found["critical_value"][0]) - exact) < Z_ALARM * float(found["critical_value_mcse"][0])


@pytest.mark.parametrize("simultaneous", [True, False])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_lazy_quantiles_give_what_looking_at_every_draw_gives(simultaneous, level):
    values, se = near_ties(9)
    covariance = np.outer(se, se) * (0.6 + 0.4 * np.eye(9))
    joint = JointEstimate.of(values, covariance)
    gap, width = values[:, None] - values, joint.se_difference
    errors = error_draws(covariance, 1_000, df=np.inf, rng=np.random.default_rng(0))
    with np.errstate(invalid="ignore"):
        studentised = (errors[:, None] - errors[None]) / width[..., None]
        statistic = gap / width
    families = [~np.eye(9, dtype=bool)]
    if not simultaneous:
        families = [families[0] & ((np.arange(9) == j)[:, None] | (np.arange(9) == j)) for j in range(9)]
    rejections = []
    for family in families:
        left, before = family.copy(), -1
        while left.sum() != before and left.any():
            before = left.sum()
            bar = np.sort(studentised[left].max(axis=0))[::-1][tail_count(1_000, level) - 1]
            left &= ~(statistic > bar)
        rejections.append(family & ~left)
    found = ranks(values, covariance, level=level, simultaneous=simultaneous, draws=1_000, rng=0)
    if simultaneous:
        beaten, beats = rejections[0].sum(axis=0), rejections[0].sum(axis=1)
    else:
        beaten = [r[:, j].sum() for j, r in enumerate(rejections)]
        beats = [r[j].sum() for j, r in enumerate(rejections)]
    assert sets(found) == [(1 + np.array(beaten)).tolist(), (9 - np.array(beats)).tolist()]
    assert np.any(np.array(beats) > 0)


def test_steps_read_the_draws_of_the_first():
    errors = np.array([[0.0, 0.0, 0.0, 0.0], [9.0, 1.0, 2.0, 3.0], [0.0, 8.0, 7.0, 6.0]])
    a, b = np.argwhere(~np.eye(3, dtype=bool)).T
    first = unit_maxima(errors, np.ones((3, 3))).max(axis=0)
    statistic = np.where((a == 0) & (b == 1), 9.5, 0.0)
    rejected, critical = step_down(statistic, first, errors, a, b, np.ones(6), level=0.6, stepwise=True)
    assert critical.value == 8.0  # 9, 8, 7, 6 are the maxima
    assert rejected.tolist() == [True, False, False, False, False, False]


def test_draws_that_only_the_rejected_pairs_made_large_do_not_hide_the_others():
    rng = np.random.default_rng(7)
    errors = rng.normal(size=(4, 2_000))
    errors[0, :1_200] *= 50  # the pairs of unit 0, all rejected, own most of the largest draws
    errors[0] = np.abs(errors[0])
    a, b = np.argwhere(~np.eye(4, dtype=bool)).T
    first = unit_maxima(errors, np.ones((4, 4))).max(axis=0)
    apart = (a == 0) | (b == 0)
    statistic = np.where(apart, 1e4, np.where(a < b, 2.6, -2.6))
    rejected, critical = step_down(statistic, first, errors, a, b, np.ones(12), level=0.9, stepwise=True)
    rest = unit_maxima(errors[1:], np.ones((3, 3))).max(axis=0)
    assert critical.value > 10
    bar = np.sort(rest)[::-1][tail_count(2_000, 0.9) - 1]
    assert bar > 2.6  # the median of the draws looked at first is 1.6
    assert np.array_equal(rejected, apart)


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(1, 5), min_size=1, max_size=8),
    seed=st.integers(0, 10_000),
)
def test_invariants(values, seed):
    rng = np.random.default_rng(seed)
    size = len(values)
    root = rng.normal(size=(size, size + 2))
    x, covariance = np.round(values, 3), 0.05 * root @ root.T
    options = {"draws": 500, "rng": seed}
    table = ranks(x, covariance, **options)
    assert np.all((table["lower"] >= 1) & (table["upper"] <= size))
    assert np.all((table["lower"] <= table["rank"]) & (table["rank"] <= table["upper"]))
    alone = ranks(x, covariance, simultaneous=False, **options)
    single = ranks(x, covariance, stepwise=False, **options)
    assert np.all(alone["lower"] >= table["lower"])
    assert np.all(alone["upper"] <= table["upper"])
    assert np.all(single["lower"] <= table["lower"])
    assert np.all(single["upper"] >= table["upper"])
    mirrored = ranks(-x, covariance, best="low", **options)
    assert sets(mirrored) == sets(table)
    moved = ranks(4 * x, 16 * covariance, **options)
    assert sets(moved) == sets(table)
    for tau in {1, size}:
        assert np.array_equal(tau_best(x, covariance, tau=tau, **options), table["lower"] <= tau)
        assert np.array_equal(tau_worst(x, covariance, tau=tau, **options), table["upper"] > size - tau)


def test_confidence_grows_with_the_level_on_the_same_draws():
    values, se = near_ties(12)
    widths = [
        (t["upper"] - t["lower"]).sum()
        for t in (ranks(values, se, level=level) for level in (0.5, 0.8, 0.95, 0.99))
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_correlation_sharpens_what_independence_blurs():
    values, se = [4.60, 4.55, 4.50], np.full(3, 0.05)
    together = np.outer(se, se) * (0.95 + 0.05 * np.eye(3))
    assert sets(ranks(values, se)) == [[1, 1, 1], [3, 3, 3]]
    assert sets(ranks(values, together)) == [[1, 2, 3], [1, 2, 3]]


def test_ties_share_a_rank_and_a_group():
    found = ranks([4.5, 4.7, 4.5, 4.1], np.full(4, 1e-4))
    assert found["rank"].values.tolist() == [2, 1, 2, 4]
    assert found["group"].values.tolist() == [2, 1, 2, 3]
    assert sets(found) == [[2, 1, 2, 4], [3, 1, 3, 4]]


def test_all_tied_units_may_have_any_rank():
    found = ranks(np.full(6, 4.58), np.linspace(0.01, 0.2, 6))
    assert found["rank"].values.tolist() == [1] * 6
    assert sets(found) == [[1] * 6, [6] * 6]


def test_one_unit_has_rank_one_and_nothing_to_resolve():
    found = ranks([4.58], [0.02])
    assert sets(found) == [[1], [1]]
    assert np.isnan(found["resolvable"].values).all()


def test_labels_travel_and_the_resolvable_difference_is_the_bar():
    scores = xr.DataArray([4.9, 4.5, 4.4], coords={"service": ["s01", "s02", "s03"]})
    found = ranks(scores, [0.03, 0.03, 0.03])
    assert found["lower"].dims == ("service",)
    assert found["service"].values.tolist() == ["s01", "s02", "s03"]
    assert np.allclose(found["resolvable"], found["critical_value"] * 0.03 * np.sqrt(2))
    gap = float(found["resolvable"][0])
    for share, resolved in ((0.99, False), (1.01, True)):
        pair = ranks([4.5 + share * gap, 4.5, 4.5], [0.03] * 3, stepwise=False)
        assert (float(pair["upper"][0]) == 1) == resolved


def test_composed_scores_are_ranked_as_they_come():
    scheme = Scheme.from_paths([(s, i) for s in "abc" for i in "xy"], levels=("service", "item"))
    rng = np.random.default_rng(0)
    told = xr.Dataset(
        {
            "ratings": (("respondent", "item"), rng.integers(1, 6, (90, 2)).astype(np.int8)),
            "service": ("respondent", np.repeat(list("abc"), 30)),
        },
        coords={"item": ["x", "y"]},
    )
    nodes = Nodes(scheme, ("service", "item"), ("service",))
    frame = compose(told, nodes, strata=("service",), shares=(), pool=("service",)).sel(statistic="mean")
    found = ranks(frame["estimate"], frame["covariance"])
    assert found["node"].values.tolist() == ["a", "b", "c"]
    assert np.allclose(found["se"], frame["se"])
    with pytest.raises(ValueError, match="align the two first"):
        ranks(frame["estimate"], frame["covariance"].isel(node=[1, 0, 2], other=[1, 0, 2]))


def test_a_known_reference_value_may_have_no_error():
    assert sets(ranks([4.9, 4.5], [0.05, 0.0])) == [[1, 2], [1, 2]]


def test_the_same_input_gives_the_same_sets_and_another_seed_other_draws():
    values, se = near_ties(20)
    first, again = ranks(values, se), ranks(values, se)
    assert first.identical(again)
    assert float(ranks(values, se, rng=1)["critical_value"][0]) != float(first["critical_value"][0])


def test_quantile_error_is_its_sampling_error():
    rng = np.random.default_rng(5)
    found = [quantile(rng.normal(size=2_000), draws=2_000, level=0.95) for _ in range(400)]
    spread = np.std([q.value for q in found])
    claimed = np.mean([q.mcse for q in found])
    assert abs(claimed / spread - 1) < 0.25


def test_multivariate_t_draws_have_the_covariance_and_tails():
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    draws = error_draws(covariance, 200_000, df=10, rng=np.random.default_rng(2))
    assert np.allclose(np.cov(draws), covariance * 10 / 8, atol=0.05)
    assert 0.05 < np.mean(np.abs(draws[0]) > 2.0) < 0.095
    count = int((np.abs(draws[0]) > 2.228139).sum())  # 97.5% point of t with 10 df
    assert min(binom.cdf(count, 200_000, 0.05), binom.sf(count - 1, 200_000, 0.05)) > FALSE_ALARM


def test_draws_of_a_singular_covariance_respect_it():
    draws = error_draws(np.ones((3, 3)), 50, df=np.inf, rng=np.random.default_rng(0))
    assert np.allclose(draws, draws[0])


@pytest.mark.parametrize(
    ("estimate", "error", "message"),
    [
        ([4.5, np.nan], [0.1, 0.1], "estimate must be finite"),
        ([4.5, 4.6], [0.1, -0.1], "standard errors must be finite and at least 0"),
        ([4.5, 4.6], [0.1, np.nan], "standard errors must be finite and at least 0"),
        ([4.5, 4.6], [0.0, 0.0], "has standard error 0"),
        ([4.5, 4.6], [[1.0, 1.0], [1.0, 1.0]], "has standard error 0"),
        ([4.5, 4.6], [0.1, 0.1, 0.1], "must have shape"),
        ([4.5, 4.6], [[1.0, 0.5], [0.2, 1.0]], "must be symmetric"),
        ([4.5, 4.6], [[1.0, 2.0], [2.0, 1.0]], "positive semidefinite"),
        ([4.5, 4.6], [[1.0, np.nan], [np.nan, 1.0]], "covariance must be finite"),
        ([], [], "at least one unit"),
        ([[4.5]], [0.1], "one dimension"),
    ],
)
def test_bad_tables_are_refused(estimate, error, message):
    with pytest.raises(ValueError, match=message):
        ranks(estimate, error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 95}, "write 95% as 0.95"),
        ({"best": "top"}, "best must be"),
        ({"draws": 100}, "draws must be at least"),
        ({"df": 0}, "df must be positive"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ranks([4.5, 4.6], [0.1, 0.1], **options)


@pytest.mark.parametrize("tau", [0, 3])
@pytest.mark.parametrize("choose", [tau_best, tau_worst])
def test_tau_outside_the_table_is_refused(tau, choose):
    with pytest.raises(ValueError, match="tau must be a whole number from 1 to 2"):
        choose([4.5, 4.6], [0.1, 0.1], tau=tau)


def test_a_covariance_of_other_units_is_refused():
    scores = xr.DataArray([4.5, 4.6], coords={"service": ["s01", "s02"]})
    errors = xr.DataArray([0.1, 0.1], coords={"service": ["s02", "s01"]})
    with pytest.raises(ValueError, match="align the two first"):
        ranks(scores, errors)


def test_sets_hold_when_units_have_degrees_of_freedom_of_their_own():
    """Null calibration: equal scores, variances estimated on 5 to 500 df; one df for all would not hold."""
    rng = np.random.default_rng(11)
    df = np.array([5.0, 6, 7, 8, 10, 15, 30, 500, 500, 500])
    trials, wrong = 1_200, 0
    for _ in range(trials):
        estimate = rng.standard_normal(df.size)
        se = np.sqrt(rng.chisquare(df) / df)
        found = ranks(estimate, se, df=df, draws=1_000, rng=rng)
        wrong += bool((found["lower"] > 1).any())
    assert wrong <= binom.ppf(1 - FALSE_ALARM, trials, 0.05)


def test_sets_with_own_degrees_of_freedom_still_tell_far_units_apart():
    """Power: two units ten standard errors apart on 8 df each are told apart nearly always."""
    rng = np.random.default_rng(12)
    df = np.full(3, 8.0)
    told = 0
    for _ in range(200):
        se = np.sqrt(rng.chisquare(df) / df)
        found = ranks(np.array([0.0, 0.0, 10.0]) + rng.standard_normal(3), se, df=df, draws=1_000, rng=rng)
        told += int(found["upper"][2]) == 1
    assert told >= 160


def test_one_df_for_each_unit_is_checked():
    with pytest.raises(ValueError, match="one number or one for each of 2 units, got shape"):
        ranks([1.0, 2.0], [0.1, 0.1], df=[5.0, 6.0, 7.0])
    with pytest.raises(ValueError, match="df must be positive, got 0"):
        ranks([1.0, 2.0], [0.1, 0.1], df=[5.0, 0.0])
