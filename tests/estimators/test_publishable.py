import numpy as np
import pytest
import xarray as xr

from estimators import Design, Rule, Threshold, publishable, scores


def figures(**columns) -> xr.Dataset:
    base = {
        "estimate": [4.5] * 5,
        "raters": [40] * 5,
        "n_eff": [35.0] * 5,
        "lower": [4.3] * 5,
        "upper": [4.7] * 5,
    }
    return xr.Dataset({k: ("service", v) for k, v in (base | columns).items()})


def test_each_criterion_is_named():
    table = figures(
        raters=[40, 4, 8, 40, 40],
        n_eff=[35.0, 35, 35, 12, 35],
        upper=[4.7, 4.7, 4.7, 4.7, np.nan],
        estimate=[4.5, 4.5, 4.5, 4.5, np.nan],
    )
    rule = Rule(Threshold(raters=5), Threshold(raters=30, n_eff=20))
    found = publishable(table, rule)
    assert found.verdict.values.tolist() == ["ranked", "withheld", "unranked", "unranked", "withheld"]
    assert found.reason.values.tolist() == ["", "raters", "raters", "effective raters", "no figure"]


def test_half_width_by_statistic_and_a_missing_interval():
    table = figures(lower=[4.4, 4.0, np.nan, 4.4, 4.4]).expand_dims(statistic=["mean", "satisfaction"])
    rule = Rule(Threshold(), Threshold(half_width={"mean": 0.2}))
    found = publishable(table, rule)
    assert found.verdict.sel(statistic="mean").values.tolist() == [
        "ranked",
        "unranked",
        "unranked",
        "ranked",
        "ranked",
    ]
    assert set(found.verdict.sel(statistic="satisfaction").values) == {"ranked"}


def test_reads_scores():
    codes = np.array([[5], [4], [3], [5], [0], [4], [4]], dtype=np.int8)
    ratings = xr.Dataset(
        {"ratings": (("respondent", "item"), codes), "service": ("respondent", list("aaaabcc"))},
        coords={"item": ["o01"]},
    )
    found = publishable(
        scores(ratings, Design(weight=np.ones(7)), by="service"), Rule(Threshold(2), Threshold(4))
    )
    assert found.verdict.sel(statistic="mean").squeeze().values.tolist() == ["ranked", "withheld", "unranked"]


def test_refusals():
    with pytest.raises(ValueError, match="result lacks 'lower'"):
        publishable(figures().drop_vars("lower"), Rule())
    with pytest.raises(ValueError, match="at least as much of rank as of show"):
        publishable(figures(), Rule(Threshold(raters=50), Threshold(raters=30)))
    with pytest.raises(ValueError, match="half_width positive"):
        Threshold(half_width=0)


def test_thresholds_and_rules_are_checked():
    with pytest.raises(ValueError, match="raters must be at least 1"):
        Threshold(raters=np.nan)
    with pytest.raises(TypeError, match="must be numbers, got '5'"):
        Threshold(raters="5")
    table = xr.Dataset(
        {name: ("statistic", [4.5]) for name in ("estimate", "raters", "n_eff", "lower", "upper")},
        coords={"statistic": ["mean"]},
    )
    with pytest.raises(TypeError, match="rule must be a Rule, got Threshold"):
        publishable(table, Threshold())
    with pytest.raises(ValueError, match="half_width must name statistics, 'share' is none; there are mean"):
        publishable(table, Rule(show=Threshold(half_width={"share": 0.1})))


def test_composites_are_judged_by_their_effective_number():
    figures = {"estimate": [4.5, 4.5], "raters": [40, 40], "effective_n": [35.0, 8.0]}
    figures |= {"lower": [4.3, 4.3], "upper": [4.7, 4.7]}
    table = xr.Dataset({name: ("node", values) for name, values in figures.items()})
    found = publishable(table, Rule(rank=Threshold(raters=30, n_eff=20)))
    assert found.verdict.values.tolist() == ["ranked", "unranked"]
    assert found.reason.values.tolist() == ["", "effective raters"]
