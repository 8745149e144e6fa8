import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from estimators import joint_region, plug_in_rank_probability, ranks, verify_top


def test_joint_region_by_hand():
    # half-width of 5 units at 90%: Sidak 1 - 0.9 ** 0.2 = 0.0208516 each, z = 2.3105; times 0.1 = 0.231
    found = joint_region([5.0, 4.6, 4.5, 4.0, 3.0], np.full(5, 0.1), level=0.9)
    assert np.allclose(found["upper"] - found["estimate"], 0.23105, atol=1e-4)
    # 4.6 overlaps 5.0 (4.831 against 4.769), 4.5 does not (4.731); 4.0 lies below 4.5 (4.231, 4.269)
    assert found["rank_lower"].values.tolist() == [1, 1, 2, 4, 5]
    assert found["rank_upper"].values.tolist() == [2, 3, 3, 4, 5]
    assert found["rank"].values.tolist() == [1, 2, 3, 4, 5]


def test_joint_region_mirrors_and_bonferroni_is_wider():
    rng = np.random.default_rng(8)
    values, se = rng.normal(0, 0.3, 15), rng.uniform(0.02, 0.2, 15)
    high, low = joint_region(values, se), joint_region(-values, se, best="low")
    assert np.array_equal(high["rank_lower"], low["rank_lower"])
    assert np.array_equal(high["rank_upper"], low["rank_upper"])
    wide = joint_region(values, se, method="bonferroni")
    assert np.all(wide["upper"] - wide["lower"] > high["upper"] - high["lower"])
    assert np.all(wide["rank_lower"] <= high["rank_lower"])


def test_joint_region_is_wider_than_sets_from_differences():
    rng = np.random.default_rng(9)
    values, se = rng.normal(0, 0.2, 20), rng.uniform(0.03, 0.1, 20)
    region, table = joint_region(values, se), ranks(values, se)
    assert np.all(region["rank_lower"] <= table["lower"])
    assert np.all(region["rank_upper"] >= table["upper"])
    assert (region["rank_upper"] - region["rank_lower"]).sum() > (table["upper"] - table["lower"]).sum()


def test_joint_region_of_one_unit_and_small_samples():
    one = joint_region([4.5], [0.1])
    assert one["rank_upper"].values.tolist() == [1]
    assert float(one["upper"][0]) == pytest.approx(4.5 + 0.1 * norm.isf(0.025))
    assert float(joint_region([4.5], [0.1], df=4)["upper"][0]) == pytest.approx(
        4.5 + 0.1 * 2.776445, abs=1e-6
    )


@pytest.mark.parametrize(
    ("options", "message"), [({"method": "x"}, "method must"), ({"level": 90}, "as 0.95")]
)
def test_joint_region_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        joint_region([4.5, 4.4], [0.1, 0.1], **options)


@pytest.mark.parametrize(
    "judge", [joint_region, plug_in_rank_probability, ranks, lambda *table: verify_top(*table, k=1)]
)
def test_one_known_value_may_have_no_error_and_two_units_may_not(judge):
    judge([4.5, 5.0, 4.1], [0.1, 0.0, 0.1])
    with pytest.raises(
        ValueError, match=r"1 and 2 ha.* standard error 0: .* not zero; .* leave one of the two"
    ):
        judge([4.5, 5.0, 4.1], [0.1, 0.0, 0.0])


def test_top_of_equal_independent_units_is_last_on_top_against_next():
    found = verify_top([4.9, 4.8, 4.5, 4.4], [0.1] * 4, k=2)
    assert found.weakest == (1, 2)
    assert found.statistic == pytest.approx(0.3 / (0.1 * np.sqrt(2)))
    assert found.p_value == pytest.approx(2 * norm.sf(found.statistic))
    assert "equal variances" in found.method
    assert found.top == (0, 1)


def test_top_of_unequal_independent_units_looks_at_all_rivals():
    scores = xr.DataArray([4.9, 4.8, 4.5, 4.4], coords={"service": ["s01", "s02", "s03", "s04"]})
    found = verify_top(scores, [0.02, 0.05, 0.05, 0.4], k=2)
    assert found.weakest == ("s02", "s04")
    assert found.p_value == pytest.approx(2 * norm.sf(0.4 / np.hypot(0.05, 0.4)))
    assert "unequal variances" in found.method
    assert found.p_value_mcse == 0


@pytest.mark.parametrize(("k", "rival"), [(1, "one rival"), (2, "any rival"), (3, "one rival")])
def test_top_of_correlated_units_uses_the_law_of_the_maximum(k, rival):
    se = np.array([0.05, 0.06, 0.07, 0.08])
    covariance = np.outer(se, se) * (0.3 + 0.7 * np.eye(4))
    values = np.array([4.9, 4.8, 4.6, 4.4])
    found = verify_top(values, covariance, k=k, draws=20_000)
    assert rival in found.method
    width = np.sqrt(se[:, None] ** 2 + se**2 - 2 * covariance + np.eye(4))
    draws = np.random.default_rng(11).multivariate_normal(np.zeros(4), covariance, 50_000)
    largest = np.abs((draws[:, :, None] - draws[:, None]) / width).max(axis=2)
    law = largest if k != 2 else largest.max(axis=1, keepdims=True)
    direct = (law >= found.statistic).mean(axis=0).max()
    assert found.p_value == pytest.approx(direct, abs=6 * found.p_value_mcse)
    assert found.p_value > 2 * norm.sf(found.statistic)


def test_lowest_can_be_best():
    high, low = (
        verify_top([3.0, 2.0, 1.0], [0.3] * 3, k=1),
        verify_top([1.0, 2.0, 3.0], [0.3] * 3, k=1, best="low"),
    )
    assert (high.statistic, high.p_value) == (low.statistic, low.p_value)
    assert low.top == (0,)


@pytest.mark.parametrize(
    ("values", "k", "message"),
    [
        ([4.5, 4.4], 0, "k must be a whole number from 1 to 1, got 0"),
        ([4.5, 4.4], 2, "from 1 to 1, got 2"),
        ([4.5, 4.5], 1, "a tie"),
    ],
)
def test_impossible_tops_are_refused(values, k, message):
    with pytest.raises(ValueError, match=message):
        verify_top(values, [0.1, 0.1], k=k)


def test_plug_in_probabilities_of_two_units_are_the_normal_law():
    found = plug_in_rank_probability([4.6, 4.5], [0.06, 0.08], draws=50_000)
    assert found["probability"].shape == (2, 2)
    error = float(found["probability_mcse"][0, 0])
    assert float(found["probability"][0, 0]) == pytest.approx(norm.cdf(1.0), abs=5 * error)
    assert "not confidence" in found.attrs["meaning"]


def test_plug_in_probabilities_are_doubly_stochastic_and_mirror():
    rng = np.random.default_rng(6)
    values, se = rng.normal(0, 0.1, 9), rng.uniform(0.02, 0.2, 9)
    share = plug_in_rank_probability(values, se)["probability"]
    assert np.allclose(share.sum("rank"), 1)
    assert np.allclose(share.sum("unit"), 1)
    mirrored = plug_in_rank_probability(values, se, best="low")["probability"]
    assert np.array_equal(mirrored.values, share.values[:, ::-1])


def test_plug_in_spreads_units_that_are_equal():
    share = plug_in_rank_probability(np.full(4, 4.5), np.full(4, 0.1), draws=40_000)
    assert np.all(np.abs(share["probability"] - 0.25) < 6 * share["probability_mcse"])
