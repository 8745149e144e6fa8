import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from sampling import allocate
from sapa.commands.plan import plan
from sapa.frames import frame_2020
from sapa.planning import case_2020, plan_tables

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(plan)


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    out = tmp_path_factory.mktemp("plan") / "plan.xlsx"
    answer = run(
        "--n", 9000, "--min-service", 30, "--min-region", 300, "--out", out,
        "--mode", "telephone:0.6:0.5:0.7", "--mode", "online:1:0.2:0.3",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    return pd.read_excel(out, sheet_name=None), out, answer.output


def test_the_table_adds_up(workbook):
    cells = workbook[0]["plan"].set_index("region_id")
    inner = cells.drop(index="total", columns="total")
    assert inner.to_numpy().sum() == 9000
    assert (inner.sum(axis=1) == cells["total"].drop("total")).all()
    assert (inner.sum() == cells.loc["total"].drop("total")).all()
    surveyed = inner.sum()[lambda s: s > 0]
    assert len(surveyed) == 62
    assert surveyed.min() == 30
    assert inner.sum(axis=1).drop("OTH").min() == 300
    assert (inner.loc["OTH"][lambda s: s > 0].index == ["s15", "s16"]).all()


def test_every_promised_sheet_is_there(workbook):
    book, out, _ = workbook
    assert set(book) == {
        "about",
        "plan",
        "regions",
        "services",
        "contacts",
        "qualitative",
        "ranking",
        "2020",
        "2020 regions",
    }
    for picture in (out.with_suffix(".png"), out.with_name("plan_regions.png")):
        assert picture.stat().st_size > 10_000
    contacts = book["contacts"]
    assert contacts.interviews.sum() == 9000
    assert contacts[contacts["mode"] == "telephone"].interviews.sum() == 6300
    rate = contacts["mode"].map({"telephone": 0.3, "online": 0.2})
    assert (contacts.contacts == np.ceil(contacts.interviews / rate - 1e-9)).all()
    regions = book["regions"]
    assert (regions.back_checks >= 0.15 * regions.interviews - 1e-9).all()
    floors = book["qualitative"].groupby("quota").number.sum()
    assert floors["expert interviews"] == 30
    assert floors["mystery visits"] == 20
    assert floors["focus groups"] == 5
    assert floors["in-depth interviews"] == 24
    half = book["services"].set_index("service_id").half_width_mean
    assert half.isna().sum() == 8  # no interviews, no precision
    assert half["s24"] < half["s06"]


def test_about_tells_how_and_what_it_costs(workbook):
    about = workbook[0]["about"]
    text = " ".join(about.value.astype(str))
    assert "Kish factor 1.0" in text
    assert "not published" in text
    assert "9000 interviews" in workbook[2]


def test_the_ranking_of_2020_could_not_be_resolved():
    tables = plan_tables(allocate(frame_2020(), 9000, min_service=30, min_region=300))
    ranking = tables["ranking"].set_index(["domains", "comparison"])
    regions = ranking.loc[("region", "all pairs at once")]
    assert regions["median"] == pytest.approx(0.208, abs=0.005)
    assert regions.range_of_2020_scores == pytest.approx(0.23)
    assert regions.share_of_2020_pairs_beyond_median < 0.02


def test_2020_as_a_case():
    case = case_2020().set_index(["domains", "allocation"])
    assert case.kish["region"].round(2).to_dict() == {"actual": 1.24, "rule": 1.0}
    assert case.interviews.tolist() == [9073, 9073, 9181, 9181]
    country = case.half_width_country["region"]
    assert country["actual"] / country["rule"] == pytest.approx(
        np.sqrt(case.kish["region", "actual"]), rel=1e-3
    )
    services = case.resolvable_all_pairs["service"]
    assert services["equal"] < 0.85 * services["actual"]  # what equal services would have told apart
    assert case.smallest_domain["service"].to_dict() == {"actual": 5, "equal": 148}


def test_precision_alone_fixes_the_size(tmp_path):
    out = tmp_path / "p.xlsx"
    answer = run(
        "--precision", "region:half-width:0.12", "--precision", "country:cv:0.02:share",
        "--precision", "service:change:0.8", "--precision", "service:se:0.3", "--out", out,
    )  # fmt: skip
    assert answer.exit_code == 0, answer.exception
    book = pd.read_excel(out, sheet_name=None)
    regions = book["regions"]
    assert regions.half_width_mean[regions.region_id != "OTH"].max() <= 0.12
    assert book["services"].change_found_mean.max() <= 0.8
    limits = book["precision"].set_index("asked")
    assert limits.kept.all()
    assert (limits.widest <= limits.limit * (1 + 1e-9)).all()
    assert limits.domains.tolist() == [17, 1, 62, 62]
    assert "no unit can be taken away" in answer.output
    assert "gap " in answer.output
    call = answer.output.rsplit("Python: ", 1)[1]
    out.unlink()
    exec(call, {})  # the printed call writes the same workbook
    assert pd.read_excel(out, sheet_name="plan").equals(book["plan"])


def test_the_example_frame_runs_once_filled_in(tmp_path):
    assert run("--example", tmp_path / "ex").exit_code == 0
    answer = run("--n", 9000, "--frame", tmp_path / "ex", "--out", tmp_path / "plan.xlsx")
    assert isinstance(answer.exception, ValueError)
    assert "no source" in str(answer.exception)
    assert not (tmp_path / "plan.xlsx").exists()
    file = tmp_path / "ex" / "regions.csv"
    regions = pd.read_csv(file)
    regions.assign(population=regions.population.fillna(650_000)).to_csv(file, index=False)
    out = tmp_path / "plan.xlsx"
    assert run("--n", 9000, "--frame", tmp_path / "ex", "--min-region", 300, "--out", out).exit_code == 0
    assert len(pd.read_excel(out, sheet_name="plan")) == 22  # 20 regions, abroad, total


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "n must be given where no precision is asked for"),
        (("--precision", "region:0.1"), "precision must be where:measure:value or where:measure:value:share"),
        (("--precision", "city:se:0.1"), "precision 'city:se:0.1': by must be one of"),
        (("--precision", "region:se:0,1"), "limit must be a number with a decimal point, got '0,1'"),
        (("--precision", "region:se:-1"), "limit must be a positive number, got -1.0"),
        (("--n", 1500, "--precision", "service:half-width:0.2"), "n must be at least 5"),
        (("--n", 3000, "--min-region", 300), "regions: n must be at least the sum of the minima 5100"),
        (
            ("--n", 9000, "--mode", "telephone:60"),
            "mode must be name:contact:response:share, got 'telephone:60'",
        ),
        (("--n", 9000, "--mode", "telephone:60:0.5:1"), "contact must lie in 0..1"),
        (("--n", 9000, "--mode", "telephone:0.6:0.5:0.9"), "mode_share must sum to 1, got 0.9"),
        (("--n", 9000, "--out", "plan.csv"), "out must end in .xlsx, got 'plan.csv'"),
    ],
)
def test_bad_demands_write_nothing(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    answer = run(*arguments)
    assert isinstance(answer.exception, ValueError)
    assert message in str(answer.exception)
    assert list(tmp_path.iterdir()) == []


def test_those_abroad_are_no_region_of_the_ranking(workbook):
    ranking = workbook[0]["ranking"]
    assert ranking.ranked[ranking.domains == "region"].tolist() == [17, 17]
    assert ranking.ranked[ranking.domains == "service"].tolist() == [62, 62]
