import json
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import typer
import xarray as xr
from scipy.stats import rankdata
from typer.testing import CliRunner

from estimators import interval
from sapa import synthetic_2020
from sapa.choices import SEED, Law
from sapa.commands.study import study as command
from sapa.published import table
from sapa.scheme_2020 import questionnaire, scheme_2020
from sapa.studies import STUDIES, Settings, World, study, world_2020
from sapa.studies.declaring import by_size, design, respondents, truths, world_services
from sapa.studies.designs import change_test, rank_sets
from sapa.studies.page import LAYOUTS, MARK, filled, study_page
from sapa.studies.planning import allocated, spread_out
from sapa.studies.respondents import FOLDER, counted, kept
from sapa.studies.scoring import RULES, Composed, ItemIntervals, RuleScores
from simulate import Outcome, Response, for_each

FALSE_ALARM = 1e-6
PAGE = Path(__file__).parents[2] / "docs" / "studies.md"


@pytest.fixture(scope="module")
def world() -> World:
    return world_2020()


def test_the_world_is_the_survey_of_2020(world):
    assert int(world.plan.sum()) == 9181
    assert dict(world.plan.sizes) == {"form": 106, "region": 18}
    assert world.population.size == 200 * 9181
    assert len(world_services(world)) == 62
    assert int(world.plan.sel(region="OTH").sum()) == 108
    assert (world.plan.sum("region") > 0).all()


@pytest.mark.parametrize("law", get_args(Law))
def test_under_every_law_the_world_has_the_published_figures(law):
    world = world_2020(law=law)
    assert world.law == law
    laws = world.laws.set_index(["form", "criterion"])
    pmf = world.population.model.pmf()
    criterion = questionnaire()["criterion"].loc[list(world.population.items)]
    form, item = np.nonzero(~np.isnan(pmf[..., 0]))
    assert len(form) > 2000
    told = laws.loc[
        list(zip(np.array(world.population.labels("form"))[form], criterion.to_numpy()[item], strict=True))
    ]
    margins = pmf[form, item]
    assert abs(margins - np.stack(told["pmf"].to_list())).max() < 1e-10
    assert abs(margins @ np.arange(1, 6) - told["mean"].to_numpy()).max() < 1e-10
    kept = ~told["projected"].to_numpy()
    of_raters = (told["satisfaction"] / told["rating_rate"]).to_numpy()
    assert abs(margins[:, 4] - of_raters)[kept].max() < 1e-10
    # What one item cannot have is moved to the nearest share that the mean allows, and flagged.
    mean, share = world.laws["mean"], world.laws["satisfaction"] / world.laws["rating_rate"]
    nearest = np.clip(share, mean - 4, (mean - 1) / 4)
    moved = abs(nearest - share) > 1e-9
    assert 0 < moved.sum() < 60
    assert (world.laws["projected"] == moved).all()
    assert abs(np.stack(world.laws["pmf"].to_list())[:, 4] - nearest).max() < 1e-10
    assert world.laws.loc[moved, "limit"].all()
    certain = world.laws["satisfaction"] == 1
    assert certain.any()
    assert world.laws.loc[certain, "limit"].all()
    assert (np.stack(world.laws.loc[certain, "pmf"].to_list()) == [0, 0, 0, 0, 1]).all()


def test_laws_differ_in_what_is_not_published_only():
    found = {law: world_2020(law=law).laws for law in get_args(Law)}
    inside = ~found["probit"]["limit"].to_numpy()
    spread = {}
    for law, laws in found.items():
        assert laws["mean"].equals(found["probit"]["mean"])
        assert laws["projected"].equals(found["probit"]["projected"])
        spread[law] = (np.stack(laws["pmf"].to_list()) @ np.arange(1, 6) ** 2)[inside]
    for one, other in combinations(spread, 2):
        assert np.mean(abs(spread[one] - spread[other]) > 1e-3) > 0.9
    with pytest.raises(ValueError, match=r"law must be one of .*, got 'normal'"):
        world_2020(law="normal")


def test_kept_counts_are_those_of_the_synthetic_respondents():
    fresh, written = counted(synthetic_2020(rng=SEED)), kept()
    xr.testing.assert_identical(fresh.places, written.places)
    xr.testing.assert_identical(fresh.answers, written.answers)


def test_counts_are_written_as_they_are_read(tmp_path):
    kept().write(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (FOLDER / path.name).read_bytes()


def test_scores_of_all_replicates_equal_the_composite_of_each(world):
    rule = RuleScores()
    both = design(world, "both", {"all": rule, "each": for_each(Composed())}, {})
    run = both.run(3, seed=4)
    assert run.values["all.estimate"] == pytest.approx(run.values["each.estimate"], abs=1e-9)
    assert (run.values["each.lower"] <= run.values["each.upper"]).all()
    assert (run.values["each.rank_lower"] >= 1).all()
    assert (run.values["each.rank_upper"] <= 62).all()


def test_truth_of_the_official_rule_is_near_the_printed_ranking(world):
    printed = table("service_ranking_2020").set_index("service_id")["mean_score"]
    truth = RuleScores().truth(world.population)
    gap = abs(printed[truth["domain"].values].to_numpy() - truth.to_numpy())
    # The report prints two digits; 19 cells of its own tables do not give its totals.
    assert np.median(gap) < 0.01
    assert (gap < 0.02).sum() >= 50


@pytest.mark.parametrize("rule", RULES)
def test_rules_are_unbiased_where_every_item_has_raters(world, rule):
    # Everyone rates everything they are put: no leaf can vanish, and each rule is a fixed linear map.
    people = replace(world, response=Response())
    estimators = {rule: RuleScores(rule)}
    found = design(people, "everyone", estimators, truths(estimators)).run(150, seed=6).diagnose()
    bias = found.sel(estimator=rule, diagnosand="bias").drop_sel(domain="all")
    assert (abs(bias["value"]) < 6.2 * bias["mc_error"] + 1e-9).all()


def test_intervals_of_one_item_are_those_of_its_histogram(world):
    kinds = {kind: ItemIntervals("o01", kind) for kind in ("wald", "smoothed_moments")}
    items = design(world, "items", kinds, {kind: e.truth for kind, e in kinds.items()})
    survey = items.draw(2, seed=1)
    run = items.run(2, seed=1)
    form = survey.codes("form")
    column = survey.population.items.index("o01")
    for f in (0, 20, 50):
        mine = survey.ratings[1, form == f, column]
        mine = mine[mine > 0]
        if mine.size < 2:
            continue
        share = np.bincount(mine, minlength=6)[1:] / mine.size
        found = interval(kind="smoothed_moments", distribution=share, n_eff=mine.size, df=mine.size - 1)
        assert run.values["smoothed_moments.lower"][1, f] == pytest.approx(float(found.lower))
        assert run.values["wald.estimate"][1, f] == pytest.approx(mine.mean())


def test_resamples_of_one_item_are_those_of_its_replicate_whatever_the_chunks(world):
    kind = {"bootstrap-t": ItemIntervals("o01", "bootstrap_t")}
    items = design(world, "items", kind, {"bootstrap-t": kind["bootstrap-t"].truth})
    whole, parts = items.run(3, seed=1), items.run(3, seed=1, chunk=1)
    for end in ("lower", "upper"):
        np.testing.assert_array_equal(whole.values[f"bootstrap-t.{end}"], parts.values[f"bootstrap-t.{end}"])
    lower, upper = (whole.values[f"bootstrap-t.{end}"] for end in ("lower", "upper"))
    some = np.isfinite(lower)
    assert some.mean() > 0.3
    assert (lower[some] < upper[some]).all()
    assert (lower[some] >= 1).all()
    assert (upper[some] <= 5).all()


def test_allocations_spend_the_same_and_keep_their_rule(world):
    rng = np.random.default_rng(1)
    sd = rng.uniform(0.5, 2.0, 62)
    n = respondents(world)
    plans = allocated(world, sd)
    for services in plans.values():
        assert services.sum() == 9181
        plan = spread_out(world, services)
        assert int(plan.sum()) == 9181
        assert (plan.to_numpy()[world.plan.to_numpy() == 0] == 0).all()
    assert plans["floor of 50"].min() == 50
    se = sd / np.sqrt(plans["equal precision"])
    assert se.max() / se.min() < 1.1
    ratio = plans["Neyman for the country"] / sd
    assert ratio.max() / ratio.min() < 1.1
    assert n.sum() == 9181


def test_groups_of_sizes_part_the_services(world):
    masks = np.array(list(by_size(respondents(world)).values()))
    assert (masks.sum(axis=0) == 1).all()


def test_the_test_of_change_has_its_size_under_normal_estimates():
    rng = np.random.default_rng(2)
    replicates, domains = 4000, 5
    one, other = (
        Outcome(
            {
                "estimate": rng.normal(4.5, 0.1, (replicates, domains)),
                "se": np.full((replicates, domains), 0.1),
            },
            np.full(domains, 4.5),
            np.zeros(replicates),
            np.zeros(replicates),
        )
        for _ in range(2)
    )
    name, size = change_test(one, other, 0.0)
    assert name == "size"
    assert abs(size.overall().value - 0.05) < 5.2 * size.overall().mc_error()
    name, power = change_test(one, other, 0.5)
    assert name == "power"
    expected = 0.942  # Phi(0.5 / (0.1 sqrt 2) - 1.96)
    assert abs(power.overall().value - expected) < 5.2 * power.overall().mc_error() + 5e-4


def test_rank_sets_count_their_ranks():
    truth = np.array([4.9, 4.5, 4.5, 4.0])
    ranks = rankdata(-truth, method="min").astype(float)
    lower = np.stack([ranks, ranks])
    upper = np.stack([ranks, ranks])
    upper[1, 0], lower[1, 0] = 4, 2
    found = rank_sets(
        Outcome(
            {"estimate": np.stack([truth] * 2), "rank_lower": lower, "rank_upper": upper},
            truth,
            np.zeros(2),
            np.zeros(2),
        )
    )
    assert found["ranks in the set"].value.tolist() == [2.0, 1.0, 1.0, 1.0]
    assert found["all sets hold"].value == 0.5


@pytest.fixture(scope="module")
def tables(world):
    """Every published study, at a tiny size."""
    return {name: made(world, Settings(replicates=4, seed=3)) for name, made in STUDIES.items()}


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_makes_its_table(tables, name):
    found = tables[name]
    assert list(found.columns) == ["scenario", "estimator", "figure", "domain", "value", "mc_error"]
    assert found["value"].notna().all()
    assert not found.duplicated(["scenario", "estimator", "figure", "domain"]).any()
    simulated = ~found["figure"].isin(["detection", "power promised"])
    assert found.loc[simulated, "mc_error"].notna().all()
    assert found.attrs["replicates"] == 4


def lines_of(page: str) -> dict[str, list[list[str]]]:
    """Cells of the tables of a page, by name."""
    return {
        found["name"]: [line.strip("| ").split(" | ") for line in found[0].split("\n") if line[:1] == "|"]
        for found in MARK.finditer(page)
    }


def test_the_command_generates_the_tables_of_the_page(tables):
    """The page has the lines and columns that the command makes; its figures come from a longer run."""
    page = PAGE.read_text(encoding="utf-8")
    fresh = filled(page, tables, {"replicates": 4, "seed": 3, "law": "probit"})
    assert MARK.sub("", fresh) == MARK.sub("", page)
    assert "4 replicates, seed 3, law probit." in fresh
    there, made = lines_of(page), lines_of(fresh)
    assert set(there) == {*LAYOUTS, "made"}
    assert filled(fresh, {}, {"replicates": 4, "seed": 3, "law": "probit"}) == fresh
    figure = re.compile(r"-?[\d,]*\.?\d+( ± \.?\d+\.?\d*)?( \(s\d\d\))?|-")
    for name, layout in LAYOUTS.items():
        assert there[name][0] == made[name][0] == [layout.corner, *layout.across]
        assert [line[0] for line in there[name]] == [line[0] for line in made[name]]
        for line in there[name][2:] + made[name][2:]:
            assert all(figure.fullmatch(cell) for cell in line[1:])
    rmse = tables["rules"].query("estimator == 'official' and figure == 'rmse' and domain == 'all'")
    value, error = rmse["value"].item(), rmse["mc_error"].item()
    told, around = (float(part) for part in made["rules"][2][2].split(" ± "))
    assert abs(told - value) <= 0.5 * 10.0 ** np.floor(np.log10(error)) + 1e-12
    assert around == pytest.approx(error, rel=0.5)


def test_pages_without_marks_are_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# My thesis\n")
    with pytest.raises(ValueError, match="page must have marks such as"):
        study_page("rules", page, replicates=2)
    page.write_text("<!-- table nonsense -->\n<!-- end -->\n")
    with pytest.raises(ValueError, match="page must have marks such as"):
        study_page("rules", page, replicates=2)


def test_one_study_rewrites_its_own_tables_only(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- table rules -->\n<!-- end -->\nb\n<!-- table modes -->\nold\n<!-- end -->\n")
    study_page("rules", page, replicates=2, seed=3)
    text = page.read_text()
    assert "| without feedback |" in text
    assert text.startswith("a\n<!-- table rules -->\n| rule | bias |")
    assert text.endswith("b\n<!-- table modes -->\nold\n<!-- end -->\n")


def test_all_studies_are_one_table(tables, monkeypatch):
    monkeypatch.setattr("sapa.studies.catalogue.STUDIES", {n: lambda *_, n=n: tables[n] for n in STUDIES})
    whole = study("all", replicates=4, seed=3)
    assert whole["study"].drop_duplicates().tolist() == list(STUDIES)
    assert len(whole) == sum(map(len, tables.values()))
    assert whole.attrs["replicates"] == 4


def test_a_stored_study_is_the_same_and_unknown_names_are_refused(world, tmp_path):
    first = STUDIES["rules"](world, Settings(4, 3))
    kept = study("rules", replicates=4, seed=3, store=tmp_path / "runs")
    again = study("rules", replicates=4, seed=3, store=tmp_path / "runs")
    assert kept.equals(first)
    assert again.equals(first)
    with pytest.raises(ValueError, match="name must be one of"):
        study("everything")


def test_the_scheme_and_the_world_name_the_same_leaves(world):
    forms = set(world.population.labels("form"))
    assert {leaf.rsplit("/", 2)[0] for leaf in scheme_2020().leaves} == forms


def test_response_rates_are_shares(world):
    for effect in (world.response.not_applicable, world.response.item_nonresponse):
        assert isinstance(effect.chance, xr.DataArray)
        assert float(effect.chance.min()) >= 0
        assert float(effect.chance.max()) <= 1


def test_the_command_prints_the_table(world, tmp_path):
    app = typer.Typer()
    app.command()(command)
    told = CliRunner().invoke(app, ["rules", "--replicates", "4", "--seed", "3", "--json"])
    assert told.exit_code == 0
    answer = json.loads(told.stdout)
    assert answer["python"] == "import sapa.studies; sapa.studies.study('rules', replicates=4, seed=3)"
    assert answer["notes"]["replicates"] == 4
    assert answer["notes"]["law"] == "max_entropy"
    expected = STUDIES["rules"](world, Settings(4, 3))
    assert [row["value"] for row in answer["rows"]] == pytest.approx(expected["value"].tolist())
    out = tmp_path / "rules.csv"
    other = ["rules", "--replicates", "4", "--seed", "3", "--law", "probit", "--out", str(out)]
    assert "law='probit'" in CliRunner().invoke(app, [*other, "--json"]).stdout
    made = pd.read_csv(out)["value"].to_numpy()
    assert len(made) == len(expected)
    assert 0 < abs(made - expected["value"].to_numpy()).max() < 0.5
