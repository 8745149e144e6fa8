"""Degrees of freedom of each unit: the formulas, and the level and power of every test that takes them."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm, t, ttest_ind
from statsmodels.stats.oneway import anova_oneway

from estimators import (
    adjust,
    change,
    equivalence,
    homogeneity,
    joint_region,
    kendall,
    pairwise,
    ranks,
    tau_best,
    tau_worst,
    tiers,
    tipping_point,
    verify_top,
)
from estimators.freedom import normal_score, of_differences, of_sums, of_tests, of_units, student_score

FALSE_ALARM = 1e-6
ALPHA = 0.05
DF = np.array([4.0, 5, 6, 8, 12, 30, 200])
TRUE_SE = np.array([0.05, 0.2, 0.1, 0.05, 0.1, 0.05, 0.02])


def surveys(rng: np.random.Generator, truth: np.ndarray, rho: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """One survey: estimates, and their covariance with each unit's variance estimated on its own df."""
    correlation = rho + (1 - rho) * np.eye(DF.size)
    estimate = truth + TRUE_SE * rng.multivariate_normal(np.zeros(DF.size), correlation)
    se = TRUE_SE * np.sqrt(rng.chisquare(DF) / DF)
    return estimate, np.outer(se, se) * correlation


def assert_at_most(hits: int, trials: int, share: float = ALPHA) -> None:
    assert binomtest(hits, trials, share, alternative="greater").pvalue > FALSE_ALARM


def test_differences_of_independent_units_have_welchs():
    rng = np.random.default_rng(1)
    samples = [rng.normal(0, s, n) for s, n in ((1, 5), (3, 9), (0.5, 40))]
    variance = np.diag([x.var(ddof=1) / x.size for x in samples])
    found = of_differences(np.array([4.0, 8, 39]), variance)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        welch = ttest_ind(samples[i], samples[j], equal_var=False)
        assert found[i, j] == found[j, i] == pytest.approx(welch.df)


def test_differences_of_correlated_units_have_the_smaller():
    found = of_differences(np.array([4.0, 9.0]), np.array([[1.0, 0.2], [0.2, 1.0]]))
    assert found[0, 1] == 4.0
    assert of_differences(7.0, np.eye(2)) == 7.0


def test_a_known_reference_takes_no_freedom_away():
    found = of_differences(np.array([6.0, 1.0]), np.diag([2.0, 0.0]))
    assert found[0, 1] == 6.0


def test_sums_of_what_one_sample_measures_have_its_own():
    """By simulation: 2 (mean v)^2 / var v of the estimated variance of a sum of three items."""
    rng = np.random.default_rng(2)
    root = np.linalg.cholesky(0.4 + 0.6 * np.eye(3))
    weight = np.array([0.5, 0.3, 0.2])
    people = rng.standard_normal((20_000, 12, 3)) @ root.T
    spread = (people @ weight).var(axis=1, ddof=1)
    simulated = 2 * spread.mean() ** 2 / spread.var()
    found = of_sums(weight[None], root @ root.T, np.full(3, 11.0)).item()
    assert found == pytest.approx(11.0)
    assert simulated == pytest.approx(found, rel=0.05)


def test_sums_of_separate_samples_are_satterthwaites():
    weight, variance, df = np.array([0.7, -0.3]), np.array([1.0, 4.0]), np.array([5.0, 20.0])
    by_hand = (0.49 + 0.36) ** 2 / (0.49**2 / 5 + 0.36**2 / 20)
    assert of_sums(weight[None], np.diag(variance), df).item() == pytest.approx(by_hand)


@pytest.mark.parametrize("df", [1.0, 3.0, 12.0, 1e4])
def test_scores_are_nearly_normal_rise_and_come_back(df):
    statistic = t.isf(np.geomspace(1e-5, 0.4, 30), df)
    score = normal_score(statistic, np.array(df))
    assert np.all(np.diff(score) < 0)
    assert np.all(score <= statistic)
    assert np.allclose(student_score(score, np.array(df)), statistic)
    if df >= 3:
        assert np.allclose(score, norm.isf(t.sf(statistic, df)), atol=0.15)
    assert np.array_equal(normal_score(-statistic, np.array(df)), -score)


def test_one_number_is_the_law_of_all():
    estimate, covariance = surveys(np.random.default_rng(3), np.arange(7) * 0.2)
    one = ranks(estimate, covariance, df=8.0)
    assert float(one["critical_value"][0]) > 3.5  # multivariate t; seven normal ones need 3.0
    many = ranks(estimate, covariance, df=np.full(7, np.inf))
    known = ranks(estimate, covariance)
    for name in ("lower", "upper", "critical_value", "resolvable"):
        np.testing.assert_allclose(many[name], known[name], rtol=1e-3)


def test_a_unit_measured_by_two_people_does_not_blur_the_others():
    """Compared by their statistics alone, one df of 1 would ask 60 standard errors of every pair."""
    rng = np.random.default_rng(4)
    values, se = np.linspace(4.0, 4.9, 10), np.full(10, 0.05)
    alone = ranks(values, se, df=np.full(10, 50.0))
    more = ranks(np.append(values, 4.5), np.append(se, 0.05), df=np.append(np.full(10, 50.0), 1.0), rng=rng)
    assert float(more["critical_value"][0]) < 1.2 * float(alone["critical_value"][0])
    assert (more["upper"] - more["lower"])[:10].sum() <= (alone["upper"] - alone["lower"]).sum() + 10
    assert int(more["upper"][10] - more["lower"][10]) == 10  # itself, it may be anywhere


def test_the_resolvable_difference_is_the_bar_of_a_pair():
    df = np.array([5.0, 5.0, 5.0])
    gap = float(ranks([4.5, 4.5, 4.5], [0.03] * 3, df=df)["resolvable"][0])
    for share, resolved in ((0.99, False), (1.01, True)):
        pair = ranks([4.5 + share * gap, 4.5, 4.5], [0.03] * 3, df=df, stepwise=False)
        assert (float(pair["upper"][0]) == 1) == resolved


@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.parametrize("method", ["max_t", "holm"])
def test_pairs_hold_their_level(rho, method):
    rng = np.random.default_rng(5)
    wrong = uncovered = 0
    for _ in range(400):
        estimate, covariance = surveys(rng, np.zeros(7), rho)
        found = pairwise(estimate, covariance, df=DF, adjust=method, draws=1_000, rng=rng)
        wrong += bool((found["p_adjusted"] <= ALPHA).any())
        uncovered += bool(((found["lower"] > 0) | (found["upper"] < 0)).any())
    assert_at_most(wrong, 400)
    assert_at_most(uncovered, 400)


def test_one_median_df_would_not_hold_the_level_of_pairs():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(400):
        estimate, covariance = surveys(rng, np.zeros(7))
        wrong += bool(
            (pairwise(estimate, covariance, df=100, draws=500, rng=rng)["p_adjusted"] <= ALPHA).any()
        )
    assert binomtest(wrong, 400, ALPHA, alternative="greater").pvalue < FALSE_ALARM


@pytest.mark.parametrize("adjusted", ["max_t", "bonferroni", "none"])
def test_intervals_and_p_values_of_pairs_agree(adjusted):
    estimate, covariance = surveys(np.random.default_rng(6), np.arange(7) * 0.15)
    found = pairwise(estimate, covariance, df=DF, adjust=adjusted, draws=2_000)
    excluded = (found["lower"] > 0) | (found["upper"] < 0)
    assert np.array_equal(found["p_adjusted"] <= ALPHA, excluded)
    assert 0 < int(excluded.sum()) < excluded.size
    a, b = np.triu_indices(7, 1)
    np.testing.assert_allclose(found["df"], of_differences(DF, covariance)[a, b])
    np.testing.assert_allclose(found["p_value"], 2 * t.sf(np.abs(found["statistic"]), found["df"]))


def test_pairs_far_apart_are_told_apart():
    rng = np.random.default_rng(7)
    told = 0
    for _ in range(100):
        estimate, covariance = surveys(rng, np.array([0, 0, 0, 0.5, 0, 0.5, 0.5]))
        found = pairwise(estimate, covariance, df=DF, draws=1_000, rng=rng)
        told += bool(found["p_adjusted"].sel(pair=(found["first"] == 0) & (found["second"] == 5))[0] <= ALPHA)
    assert told >= 60  # seven standard errors of the difference, four degrees of freedom


@pytest.mark.parametrize("method", ["max_t", "holm"])
def test_changes_hold_their_level(method):
    rng = np.random.default_rng(8)
    wrong = 0
    for _ in range(500):
        estimate, covariance = surveys(rng, np.zeros(7), 0.5)
        before, none = np.zeros(7), np.zeros(7)
        found = change(before, none, estimate, covariance, df=DF, adjust=method, draws=1_000, rng=rng)
        wrong += bool((found["p_adjusted"] <= ALPHA).any())
    assert_at_most(wrong, 500)


def test_changes_in_common_take_the_freedom_of_the_later_round():
    found = change([4.0], [0.1], [4.2, 4.1], [0.1, 0.1], df=[3.0, 9.0], domains="common", adjust="none")
    assert found["df"].values.tolist() == [3.0]


def test_corrected_p_values_of_tests_on_few_and_many_degrees():
    rng = np.random.default_rng(9)
    df, correlation = np.array([3.0, 10.0, np.inf]), 0.5 + 0.5 * np.eye(3)
    wrong = 0
    for _ in range(600):
        scale = np.sqrt(rng.chisquare(np.minimum(df, 1e9)) / np.minimum(df, 1e9))
        statistic = rng.multivariate_normal(np.zeros(3), correlation) / scale
        p_values = 2 * t.sf(np.abs(statistic), df)
        found = adjust(p_values, method="max_t", correlation=correlation, df=df, draws=1_000, rng=rng)
        wrong += bool((found["p_adjusted"] <= ALPHA).any())
    assert binomtest(wrong, 600, ALPHA).pvalue > FALSE_ALARM  # not above, nor far below


@pytest.mark.parametrize("rho", [0.0, 0.5])
@pytest.mark.parametrize("truth", [np.zeros(7), np.array([0.0, 0, -9, -9, -9, -9, -9])])
def test_a_wrong_winner_is_seldom_verified(rho, truth):
    rng = np.random.default_rng(10)
    wrong = 0
    for _ in range(600):
        estimate, covariance = surveys(rng, truth, rho)
        found = verify_top(estimate, covariance, k=1, df=DF, draws=1_000, rng=rng)
        wrong += found.p_value <= ALPHA
    assert_at_most(wrong, 600)


def test_a_clear_winner_is_verified_and_the_pair_least_certain_by_its_own_law_decides():
    rng = np.random.default_rng(11)
    truth = np.array([0, 0, 0, 0, 0, 0.8, 0.0])
    told = sum(
        verify_top(*surveys(rng, truth), k=1, df=DF, draws=1_000, rng=rng).p_value <= ALPHA
        for _ in range(200)
    )
    assert told >= 100
    found = verify_top([5.0, 4.0, 4.0], [0.2, 0.2, 0.2], k=1, df=[50.0, 2.0, 50.0])
    assert found.weakest == (0, 1)
    welch = of_differences(np.array([50.0, 2.0]), np.eye(2))[0, 1]
    assert found.p_value == pytest.approx(2 * t.sf(1 / np.hypot(0.2, 0.2), welch))


def test_joint_region_takes_each_units_quantile_and_covers():
    rng = np.random.default_rng(12)
    wrong = 0
    for _ in range(600):
        estimate, covariance = surveys(rng, np.zeros(7))
        found = joint_region(estimate, covariance, df=DF, level=0.9)
        wrong += bool((found["rank_lower"] > 1).any())
    assert_at_most(wrong, 600, 0.1)
    each = 1 - 0.9 ** (1 / 7)
    reach = t.isf(each / 2, DF) * np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found["upper"] - found["estimate"], reach)


def test_tau_interval_covers_with_a_df_for_each_ranking():
    rng = np.random.default_rng(13)
    missed = 0
    for _ in range(250):
        first, second = surveys(rng, np.zeros(7)), surveys(rng, np.zeros(7), 0.4)
        found = kendall(*first, *second, df=DF, second_df=DF, draws=1_000, rng=rng)
        missed += found.concordant + found.discordant > 0
    assert_at_most(missed, 250)
    wide = kendall(*first, *second, df=DF, second_df=2.0)
    assert wide.unresolved >= kendall(*first, *second, df=DF, second_df=np.inf).unresolved


def test_tiers_and_tau_sets_are_those_of_the_rank_sets():
    estimate, covariance = surveys(np.random.default_rng(14), np.arange(7) * 0.3)
    table = ranks(estimate, covariance, df=DF)
    different = tiers(estimate, covariance, df=DF)["different"].values
    assert np.array_equal(different.sum(axis=1), table["lower"] - 1 + 7 - table["upper"])
    assert np.array_equal(tau_best(estimate, covariance, tau=2, df=DF), table["lower"] <= 2)
    assert np.array_equal(tau_worst(estimate, covariance, tau=2, df=DF), table["upper"] > 5)


def test_equivalence_and_tipping_point_take_one_each():
    found = equivalence([0.01, 0.01], 0.02, margin=0.08, df=[3.0, np.inf])
    assert found["p_value"].values == pytest.approx([t.sf(3.5, 3), norm.sf(3.5)])
    assert found["equivalent"].values.tolist() == [True, True]
    tip = tipping_point([0.1, 0.1], 0.03, df=[3.0, np.inf])
    border = np.array([t.isf(0.025, 3), norm.isf(0.025)])
    np.testing.assert_allclose(tip["deff"], (0.1 / 0.03 / border) ** 2)


def test_equivalence_on_few_degrees_holds_its_level_at_the_margin():
    rng = np.random.default_rng(15)
    df = np.resize([4.0, 20.0], 20_000)
    se = 0.03 * np.sqrt(rng.chisquare(df) / df)
    found = equivalence(0.1 + rng.normal(0, 0.03, df.size), se, margin=0.1, df=df)
    for own in (4.0, 20.0):
        hits = int(found["equivalent"].values[df == own].sum())
        assert_at_most(hits, 10_000)
        assert hits > 400


def test_homogeneity_of_variances_estimated_apart_is_welchs():
    rng = np.random.default_rng(16)
    samples = [rng.normal(m, s, n) for m, s, n in ((0, 1, 5), (1, 2, 9), (0, 0.5, 20), (0, 3, 7))]
    theirs = anova_oneway(samples, use_var="unequal", welch_correction=True)
    found = homogeneity(
        [x.mean() for x in samples],
        [x.std(ddof=1) / np.sqrt(x.size) for x in samples],
        df=[x.size - 1 for x in samples],
    )
    assert (found.statistic, found.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert (found.df, found.df_denominator) == pytest.approx(theirs.df)


def test_homogeneity_with_own_degrees_holds_its_level_and_has_power():
    rng = np.random.default_rng(17)
    wrong = told = 0
    for _ in range(2_000):
        estimate, covariance = surveys(rng, np.zeros(7))
        wrong += homogeneity(estimate, covariance, df=DF).p_value <= ALPHA
        told += homogeneity(estimate + 0.3 * (np.arange(7) == 5), covariance, df=DF).p_value <= ALPHA
    assert_at_most(wrong, 2_000, 0.07)  # Welch's law is an approximation: near 5% on 4 to 200 degrees
    assert told > 1_200


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: of_units([5.0, 6.0], 3), "one for each of 3 units, got shape"),
        (lambda: of_units(np.nan, 3), "df must be positive, got nan"),
        (lambda: of_tests([5.0, 6.0], (3,)), "broadcast to shape"),
        (lambda: pairwise([1.0, 2.0], [0.1, 0.1], df=[1.0, -1.0]), "df must be positive, got -1"),
        (lambda: verify_top([1.0, 2.0], [0.1, 0.1], k=1, df=[1.0]), "one for each of 2 units"),
        (lambda: joint_region([1.0, 2.0], [0.1, 0.1], df=0), "df must be positive"),
        (lambda: kendall([1.0, 2.0], [1, 1], [1, 2], [1, 1], second_df=[1.0]), "one for each of 2 units"),
        (lambda: homogeneity([1.0, 2], [[1, 0.5], [0.5, 1]], df=[5.0, 6]), "asks for independent estimates"),
        (lambda: equivalence([0.1, 0.2], 0.1, margin=1, df=[1.0, 2.0, 3.0]), "broadcast to shape"),
    ],
)
def test_bad_degrees_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
