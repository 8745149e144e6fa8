import json
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from estimators import Design, Stage, contrast, covariance, influence, mean, quantile, ratio, total, variance

ORACLE = json.loads((Path(__file__).parent / "oracle" / "designs.json").read_text())
PEOPLE = pd.DataFrame(ORACLE["people"]).astype({"y": float, "five": float})
EXACT = 1e-9


def frame_design(**kwargs) -> Design:
    return Design.from_frame(PEOPLE, weight="w", **kwargs)


DESIGNS = {
    "independent": frame_design(),
    "stratified": frame_design(strata="h"),
    "clustered": frame_design(psu="psu"),
    "strat_cluster": frame_design(strata="h", psu="psu"),
    "strat_cluster_fpc": frame_design(strata="h", psu="psu", fpc="n1"),
    "two_stage": frame_design(strata="h", psu="psu", fpc="n1", stages=[("id", "n2")]),
}


@pytest.mark.parametrize("name", DESIGNS)
class TestAgainstR:
    def test_means_and_their_covariance(self, name):
        result = mean(DESIGNS[name], PEOPLE[["y", "five"]])
        assert_allclose(result.estimate, ORACLE["results"][name]["mean"], rtol=EXACT)
        assert_allclose(result.covariance, ORACLE["results"][name]["cov"], rtol=EXACT)

    def test_totals(self, name):
        rated = PEOPLE["y"].notna().to_numpy()
        result = total(DESIGNS[name], PEOPLE[["y", "x"]].fillna(0), where=rated)
        assert_allclose(result.estimate, ORACLE["results"][name]["total"], rtol=EXACT)
        assert_allclose(result.se, ORACLE["results"][name]["total_se"], rtol=EXACT)

    def test_ratio(self, name):
        rated = PEOPLE["y"].notna().to_numpy()
        result = ratio(DESIGNS[name], PEOPLE["y"].fillna(0), PEOPLE["x"], where=rated)
        assert_allclose(result.estimate[0], ORACLE["results"][name]["ratio"], rtol=EXACT)
        assert_allclose(result.se[0], ORACLE["results"][name]["ratio_se"], rtol=EXACT)

    def test_domains_and_their_covariance(self, name):
        columns = np.column_stack([np.where(PEOPLE["dom"] == d, PEOPLE["y"], np.nan) for d in "uvw"])
        result = mean(DESIGNS[name], columns)
        assert_allclose(result.estimate, ORACLE["results"][name]["domain"], rtol=EXACT)
        assert_allclose(result.covariance, ORACLE["results"][name]["domain_cov"], rtol=EXACT, atol=1e-20)

    def test_degrees_of_freedom(self, name):
        assert DESIGNS[name].df == ORACLE["results"][name]["df"]

    def test_quantiles(self, name):
        result = quantile(DESIGNS[name], PEOPLE["age"], [0.1, 0.25, 0.5, 0.75])
        expected = ORACLE["results"][name]
        assert_allclose(result.estimate, expected["quantile"], rtol=EXACT)
        assert_allclose(result.lower, expected["quantile_low"], rtol=EXACT)
        assert_allclose(result.upper, expected["quantile_high"], rtol=EXACT)
        assert_allclose(result.se, expected["quantile_se"], rtol=EXACT)


@pytest.mark.parametrize(
    ("rule", "in_r"),
    [("certainty", "certainty"), ("certainty", "remove"), ("centered", "adjust"), ("average", "average")],
)
def test_single_psu_rules_agree_with_r(rule, in_r):
    table = pd.DataFrame(ORACLE["lonely"])
    design = Design.from_frame(table, strata="h", psu="psu", weight="w", single_psu=rule)
    assert_allclose(mean(design, table["y"]).se, ORACLE["rules"][in_r]["mean_se"], rtol=EXACT)
    assert_allclose(total(design, table["y"]).se, ORACLE["rules"][in_r]["total_se"], rtol=EXACT)


def test_total_and_its_variance_are_unbiased_over_all_samples():
    # every stratified cluster sample of 2 of 3 PSUs in one stratum and 2 of 4 in the other
    population = [
        [np.array([1.0, 4.0]), np.array([2.0]), np.array([9.0, 5.0, 3.0])],
        [np.array([k, k**2]) for k in (1.0, 2, 3, 5)],
    ]
    truth = sum(unit.sum() for stratum in population for unit in stratum)
    estimates, variances = [], []
    for chosen in product(*(combinations(range(len(s)), 2) for s in population)):
        rows = [(h, c, y) for h, units in enumerate(chosen) for c in units for y in population[h][c]]
        h, c, y = map(np.array, zip(*rows, strict=True))
        size = np.array([3, 4])[h]
        result = total(Design(strata=h, psu=c, nest=True, weight=size / 2, fpc=size), y)
        estimates.append(result.estimate[0])
        variances.append(result.covariance[0, 0])
    assert_allclose(np.mean(estimates), truth)
    assert_allclose(np.mean(variances), np.var(estimates))


def test_two_stage_variance_is_unbiased_over_all_samples():
    units = [np.array([1.0, 4.0, 2.0]), np.array([2.0, 7.0, 3.0]), np.array([9.0, 5.0, 3.0])]
    estimates, variances = [], []
    for pair in combinations(range(3), 2):
        for inside in product(combinations(range(3), 2), repeat=2):
            y = np.concatenate([units[c][list(rows)] for c, rows in zip(pair, inside, strict=True)])
            psu = np.repeat(pair, 2)
            stage = Stage(np.arange(4), np.full(4, 3))
            design = Design(psu=psu, weight=np.full(4, 9 / 4), fpc=np.full(4, 3), stages=[stage])
            result = total(design, y)
            estimates.append(result.estimate[0])
            variances.append(result.covariance[0, 0])
    assert_allclose(np.mean(estimates), sum(u.sum() for u in units))
    assert_allclose(np.mean(variances), np.var(estimates))


def test_influence_of_a_ratio_by_complex_step_is_the_ratio():
    design = DESIGNS["strat_cluster"]
    columns = np.column_stack([PEOPLE["age"], PEOPLE["x"]])
    by_step = influence(lambda t: t[0] / t[1], design, columns)
    direct = ratio(design, PEOPLE["age"], PEOPLE["x"])
    assert_allclose(by_step.estimate, direct.estimate, rtol=1e-14)
    assert_allclose(by_step.influence, direct.influence, rtol=1e-12)


def test_influence_takes_a_gradient_where_the_function_is_not_analytic():
    design = DESIGNS["strat_cluster"]
    found = influence(lambda t: abs(t[0].real), design, PEOPLE[["x"]], gradient=[[1.0]])
    assert_allclose(found.se, total(design, PEOPLE["x"]).se)
    with pytest.raises(ValueError, match="gradient must be finite"):
        influence(lambda t: t[0], design, PEOPLE[["x"]], gradient=[[1.0, 2.0]])


def test_influence_of_quantiles_has_their_variance():
    design = DESIGNS["strat_cluster"]
    found = quantile(design, PEOPLE["age"], [0.25, 0.5, 0.75])
    spread = covariance(design, found.influence)
    assert_allclose(np.sqrt(np.diag(spread)), found.se, rtol=1e-12)
    assert spread[0, 1] > 0  # neighbouring quantiles move together


def test_quantile_of_a_domain_and_of_nothing():
    where = (PEOPLE["dom"] == "v").to_numpy()
    found = quantile(Design(weight=np.ones(len(PEOPLE))), PEOPLE["age"], 0.5, where=where)
    assert found.estimate[0] == np.sort(PEOPLE["age"][where])[(where.sum() - 1) // 2]
    with pytest.raises(ValueError, match="at least one number in the domain"):
        quantile(DESIGNS["independent"], PEOPLE["age"], where=np.zeros(len(PEOPLE), dtype=bool))
    with pytest.raises(ValueError, match="prob must lie strictly between"):
        quantile(DESIGNS["independent"], PEOPLE["age"], 50)


def test_contrast_is_the_quadratic_form_of_the_covariance():
    both = mean(DESIGNS["two_stage"], PEOPLE[["y", "five"]])
    coefficients = np.array([[1.0, -2.0], [0.5, 0.5]])
    assert_allclose(contrast(both, coefficients).covariance, coefficients @ both.covariance @ coefficients.T)


def test_variance_is_the_diagonal_of_the_covariance():
    design = DESIGNS["two_stage"]
    z = np.random.default_rng(1).normal(size=(design.n, 3))
    assert_allclose(variance(design, z), np.diag(covariance(design, z)))


def test_dropping_rows_outside_the_domain_shortens_the_error_but_zeroing_them_does_not():
    inside = (PEOPLE["dom"] == "u").to_numpy()
    kept = total(DESIGNS["independent"], PEOPLE["age"], where=inside)
    dropped = total(Design.from_frame(PEOPLE[inside], weight="w"), PEOPLE["age"][inside])
    assert_allclose(kept.estimate, dropped.estimate)
    assert dropped.se[0] < 0.9 * kept.se[0]


@pytest.mark.parametrize("codes", [[5.0, 5, 5, 4], [3.0, np.nan, np.nan, np.nan]])
def test_a_quantile_whose_interval_is_one_score_has_no_error(codes):
    """The median of mostly fives, or of one person: the data do not tell, and 0 would be a claim."""
    found = quantile(Design(weight=np.ones(4)), codes)
    assert found.lower[0] == found.estimate[0] == found.upper[0]
    assert np.isnan(found.se[0])
    assert (found.influence == 0).all()


def test_quantiles_refuse_a_level_that_is_none():
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        quantile(Design(weight=np.ones(3)), [1.0, 2.0, 3.0], level=95)


def test_refusals():
    design = Design(weight=[1.0, 2.0])
    with pytest.raises(ValueError, match="denominator must have a nonzero total, column 0 is 0; drop"):
        ratio(design, [1.0, 2.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="values must have a number in the domain, column 1 has none"):
        mean(design, [[1.0, np.nan], [2.0, 3.0]], where=[True, False])
    with pytest.raises(ValueError, match="where must be a mask of 2 booleans"):
        mean(design, [1.0, 2.0], where=[0, 1])
    with pytest.raises(ValueError, match="values must have 2 rows"):
        total(design, [1.0])
    with pytest.raises(ValueError, match="values must be finite"):
        total(design, [1.0, np.nan])
    with pytest.raises(ValueError, match="coefficients must have 1 columns"):
        contrast(total(design, [1.0, 2.0]), [1, 2])


@pytest.mark.parametrize(
    "function",
    [lambda t: np.abs(t[0]) * t[1], lambda t: t[0].real, lambda t: np.where(t[0] > 1, t[1].real, t[0])],
)
def test_functions_that_the_complex_step_does_not_see_through_are_refused(function):
    design, values = Design(weight=[1.0, 2.0, 1.0]), [[1.0, 2.0], [2.0, 1.0], [4.0, 3.0]]
    with pytest.raises(ValueError, match=r"function must be analytic: the derivative of .*; pass gradient"):
        influence(function, design, values)
    assert influence(function, design, values, gradient=[[1.0, 2.0]]).se[0] > 0


@pytest.mark.parametrize(
    "function",
    [lambda t: np.exp(t[0] / t[1]), lambda t: np.log(t[0]) ** 2 - t[1] ** 3, lambda t: 1e-9 * t[0]],
)
def test_analytic_functions_pass_whatever_their_size(function):
    values = np.array([[1.0, 2.0], [2.0, 1.0], [4.0, 3.0]])
    for size in (1e-6, 1.0, 1e6):
        assert influence(function, Design(weight=[1.0, 2.0, 1.0]), values * [size, size]).se[0] >= 0


def test_nobody_who_moves_an_estimate_leaves_no_standard_error():
    design = Design(weight=[1.3, 2.1, 0.7, 1.9])
    fives = mean(design, [[5.0, 5.0], [5.0, 4.0], [5.0, 5.0], [5.0, 4.0]])
    assert np.isnan(fives.se).tolist() == [True, False]
    assert_allclose(fives.covariance[0], 0, atol=1e-30)
    assert np.isnan(mean(design, [5.0, 4.0, 3.0, 5.0], where=[False, True, False, False]).se).all()
    thirds = np.full(4, 1 / 3)
    assert np.isnan(mean(design, thirds).se).all()
    assert total(design, thirds).se[0] > 0
    census = Design(weight=np.ones(4), fpc=[4] * 4)
    assert mean(census, [5.0, 4.0, 3.0, 5.0]).se[0] == 0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda d: mean(d, list("ab")),
            TypeError,
            "values must be numbers, the first is 'a' at respondent 0",
        ),
        (lambda d: mean(d, ["4", "5"]), TypeError, "values must be numbers, the first is '4'"),
        (lambda d: mean("d", [4, 5]), TypeError, "design must be a Design, got str"),
        (
            lambda d: ratio(d, np.ones((2, 2)), np.ones((2, 3))),
            ValueError,
            "one column or the numerator's 2, got 3",
        ),
        (lambda d: contrast(mean(d, np.eye(2)), [1, np.nan]), ValueError, "coefficients must be finite"),
        (lambda d: contrast(mean(d, np.eye(2)), ["1", "0"]), TypeError, "coefficients must be numbers"),
        (lambda d: quantile(d, ["4", "5"]), TypeError, "values must be numbers"),
        (lambda d: quantile(d, [4, 5], "0.5"), TypeError, "prob must be numbers, got '0.5'"),
        (lambda d: quantile(d, [4.0, 5.0, 5.0]), ValueError, "values must have 2 rows"),
        (lambda d: quantile(d, [4.0, np.inf]), ValueError, "values must be finite"),
        (lambda d: quantile(d, np.ones((2, 2))), ValueError, "values must be one column, got 2"),
        (lambda d: quantile(d, [4.0, 5.0], where=[1, 0]), ValueError, "where must be a mask of 2 booleans"),
    ],
)
def test_wrong_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make(Design(weight=[1.0, 2.0]))


def test_functions_that_end_near_the_totals_are_taken():
    """A spread far from 0 and the log odds of a share near 1 have no value a hundred-thousandth away."""
    years = 2020.0 + np.random.default_rng(0).integers(0, 6, 1000)
    powers = np.column_stack([years, years**2, np.ones(1000)])
    spread = influence(
        lambda s: np.sqrt(s[1] / s[2] - (s[0] / s[2]) ** 2), Design(weight=np.ones(1000)), powers
    )
    gap = years - years.mean()
    assert_allclose(spread.influence[:, 0], (gap**2 - gap.var()) / (2000 * gap.std()), rtol=1e-6, atol=1e-9)
    many = np.column_stack([np.arange(200_000) > 0, np.ones(200_000)]).astype(float)
    odds = influence(lambda s: np.log(s[0] / (s[1] - s[0])), Design(weight=np.ones(200_000)), many)
    assert_allclose(odds.se, 1.0, rtol=1e-4)
