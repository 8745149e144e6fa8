"""People who were not drawn at random: the codebook tells by their mode, every result says so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sapa
from sapa.answers import FileTable, check, guess_codebook, write_codebook
from sapa.answers.selection import selection_of
from sapa.estimation import letters
from sapa.own_report import write_report
from tests.sapa.answer_files import BOOK, people

MODES = ["telephone", "Snowball ", "online", ""]
MIXED = replace(
    BOOK, columns={**BOOK.columns, "mode": "how"}, nonprobability=("snowball", "ONLINE", "absent")
)


@pytest.fixture
def answers(tmp_path):
    """File of 400 people, every fourth of a mode."""
    people(400).assign(how=MODES * 100).to_csv(tmp_path / "a.csv", index=False)
    return tmp_path / "a.csv"


def test_modes_are_known_by_label_or_code_and_a_blank_is_not_random():
    frame = pd.DataFrame({"how": ["1", "2", "3", ""]}, dtype=object)
    table = FileTable(frame, np.arange(4) + 1, {"how": {"1": "Telephone", "2": "SNOWBALL"}})
    book = replace(MIXED, nonprobability=("snowball", "3"))
    assert selection_of(table, book).tolist() == ["probability", "snowball", "3", "mode not told"]


def test_every_result_says_what_share_was_not_drawn_at_random(answers):
    data = sapa.read(answers, codebook=MIXED)
    weight = data["weight"].values
    share = weight[np.arange(400) % 4 > 0].sum() / weight.sum()
    label = f"model-based: {share:.0%} of the weight was selected otherwise than by probability"
    ways = "(ONLINE, mode not told, snowball)"
    tables = [sapa.estimate(data), sapa.estimate(data, by="item"), sapa.rank(data), letters(data)]
    tables += [sapa.compare(data, data)]
    assert {table.attrs["inference"] for table in tables} == {f"{label} {ways}"}
    assert {table.attrs["read"].partition("no row ")[2] for table in tables} == {"has the mode 'absent'"}
    assert check(answers, MIXED).counts["rows_nonprobability"] == 300


def test_the_figures_are_those_of_the_same_people_unmarked(answers):
    marked, plain = (sapa.read(answers, codebook=book) for book in (MIXED, replace(MIXED, nonprobability=())))
    pd.testing.assert_frame_equal(sapa.estimate(marked), sapa.estimate(plain), check_flags=False)
    assert "none is marked" in sapa.estimate(plain).attrs["inference"]
    drawn = replace(MIXED, nonprobability=("absent",))
    known = sapa.read(answers, codebook=drawn).isel(respondent=np.arange(400) % 4 < 3)
    assert sapa.estimate(known).attrs["inference"] == "design-based: selection is the design's"


def test_a_stratum_of_the_data_keeps_the_label(answers):
    data = sapa.read(answers, codebook=MIXED)
    told = sapa.estimate(data.assign(stratum=data["region"])).attrs
    assert told["inference"].startswith("model-based")


@pytest.mark.parametrize(("mode", "guessed"), [("Telephone", ()), ("Снежный ком", ("Снежный ком",))])
def test_a_guess_marks_a_mode_that_sounds_so(mode, guessed):
    frame = pd.DataFrame(
        {"service": list("ab"), "mode": [mode, "face to face"], "q": ["5", "4"]}, dtype=object
    )
    assert guess_codebook(FileTable(frame, np.arange(2) + 2)).nonprobability == guessed


def test_the_report_says_so_in_three_languages(answers, tmp_path):
    write_codebook(MIXED, tmp_path / "a.toml")
    for language, words in (
        ("en", "not drawn at random (ONLINE"),
        ("kk", "іріктелмеген"),
        ("ru", "не случайно"),
    ):
        out = tmp_path / f"{language}.html"
        write_report(out, answers, codebook=tmp_path / "a.toml", language=language, pdf=False)
        assert words in out.read_text(encoding="utf-8")


def test_the_report_of_a_file_that_marks_nobody_says_nothing_of_it(answers, tmp_path):
    pd.read_csv(answers).replace({"svc": {1: "a", 2: "b", 3: "c"}}).to_csv(answers, index=False)
    out = tmp_path / "en.html"
    for book, told in ((MIXED, 1), (replace(MIXED, nonprobability=()), 0)):
        write_codebook(book, tmp_path / "a.toml")
        write_report(out, answers, codebook=tmp_path / "a.toml", pdf=False)
        assert out.read_text(encoding="utf-8").count("not drawn at random") == told
