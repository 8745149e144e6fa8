import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import allocate
from sapa.answers import (
    AnswerCodebook,
    FileTable,
    Item,
    check,
    guess_codebook,
    open_table,
    read_codebook,
    write_codebook,
)
from sapa.answers.codebook import codebook_text
from sapa.answers.templates import answers_template, frame_template, template_codebook
from sapa.frames import read_frame
from sapa.output import write_xlsx
from tests.sapa.answer_files import BOOK, FORMATS, LONG_BOOK, long, people, write

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda t: t.strip())


@given(
    names=st.lists(TEXT, min_size=3, max_size=6, unique=True),
    codes=st.lists(
        st.text(max_size=4).filter(lambda t: t.isprintable() and t.strip() not in "12345"),
        max_size=4,
        unique=True,
    ),
    criterion=TEXT,
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(names, codes, criterion, tmp_path_factory):
    service, channel, *columns = names
    book = AnswerCodebook(
        "wide",
        {"service": service, "channel": channel, "mode": f"{service}{channel}{columns}"},
        {name: Item(name, criterion, "z", (name,)) for name in columns},
        {"not_answered": tuple(codes), "not_asked": (), "not_applicable": ()},
        nonprobability=(criterion,),
        sheet=criterion,
    )
    place = tmp_path_factory.mktemp("book") / "book.toml"
    write_codebook(book, place)
    assert read_codebook(place) == book


def test_the_text_explains_itself():
    text = codebook_text(BOOK)
    assert text.count("#") > 5
    assert "not_answered (asked, no rating" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layout = ", "cannot be read"),
        ("colour = 1", r"keys among .*got 'colour'"),
        ("columns = 3", r"columns must be a table \[columns\], got 3"),
        (
            '[columns]\nservice = 3\n[items.q]\ncolumn="q"\ncriterion="c"',
            "columns.service must be text in quotes",
        ),
        ('[columns]\nboss = "b"\n[items.q]\ncolumn="q"\ncriterion="c"', "got 'boss'"),
        ('[items.q]\ncolumn="q"\ncriterion="c"', "columns must name 'service' in a wide file"),
        ('layout="tall"\n[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"', "'wide' or 'long'"),
        (
            'layout="long"\n[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"',
            "must name 'respondent'",
        ),
        ('[columns]\nservice="s"', "at least one item"),
        ('[columns]\nservice="s"\n[items.q]\ncolumn="q"', "items.q must have column and criterion"),
        (
            '[columns]\nservice="s"\n[items.q]\ncolumn=" "\ncriterion="c"',
            "items must have a column, got an empty",
        ),
        ('[columns]\nservice="s"\n[items.q]\ncolumn="s"\ncriterion="c"', "one meaning, got 's' twice"),
        (
            '[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"\nchannels=["a"]',
            "must name 'channel'",
        ),
        ('[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"\nchannels="a"', "must be a list"),
        (
            '[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"\n[missing]\nnot_asked=[1.5]',
            "a list of",
        ),
        ('[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"\n[missing]\nlost=["9"]', "got 'lost'"),
        (
            '[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"\n[missing]\nnot_asked=[9]\n'
            'not_answered=["9"]',
            "each missing code must have one meaning, got '9' twice",
        ),
        (
            'nonprobability=["web"]\n[columns]\nservice="s"\n[items.q]\ncolumn="q"\ncriterion="c"',
            "columns must name 'mode' when nonprobability",
        ),
        (
            'nonprobability=["probability"]\n[columns]\nservice="s"\nmode="m"\n[items.q]\ncolumn="q"\ncriterion="c"',
            "nonprobability must name no 'probability'",
        ),
        ('nonprobability="web"', "nonprobability must be a list of texts"),
        ("sheet=2", "sheet must be text in quotes, got 2"),
        ("a = " + "[" * 5000, "cannot be read"),
    ],
)
def test_a_codebook_that_breaks_a_rule_is_refused_in_words(text, message, tmp_path):
    place = tmp_path / "book.toml"
    place.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_codebook(place)


def test_a_codebook_that_is_no_small_file_is_refused(tmp_path):
    (tmp_path / "huge.toml").write_text("#" * (2**20 + 1))
    (tmp_path / "latin.toml").write_bytes(b'x = "\xff"')
    for name in ("huge.toml", "latin.toml", "absent.toml", "."):
        with pytest.raises(ValueError, match="cannot be read"):
            read_codebook(tmp_path / name)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_guess_finds_the_columns_the_items_and_the_missing_codes(kind, tmp_path):
    frame = people().rename(columns={"reg": "region", "chan": "channel", "w": "weight"})
    place = write(frame, tmp_path / f"a{kind}")
    table = open_table(place)
    table = FileTable(table.frame.rename(columns={"svc": "service"}), table.rows)
    book = guess_codebook(table)
    assert book.columns == {
        "respondent": "id",
        "service": "service",
        "region": "region",
        "channel": "channel",
        "weight": "weight",
    }
    assert [(name, item.criterion) for name, item in book.items.items()] == [
        ("staff_1", "staff"),
        ("staff_2", "staff"),
        ("costs_1", "costs"),
    ]
    assert book.missing == {"not_answered": ("98", "99")}
    assert check(table, book).fine


def test_only_usual_codes_are_guessed_and_others_stay_problems():
    cells = ["5", "4", "3", "2", "5,0", "4", "3", "99", ".", "-1", "7", "55", "N/A"]
    frame = pd.DataFrame({"service": "a", "q1": cells, "q2": ["5"] * len(cells)}, dtype=object)
    table = FileTable(frame, np.arange(len(cells)) + 2)
    book = guess_codebook(table)
    assert book.missing == {"not_answered": ("-1", ".", "99"), "not_applicable": ("N/A",)}
    assert check(table, book).problems["value"].tolist() == ["7", "55"]
    assert {item.criterion for item in book.items.values()} == {"all"}


def test_labels_of_codes_tell_their_kind():
    frame = pd.DataFrame({"service": "a", "q1": ["5", "4", "3", "5", "6", "7", "8"]}, dtype=object)
    labels = {"q1": {"6": "Не задавался", "7": "Неприменимо", "8": "Затрудняюсь ответить", "5": "Отлично"}}
    book = guess_codebook(FileTable(frame, np.arange(7) + 1, labels))
    assert book.missing == {"not_answered": ("8",), "not_applicable": ("7",), "not_asked": ("6",)}


def test_a_long_file_is_seen_as_one(tmp_path):
    frame = long(people()).rename(
        columns={"svc": "service", "reg": "region", "chan": "channel", "w": "weight"}
    )
    place = tmp_path / "a.csv"
    frame.to_csv(place, index=False)
    book = guess_codebook(open_table(place))
    assert book.layout == "long"
    assert (book.columns["item"], book.columns["rating"]) == ("question", "mark")
    assert sorted(book.items) == sorted(LONG_BOOK.items)
    assert check(place, book).fine


def test_no_service_or_no_item_is_an_error():
    for frame, what in (
        (pd.DataFrame({"office": ["a"], "q1": ["5"]}), "the service"),
        (pd.DataFrame({"service": ["a"], "age": ["55"]}), "an item rated 1 to 5"),
    ):
        with pytest.raises(ValueError, match=f"no column looks like {what}"):
            guess_codebook(FileTable(frame, np.array([2])))


def test_the_templates_fit_each_other(tmp_path):
    sheets = answers_template()
    row = dict.fromkeys(sheets["answers"].columns, "")
    row |= {"respondent": "1", "service": "s01", "region": "AKM", "channel": "online", "p01": "5"}
    sheets["answers"] = pd.DataFrame([row])
    write_xlsx(sheets, tmp_path / "answers.xlsx")
    write_codebook(template_codebook(), tmp_path / "answers.toml")
    result = check(tmp_path / "answers.xlsx", tmp_path / "answers.toml")
    assert result.fine
    assert (result.counts["ratings"], result.counts["not_answered"], result.counts["not_asked"]) == (
        1,
        23,
        30,
    )


def test_the_template_of_a_frame_is_one_that_a_plan_takes(tmp_path):
    place = tmp_path / "frame.xlsx"
    sheets = frame_template()
    write_xlsx(sheets, place)
    with pytest.raises(ValueError, match=r"population is empty for ABY, .*fill in"):
        read_frame(place)
    sheets["regions"]["population"] = sheets["regions"]["population"].fillna(600_000)
    write_xlsx(sheets, place)
    frame = read_frame(place)
    assert (len(frame.regions), len(frame.services)) == (21, 70)  # with the respondents abroad
    assert allocate(frame, 9000, min_service=30).count("service").sum() == 9000


def test_a_codebook_is_written_whole_or_not_at_all(tmp_path):
    place = tmp_path / "book.toml"
    write_codebook(BOOK, place)
    before = place.read_text(encoding="utf-8")
    lone = AnswerCodebook("wide", {"service": "s"}, {"q": Item("\ud800", "c")})
    with pytest.raises(ValueError, match="surrogates not allowed"):
        write_codebook(lone, place)
    assert place.read_text(encoding="utf-8") == before
    assert os.listdir(tmp_path) == ["book.toml"]


def test_an_item_that_few_are_concerned_by_is_an_item_and_sex_or_a_flag_is_not():
    few = ["98"] * 17 + ["5", "4", "99"]
    frame = pd.DataFrame(
        {
            "service": "a",
            "q1": ["5", "4"] * 10,
            "q2": few,
            "sex": ["1", "2"] * 10,
            "age_group": ["3", "4"] * 10,
        }
        | {"called_back": ["1", "2"] * 10, "children": ["1", "2"] * 10, "hours": ["10", "40"] * 10},
        dtype=object,
    )
    assert list(guess_codebook(FileTable(frame, np.arange(20) + 2)).items) == ["q1", "q2"]
