"""The documents on own data: their Python runs, and what they say of R survey is so."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sapa
from sapa.answers import AnswerCodebook, Item, read_codebook, write_codebook
from sapa.answers.guessing import USUAL_CODES
from tests.sapa import fuzz_answers
from tests.sapa.answer_files import people

DOCS = Path(__file__).parents[2] / "docs"
BOOK = AnswerCodebook(
    "wide",
    {"service": "service", "channel": "channel", "stratum": "stratum", "psu": "psu", "weight": "w"},
    {
        "staff_1": Item("staff_1", "staff", "", ("office",)),
        "staff_2": Item("staff_2", "staff"),
        "costs_1": Item("costs_1", "costs"),
    },
)


@pytest.fixture
def oracle():
    return json.loads((Path(__file__).parent / "oracle" / "own_data.json").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path, monkeypatch, oracle):
    pd.DataFrame(oracle["data"]).to_csv(tmp_path / "answers.csv", index=False)
    write_codebook(BOOK, tmp_path / "answers.toml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(name, language):
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_python_of_own_data_runs(folder):
    for block in blocks("own_data.md", "python"):
        exec(block, {})


def test_the_codebook_that_is_shown_is_a_codebook(tmp_path):
    (text,) = blocks("own_data.md", "toml")
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    book = read_codebook(tmp_path / "a.toml")
    assert book.meaning("") == "not_answered"
    frame = people(50)[["id", "svc", "reg", "chan", "w", "staff_1"]]
    frame["how"] = ["telephone", "snowball"] * 25
    frame.to_csv(tmp_path / "a.csv", index=False)
    found = sapa.check(tmp_path / "a.csv", book)
    assert (found.fine, found.counts["rows_nonprobability"]) == (True, 25)


def test_items_and_composites_are_those_of_r_survey(folder, oracle):
    data = sapa.read("answers.csv", codebook="answers.toml")
    items = sapa.estimate(data, by="item").query("item == 'costs_1' and statistic == 'mean'")
    np.testing.assert_allclose(items["estimate"], oracle["item"]["mean"], rtol=1e-10)
    np.testing.assert_allclose(items["se"], oracle["item"]["se"], rtol=1e-9)
    scores = sapa.estimate(data).query("statistic == 'mean'")
    np.testing.assert_allclose(scores["estimate"], oracle["composite"]["score"], rtol=1e-10)
    np.testing.assert_allclose(scores["se"], oracle["composite"]["se"], rtol=1e-9)


def test_every_wording_is_documented():
    text = (DOCS / "own_data.md").read_text(encoding="utf-8")
    assert [wording for wording in fuzz_answers.WORDINGS if wording not in text] == []


def test_every_guessed_code_is_documented():
    text = (DOCS / "own_data.md").read_text(encoding="utf-8")
    numbers = [code for code in USUAL_CODES["not_answered"] if code.lstrip("-").isdigit()]
    assert len(numbers) > 20
    assert [code for code in numbers if not re.search(rf"(?<![\d-]){code}(?!\d)", text)] == []
