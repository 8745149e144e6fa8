"""The main job, from the published tables to the files that a person opens."""

import json
import re
import signal
import subprocess
import sys

import openpyxl
import pandas as pd
import pytest

from sapa.browser import find_browser
from sapa.published import table
from tests.sapa.pages_in_browser import ELSEWHERE, SORT, WIDTHS, ask

TABLES = (
    "ledger",
    "ledger_counts",
    "ledger_agreement",
    "feasibility",
    "services",
    "agencies",
    "regions",
    "country",
    "criterion_shares",
    "channel_shares",
    "shares_by_scenario",
    "change_2019_2020",
    "thin_channels",
    "assumptions",
    "statements",
    "statement_units",
    "league_separation",
    "league_rank_sets",
    "league_neighbours",
    "changes_by_unit",
    "rules",
    "one_person",
    "certified_by_print",
    "certified_if",
    "microdata_summary",
    "microdata_table8",
    "microdata_misses",
    "microdata_splits",
    "microdata_regions",
    "microdata_users",
    "microdata_assumptions",
)
FIGURES = (
    "ledger",
    "services_intervals_1",
    "services_intervals_2",
    "services_rank_sets_1",
    "services_rank_sets_2",
    "agencies_intervals",
    "agencies_rank_sets",
    "agencies_change",
    "regions_intervals",
    "regions_rank_sets",
    "regions_change",
    "regions_map",
    "variance_shares_1",
    "variance_shares_2",
    "effective_numbers_1",
    "effective_numbers_2",
    "one_person",
    "population_and_sample",
)


def sapa(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a person runs it."""
    return subprocess.run([sys.executable, "-m", "sapa", *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Folder and output of one run of ``sapa reproduce``."""
    folder = tmp_path_factory.mktemp("reproduce") / "2020"
    run = sapa("reproduce", "--progress", "--out", str(folder))
    assert run.returncode == 0, run.stderr
    return folder, run


def test_every_file_is_there_and_nothing_else(done):
    folder, _ = done
    expected = {f"{name}.csv" for name in (*TABLES, "respondents")}
    expected |= {"tables.xlsx", "report.html", "manifest.json", "figures"}
    assert {entry.name for entry in folder.iterdir()} == expected
    assert {entry.name for entry in (folder / "figures").iterdir()} == {
        f"{name}.{kind}" for name in FIGURES for kind in ("svg", "png")
    }
    assert openpyxl.load_workbook(folder / "tables.xlsx", read_only=True).sheetnames == list(TABLES)


def test_terminal_shows_counts_findings_and_where(done):
    folder, run = done
    assert "Five findings" in run.stdout
    assert [line[0] for line in run.stdout.splitlines() if re.match(r"[1-9]\. ", line)] == list("12345")
    book = pd.read_csv(folder / "ledger.csv")
    counts = book["status"].value_counts()
    total = next(line for line in run.stdout.splitlines() if re.match(r"\W*all\b", line))
    order = ("input", "reproduced", "reproduced_after_correction", "not_derivable", "contradicted")
    assert [int(n.replace(",", "")) for n in re.findall(r"[\d,]+", total)] == [
        counts[status] for status in order
    ]
    assert "report.html" in run.stdout.replace("\n", "")
    assert "%" in run.stderr  # progress


def test_report_is_self_contained_and_shows_every_figure(done):
    folder, _ = done
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)
    assert "@import" not in html
    assert len(re.findall(r"<figure[ >]", html)) == len(FIGURES)
    for section in (
        "findings",
        "ledger",
        "feasibility",
        "services",
        "agencies",
        "regions",
        "statements",
        "rules",
        "variance",
        "one-person",
    ):
        assert f'id="{section}"' in html
    assert "Nothing is" in html
    assert "Under these assumptions" in html


def test_report_sorts_in_a_browser_and_fits_the_sheet(done):
    """Without a browser on the machine: the command says nothing of a PDF and writes the page."""
    folder, _ = done
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert ELSEWHERE.findall(html) == []
    browser = find_browser()
    if browser is None:
        assert not (folder / "report.pdf").exists()
        return
    found = ask(html, SORT, browser=browser)
    assert found["up"] == sorted(found["start"])
    assert found["down"] == sorted(found["start"], reverse=True)
    assert ask(html, WIDTHS, browser=browser, printed=True) == []


def test_findings_follow_from_the_tables(done):
    """The numbers in the sentences are those of the files beside them."""
    folder, run = done
    text = " ".join(run.stdout.split())
    services = pd.read_csv(folder / "services.csv").query("statistic == 'mean'")
    apart = services["separated"].sum() / 2
    assert re.search(rf"holds 1,891 pairs; the data tell {apart:.0f} of them apart", text)
    thin = pd.read_csv(folder / "thin_channels.csv").query("service == 's17' and statistic == 'mean'").iloc[0]
    assert (thin["n"], thin["without"], thin["published"], thin["printed_rank"]) == (1, 4.53, 4.76, 10)
    assert "from 4.53 to 4.76" in text


def test_synthetic_respondents_keep_the_published_margins(done):
    folder, _ = done
    people = pd.read_csv(folder / "respondents.csv")
    services = table("services").dropna(subset="n_table1").set_index("service_id")["n_table1"]
    regions = table("regions").set_index("region_id")["n_respondents"]
    assert people["service"].value_counts().sort_index().to_dict() == services.to_dict()
    assert people["region"].value_counts().to_dict() == regions.to_dict()


def test_units_too_thin_to_rank_are_shown_so(done):
    folder, _ = done
    services = pd.read_csv(folder / "services.csv").query("statistic == 'mean'").set_index("service")
    assert (services.at["s41", "printed_rank"], services.at["s41", "n"]) == (3, 8)
    assert services.at["s41", "thin"]
    assert services.at["s35", "thin"]
    assert "8 raters < 30" in services.at["s41", "why_thin"]


def test_intervals_stay_on_the_scale_and_hold_the_estimate(done):
    folder, _ = done
    for name in ("services", "agencies", "regions"):
        rows = pd.read_csv(folder / f"{name}.csv")
        for statistic, low, high in (("mean", 1, 5), ("satisfaction", 0, 1)):
            part = rows[rows["statistic"] == statistic]
            for end in ("", "_favourable", "_unfavourable"):
                assert (part[f"lower{end}"] >= low).all()
                assert (part[f"upper{end}"] <= high).all()
                assert (part[f"lower{end}"] <= part["estimate"]).all()
                assert (part["estimate"] <= part[f"upper{end}"]).all()
                assert (part[f"upper{end}"] > part[f"lower{end}"]).all()


def test_harder_assumptions_make_every_unit_less_precise(done):
    folder, _ = done
    for name in ("services", "agencies", "regions"):
        rows = pd.read_csv(folder / f"{name}.csv")
        assert (rows["half_width_favourable"] < rows["half_width"]).all()
        assert (rows["half_width"] < rows["half_width_unfavourable"]).all()
    cases = pd.read_csv(folder / "assumptions.csv").set_index("scenario")["pairs_told_apart"]
    assert cases["unfavourable"] <= cases["assumed"] <= cases["favourable"]


def test_manifest_names_its_maker(done):
    folder, _ = done
    assert json.loads((folder / "manifest.json").read_text())["made_by"] == "sapa reproduce"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("reproduce", "--rho", "1.5"), "rho must lie in [0, 1), got 1.5"),
        (("reproduce", "--deff", "0.5"), "deff must be at least 1 and finite, got 0.5"),
        (("reproduce", "--seed", "-1"), "seed must be a whole number of at least 0, got -1"),
        (("reproduce", "--deff", "nan"), "deff must be at least 1 and finite, got nan"),
    ],
)
def test_bad_options_are_refused_and_write_nothing(tmp_path, words, message):
    run = sapa(*words, "--out", str(tmp_path / "out"))
    assert run.returncode == 2
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    run = sapa("reproduce", "--out", str(tmp_path / "file" / "sub"))
    assert run.returncode == 2
    assert run.stderr.count("\n") <= 2
    assert "Traceback" not in run.stderr


def test_ctrl_c_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-m", "sapa", "reproduce", "--progress", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert "%" in run.stderr.readline()  # it is at work
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "stopped; nothing was left half-written" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_the_users_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    run = sapa("reproduce", "--out", str(tmp_path))
    assert run.returncode == 2
    assert "out must be a new or empty folder" in run.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
