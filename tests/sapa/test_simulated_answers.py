"""Synthetic files of answers: what is written is what own data are read as."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

import sapa
from sapa.cli import app
from sapa.scheme_2020 import LIST_OF_CHANNEL, questionnaire
from sapa.studies import answers_codebook, simulate_answers, true_scores, world_2020, write_answers
from sapa.studies.declaring import world_services

FALSE_ALARM = 1e-6


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return simulate_answers(n=1500, seed=5, cooperation=0.7, breakoff=0.01, workload=20)


def service_plan(**regions: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(regions, orient="index").rename_axis("region_id").reset_index()


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_every_format_is_read_back_without_a_problem(answers, tmp_path, ending):
    some = answers.iloc[:300]
    place = tmp_path / f"made{ending}"
    write_answers(some, place)
    assert sapa.check(place, tmp_path / "made.toml").fine
    told = sapa.read(place, codebook=str(tmp_path / "made.toml"))
    items = list(answers_codebook().items)
    ratings = told["ratings"].sel(item=items).to_numpy()
    codes = some[items].astype(float).fillna(0).to_numpy()
    assert (ratings[(codes > 0) & (codes < 6)] == codes[(codes > 0) & (codes < 6)]).all()
    assert (ratings[codes == 98] == -1).all()
    assert (ratings[codes == 99] == -2).all()
    assert (ratings[codes == 0] == 0).all()
    assert told["weight"].to_numpy() == pytest.approx(some["weight"])
    assert {path.name for path in tmp_path.iterdir()} == {f"made{ending}", "made.toml"}


def test_blank_are_the_items_of_other_channels_only(answers):
    lists = questionnaire()["list"]
    own = answers["channel"].map(LIST_OF_CHANNEL).to_numpy()[:, None] == lists.to_numpy()
    assert (answers[list(lists.index)].notna().to_numpy() == own).all()


def test_estimates_find_the_truth_within_their_errors(tmp_path):
    place = tmp_path / "made.csv"
    write_answers(simulate_answers(seed=7), place)
    found = sapa.estimate(sapa.read(place, codebook=str(tmp_path / "made.toml")), by="item")
    truth = world_2020().population.truth("form")
    form = {name: name.partition("/")[2] for name in truth["domain"].values}
    lists = questionnaire()["list"]
    inside = []
    for row in found[(found["statistic"] == "mean") & (found["raters"] >= 60)].itertuples():
        mine = [f for f, channel in form.items() if f.startswith(f"{row.service}/")]
        mine = [f for f in mine if LIST_OF_CHANNEL[form[f]] == lists[row.item]]
        if len(mine) == 1:
            inside.append(row.lower <= float(truth.sel(domain=mine[0], item=row.item)) <= row.upper)
    assert len(inside) > 700
    # Items of a person go together: a service's 25 items are worth a few.
    assert abs(np.mean(inside) - 0.95) < norm.isf(FALSE_ALARM / 2) * np.sqrt(0.95 * 0.05 / (len(inside) / 10))


def test_rates_act_as_they_say(answers):
    everyone = simulate_answers(n=1500, seed=5)
    assert len(everyone) == 1500
    error = np.sqrt(0.7 * 0.3 / 1500)
    assert abs(len(answers) / 1500 - 0.7) < norm.isf(FALSE_ALARM / 2) * error
    assert answers["interviewer"].value_counts().max() <= 20
    assert simulate_answers(n=300, seed=5).equals(simulate_answers(n=300, seed=5))
    assert not simulate_answers(n=300, seed=6).equals(simulate_answers(n=300, seed=5))
    assert "interviewer" not in simulate_answers(n=300, seed=5, workload=0)
    better, worse = (true_scores(shift=shift)["true_score"] for shift in (0.2, -0.2))
    assert (better > worse).all()
    invented = simulate_answers(n=1500, seed=5, fabricated=0.1)
    assert len(invented) < 1500
    other = simulate_answers(n=300, seed=5, law="reconstructed")
    assert other.attrs["law"] == "reconstructed"
    assert not other.equals(simulate_answers(n=300, seed=5))
    assert answers.attrs["selected"] == 1500
    assert answers.attrs["respondents"] == len(answers)


def test_a_plan_is_followed_cell_by_cell(tmp_path):
    regions = world_2020().population.labels("region")
    services = world_services(world_2020())
    n = np.random.default_rng(3).integers(0, 4, (len(regions), len(services)))
    plan = pd.DataFrame(n, columns=services)
    plan.insert(0, "region_id", regions)
    plan["total"] = n.sum(axis=1)
    plan.loc[len(plan)] = ["total", *n.sum(axis=0), n.sum()]
    made = simulate_answers(plan=plan, seed=1)
    counts = made.groupby(["region", "service"]).size().unstack(fill_value=0)
    assert (counts.reindex(index=regions, columns=services, fill_value=0).to_numpy() == n).all()
    with pd.ExcelWriter(tmp_path / "plan.xlsx") as book:
        pd.DataFrame({"what": ["n"]}).to_excel(book, sheet_name="about", index=False)
        plan.to_excel(book, sheet_name="plan", index=False)
    plan.to_csv(tmp_path / "plan.csv", index=False)
    for name in ("plan.xlsx", "plan.csv"):
        assert simulate_answers(plan=tmp_path / name, seed=1).equals(made)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n must be at least 1, got 0"),
        ({"cooperation": 1.5}, "chance of cooperation must lie in 0..1"),
        ({"law": "normal"}, "law must be one of"),
        ({"rho": 1.2}, "person must be a correlation in 0..1"),
        ({"fabricated": -0.1}, "rate must lie in 0..1"),
        ({"plan": "plan.pdf"}, "plan must end in .xlsx or .csv"),
        ({"n": 5, "plan": service_plan(AKM={"s01": 3})}, "n must be left out"),
        ({"plan": service_plan(AKM={"s01": -3})}, "plan must hold whole numbers"),
        ({"plan": service_plan(AKM={"s01": 1.5})}, "plan must hold whole numbers"),
        ({"plan": service_plan(AKM={"s01": "x"})}, "a number in every cell"),
        ({"plan": service_plan(AKM={"s99": 3})}, r"plan must name a service of 2020 with ratings, got 's99'"),
        (
            {"plan": service_plan(MOON={"s01": 3})},
            r"plan must name a region of 2020 with ratings, got 'MOON'",
        ),
        ({"plan": pd.DataFrame({"s01": [1]})}, "plan must have a column region_id"),
    ],
)
def test_what_cannot_be_simulated_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        simulate_answers(**options)


def test_an_interrupted_write_leaves_neither_file(answers, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sapa.studies.answers.write_csv", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_answers(answers.iloc[:3], tmp_path / "made.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_files_and_replaces_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["simulate", "--n", "120", "--seed", "2", "--out", "made.csv", "--truth", "truth.csv"]
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert answer["files"] == ["made.csv", "made.toml", "truth.csv"]
    assert answer["notes"]["respondents"] == 120
    assert len(pd.read_csv("truth.csv")) == 62
    assert pd.read_csv("made.csv").shape == (120, 60)
    assert CliRunner().invoke(app, ["check", "made.csv"]).exit_code == 0
    again = CliRunner().invoke(app, words)
    assert "exists" in str(again.exception)
    assert CliRunner().invoke(app, [*words, "--force"]).exit_code == 0
