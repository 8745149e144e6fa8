import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from estimators import change, tipping_point


def round_of(values, labels, **attrs) -> xr.DataArray:
    return xr.DataArray(values, coords={"region": labels}, attrs=attrs)


def test_change_of_independent_rounds_by_hand():
    found = change([4.73, 4.60], [0.03, 0.06], [4.58, 4.62], [0.04, 0.08], adjust="none")
    assert np.allclose(found["difference"], [-0.15, 0.02])
    assert np.allclose(found["se"], [0.05, 0.10])
    assert np.allclose(found["p_value"], 2 * norm.sf([3.0, 0.2]))
    assert np.allclose(found["upper"] - found["lower"], 2 * 1.959964 * found["se"])


def test_overlapping_rounds_use_their_covariance():
    old, new, cross = np.diag([0.04, 0.09]), np.diag([0.05, 0.10]), np.array([[0.03, 0.01], [0.02, 0.06]])
    found = change([1.0, 2.0], old, [1.5, 1.5], new, cross_covariance=cross, adjust="none")
    assert np.allclose(found["se"] ** 2, [0.04 + 0.05 - 0.06, 0.09 + 0.10 - 0.12])
    stacked = np.block([[old, cross], [cross.T, new]])
    contrast = np.hstack([-np.eye(2), np.eye(2)])
    assert np.allclose(found["se"] ** 2, np.diag(contrast @ stacked @ contrast.T))


def test_labelled_rounds_are_matched_by_label_and_keep_the_later_order():
    before = round_of([4.7, 4.5, 4.3], ["ALA", "AKM", "ATY"])
    after = round_of([4.2, 4.8], ["ATY", "ALA"])
    cross = np.array([[0.001, 0.002], [0.0, 0.0], [0.003, 0.0]])
    found = change(before, [0.1, 0.2, 0.3], after, [0.1, 0.2], domains="common", cross_covariance=cross)
    assert found["region"].values.tolist() == ["ATY", "ALA"]
    assert np.allclose(found["difference"], [-0.1, 0.1])
    assert np.allclose(found["se"] ** 2, [0.09 + 0.01 - 2 * 0.003, 0.01 + 0.04 - 2 * 0.002])
    assert found.attrs["only_before"] == ["AKM"]
    assert found.attrs["only_after"] == []


@pytest.mark.parametrize("adjust", ["max_t", "bonferroni", "none"])
def test_verdicts_and_intervals_agree(adjust):
    rng = np.random.default_rng(2)
    shared = 0.003 * np.eye(20) + 0.001
    found = change(np.zeros(20), shared, rng.normal(0, 0.25, 20), shared, adjust=adjust, draws=4_000)
    excluded = (found["lower"] > 0) | (found["upper"] < 0)
    assert np.array_equal(found["p_adjusted"] <= 0.05, excluded)
    assert 0 < int(excluded.sum()) < 20


def test_strong_correlation_costs_less_than_bonferroni():
    shared = 0.01 * (0.95 + 0.05 * np.eye(22))
    found = change(np.zeros(22), shared, np.zeros(22), shared)
    assert 1.96 < found.attrs["critical_value"] < 2.6  # Bonferroni's is 3.05


def test_a_change_of_definition_is_said():
    before = round_of([0.73], ["ALA"], definition="share of raters")
    after = round_of([0.75], ["ALA"], definition="share of those asked")
    found = change(before, [0.01], after, [0.01])
    assert "share of raters before, share of those asked after" in found.attrs["caution"]
    assert change(before, [0.01], before, [0.01]).attrs["caution"] == ""


@pytest.mark.parametrize(
    ("before", "after", "options", "message"),
    [
        (round_of([4.0], ["a"], scale=10), round_of([4.0], ["a"], scale=5), {}, "on one scale"),
        (round_of([4.0], ["a"]), round_of([4.0], ["b"]), {}, "no unit in common"),
        (round_of([4.0, 4.0], ["a", "c"]), round_of([4.0], ["a"]), {}, r"got \['c'\] in one only"),
        (round_of([4.0], ["a"]), round_of([4.0], ["a"]), {"domains": "all"}, "domains must be"),
        (round_of([4.0], ["a"]), round_of([np.nan], ["a"]), {}, "must be finite"),
        (
            round_of([4.0], ["a"]),
            round_of([4.0], ["a"]).rename(region="service"),
            {},
            "'region' and 'service'",
        ),
    ],
)
def test_rounds_that_do_not_match_are_refused(before, after, options, message):
    with pytest.raises(ValueError, match=message):
        change(before, np.full(before.size, 0.1), after, np.full(after.size, 0.1), **options)


def test_a_change_without_error_or_with_an_impossible_covariance_is_refused():
    with pytest.raises(ValueError, match="the change of 0 has standard error 0"):
        change([4.5], [0.0], [4.6], [0.0])
    with pytest.raises(ValueError, match="positive semidefinite"):
        change([4.5], [0.1], [4.6], [0.1], cross_covariance=[[0.5]])


TIPPED = st.floats(-1, 1).filter(lambda d: abs(d) > 1e-3)


@given(TIPPED, st.floats(0.005, 0.5), st.floats(0.5, 3), st.integers(1, 30), st.floats(0.05, 0.95))
def test_at_the_tipping_point_the_verdict_is_on_the_border(difference, se, deff, tests, rate):
    found = tipping_point(
        difference, se, deff=deff, tests=tests, n=(400, 500), response_rate=rate, df=30
    ).map(float)
    c = abs(difference) / (se * np.sqrt(float(found["deff"]) / deff))
    assert 2 * tests * t.sf(c, 30) == pytest.approx(0.05, rel=1e-6)
    at_sd = float(found["sd"]) * np.sqrt(deff * (1 / 400 + 1 / 500))
    assert abs(difference) / at_sd == pytest.approx(c, rel=1e-6)
    moved = difference + float(found["bias"])
    assert abs(moved) / se == pytest.approx(c, rel=1e-6)
    assert float(found["nonrespondent_gap"]) * (1 - rate) == pytest.approx(float(found["bias"]))
    assert bool(found["significant"]) == (float(found["deff"]) > deff)


def test_tipping_points_keep_the_labels_of_many_changes():
    differences = round_of([-0.15, 0.02], ["ALA", "AKM"])
    found = tipping_point(differences, [0.05, 0.05], n=([400, 500], [450, 520]))
    assert found["sd"].dims == ("region",)
    assert found["significant"].values.tolist() == [True, False]
    assert found["bias"].values.round(3).tolist() == [0.052, 0.078]
    assert found["deff"].values.round(3).tolist() == [2.343, 0.042]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0.1, 0.0), {}, "se above 0"),
        ((np.inf, 0.1), {}, "difference must be finite"),
        ((0.1, 0.1), {"deff": 0}, "deff must be above 0"),
        ((0.1, 0.1), {"level": 95}, "write 95% as 0.95"),
        ((0.1, 0.1), {"n": (0, 10)}, "two respondent counts"),
        ((0.1, 0.1), {"n": 10}, "two respondent counts, before and after, above 0, got 10"),
        ((0.1, 0.1), {"response_rate": 1.0}, "response_rate must be between 0 and 1"),
    ],
)
def test_tipping_point_refuses(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        tipping_point(*arguments, **options)
