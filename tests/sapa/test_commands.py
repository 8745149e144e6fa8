import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import openpyxl
import pandas as pd
import pytest

import sapa
from sapa.answers import guessing, read_codebook, write_codebook
from sapa.commands.figure import ONLY_2020, Name
from sapa.commands.python_call import python_call
from sapa.studies.settings import COLUMNS
from tests.sapa.answer_files import BOOK, FORMATS, SERVICES, people, write


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Current folder with answers and their codebook."""
    monkeypatch.chdir(tmp_path)
    write(people(400), tmp_path / "a.csv")
    write(people(400, seed=1), tmp_path / "b.csv")
    write_codebook(BOOK, tmp_path / "a.toml")
    return tmp_path


def called(err):
    """Result of the Python call that a command printed."""
    text = next(line for line in err.splitlines() if line.startswith("Python: ")).removeprefix("Python: ")
    imports, _, call = text.partition("; ")
    names = {}
    exec(imports, names)
    return eval(call, names)


@pytest.mark.parametrize(
    "words",
    [
        ("estimate", "a.csv"),
        ("estimate", "a.csv", "--by", "item", "--denominator", "rated"),
        ("estimate", "a.csv", "--by", "criterion", "--min-cell", "60", "--deff", "2"),
        ("rank", "a.csv", "--statistic", "satisfaction", "--seed", "3", "--level", "0.9"),
        ("compare", "a.csv", "b.csv", "--by", "region", "--df", "inf"),
    ],
)
def test_output_is_that_of_the_python_call_which_is_printed(words, folder, sapa_command):
    code, out, err = sapa_command(*words)
    assert code == 0
    expected = called(err)
    assert out == expected.to_csv(index=False, lineterminator="\n")
    code, out, err = sapa_command(*words, "--json")
    told = json.loads(out)
    assert f"Python: {told['python']}\n" in err
    assert told["notes"]["design"].startswith("simple random")
    numbers = expected.select_dtypes("number").replace(float("inf"), float("nan"))  # unknown to JSON
    rows = pd.DataFrame(told["rows"])
    pd.testing.assert_frame_equal(rows[numbers.columns].astype(float), numbers.astype(float))


def test_what_is_written_is_the_same_table(folder, sapa_command):
    _, out, _ = sapa_command("rank", "a.csv")
    for kind in ("csv", "xlsx", "json"):
        code, nothing, err = sapa_command("rank", "a.csv", "--out", f"r.{kind}")
        assert (code, nothing) == (0, "")
        assert f"wrote r.{kind}" in err
    expected = pd.read_csv(io.StringIO(out), keep_default_na=False)
    pd.testing.assert_frame_equal(pd.read_csv("r.csv", keep_default_na=False), expected)
    sheet = pd.read_excel("r.xlsx", sheet_name="table", keep_default_na=False)
    assert sheet["service"].tolist() == expected["service"].tolist()
    about = pd.read_excel("r.xlsx", sheet_name="about").set_index("what")["value"]
    assert about["statistic"] == "mean"
    assert len(json.loads((folder / "r.json").read_text(encoding="utf-8"))["rows"]) == 3


def test_names_that_spreadsheets_would_run_are_made_text(folder, sapa_command):
    frame = people(200)
    frame["reg"] = frame["reg"].replace("Абай", "=HYPERLINK(1)")
    write(frame, folder / "a.csv")
    assert sapa_command("estimate", "a.csv", "--by", "region", "--out", "r.xlsx")[0] == 0
    assert sapa_command("estimate", "a.csv", "--by", "region", "--out", "r.csv")[0] == 0
    cells = [cell for row in openpyxl.load_workbook("r.xlsx")["table"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "'=HYPERLINK(1)" in (folder / "r.csv").read_text(encoding="utf-8")


def test_check_lists_and_says_so_by_its_exit_code(folder, sapa_command):
    code, out, err = sapa_command("check", "a.csv")
    assert (code, out) == (0, "")
    assert err.startswith("0 problems\nrows: 400; rows_dropped: 0; ")
    frame = people(400)
    frame.loc[3, "staff_2"] = 7
    write(frame, folder / "a.csv")
    before = sorted(os.listdir())
    code, out, err = sapa_command("check", "a.csv")
    assert code == 3
    assert out.splitlines()[1].startswith("5,staff_2,7,is a whole number from 1 to 5")
    assert len(called(err)) == 1
    assert err.count("rows_dropped") == 1
    assert json.loads(sapa_command("check", "a.csv", "--json")[1])["notes"]["rows_dropped"] == 1
    assert sorted(os.listdir()) == before
    code, out, err = sapa_command("rank", "a.csv")
    assert (code, out) == (2, "")
    assert "the file has 1 problems. row 5" in err
    assert sapa_command("rank", "a.csv", "--drop")[0] == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_from_a_file_to_a_ranking_in_two_commands(kind, tmp_path, monkeypatch, sapa_command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(guessing, "HINTS", {**guessing.HINTS, "service": ("svc",), "region": ("reg",)})
    write(people(300), tmp_path / f"a{kind}")
    assert sapa_command("init", f"a{kind}", "--yes")[0] == 0
    assert sapa_command("check", f"a{kind}")[0] == 0
    code, out, _ = sapa_command("rank", f"a{kind}")
    assert code == 0
    assert sorted(line.split(",")[0] for line in out.splitlines()[1:]) == sorted(SERVICES.values())


def test_init_asks_and_keeps_what_is_said(folder, sapa_command):
    table = pd.read_csv("a.csv").rename(columns={"svc": "service", "reg": "place", "chan": "channel"})
    table.to_csv("c.csv", index=False)
    roles = ["", "", "nonsense", "place", "", "w", "", "", "", ""]
    criteria = ["people", "people", "-"]
    missing = ["-", "98", "99 77"]
    code, out, err = sapa_command("init", "c.csv", typed="\n".join([*roles, *criteria, *missing]) + "\n")
    assert code == 0, err
    assert out == ""
    assert "there is no column 'nonsense'" in err
    book = read_codebook("c.toml")
    assert book.columns["region"] == "place"
    assert {name: item.criterion for name, item in book.items.items()} == dict.fromkeys(
        ["staff_1", "staff_2"], "people"
    )
    assert book.missing == {"not_asked": (), "not_applicable": ("98",), "not_answered": ("99", "77")}


def test_init_without_anyone_to_answer_takes_the_guesses(folder, sapa_command):
    pd.read_csv("a.csv").rename(columns={"svc": "service"}).to_csv("c.csv", index=False)
    code, out, err = sapa_command("init", "c.csv")
    assert (code, out) == (0, "")
    assert "column of the service [service]: service" in err
    asked = (folder / "c.toml").read_text(encoding="utf-8")
    assert sapa_command("init", "c.csv", "--yes", "--force")[0] == 0
    assert (folder / "c.toml").read_text(encoding="utf-8") == asked


def test_init_does_not_replace_a_codebook(folder, sapa_command):
    code, _, err = sapa_command("init", "a.csv", "--yes")
    assert code == 2
    assert "is there already; edit it, or add --force" in err


def test_a_caution_is_said_though_the_output_is_piped(folder, sapa_command):
    items = {name: item for name, item in BOOK.items.items() if name != "staff_1"}
    write_codebook(replace(BOOK, items=items), folder / "b.toml")
    code, out, err = sapa_command("compare", "a.csv", "b.csv")
    assert code == 0
    assert "caution: the rounds do not ask the same: staff_1" in err
    assert out.startswith("service,before,after")


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_figures_are_drawn_whole(ending, folder, sapa_command):
    code, out, err = sapa_command("figure", "ranks", "a.csv", "--lang", "kk", "--out", f"f.{ending}")
    assert (code, out) == (0, "")
    assert (folder / f"f.{ending}").stat().st_size > 5000
    assert (
        "Python: import sapa; sapa.draw(sapa.read('a.csv', codebook='a.toml'), kind='ranks', language='kk')"
        in err
    )
    assert [name for name in os.listdir() if name.startswith(".")] == []


def test_every_figure_of_own_answers_is_drawn_and_told(folder, sapa_command):
    pd.DataFrame({"region": ["Абай", "Ақмола"], "population": [600_000, 780_000]}).to_csv(
        "p.csv", index=False
    )
    own = [name for name in get_args(Name) if name not in ("study", "change", *ONLY_2020)]
    for name in own:
        code, _, err = sapa_command("figure", name, "a.csv", "--population", "p.csv", "--out", "f.svg")
        assert code == 0, err
        assert (folder / "f.svg").stat().st_size > 4000
        assert "sapa.draw(sapa.read('a.csv', codebook='a.toml'), " in err
    for rows in ("item", "criterion", "region"):
        assert sapa_command("figure", "distributions", "a.csv", "--by", rows, "--out", "f.svg")[0] == 0
    code, _, err = sapa_command("figure", "change", "a.csv", "b.csv", "--level", "0.9", "--out", "f.svg")
    assert code == 0
    assert "sapa.draw_change(" in err


def test_the_figure_of_a_study_is_drawn_from_its_table(folder, sapa_command):
    rows = [
        ("as fielded", rule, "rmse", "all", value, 0.01) for rule, value in (("official", 0.1), ("x", 0.2))
    ]
    pd.DataFrame(rows, columns=COLUMNS).to_csv("s.csv", index=False)
    assert sapa_command("figure", "study", "s.csv", "--out", "f.pdf")[0] == 0
    assert (folder / "f.pdf").read_bytes().startswith(b"%PDF")
    code, _, err = sapa_command("figure", "study", "s.csv", "--quantity", "bias", "--out", "f.pdf")
    assert code == 2
    assert "quantity must be one of ['rmse'], got 'bias'" in err


@pytest.mark.parametrize("name", ["sample", "map", "coverage"])
def test_figures_of_2020_need_no_file(name, folder, sapa_command):
    code, _, err = sapa_command("figure", name, "--lang", "ru", "--out", "f.svg")
    assert code == 0
    assert f"sapa.drawings.draw_2020('{name}', language='ru')" in err
    assert (folder / "f.svg").stat().st_size > 5000


def test_templates_are_written_once(folder, sapa_command):
    for kind, name in (("answers", "answers.xlsx"), ("codebook", "answers.toml"), ("frame", "frame.xlsx")):
        assert sapa_command("template", kind)[0] == 0
        assert (folder / name).is_file()
        code, _, err = sapa_command("template", kind)
        assert code == 2
        assert "must be a new file" in err
    code, _, err = sapa_command("check", "answers.xlsx")
    assert code == 3
    assert "1 problems" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rank", "no.csv"), "sapa init no.csv"),
        (("rank", "a.csv", "--codebook", "a.csv"), "cannot be read"),
        (("rank", "a.csv", "--min-raters", "1000"), "must be fit to rank"),
        (("rank", "a.csv", "--level", "95"), "level"),
        (("rank", "a.csv", "--out", "r.doc"), "out must end in "),
        (("estimate", "a.csv", "--min-cell", "-1"), "min_cell must be at least 0"),
        (("estimate", "a.csv", "--deff", "0"), "deff must be positive"),
        (("figure", "scores", "a.csv", "--out", "f.gif"), "out must end in "),
        (("figure", "ledger", "a.csv"), "ledger is a figure of 2020 only"),
        (("figure", "change", "a.csv"), "add the later"),
        (("figure", "sample", "a.csv"), "population must be given"),
        (("figure", "sample", "a.csv", "--population", "a.csv"), "columns region and population"),
        (("figure", "map", "--by", "channel"), "by must be one of"),
        (("figure", "scores", "a.csv", "--by", "item"), "by must be one of"),
        (("figure", "study", "a.csv"), "table must be of a study"),
        (("figure", "study", "no.csv"), "data must be the table of a study"),
        (("template", "frame", "--out", "f.csv"), "out must end in .xlsx"),
        (("report", "no.csv"), "sapa init no.csv"),
        (("report", "a.csv", "--out", "r.pdf"), "out must end in .html"),
        (("report", "a.csv", "no.csv"), "path must be a file"),
        (("report", "a.csv", "--level", "95"), "level"),
        (("compare", "a.csv", "no.csv"), "path must be a file"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(words, message, folder, sapa_command):
    code, out, err = sapa_command(*words)
    assert (code, out) == (2, "")
    assert err.startswith("sapa: ")
    assert message in err
    assert "Traceback" not in err


def test_an_unknown_option_or_choice_is_a_usage_error(folder, sapa_command):
    for words in (("rank", "a.csv", "--colour"), ("rank", "a.csv", "--by", "item"), ("sing",)):
        code, out, _ = sapa_command(*words)
        assert (code, out) == (2, "")


def test_in_a_pipe_nothing_but_the_table_its_assumptions_and_the_call_is_said(folder):
    ran = subprocess.run(
        [sys.executable, "-c", "import sapa.cli; sapa.cli.main()", "rank", "a.csv"],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert ran.stdout.startswith("service,estimate,se,")
    assumed, python = ran.stderr.splitlines()
    assert assumed.startswith("design: simple random within service x channel")
    assert python == "Python: import sapa; sapa.rank(sapa.read('a.csv', codebook='a.toml'))"


def test_an_interrupted_write_leaves_what_was_there(folder, sapa_command, monkeypatch):
    (folder / "r.csv").write_text("mine")

    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", stopped)
    assert sapa_command("rank", "a.csv", "--out", "r.csv")[0] == 130
    assert (folder / "r.csv").read_text() == "mine"
    assert sorted(os.listdir()) == ["a.csv", "a.toml", "b.csv", "r.csv"]


def test_a_call_leaves_out_what_is_the_default():
    assert python_call(sapa.rank, "x", by="service", deff=2.0) == "sapa.rank('x', deff=2.0)"
