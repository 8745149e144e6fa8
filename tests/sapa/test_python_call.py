"""Every command prints the Python call that does the same: the calls are run and compared."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import sapa
from sapa.answers import write_codebook
from sapa.cli import app
from sapa.commands.python_call import PythonText, pasteable, python_call
from tests.sapa.answer_files import BOOK, people, write

ANSWERS = ("--codebook", "a.toml")
#: Arguments of each verb, and the files that it writes.
COMMANDS = {
    "init": (("c.csv", "--yes"), ("c.toml",)),
    "check": (("bad.csv", *ANSWERS, "--out", "problems.csv"), ("problems.csv",)),
    "estimate": (("a.csv", "--by", "region", "--min-cell", "5", "--out", "e.json"), ("e.json",)),
    "rank": (("a.csv", "--df", "inf", "--out", "r.xlsx"), ("r.xlsx",)),
    "compare": (("a.csv", "b.csv", "--deff", "2", "--out", "c.csv"), ("c.csv",)),
    "figure": (("ranks", "a.csv", "--lang", "kk", "--out", "f.png"), ("f.png",)),
    "report": (("a.csv", "b.csv", *ANSWERS, "--no-pdf", "--out", "p.html"), ("p.html",)),
    "template": (("frame", "--out", "frame.xlsx"), ("frame.xlsx",)),
    "plan": (("--n", "9000", "--min-service", "30", "--out", "p.xlsx"), ("p.xlsx",)),
    "simulate": (
        ("--n", "400", "--breakoff", "0.01", "--truth", "t.csv", "--out", "sim.csv"),
        ("sim.csv", "sim.toml", "t.csv"),
    ),
    "study": (("rules", "--replicates", "2", "--out", "s.csv"), ("s.csv",)),
    "reproduce": (("--out", "2020"), ("2020/ledger.csv", "2020/services.csv", "2020/report.html")),
}
SLOW = {"reproduce", "simulate", "study"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Current folder with answers and their codebook."""
    monkeypatch.chdir(tmp_path)
    frame = people(300)
    write(frame, tmp_path / "a.csv")
    write(people(300, seed=1), tmp_path / "b.csv")
    write(frame.assign(staff_2=7.0), tmp_path / "bad.csv")
    frame.rename(columns={"svc": "service", "chan": "channel"}).to_csv(tmp_path / "c.csv", index=False)
    write_codebook(BOOK, tmp_path / "a.toml")
    return tmp_path


def content(place):
    """What a file holds; a workbook carries the time when it was made."""
    if place.suffix != ".xlsx":
        return place.read_bytes()
    return {name: sheet.to_csv() for name, sheet in pd.read_excel(place, sheet_name=None).items()}


def verbs(names):
    return [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in names]


@pytest.mark.parametrize("verb", verbs(COMMANDS))
def test_the_call_that_a_command_prints_does_the_same(verb, folder, sapa_command):
    words, files = COMMANDS[verb]
    code, out, err = sapa_command(verb, *words, "--json")
    assert code == (3 if verb == "check" else 0), err
    told = json.loads(out, parse_constant=pytest.fail)
    assert err.endswith(f"Python: {told['python']}\n")
    wanted = {}
    for name in files:
        wanted[name] = content(folder / name)
        (folder / name).unlink()
    shutil.rmtree(folder / "2020", ignore_errors=True)
    exec(told["python"], {})
    plt.close("all")
    assert {name: content(folder / name) for name in files} == wanted


def test_the_call_runs_in_a_fresh_python(folder, sapa_command):
    _, _, err = sapa_command("rank", "a.csv", "--out", "r.csv")
    wanted = (folder / "r.csv").read_bytes()
    (folder / "r.csv").unlink()
    call = err.splitlines()[-1].removeprefix("Python: ")
    subprocess.run([sys.executable, "-c", call], check=True)
    assert (folder / "r.csv").read_bytes() == wanted


def test_there_is_a_call_for_every_verb():
    assert set(COMMANDS) == {command.callback.__name__ for command in app.registered_commands}


def kept(given, **options):
    """What a call hands over."""
    return given, options


def test_values_are_written_so_that_python_reads_them_back(tmp_path):
    options = {"b": float("-inf"), "d": {"x": float("inf")}, "e": "it's", "f": np.float64(0.5), "g": tmp_path}
    text = python_call(kept, PythonText("{'a': 1}"), **options)
    given, found = eval(
        text, {"tests": SimpleNamespace(sapa=SimpleNamespace(test_python_call=sys.modules[__name__]))}
    )
    assert given == {"a": 1}
    assert found == options | {"g": str(tmp_path)}


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("sapa.rank(x)", "import sapa; "),
        ("sapa.answers.guess_codebook(x)", "import sapa.answers; "),
        ("sapa.estimation.official(x)", "import sapa.estimation; "),
        ("dataclasses.replace(sapa.frames.read_frame('f'))", "import dataclasses, sapa.frames; "),
        ("float('inf')", ""),
        ("'a'.upper()", ""),
    ],
)
def test_only_modules_are_imported(call, wanted):
    assert pasteable(call) == wanted + call


def test_a_default_that_only_looks_alike_is_told():
    assert python_call(sapa.rank, PythonText("d"), deff=1) == "sapa.rank(d, deff=1)"
    assert python_call(sapa.rank, PythonText("d"), deff=1.0) == "sapa.rank(d)"
