import os

import openpyxl
import pandas as pd
import pytest

from sapa.output import whole_folder, write_csv, write_xlsx
from sapa.whole_file import whole_file


def test_a_folder_appears_whole(tmp_path):
    place = tmp_path / "deep" / "out"
    with whole_folder(place, made_by="test") as folder:
        (folder / "a.txt").write_text("a")
        assert not place.exists()
    assert (place / "a.txt").read_text() == "a"
    assert [entry.name for entry in place.parent.iterdir()] == ["out"]


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path):
    place = tmp_path / "out"
    with whole_folder(place, made_by="test") as folder:
        (folder / "a.txt").write_text("old")

    def fail():
        with whole_folder(place, made_by="test") as folder:
            (folder / "a.txt").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (place / "a.txt").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_second_run_replaces_the_first(tmp_path):
    place = tmp_path / "out"
    for text in ("old", "new"):
        with whole_folder(place, made_by="test") as folder:
            (folder / f"{text}.txt").write_text(text)
    assert sorted(entry.name for entry in place.iterdir()) == ["manifest.json", "new.txt"]


def test_a_file_of_the_users_beside_ours_stops_the_next_run(tmp_path):
    place = tmp_path / "out"
    for text in ("old", "new"):
        with whole_folder(place, made_by="test") as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / f"{text}.txt").write_text(text)
    (place / "deep" / "my notes.txt").write_text("mine")

    def write():
        with whole_folder(place, made_by="test"):
            raise AssertionError("the block must not run")

    with pytest.raises(ValueError, match=r"with the file 'deep/my notes.txt'"):
        write()
    assert (place / "deep" / "my notes.txt").read_text() == "mine"


def test_a_file_that_the_user_filled_in_stops_the_next_run(tmp_path):
    place = tmp_path / "out"

    def write():
        with whole_folder(place, made_by="test") as folder:
            (folder / "form.csv").write_text("region,population\nABY,\n")

    write()
    write()
    (place / "form.csv").write_text("region,population\nABY,600000\n")
    with pytest.raises(ValueError, match=r"the file 'form.csv', new or changed since"):
        write()
    assert "600000" in (place / "form.csv").read_text()


def test_the_old_folder_comes_back_when_the_swap_fails(tmp_path, monkeypatch):
    place = tmp_path / "out"
    with whole_folder(place, made_by="test") as folder:
        (folder / "a.txt").write_text("old")
    rename = type(place).replace

    def torn(self, target):
        if self.name.startswith(".out~") and target == place:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(place), "replace", torn)

    def write():
        with whole_folder(place, made_by="test") as folder:
            (folder / "a.txt").write_text("new")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert (place / "a.txt").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", ["files", "file", "link", "other maker", "torn manifest"])
def test_what_is_not_ours_is_never_overwritten(tmp_path, kind):
    place = tmp_path / "out"
    if kind == "file":
        place.write_text("mine")
    elif kind == "link":
        os.symlink(tmp_path, place)
    else:
        place.mkdir()
        (place / "thesis.txt").write_text("mine")
        if kind == "other maker":
            (place / "manifest.json").write_text('{"made_by": "someone"}')
        if kind == "torn manifest":
            (place / "manifest.json").write_text('{"made')

    def write():
        with whole_folder(place, made_by="test"):
            raise AssertionError("the block must not run")

    with pytest.raises(ValueError, match="out must be a"):
        write()


@pytest.mark.parametrize("place", ["plain/out", "plain/in/out"])
def test_a_folder_that_cannot_be_written_is_named_with_a_remedy(tmp_path, place):
    (tmp_path / "plain").write_text("a file")
    for writer in (whole_file(tmp_path / place), whole_folder(tmp_path / place, made_by="test")):
        with (
            pytest.raises(OSError, match=r"folder that can be written, got '.*out': .*; choose another"),
            writer,
        ):
            pass
    assert (tmp_path / "plain").read_text() == "a file"


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def fail():
        with whole_file(path) as fresh:
            fresh.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_tables_round_trip_and_formulas_are_harmless(tmp_path):
    frame = pd.DataFrame(
        {"name": ["=HYPERLINK(1)", "Қазақ", "-0.19", None], "q": [4.5, 4.25, float("nan"), 1.0]}
    )
    write_csv(frame, tmp_path / "a.csv")
    back = pd.read_csv(tmp_path / "a.csv")
    assert back["name"].fillna("").tolist() == ["'=HYPERLINK(1)", "Қазақ", "-0.19", ""]
    assert back["q"].tolist()[:2] == [4.5, 4.25]
    write_xlsx({"one": frame, "two": frame[["q"]]}, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["one", "two"]
    assert [cell.value for cell in book["one"]["A"]] == ["name", "'=HYPERLINK(1)", "Қазақ", "-0.19", None]
    assert book["one"]["B3"].value == 4.25
    assert book["one"]["B4"].value is None


def test_sheet_names_that_are_too_long_are_refused(tmp_path):
    with pytest.raises(ValueError, match="31 characters"):
        write_xlsx({"x" * 32: pd.DataFrame({"a": [1]})}, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []
