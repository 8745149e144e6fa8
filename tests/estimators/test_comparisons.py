import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm, t

from estimators import equivalence, pairwise
from estimators.comparisons_estimates import JointEstimate, labelled

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())
TABLE, PAIRWISE = ORACLE["table"], ORACLE["pairwise"]


def test_all_pairs_agree_with_integrated_joint_law():
    found = pairwise(TABLE["estimate"], TABLE["covariance"], draws=100_000)
    sign = -1  # the oracle subtracts the first from the second
    assert np.allclose(sign * found["upper"], PAIRWISE["lower"], atol=0.004)
    assert np.allclose(sign * found["lower"], PAIRWISE["upper"], atol=0.004)
    assert found.attrs["critical_value"] == pytest.approx(PAIRWISE["critical"], abs=0.03)
    allowed = 5 * found["p_adjusted_mcse"] + 1e-4
    assert np.all(np.abs(found["p_adjusted"] - PAIRWISE["p_adjusted"]) < allowed)


@pytest.mark.parametrize("adjust", ["max_t", "bonferroni", "none"])
def test_p_values_and_intervals_say_the_same(adjust):
    found = pairwise([4.9, 4.75, 4.6, 4.5, 4.46], np.full(5, 0.04), adjust=adjust, draws=2_000)
    excluded = (found["lower"] > 0) | (found["upper"] < 0)
    assert np.array_equal(found["p_adjusted"] <= 0.05, excluded)
    assert 0 < excluded.sum() < 10


def test_corrections_are_ordered_by_strictness():
    values, se = np.linspace(4.4, 4.9, 8), np.full(8, 0.06)
    p = {
        name: pairwise(values, se, adjust=name)["p_adjusted"] for name in ("none", "bh", "holm", "bonferroni")
    }
    assert np.all(p["none"] <= p["bh"])
    assert np.all(p["bh"] <= p["holm"])
    assert np.all(p["holm"] <= p["bonferroni"])


def test_pairs_carry_labels_and_a_small_sample_law():
    scores = xr.DataArray([4.9, 4.5, 4.4], coords={"region": ["ALA", "AKM", "ATY"]})
    found = pairwise(scores, [0.1, 0.1, 0.1], adjust="none", df=5)
    assert list(zip(found["first"].values, found["second"].values, strict=True)) == [
        ("ALA", "AKM"),
        ("ALA", "ATY"),
        ("AKM", "ATY"),
    ]
    assert np.allclose(found["p_value"], 2 * t.sf(np.abs(found["statistic"]), 5))
    assert found.attrs["coverage"] == "each interval taken alone"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"adjust": "tukey"}, "adjust must be one of"), ({"level": 95}, "write 95% as 0.95")],
)
def test_pairwise_refuses_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        pairwise([4.5, 4.6], [0.1, 0.1], **options)


def test_pairwise_refuses_one_unit():
    with pytest.raises(ValueError, match="at least 2 units"):
        pairwise([4.5], [0.1])


def test_equivalence_rejects_when_its_interval_lies_inside_the_margin():
    rng = np.random.default_rng(1)
    difference, se = rng.normal(0, 0.05, (40, 5)), rng.uniform(0.01, 0.06, (40, 5))
    found = equivalence(difference, se, margin=(-0.1, 0.08), df=12)
    inside = (found["lower"] >= -0.1) & (found["upper"] <= 0.08)
    assert np.array_equal(found["equivalent"], inside)
    assert 0 < int(inside.sum()) < inside.size
    assert found.attrs["null"] == "the true difference is outside (-0.1, 0.08)"


def test_equivalence_p_value_by_hand():
    found = equivalence(0.02, 0.03, margin=0.1)
    assert float(found["p_value"]) == pytest.approx(norm.sf((0.1 - 0.02) / 0.03))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1, 0.0, 0.1), "se above 0"),
        ((np.nan, 0.1, 0.1), "difference must be finite"),
        ((0.1, 0.1, 0.0), "margin must be above 0"),
        ((0.1, 0.1, (0.2, 0.1)), "low < high"),
        ((0.1, [0.1, 0.1], 0.1), "shape of difference"),
    ],
)
def test_equivalence_refuses(arguments, message):
    difference, se, margin = arguments
    with pytest.raises(ValueError, match=message):
        equivalence(difference, se, margin=margin)


def test_equivalence_refuses_a_level_below_one_half():
    with pytest.raises(ValueError, match=r"level must be above 0.5, got 0.4"):
        equivalence(0.1, 0.1, margin=1, level=0.4)


def test_labels_must_be_different_and_as_many_as_units():
    with pytest.raises(ValueError, match="different names"):
        JointEstimate(np.ones(2), np.eye(2), "unit", np.array(["a", "a"]))
    with pytest.raises(ValueError, match="covariance must have shape"):
        JointEstimate(np.ones(2), np.eye(3), "unit", np.array(["a", "b"]))


def test_labelled_keeps_names_and_makes_them_where_missing():
    named = xr.DataArray([1, 2], dims="year")
    assert labelled(named).dims == ("year",)
    assert labelled([1, 2], dim="test").dims == ("test",)
