"""Hostile files end in a refusal, within the memory and the time that they may take."""

import json
import os
import subprocess
import sys

import pytest

from sapa.answers import open_table, read_codebook
from tests.sapa import hostile_files

#: The children that open the files are limited and measured by what only Linux has.
limited = pytest.mark.skipif(sys.platform != "linux", reason="limits of processes and /proc are needed")
#: Files that are not hostile when they are small: then they are read.
PLAIN = {"cells.csv", "empty_lines.csv"}


def ends(folder, *how):
    """How each file of a folder ended."""
    command = [sys.executable, "-m", "tests.sapa.hostile_files", str(folder), *how]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


@limited
@pytest.mark.parametrize(
    ("size", "plain"), [(3_000_000, PLAIN), pytest.param(250_000_000, set(), marks=pytest.mark.slow)]
)
def test_hostile_files_are_refused_within_bounded_memory_and_time(size, plain, tmp_path):
    hostile_files.make(tmp_path, size)
    found = ends(tmp_path)
    assert len(found) > 20
    assert {name for name, end in found.items() if not end["outcome"].startswith("refused: ")} == plain
    within_bounds(found)


def within_bounds(found):
    """Whether nothing took more than a minute's processor time or the memory that it may."""
    assert {name: end["seconds"] for name, end in found.items() if end["seconds"] > 40} == {}
    assert {name: end["peak_mib"] for name, end in found.items() if end["peak_mib"] > 1600} == {}


@limited
@pytest.mark.parametrize("size", [3_000_000, pytest.param(250_000_000, marks=pytest.mark.slow)])
def test_hostile_frames_are_refused_within_the_same_bounds(size, tmp_path):
    hostile_files.make(tmp_path, size)
    found = ends(tmp_path, "frames")
    assert len(found) > 20
    assert {name for name, end in found.items() if not end["outcome"].startswith("refused: ")} == set()
    within_bounds(found)


@limited
def test_the_limit_of_memory_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(hostile_files, "opened", lambda *place: {"outcome": len(bytearray(3 * 2**30))})
    assert hostile_files.limited(tmp_path)["outcome"].startswith("FAILED: killed")
    monkeypatch.setattr(hostile_files, "opened", lambda *place: {"outcome": len(bytearray(2**20))})
    assert hostile_files.limited(tmp_path)["outcome"] == 2**20


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".sav"])
def test_pipes_and_devices_are_refused_without_waiting(ending, tmp_path):
    pipe = tmp_path / f"pipe{ending}"
    os.mkfifo(pipe)
    for place in (pipe, "/dev/zero", "/dev/stdin"):
        with pytest.raises(ValueError, match="path must be a file"):
            open_table(place)
    with pytest.raises(ValueError, match="there is no such file"):
        read_codebook(pipe)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a\0b.csv", "x" * 300 + ".csv", "", "/etc/shadow"])
def test_names_that_lead_elsewhere_are_refused(name, tmp_path):
    with pytest.raises((ValueError, OSError)):
        open_table(tmp_path / name)


def test_formulas_that_were_never_computed_are_no_blanks(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["service", "q1"], ["a", 5], ["b", "=B2-1"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(
        ValueError, match="formulas that were never computed: open it in a spreadsheet and save"
    ):
        open_table(tmp_path / "a.xlsx")
