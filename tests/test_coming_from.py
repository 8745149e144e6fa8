"""Coming from other programs: their side was run as it is shown, and ours gives their numbers."""

import doctest
import json
import re
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sapa
from estimators import Design, Recipe, interval, mean, weights
from sapa.estimation import official
from tests.test_pages import blocks

FOLDER = Path(__file__).parents[1] / "docs" / "example" / "coming_from"
PAGE = FOLDER.parents[1] / "coming_from.md"
AGES, CHANNELS = {"old": 400, "young": 650}, {"office": 600, "online": 450}
TOTALS = {"age": AGES, "channel": CHANNELS}


def stored(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


R, SVY = stored("survey.json"), stored("svy.json")


@pytest.fixture(scope="module")
def answers():
    return sapa.read(FOLDER / "answers.csv", codebook=FOLDER / "answers.toml")


@pytest.fixture(scope="module")
def items(answers):
    return sapa.estimate(answers, by="item", denominator="rated").query("item == 'costs_1'")


@pytest.fixture(scope="module")
def people():
    return pd.read_csv(FOLDER / "answers.csv")


def test_the_page_says_what_happens(monkeypatch):
    monkeypatch.chdir(FOLDER)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert failed == 0
    assert tried > 20


@pytest.mark.parametrize(
    ("language", "script"), [("r", "survey.R"), ("python", "svy_package.py"), ("text", "spss.sps")]
)
def test_the_other_side_is_shown_as_it_was_run(language, script):
    program = (FOLDER / script).read_text(encoding="utf-8").splitlines()
    shown = [line for block in blocks("coming_from.md", language) for line in block.splitlines() if line]
    assert len(shown) >= 3
    assert [line for line in shown if line not in program] == []


def test_the_answers_are_those_that_their_script_makes(people):
    made: dict[str, object] = {"__name__": "made"}
    exec((FOLDER / "make_answers.py").read_text(encoding="utf-8"), made)
    pd.testing.assert_frame_equal(made["answers"]().astype(people.dtypes), people)


def test_means_and_shares(items):
    for statistic, ours in items.groupby("statistic"):
        theirs = R["means" if statistic == "mean" else "shares"]
        np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-12)
        np.testing.assert_allclose(ours["se"], theirs["se"], rtol=1e-12)
    q, fives = (items.query(f"statistic == '{name}'") for name in ("mean", "satisfaction"))
    np.testing.assert_allclose(q[["estimate", "se"]].to_numpy().T, list(SVY["means"].values()), rtol=1e-12)
    np.testing.assert_allclose(fives["estimate"], SVY["shares"]["est"], rtol=1e-12)
    np.testing.assert_allclose(fives["se"], SVY["shares"]["se"], rtol=1e-12)


def test_the_aggregates_of_spss(items):
    rows = re.findall(
        r"\|(\w) +\| *([\d.]+)\| *([\d.]+)\| *(\d+)\|", (FOLDER / "spss.txt").read_text(encoding="utf-8")
    )
    theirs = pd.DataFrame(rows, columns=["service", "mean", "satisfaction", "raters"]).set_index("service")
    ours = items.pivot(index="service", columns="statistic", values="estimate")
    assert len(theirs) == 5
    np.testing.assert_allclose(ours, theirs[["mean", "satisfaction"]].astype(float), atol=5e-10)
    assert theirs["raters"].astype(int).tolist() == items["raters"].tolist()[::2]


def test_the_interval_of_a_share(items):
    e = items.query("service == 'e' and statistic == 'satisfaction'").iloc[0]
    options = {"kind": "korn_graubard", "se": [e.se], "n": e.raters, "bounds": (0, 1)}
    made = interval([e.estimate], df=R["shares"]["df_e"], **options)
    np.testing.assert_allclose([made.lower[0], made.upper[0]], R["shares"]["interval_e"], rtol=1e-9)


def test_composites_and_their_covariance(answers):
    found = official(answers).sel(statistic="mean", node=list("abcde"), other=list("abcde"))
    np.testing.assert_allclose(found.estimate, R["composite"]["estimate"], rtol=1e-12)
    np.testing.assert_allclose(found.covariance, R["composite"]["covariance"], rtol=1e-9, atol=1e-15)
    contrast = np.array([1, -1, 0, 0, 0])
    assert contrast @ found.estimate.values == pytest.approx(R["contrast"]["estimate"])
    assert np.sqrt(contrast @ found.covariance.values @ contrast) == pytest.approx(R["contrast"]["se"])


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("post", (weights.poststratify("age", AGES),)),
        ("raked", (weights.rake(TOTALS),)),
        ("logit", (weights.calibrate(TOTALS, distance="logit", bounds=(0.3, 3)),)),
        ("trimmed", (weights.rake(TOTALS), weights.trim(upper=3))),
    ],
)
def test_weights(people, name, steps):
    made = Recipe(steps).run(people, people["w"]).weight
    np.testing.assert_allclose(made, R["weights"][name], rtol=1e-9)
    if name == "raked":
        np.testing.assert_allclose(made, SVY["raked"], rtol=1e-9)


def test_a_calibrated_mean(people):
    design = Design.from_frame(people, strata="stratum", psu="psu", weight="w", nest=True)
    greg = Recipe((weights.calibrate(TOTALS),)).run(people, people["w"])
    made = mean(greg.onto(design), people["costs_1"])
    np.testing.assert_allclose(made.estimate, R["calibrated"]["estimate"], rtol=1e-12)
    np.testing.assert_allclose(made.se, R["calibrated"]["se"], rtol=1e-9)


def test_rank_sets_of_csranks(answers):
    ranking = sapa.rank(answers, df=inf).sort_values("service")
    assert ranking["rank"].tolist() == R["ranks"]["rank"]
    assert ranking["rank_lower"].tolist() == R["ranks"]["lower"]
    assert ranking["rank_upper"].tolist() == R["ranks"]["upper"]
