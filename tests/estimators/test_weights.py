import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from estimators import (
    Design,
    Recipe,
    base,
    calibrate,
    jackknife,
    mean,
    nonresponse_classes,
    poststratify,
    propensity,
    quasi_randomize,
    rake,
    total,
    trim,
)

FOLDER = Path(__file__).parent / "oracle"
PEOPLE = pd.DataFrame(json.loads((FOLDER / "designs.json").read_text())["people"])
PEOPLE["y"] = PEOPLE["y"].astype(float).fillna(4)
PEOPLE["five"] = (PEOPLE["y"] == 5).astype(float)
ORACLE = json.loads((FOLDER / "weighting.json").read_text())
WEIGHT = PEOPLE["w"].to_numpy()
SEX, DOM, AGE = ORACLE["sex"], ORACLE["dom"], ORACLE["age"]
ALL = {"sex": SEX, "dom": DOM, "age": AGE}
EXACT = 1e-9
RECIPES = {
    "poststratified": (poststratify("sex", SEX),),
    "raked": (rake({"sex": SEX, "dom": DOM}),),
    "raking": (calibrate({"sex": SEX, "dom": DOM}, distance="raking"),),
    "greg": (calibrate(ALL),),
    "raking_age": (calibrate(ALL, distance="raking"),),
    "logit": (calibrate(ALL, distance="logit", bounds=(0.6, 2.2)),),
    "truncated": (calibrate(ALL, distance="truncated", bounds=(0.8, 1.75)),),
}


def weighted(name):
    return Recipe(RECIPES[name]).run(PEOPLE, WEIGHT)


def design_of(name) -> Design:
    return weighted(name).onto(Design.from_frame(PEOPLE, strata="h", psu="psu", weight="w"))


@pytest.mark.parametrize("name", RECIPES)
class TestAgainstR:
    def test_weights(self, name):
        assert_allclose(weighted(name).weight, ORACLE["results"][name]["weights"], rtol=EXACT)

    def test_means_and_their_covariance(self, name):
        # R's rake projects its residuals ten times, unweighted; the calibration it equals is exact
        expected = ORACLE["results"]["raking" if name == "raked" else name]
        result = mean(design_of(name), PEOPLE[["y", "five"]])
        assert_allclose(result.estimate, expected["mean"], rtol=EXACT)
        assert_allclose(result.covariance, expected["cov"], rtol=EXACT)

    def test_totals(self, name):
        expected = ORACLE["results"]["raking" if name == "raked" else name]
        assert_allclose(total(design_of(name), PEOPLE["y"]).se[0], expected["total_se"], rtol=EXACT)

    def test_domains(self, name):
        expected = ORACLE["results"]["raking" if name == "raked" else name]
        columns = np.column_stack([np.where(PEOPLE["dom"] == d, PEOPLE["y"], np.nan) for d in "uvw"])
        result = mean(design_of(name), columns)
        assert_allclose(result.estimate, expected["domain"], rtol=EXACT)
        assert_allclose(result.covariance, expected["domain_cov"], rtol=EXACT)

    def test_calibrated_totals_have_no_error(self, name):
        design = design_of(name)
        indicator = (PEOPLE["sex"] == "f").to_numpy(dtype=float)
        assert_allclose(total(design, indicator).estimate[0], SEX["f"], rtol=1e-8)
        assert total(design, indicator).se[0] < 1e-8


def test_raking_close_to_r_rake_in_its_own_variance():
    assert_allclose(
        mean(design_of("raked"), PEOPLE["y"]).se ** 2, ORACLE["results"]["raked"]["cov"][0][0], rtol=0.05
    )


def test_calibrating_twice_keeps_the_weights_of_r():
    recipe = Recipe((poststratify("sex", SEX), calibrate({"dom": DOM})))
    assert_allclose(recipe.run(PEOPLE, WEIGHT).weight, ORACLE["twice_weights"], rtol=EXACT)


def test_trimming_once_and_strictly_agree_with_r():
    once = Recipe((trim(lower=0.5, upper=1.8, relative=True),)).run(PEOPLE, WEIGHT)
    assert_allclose(once.weight, ORACLE["trim_once"], rtol=EXACT)
    strict = Recipe((trim(lower=0.5, upper=1.8, relative=True, strict=True),)).run(PEOPLE, WEIGHT)
    assert_allclose(strict.weight, ORACLE["trim_strict"], rtol=1e-7)
    assert_allclose(strict.weight.sum(), WEIGHT.sum())
    assert strict.weight.max() <= 1.8 * WEIGHT.mean() * (1 + 1e-9)


@pytest.mark.parametrize("limits", [{"upper": 2}, {"lower": 5}])
@pytest.mark.parametrize("strict", [False, True])
def test_trimming_refuses_limits_that_cannot_keep_the_total(limits, strict):
    # spread once, the total would put one weight far beyond the limit that it was to keep
    table = pd.DataFrame({"a": list("xxyy")})
    with pytest.raises(ValueError, match=r"must hold their mean 4, got .*relative=True"):
        Recipe((trim(**limits, strict=strict),)).run(table, np.array([1.0, 2, 3, 10]))


def test_limits_of_trimming_are_weights_unless_relative():
    mean_weight = WEIGHT.mean()
    plain = Recipe((trim(lower=0.5 * mean_weight, upper=1.8 * mean_weight),)).run(PEOPLE, WEIGHT)
    assert_allclose(plain.weight, ORACLE["trim_once"], rtol=EXACT)


def test_penalty_moves_between_no_calibration_and_exact_calibration():
    def gap(penalty):
        made = Recipe((calibrate({"sex": SEX}, penalty=penalty),)).run(PEOPLE, WEIGHT)
        return abs(made.applied[0].margins["after"] - made.applied[0].margins["target"]).max()

    gaps = [gap(p) for p in (1e-9, 1e-3, 1e-1, 1e3, None)]
    assert all(np.diff(gaps) < 0)
    assert gaps[-1] < 1e-7
    assert_allclose(gaps[0], abs(WEIGHT @ pd.get_dummies(PEOPLE["sex"]) - pd.Series(SEX)).max(), rtol=1e-5)


def test_nonresponse_classes_keep_class_totals():
    table = PEOPLE.assign(came=np.arange(len(PEOPLE)) % 3 > 0)
    made = Recipe((nonresponse_classes("came", "dom"),)).run(table, WEIGHT)
    assert (made.weight[~table["came"]] == 0).all()
    by = table["dom"].to_numpy()
    for level in "uvw":
        assert_allclose(made.weight[by == level].sum(), WEIGHT[by == level].sum())


def test_saturated_propensity_equals_classes():
    table = PEOPLE.assign(came=np.arange(len(PEOPLE)) % 3 > 0)
    by_class = Recipe((nonresponse_classes("came", "dom"),)).run(table, WEIGHT)
    by_model = Recipe((propensity("came", ("dom",)),)).run(table, WEIGHT)
    assert_allclose(by_model.weight, by_class.weight, rtol=1e-9)


def test_propensity_in_classes_keeps_the_total():
    table = PEOPLE.assign(came=np.arange(len(PEOPLE)) % 3 > 0)
    made = Recipe((propensity("came", ("age", "dom"), classes=4),)).run(table, WEIGHT)
    assert_allclose(made.weight.sum(), WEIGHT.sum())


def test_respondents_design_after_nonresponse_and_raking():
    table = PEOPLE.assign(came=np.arange(len(PEOPLE)) % 5 > 0)
    made = Recipe((nonresponse_classes("came", "h"), rake({"sex": SEX, "dom": DOM}))).run(table, WEIGHT)
    here = table[table["came"]]
    design = made.onto(Design.from_frame(here, strata="h", psu="psu"))
    assert_allclose(total(design, here["sex"] == "f").estimate[0], SEX["f"])
    assert total(design, here["sex"] == "f").se[0] < 1e-8
    with pytest.raises(ValueError, match="respondents with positive weight, got 121"):
        made.onto(Design.from_frame(table, strata="h", psu="psu"))


@pytest.mark.parametrize(
    "step",
    [
        poststratify("g", {"a": 10.0, "b": 20.0}),
        rake({"g": {"a": 10.0, "b": 20.0}}),
        calibrate({"g": {"a": 10.0, "b": 20.0}}),
        nonresponse_classes("in", "g"),
    ],
)
def test_every_step_starts_from_the_base_weights(step):
    table = pd.DataFrame({"g": ["a", "a", "b", "b"], "in": [True, True, True, False]})
    even, uneven = (Recipe((step,)).run(table, weight).weight for weight in ([1.0] * 4, [1.0, 3.0, 1.0, 1.0]))
    assert_allclose(even[0], even[1])
    assert_allclose(uneven[1], 3 * uneven[0])


def test_base_weights_multiply_what_came_before():
    table = pd.DataFrame({"pi": [0.5, 0.25]})
    assert Recipe((base("pi"),)).run(table, [3.0, 1.0]).weight.tolist() == [6.0, 4.0]


def test_diagnosis_counts_weights_at_bounds():
    made = weighted("truncated")
    factor = made.weight / WEIGHT
    expected = int(np.sum((factor < 0.8 + 1e-9) | (factor > 1.75 - 1e-9)))
    assert expected > 0
    assert made.diagnosis()["at_bounds"].tolist() == [expected]
    assert made.kish > 1


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((rake({"sex": {"f": 1.0}}),), "totals of 'sex' lack level 'm'"),
        ((rake({"sex": {**SEX, "x": 1.0}}),), "name 'x', which nobody has"),
        ((rake({"gender": SEX}),), "table has no column 'gender'"),
        ((calibrate({"dom": 3.0}),), "column 'dom' must be numeric"),
        ((calibrate(ALL, distance="logit", bounds=(0.99, 1.01)),), r"margin '.*' has target .* and gap"),
        ((calibrate(ALL, distance="truncated", bounds=(0.99, 1.01)),), "widen bounds, merge levels"),
        ((base("w"),), "must lie in"),
        ((nonresponse_classes("five", "dom"),), "column 'five' must be boolean"),
        (
            (trim(lower=0.999, upper=1.001, relative=True, strict=True),),
            "trim found no weight strictly within .*; set lower and upper further apart",
        ),
    ],
)
def test_refusals_name_the_margin(steps, message):
    with pytest.raises(ValueError, match=message):
        Recipe(steps).run(PEOPLE, WEIGHT)


def test_a_class_without_respondents_is_named():
    table = PEOPLE.assign(came=PEOPLE["dom"] != "w")
    with pytest.raises(ValueError, match="class 'w' has no respondents"):
        Recipe((nonresponse_classes("came", "dom"),)).run(table)
    with pytest.raises(ValueError, match="separate respondents"):
        Recipe((propensity("came", ("dom",)),)).run(table)
    with pytest.raises(ValueError, match="responded must be true for some"):
        Recipe((propensity("came", ("age",)),)).run(PEOPLE.assign(came=True))


def test_a_level_that_only_nonrespondents_have_is_named():
    table = PEOPLE.assign(came=PEOPLE["dom"] != "w")
    with pytest.raises(ValueError, match="and no respondents; merge levels"):
        Recipe((nonresponse_classes("came", "sex"), rake({"dom": DOM}))).run(table)


DECLARED = [
    (lambda: trim(upper=0.5, relative=True), "lower and upper must satisfy"),
    (lambda: trim(lower=5, upper=4), "got 5 and 4"),
    (lambda: propensity("came", ("x",), classes=1), "classes must be a whole number of at least 2, got 1"),
    (lambda: propensity("came", ("x",), classes=2.5), "got 2.5"),
    (lambda: rake({}), "at least one margin"),
    (lambda: rake({"sex": {}}), "totals of 'sex' must name at least one level"),
    (
        lambda: rake({"sex": SEX, "dom": {k: 2 * v for k, v in DOM.items()}}),
        "one sum, .*'sex' .*'dom'.* a gap of",
    ),
    (lambda: rake({"sex": {"f": -1.0, "m": 2.0}}), "must be positive and finite, got -1 for 'f'"),
    (lambda: rake({"sex": {"f": 3.0, "m": 0}}), "'sex' must be .* got 0 for 'm'; give .*, merge"),
    (lambda: poststratify("sex", {"f": 3.0, "m": 0}), "'sex' must be .* got 0 for 'm'; give .*, merge"),
    (lambda: calibrate({"sex": {"f": np.nan, "m": 1}}), "'sex' must be .* got nan for 'f'"),
    (lambda: calibrate({"age": np.inf}), "the total of 'age' must be finite, got inf"),
    (lambda: calibrate({}), "must name at least one column"),
    (
        lambda: calibrate(ALL, distance="chi"),
        "one of linear, raking, logit, truncated, participation, got 'chi'",
    ),
    (lambda: calibrate(ALL, distance="chi", bounds=(0.5, 2)), "distance must be one of"),
    (lambda: calibrate(ALL, distance="logit"), "bounds must satisfy"),
    (lambda: calibrate(ALL, distance="truncated", bounds=(0.5, 1)), "bounds must satisfy"),
    (lambda: calibrate(ALL, distance="truncated", bounds=("0", 2)), "bounds must satisfy"),
    (lambda: calibrate(ALL, distance="logit", bounds=(0, np.inf)), "finite for 'logit'.*use 'raking'"),
    (lambda: calibrate(ALL, bounds=(0.5, 2.0)), "bounds are for 'logit' and 'truncated'"),
    (lambda: calibrate({"sex": SEX}, population=3.0), "'population' sum to 3 .*'sex' .* a gap of"),
    (lambda: calibrate({"sex": SEX}, population=0), "population must be positive and finite, got 0"),
    (lambda: calibrate({"sex": SEX}, penalty={"age": 1.0}), "'age' is none; there are sex"),
    (lambda: calibrate({"sex": SEX}, penalty=-1.0), "penalty must be positive, got -1"),
    (lambda: calibrate({"sex": SEX}, penalty=np.nan), "penalty must be positive, got nan"),
    (lambda: Recipe(()), "at least one step"),
]
MISTYPED = [
    (lambda: Recipe(("rake",)), r"steps must be a tuple of steps, .* got \('rake',\)"),
    (lambda: trim(upper="5"), "upper must be a number, got '5'"),
    (lambda: trim(upper=5, strict="no"), "strict must be True or False, got 'no'"),
    (lambda: base([0.5, 0.2]), r"prob must be the name of a column of the table, got \[0.5, 0.2\]"),
    (lambda: nonresponse_classes("came", ["h"]), "classes must be the name of a column"),
    (lambda: propensity("came", "age"), r"got the text 'age'; write \['age'\]"),
    (lambda: propensity("came", (1,)), "covariates must be the name of a column"),
    (lambda: rake({"sex": 5}), "totals of 'sex' must map its levels to their totals, got 5"),
    (lambda: rake({"sex": {"f": "5", "m": 6}}), "totals of 'sex' must be a number for 'f', got '5'; convert"),
    (lambda: calibrate({"age": "400"}), "the total of 'age' must be a number.*, got '400'"),
    (lambda: calibrate([("age", 400)]), "totals must map columns to their totals"),
    (lambda: calibrate({"sex": SEX}, penalty="1"), "penalty must be a number, got '1'"),
    (lambda: calibrate({"sex": SEX}, penalty={"sex": None}), "penalty must be a number for 'sex', got None"),
    (lambda: calibrate({"sex": SEX}, population="12"), "population must be a number, got '12'"),
]


@pytest.mark.parametrize(("declare", "message"), DECLARED)
def test_what_no_table_could_make_right_is_refused_when_declared(declare, message):
    with pytest.raises(ValueError, match=message):
        declare()


@pytest.mark.parametrize(("declare", "message"), MISTYPED)
def test_what_is_of_the_wrong_type_is_refused_when_declared(declare, message):
    with pytest.raises(TypeError, match=message):
        declare()


def test_totals_may_be_series_and_categories_that_nobody_has_are_no_levels():
    table = pd.DataFrame({"sex": pd.Categorical(["f", "f", "m"], categories=["m", "x", "f"])})
    totals = pd.Series({"f": 10, "m": 8})
    for step in (poststratify("sex", totals), rake({"sex": totals}), calibrate({"sex": totals})):
        assert_allclose(Recipe((step,)).run(table).weight, [5, 5, 8])
    with pytest.raises(ValueError, match="totals of 'sex' name 'x', which nobody has"):
        Recipe((poststratify("sex", {"f": 10, "m": 8, "x": 1}),)).run(table)


def test_a_penalty_by_variable_finds_it_whatever_its_name():
    table = pd.DataFrame({"a=b": [1.0, 2.0, 4.0], "c": [1.0, 1.0, 2.0]})
    loose = calibrate({"a=b": 20.0, "c": 5.0}, penalty={"a=b": 1e-9})
    margins = Recipe((loose,)).run(table).applied[0].margins
    assert_allclose(margins.loc["c", "after"], 5)
    assert abs(margins.loc["a=b", "after"] - 20) > 1


def test_weights_to_start_from():
    with pytest.raises(ValueError, match="weight must be finite and not negative, 121 of 121"):
        Recipe((rake({"sex": SEX}),)).run(PEOPLE, -WEIGHT)
    with pytest.raises(ValueError, match="weight must be 121 numbers, one per row"):
        Recipe((rake({"sex": SEX}),)).run(PEOPLE, WEIGHT[1:])
    with pytest.raises(ValueError, match="all are zero; weights of 1"):
        Recipe((rake({"sex": SEX}),)).run(PEOPLE, 0 * WEIGHT)
    with pytest.raises(TypeError, match=r"weight must be numbers, the first is '2\.5' at respondent 0"):
        Recipe((rake({"sex": SEX}),)).run(PEOPLE, np.full(len(PEOPLE), "2.5"))


def test_tables_that_are_none():
    recipe = Recipe((rake({"sex": SEX}),))
    with pytest.raises(TypeError, match="table must be a DataFrame of the respondents, got dict"):
        recipe.run({"sex": ["f", "m"]})
    with pytest.raises(ValueError, match="at least one respondent, got none"):
        recipe.run(PEOPLE[:0])
    with pytest.raises(ValueError, match="each column once, 'sex' comes twice"):
        recipe.run(pd.concat([PEOPLE, PEOPLE[["sex"]]], axis=1))
    with pytest.raises(TypeError, match=r"prob column 'p' must be numbers, the first is '0\.5'"):
        Recipe((base("p"),)).run(pd.DataFrame({"p": ["0.5"]}))


def test_weights_below_zero_of_linear_calibration_reach_no_design():
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 40.0]})
    made = Recipe((calibrate({"x": 5.0}),)).run(table)
    assert made.diagnosis()["lowest"].item() < 0
    # 1.35 counts all four; over the three positive weights it was 1.0005
    assert_allclose(made.kish, 4 * np.sum(made.weight**2) / np.sum(made.weight) ** 2)
    message = "weight must not be negative, 1 of 4 are, .* at respondent 3 .*'logit' or 'truncated'"
    with pytest.raises(ValueError, match=message):
        made.onto(Design(weight=np.ones(3)))
    with pytest.raises(ValueError, match=message):
        jackknife(Design(weight=np.ones(4))).reweighted(Recipe((calibrate({"x": 5.0}),)), table)


def test_volunteers_stand_for_more_than_themselves():
    table = pd.DataFrame({"g": ["a", "a", "b"]})
    with pytest.raises(ValueError, match=r"margin 'g=a' has target 1\.5 and gap .* exceed the volunteers'"):
        Recipe((quasi_randomize({"g": {"a": 1.5, "b": 3}}),)).run(table)
