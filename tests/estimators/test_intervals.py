import json
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from estimators import interval
from estimators.coverage import exact_coverage, outcomes
from estimators.intervals import KINDS

ORACLE = json.loads((Path(__file__).parent / "oracle" / "shares.json").read_text())
NAMES = {"logit": "logit", "xlogit": "logit", "asin": "arcsine", "beta": "korn_graubard", "mean": "wald"}
# R's profile on a fine grid, and its loss solved; its usual grid of some 10 points is off by up to 1.2e-4
LIKELIHOODS = (("likelihood_fine", "likelihood"), ("likelihood_exact", "likelihood"))
FROM_SHARES = ("smoothed_moments", "profile", "gaffke")


@pytest.mark.parametrize("level", ["0.95", "0.8"])
@pytest.mark.parametrize("design", ORACLE["base"])
@pytest.mark.parametrize(("in_r", "kind"), [*NAMES.items(), *LIKELIHOODS])
def test_share_intervals_of_r(design, level, in_r, kind):
    base = ORACLE["base"][design]
    made = interval(base["p"], kind=kind, level=float(level), se=base["se"], df=base["df"], n=base["n"])
    assert_allclose([made.lower, made.upper], ORACLE["intervals"][design][level][in_r], rtol=1e-6)


@pytest.mark.parametrize("design", ORACLE["base"])
def test_likelihood_is_as_near_to_r_as_its_usual_grid(design):
    base = ORACLE["base"][design]
    made = interval(base["p"], kind="likelihood", se=base["se"], df=base["df"], n=base["n"])
    assert_allclose([made.lower, made.upper], ORACLE["intervals"][design]["0.95"]["likelihood"], rtol=2e-4)


def test_smoothed_moments_by_hand():
    # METHODS: K = (.5, .5, .5, .5, 5.5) of N = 7.5; variance/(N + 1); t with 4 degrees of freedom
    share = np.array([0.5, 0.5, 0.5, 0.5, 5.5]) / 7.5
    mean = share @ np.arange(1, 6)
    se = np.sqrt(share @ (np.arange(1, 6) - mean) ** 2 / 8.5)
    made = interval(kind="smoothed_moments", distribution=[0, 0, 0, 0, 1], n_eff=5)
    assert_allclose(made.lower, mean - stats.t.ppf(0.975, 4) * se, rtol=1e-12)
    assert made.upper == 5


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 10), (29, 30), (199, 200), (1999, 2000), (400, 2000)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_gaffke_on_two_scores_is_clopper_pearson(hits, n, level):
    made = interval(kind="gaffke", distribution=[1 - hits / n, 0, 0, 0, hits / n], n=n, level=level)
    exact = interval(hits / n, kind="clopper_pearson", n=n, level=level)
    assert_allclose([made.lower, made.upper], [1 + 4 * exact.lower, 1 + 4 * exact.upper], rtol=1e-9)


def test_gaffke_is_the_quantile_of_dirichlet_means():
    counts = np.array([1.0, 0, 2, 3, 8])
    made = interval(kind="gaffke", distribution=counts / 14, n=14)
    draws = np.random.default_rng(7).dirichlet(np.array([2.0, 1e-12, 2, 3, 8]), 400_000) @ np.arange(1, 6)
    below = np.mean(draws < made.lower)
    # 4.9 normal deviations: false alarm 1e-6
    assert abs(below - 0.025) < 4.9 * np.sqrt(0.025 * 0.975 / 400_000)


def test_profile_matches_a_direct_maximum():
    from scipy.optimize import minimize

    counts = np.array([1.0, 0, 2, 3, 8])
    made = interval(kind="profile", distribution=counts / 14, n=14)

    def drop(m):
        q0 = np.full(5, 0.2)
        rules = [
            {"type": "eq", "fun": lambda q: q.sum() - 1},
            {"type": "eq", "fun": lambda q: q @ np.arange(1, 6) - m},
        ]
        fun = minimize(
            lambda q: -counts @ np.log(np.maximum(q, 1e-12)),
            q0,
            constraints=rules,
            bounds=[(0, 1)] * 5,
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        ).fun
        seen = counts[counts > 0]
        return 2 * (seen @ np.log(seen / 14) + fun)

    cut = stats.t.ppf(0.975, 13) ** 2
    assert_allclose(drop(float(made.lower)), cut, rtol=1e-5)
    assert_allclose(drop(float(made.upper)), cut, rtol=1e-5)


def test_coverage_at_five_raters_with_ninety_percent_fives():
    law = [0.005, 0.005, 0.01, 0.08, 0.9]
    wald = exact_coverage(law, 5, kind="wald")
    assert round(float(wald.coverage), 2) == 0.41
    assert wald.empty > 0.59
    smoothed = exact_coverage(law, 5, kind="smoothed_moments")
    assert round(float(smoothed.coverage), 3) == 0.999
    assert smoothed.empty == 0


def test_smoothed_moments_worst_two_point_law():
    # about 90/10 on 3 and 1 at n = 20: just where the interval of twenty threes ends above the truth
    found = exact_coverage([0.102, 0, 0.898, 0, 0], 20, kind="smoothed_moments")
    assert round(float(found.coverage), 3) == 0.883


def test_exact_coverage_by_hand():
    # two answers of p = 1/2: the Wald interval exists for one outcome in two, and holds 1/2
    found = exact_coverage([[0.5, 0.5]], 2, kind="wald", scores=(0, 1))
    assert_allclose([found.coverage, found.empty, found.width], [[0.5], [0.5], [0.5]])
    assert outcomes(6, 5).shape == (210, 5)
    assert (outcomes(6, 5).sum(axis=1) == 6).all()
    with pytest.raises(ValueError, match="summing to 1"):
        exact_coverage([0.5, 0.4], 2, kind="wald", scores=(0, 1))
    with pytest.raises(ValueError, match="outcomes"):
        exact_coverage([0.2] * 5, 300, kind="wald")


@pytest.mark.parametrize(
    "law", [[0.9, 0, 0.1, 0, 0], [0, 0, 0.9, 0, 0.1], [0.2, 0.05, 0.05, 0.1, 0.6], [0, 0, 0, 0.5, 0.5]]
)
def test_gaffke_keeps_its_level(law):
    assert exact_coverage(law, 8, kind="gaffke").coverage >= 0.95


def test_clopper_pearson_keeps_its_level_and_wilson_does_not_everywhere():
    n, p = 10, np.linspace(0.001, 0.999, 999)
    k = np.arange(n + 1)
    pmf = np.array([comb(n, j) for j in k]) * p[:, None] ** k * (1 - p[:, None]) ** (n - k)
    lows = {}
    for kind in ("clopper_pearson", "wilson"):
        made = interval(k / n, kind=kind, n=n)
        lows[kind] = np.min(np.sum(pmf * ((made.lower <= p[:, None]) & (p[:, None] <= made.upper)), axis=1))
    assert lows["clopper_pearson"] >= 0.95
    assert 0.8 < lows["wilson"] < 0.9


@pytest.mark.parametrize("kind", ["wilson", "clopper_pearson", "korn_graubard"])
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_shares_of_zero_and_one_have_proper_intervals(kind, p):
    made = interval(p, kind=kind, se=0.0, n=12, n_eff=10, df=8)
    other = made.upper if p == 0 else made.lower
    assert (made.lower if p == 0 else made.upper) == p
    assert 0.05 < abs(other - p) < 0.5


def arguments(kind, shares, n):
    scores = np.arange(1, 6)
    mean = float(shares @ scores)
    se = float(np.sqrt(max(shares @ scores**2 - mean**2, 1e-6) / n))
    if kind in FROM_SHARES:
        return (), {"distribution": shares, "n": n, "df": 50}
    given_as = {"se": se, "n": n, "df": 50, "bounds": (1, 5)}
    if kind == "bootstrap_t":
        given_as |= {"replicates": np.linspace(1.0, 5.0, 199), "replicate_se": np.full(199, 0.4)}
    return (min(max(mean, 1.0 + 1e-9), 5 - 1e-9),), given_as


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 20), min_size=5, max_size=5).filter(lambda c: sum(c) >= 3))
def test_every_kind_stays_in_the_scale_holds_the_estimate_and_widens_with_the_level(kind, counts):
    shares = np.array(counts) / sum(counts)
    place, given_as = arguments(kind, shares, sum(counts))
    narrow, wide = (interval(*place, kind=kind, level=level, **given_as) for level in (0.8, 0.99))
    assert 1 <= wide.lower <= wide.upper <= 5
    assert wide.lower <= narrow.lower + 1e-9
    assert wide.upper >= narrow.upper - 1e-9
    if kind != "bootstrap_t":
        assert narrow.lower - 1e-9 <= shares @ np.arange(1, 6) <= narrow.upper + 1e-9


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("bootstrap_t", "arcsine")])
@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(lambda c: sum(c) >= 3))
def test_reversing_the_scale_reverses_the_interval(kind, counts):
    shares = np.array(counts) / sum(counts)
    place, given_as = arguments(kind, shares, sum(counts))
    mirror, reversed_as = arguments(kind, shares[::-1].copy(), sum(counts))
    one, other = interval(*place, kind=kind, **given_as), interval(*mirror, kind=kind, **reversed_as)
    assert_allclose([one.lower, one.upper], [6 - other.upper, 6 - other.lower], atol=1e-6)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 20), min_size=5, max_size=5).filter(any),
    st.floats(0.05, 3000),
    st.one_of(st.just(np.inf), st.floats(1, 500)),
    st.sampled_from([0.5, 0.95, 0.999]),
)
def test_intervals_from_shares_survive_any_size_and_degrees_of_freedom(counts, n_eff, df, level):
    shares = np.array(counts) / sum(counts)
    for kind in FROM_SHARES:
        made = interval(kind=kind, distribution=shares, n_eff=n_eff, df=df, level=level, unusable="nan")
        if kind == "gaffke" or n_eff >= 2:
            assert 1 <= made.lower <= shares @ np.arange(1, 6) + 1e-9
            assert shares @ np.arange(1, 6) - 1e-9 <= made.upper <= 5
        if n_eff < 1 and kind == "gaffke":
            assert (made.lower, made.upper) == (1, 5)


def test_shapes_broadcast():
    made = interval([[0.2], [0.8]], kind="wilson", n_eff=[5, 10, 20])
    assert made.lower.shape == (2, 3)


def test_unusable_entries_are_refused_or_left_to_be_flagged():
    with pytest.raises(
        ValueError, match=r"'wald' needs a standard error above 0.*1 of 2.*use 'smoothed_moments'"
    ):
        interval([0.5, 1.0], kind="wald", se=[0.1, 0.0])
    made = interval([0.5, 1.0], kind="wald", se=[0.1, 0.0], unusable="nan")
    assert np.isnan(made.lower).tolist() == [False, True]
    with pytest.raises(ValueError, match="n_eff of 2 at least"):
        interval(kind="smoothed_moments", distribution=[0, 0, 0, 0, 1], n_eff=1.5)
    assert np.isnan(
        interval(kind="smoothed_moments", distribution=[np.nan] * 5, n_eff=4, unusable="nan").upper
    )


@pytest.mark.parametrize(
    ("place", "given_as", "message"),
    [
        ((0.5,), {"kind": "wild"}, "kind must be one of wald"),
        (
            (0.5,),
            {"kind": "wald", "se": 0.1, "level": 95},
            "level must be between 0 and 1, got 95: write 95% as 0.95",
        ),
        ((0.5,), {"kind": "wald"}, "'wald' needs se"),
        ((0.5,), {"kind": "korn_graubard"}, "needs se and n and n_eff"),
        ((75.1,), {"kind": "wald", "se": 0.1}, "a percentage must be divided by 100"),
        ((4.6,), {"kind": "wald", "se": 0.1}, r"a mean rating needs bounds=\(1, 5\)"),
        ((), {"kind": "wald", "se": 0.1}, "needs estimate"),
        ((), {"kind": "gaffke", "n": 5}, "needs distribution"),
        ((), {"kind": "gaffke", "n": 5, "distribution": [1, 2, 3, 4, 5]}, "sum to 1"),
        ((), {"kind": "gaffke", "n": 5, "distribution": [0.5, 0.5]}, "must end in 5 shares"),
        ((), {"kind": "gaffke", "n": 5, "distribution": [0.5, 0.5], "scores": (5, 1)}, "increasing"),
        ((0.5,), {"kind": "wald", "se": -0.1}, "se must not be negative"),
        ((0.5,), {"kind": "wald", "se": 0.1, "bounds": (1, 0)}, "bounds must be two numbers that increase"),
    ],
)
def test_refusals(place, given_as, message):
    with pytest.raises(ValueError, match=message):
        interval(*place, **given_as)


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        ("wilson", {"n_eff": np.inf}, "positive and finite n and n_eff"),
        ("clopper_pearson", {"n_eff": np.inf}, "positive and finite n and n_eff"),
        ("korn_graubard", {"se": np.inf}, "positive and finite"),
        ("wald", {"se": np.inf}, "a standard error above 0 and finite"),
        ("wald", {"se": [0.1, 0.1, 0.1]}, r"shapes that fit together, got estimate \(2,\), se \(3,\)"),
        ("wald", {"unusable": "skip"}, "unusable must be 'error' or 'nan', got 'skip'"),
        ("bootstrap_t", {"replicates": np.full((30, 2), 0.5)}, "must have one shape"),
        (
            "bootstrap_t",
            {"replicates": np.full((39, 2), np.nan)},
            "replicates must be finite, the first is nan",
        ),
        ("bootstrap_t", {"level": 0.99}, "replicates must be at least 199 for level 0.99, got 39"),
        ("bootstrap_t", {"replicate_se": np.zeros((39, 2))}, "2 of 2 entries lack it"),
    ],
)
def test_what_would_be_no_interval_is_refused(kind, changed, message):
    given = {"se": 0.1, "df": 10, "n": 20, "n_eff": 15}
    given |= {"replicates": np.full((39, 2), 0.5), "replicate_se": np.full((39, 2), 0.1)}
    assert np.isfinite(interval([0.5, 0.6], kind=kind, **given).lower).all()
    with pytest.raises(ValueError, match=message):
        interval([0.5, 0.6], kind=kind, **(given | changed))


@pytest.mark.parametrize("name", ["se", "df", "n", "n_eff"])
def test_text_is_no_argument_of_an_interval(name):
    with pytest.raises(TypeError, match=f"{name} must be numbers, got '5'"):
        interval(0.5, kind="korn_graubard", **({"se": 0.1, "df": 10, "n": 20, "n_eff": 15} | {name: "5"}))


def test_unusable_entries_need_no_known_replicates():
    draws = np.random.default_rng(0).normal(0.5, 0.1, (39, 2)) * [1, np.nan]
    given = {"se": [0.1, np.nan], "replicates": draws, "replicate_se": np.full((39, 2), 0.1)}
    found = interval([0.5, np.nan], kind="bootstrap_t", unusable="nan", **given)
    assert np.isnan(found.lower).tolist() == [False, True]
    with pytest.raises(ValueError, match="replicates must be finite, the first is nan at replicate 0"):
        interval([0.5, 0.5], kind="bootstrap_t", **(given | {"se": [0.1, 0.1]}))
