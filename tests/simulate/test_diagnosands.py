import numpy as np
import pytest
from scipy.stats import kendalltau, norm

from simulate.diagnosands import (
    DIAGNOSANDS,
    Diagnosis,
    Outcome,
    bias,
    coverage,
    kendall,
    mc_error,
    power,
    rmse,
    se_ratio,
    size,
    spread,
    stability,
    top_agreement,
    top_exact,
    winner,
)

FALSE_ALARM = 1e-6
RNG = np.random.default_rng(9)
TRUTH = np.array([4.1, 4.5, 4.4, 4.9])


def outcome(replicates: int, rng: np.random.Generator = RNG, **more: np.ndarray) -> Outcome:
    sd = np.array([0.1, 0.2, 0.3, 0.1])
    estimate = TRUTH + 0.05 + sd * rng.standard_normal((replicates, 4))
    se = sd * np.sqrt(rng.chisquare(10, (replicates, 4)) / 10)
    values = {"estimate": estimate, "se": se, "lower": estimate - 2 * se, "upper": estimate + 2 * se, **more}
    return Outcome(values, TRUTH, np.full(replicates, 7.0), np.full(replicates, 10.0))


def test_values_are_the_textbook_figures():
    facts = outcome(500)
    estimate = facts.values["estimate"]
    assert bias(facts).value == pytest.approx(estimate.mean(axis=0) - TRUTH)
    assert rmse(facts).value == pytest.approx(np.sqrt(((estimate - TRUTH) ** 2).mean(axis=0)))
    assert spread(facts).value == pytest.approx(estimate.std(axis=0, ddof=1))
    assert se_ratio(facts).value == pytest.approx(
        facts.values["se"].mean(axis=0) / estimate.std(axis=0, ddof=1)
    )
    inside = (facts.values["lower"] <= TRUTH) & (facts.values["upper"] >= TRUTH)
    assert coverage(facts).value == pytest.approx(inside.mean(axis=0))
    taus = [kendalltau(row, TRUTH).statistic for row in estimate]
    assert kendall(facts).value == pytest.approx(np.mean(taus))
    assert winner(facts).value == pytest.approx((estimate.argmax(axis=1) == 3).mean())
    top2 = np.sort(np.argsort(estimate, axis=1)[:, 2:], axis=1)
    assert top_exact(facts, k=2).value == pytest.approx((top2 == [1, 3]).all(axis=1).mean())
    assert top_agreement(facts, k=2).value == pytest.approx(np.isin(top2, [1, 3]).mean())


@pytest.mark.parametrize(
    "name", ["bias", "rmse", "se_ratio", "coverage", "width", "kendall", "top3", "winner"]
)
def test_monte_carlo_errors_are_the_spread_of_repeated_studies(name):
    figures, errors = [], []
    for repeat in range(400):
        found = DIAGNOSANDS[name](outcome(150, np.random.default_rng([1, repeat])))
        whole = found.overall()
        figures.append(float(whole.value))
        errors.append(float(whole.mc_error()))
    # An SD from 400 repeats has a relative error of 1 / sqrt(800).
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(
        np.std(figures, ddof=1), rel=5.2 / np.sqrt(800)
    )


def test_a_share_of_none_or_all_has_an_error():
    for value in (0.0, 1.0):
        found = Diagnosis(np.array([value]), np.zeros((100, 1)), trials=1)
        assert found.mc_error() == pytest.approx(np.sqrt(0.5 / 101 * (1 - 0.5 / 101) / 100))
        several = Diagnosis(np.full(4, value), np.zeros((100, 4)), trials=1).overall().mc_error()
        assert several == pytest.approx(np.sqrt(0.5 / 401 * (1 - 0.5 / 401) / 400))


def test_missing_answers_are_left_out_not_counted_as_wrong():
    facts = outcome(300)
    values = {name: table.copy() for name, table in facts.values.items()}
    for table in values.values():
        table[100:, 2] = np.nan
    partial = Outcome(values, TRUTH, facts.cost, facts.respondents)
    first = Outcome({k: v[:100] for k, v in facts.values.items()}, TRUTH, facts.cost, facts.respondents)
    for function in (bias, rmse, se_ratio, coverage):
        assert function(partial).value[2] == pytest.approx(function(first).value[2])
        assert function(partial).mc_error()[2] == pytest.approx(function(first).mc_error()[2])
    assert 0 < bias(partial).overall().mc_error() < 0.1


def test_the_error_over_domains_with_missing_answers_is_right():
    figures, errors = [], []
    for repeat in range(400):
        facts = outcome(120, np.random.default_rng([2, repeat]))
        facts.values["estimate"][:90, 2] = np.nan
        whole = bias(facts).overall()
        figures.append(float(whole.value))
        errors.append(float(whole.mc_error()))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(
        np.std(figures, ddof=1), rel=5.2 / np.sqrt(800)
    )


def test_one_replicate_has_no_error():
    assert np.isnan(bias(outcome(1)).mc_error()).all()
    assert np.isnan(mc_error(np.zeros((0, 2)))).all()


def test_ties_in_truth_belong_to_the_top_together():
    facts = Outcome(
        {"estimate": np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])},
        np.array([5.0, 5.0, 4.0]),
        np.zeros(2),
        np.zeros(2),
    )
    assert winner(facts).value == 0.5
    assert top_exact(facts, k=9).value == 1.0


def test_a_domain_without_an_estimate_is_never_the_winner():
    facts = Outcome(
        {"estimate": np.array([[np.nan, 2.0]] * 4)}, np.array([5.0, 4.0]), np.zeros(4), np.zeros(4)
    )
    assert winner(facts).value == 0.0
    assert np.isnan(kendall(facts).value)


def test_bias_of_an_unbiased_estimator_is_within_its_error():
    rng = np.random.default_rng(3)
    facts = Outcome(
        {"estimate": TRUTH + rng.standard_normal((5000, 4))}, TRUTH, np.zeros(5000), np.zeros(5000)
    )
    found = bias(facts)
    assert (abs(found.value) < norm.isf(FALSE_ALARM / 8) * found.mc_error()).all()


def test_rank_agreement_in_parts_is_that_of_the_whole(monkeypatch):
    facts = outcome(50)
    whole, apart = kendall(facts), stability(facts)
    monkeypatch.setattr("simulate.diagnosands.PAIRS", 20)
    assert (kendall(facts).influence == whole.influence).all()
    assert stability(facts).value == apart.value
    estimate = facts.values["estimate"]
    taus = [kendalltau(estimate[r], estimate[r + 1]).statistic for r in range(0, 50, 2)]
    assert apart.value == pytest.approx(np.mean(taus))
    assert apart.mc_error() == pytest.approx(np.std(taus, ddof=1) / 5)


def test_a_null_that_rounding_moved_is_still_a_null():
    p = np.array([[0.01], [0.5]])
    facts = Outcome({"estimate": p, "p_value": p}, np.array([4.4 - 4.3 - 0.1]), np.zeros(2), np.zeros(2))
    assert facts.truth[0] != 0
    assert size(facts).value == 0.5
    assert np.isnan(power(facts).value)
