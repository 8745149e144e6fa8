"""Every statistic under weighted designs, lone PSUs and replicates, by R survey: what others leave."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from estimators import Design, Recipe, calibrate, mean, poststratify, quantile, ratio, scores, supplied, total

FOLDER = Path(__file__).parent / "oracle"
ORACLE, WEIGHTING, FIXED = (
    json.loads((FOLDER / f"{name}.json").read_text()) for name in ("matrix", "weighting", "replication")
)
PEOPLE = pd.DataFrame(json.loads((FOLDER / "designs.json").read_text())["people"])
PEOPLE["y"] = PEOPLE["y"].astype(float).fillna(4)
LONELY = pd.DataFrame(ORACLE["lonely"])
PAIRS = PEOPLE[PEOPLE["id"].isin(FIXED["pairs"])]
SEX, DOM = WEIGHTING["sex"], WEIGHTING["dom"]
ALL = {"sex": SEX, "dom": DOM, "age": WEIGHTING["age"]}
STEPS = {
    "poststratified": poststratify("sex", SEX),
    "raking": calibrate({"sex": SEX, "dom": DOM}, distance="raking"),
    "greg": calibrate(ALL),
    "raking_age": calibrate(ALL, distance="raking"),
    "logit": calibrate(ALL, distance="logit", bounds=(0.6, 2.2)),
    "truncated": calibrate(ALL, distance="truncated", bounds=(0.8, 1.75)),
}
RULES = {"certainty": "certainty", "centered": "adjust", "average": "average"}
EXACT = 1e-9


def case(name):
    """Design, table and R's numbers of a weighting or of a rule for lone PSUs."""
    if name in RULES:
        design = Design.from_frame(LONELY, strata="h", psu="psu", weight="w", single_psu=name)
        return design, LONELY, ORACLE["rules"][RULES[name]]
    plain = Design.from_frame(PEOPLE, strata="h", psu="psu", weight="w")
    design = Recipe((STEPS[name],)).run(PEOPLE, PEOPLE["w"]).onto(plain)
    return design, PEOPLE, ORACLE["weighted"][name]


def measured(table):
    return np.column_stack([table["y"], table["y"] == 5]).astype(float)


def rated(table) -> xr.Dataset:
    codes = table["y"].to_numpy(dtype=np.int8)[:, None]
    return xr.Dataset(
        {"ratings": (("respondent", "item"), codes), "all": ("respondent", np.full(len(table), "all"))},
        coords={"item": ["o01"]},
    )


@pytest.mark.parametrize("name", [*STEPS, *RULES])
class TestDesigns:
    def test_means_and_shares(self, name):
        design, table, expected = case(name)
        result = mean(design, measured(table))
        assert_allclose(result.estimate, expected["mean"], rtol=EXACT)
        assert_allclose(result.covariance, expected["cov"], rtol=EXACT, atol=1e-20)

    def test_totals(self, name):
        design, table, expected = case(name)
        result = total(design, measured(table))
        assert_allclose(result.estimate, expected["total"], rtol=EXACT)
        assert_allclose(result.covariance, expected["total_cov"], rtol=EXACT)

    def test_ratio(self, name):
        design, table, expected = case(name)
        result = ratio(design, table["y"], table["x"])
        assert_allclose(result.estimate[0], expected["ratio"], rtol=EXACT)
        assert_allclose(result.se[0], expected["ratio_se"], rtol=EXACT)

    def test_quantiles(self, name):
        design, table, expected = case(name)
        result = quantile(design, table["age"], [0.1, 0.25, 0.5, 0.75])
        assert_allclose(result.estimate, expected["quantile"], rtol=EXACT)
        assert_allclose(result.lower, np.array(expected["quantile_low"], float), rtol=EXACT)
        assert_allclose(result.upper, np.array(expected["quantile_high"], float), rtol=EXACT)
        assert_allclose(result.se, np.array(expected["quantile_se"], float), rtol=EXACT)

    def test_scores_with_design_effects_and_degrees_of_freedom(self, name):
        design, table, expected = case(name)
        found = scores(rated(table), design, by="all", interval=None).isel(all=0, item=0)
        assert_allclose(found.estimate, expected["mean"], rtol=EXACT)
        assert_allclose(found.se**2, np.diag(expected["cov"]), rtol=EXACT)
        assert_allclose(found.deff, expected["deff"], rtol=EXACT)
        assert found.df == expected["df"]


@pytest.mark.parametrize("name", RULES)
def test_domains_with_lone_psus(name):
    design, table, expected = case(name)
    columns = np.column_stack([np.where(table["dom"] == d, table["y"], np.nan) for d in "uv"])
    result = mean(design, columns)
    assert_allclose(result.estimate, expected["domain"], rtol=EXACT)
    assert_allclose(result.covariance, expected["domain_cov"], rtol=EXACT)


@pytest.mark.parametrize("name", ORACLE["replicated"])
def test_scores_and_totals_on_the_replicate_weights_of_r(name):
    parts, expected = FIXED["parts"][name], ORACLE["replicated"][name]
    table = PAIRS if name in ("BRR", "Fay") else PEOPLE
    design = Design.from_frame(table, weight="w", psu="psu", strata=None if name == "JK1" else "h")
    replicates = supplied(design, parts["weights"], scale=parts["scale"], rscale=np.ravel(parts["rscales"]))
    found = scores(rated(table), replicates, by="all", interval=None).isel(all=0, item=0)
    assert_allclose(found.estimate, expected["mean"], rtol=EXACT)
    assert_allclose(found.se**2, np.diag(expected["cov"]), rtol=EXACT)
    assert_allclose(found.deff, expected["deff"], rtol=EXACT)
    about_mean = replace(replicates, center="mean")
    totals = about_mean.estimates(lambda w: w @ measured(table))
    assert_allclose(about_mean.covariance(totals, expected["total"]), expected["total_cov"], rtol=EXACT)
